"""A3: a file is what it holds. Offered again under any name, copied, moved, linked, half-written and completed later,
before, during and after a kill: its rows count once, and the 40 true duplicates in it count."""

import os
import shutil
import time

from levada import FOLDER, Feed, Place, replaced
from salaries import HEADER, LF, Truth
from target import Watch, expect

# The same rows in another order: another file.
BACKWARDS = b"\n".join([HEADER] + LF.split(b"\n")[:0:-1])
OFFERED = replaced(FOLDER, "'file.minimum.age.ms' = '300'", "'file.minimum.age.ms' = '1000'")
MOVING = replaced(OFFERED, "'input.path'", "'finished.path' = '${env:SALARY_FOLDER}/../done', 'input.path'")


class Offers:
    """What people do with files, over and over, while Levada runs and is killed."""

    def __init__(self, place, choices):
        self.folder, self.choices, self.names = place.folder, choices, 0

    def fresh(self):
        self.names += 1
        return self.folder / f"{self.choices.choice('aemz')}{self.names}.csv"

    def one(self):
        """Any file that is there; where all were moved away, the file comes once more."""
        there = [path for path in self.folder.iterdir() if path.suffix == ".csv"]
        return self.choices.choice(there) if there else self.dropped()

    def dropped(self):
        """Written aside and renamed, as one should."""
        path = self.fresh()
        aside = self.folder / "aside"
        aside.write_bytes(LF)
        aside.rename(path)
        return path

    def copied(self):
        source = self.one()
        try:
            content = source.read_bytes()
        except FileNotFoundError:  # moved to the finished ones just now
            content = LF
        with Feed(self.fresh(), content, self.choices, seconds=0.2, pieces=5) as feed:
            feed.wait()

    def renamed(self):
        try:
            self.one().rename(self.fresh())
        except FileNotFoundError:
            pass

    def moved_away_and_back(self):
        path = self.one()
        try:
            path.rename(self.folder / "away")
        except FileNotFoundError:
            return
        time.sleep(self.choices.uniform(0, 0.1))
        (self.folder / "away").rename(path)

    def linked(self):
        try:
            os.link(self.one(), self.fresh())
        except FileNotFoundError:
            pass

    def touched(self):
        try:
            os.utime(self.one())
        except FileNotFoundError:
            pass

    def something(self):
        act = self.choices.choice([self.dropped, self.copied, self.renamed, self.moved_away_and_back, self.linked,
                                   self.touched])
        act()
        return act.__name__


def offered_again(target, choices, sql=OFFERED):
    done, kills = [], 0
    with Place(sql, target) as place, Watch(target, Truth(LF)) as watch:
        (place.path / "done").mkdir()
        offers = Offers(place, choices)
        offers.dropped()
        run = place.start()
        run.until(lambda: target.count() == 287, "the file to be loaded")
        for _ in range(14):
            done.append(offers.something())
            time.sleep(choices.choice([0, 0.02, 0.2]))
            run.must_run()
            if choices.random() < 0.4:
                kills += run.kill()
                done.append("killed")
                if choices.random() < 0.5:
                    done.append(offers.something())
                run = place.start()
        run.must_run()
        run.kill()
        print(", ".join(done))
        place.finish()
        target.check(Truth(LF))
        watch.check()
        # Another file counts as a whole.
        (place.folder / "other.csv").write_bytes(BACKWARDS)
        place.finish()
        target.check(Truth(LF, BACKWARDS))
    expect(kills > 0, "nothing was killed")


def offered_again_and_moved(target, choices):
    offered_again(target, choices, MOVING)


def completed_later(target, choices):
    """Half-written: cut in a row and between rows; completed while it runs, after a stop, after a kill, by a rename."""
    truth = Truth(LF)
    between = LF.index(b"\n", len(LF) // 3) + 1
    within = LF.index(b",", 2 * len(LF) // 3)
    # A half row is waited for as long as the file is young.
    patient = replaced(FOLDER, "'file.minimum.age.ms' = '300'", "'file.minimum.age.ms' = '2000'")
    for end in ("kill", "stop", "go on"):
        for half in (between, within, len(HEADER) // 2):
            target.clear()
            with Place(patient, target) as place, Watch(target, truth) as watch:
                path = place.folder / "a.csv"
                path.write_bytes(LF[:half])
                there = len(Truth(LF[:LF.rindex(b"\n", 0, half) + 1]).rows) if half > len(HEADER) else 0
                run = place.start()
                run.until(lambda: target.count() == there, "the first half")
                if end == "kill":
                    expect(run.kill(), "it has ended by itself")
                elif end == "stop":
                    run.stop()
                if choices.random() < 0.5:
                    path = path.rename(place.folder / "b.csv")
                with open(path, "ab") as file:
                    file.write(LF[half:])
                if end == "go on":
                    run.until(lambda: target.count() == 287, "the second half")
                    run.stop()
                shutil.copy(path, place.folder / "copy.csv")
                place.finish()
                target.check(truth)
                watch.check()


def duplicates(target, _):
    """40 rows are equal to another one in all columns that there are. They were paid, and they count."""
    with Place(FOLDER, target) as place:
        (place.folder / "1.csv").write_bytes(LF)
        place.finish()
        (place.folder / "1.csv").rename(place.folder / "2.csv")
        place.finish()
        shutil.copy(place.folder / "2.csv", place.folder / "3.csv")
        place.finish()
        doubles = target.sql("SELECT count(*) - count(DISTINCT (department, department_division, position_title, "
                             "hire_date, salary)) FROM department_employee")
        expect(doubles == str(287 - len(set(Truth(LF).rows))), f"{doubles} duplicates are there")
        target.check(Truth(LF))
