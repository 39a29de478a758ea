"""A2: SIGKILL at random moments of a process that is loader, log and sink at once, and whole topics delivered again."""

import math
import time

from levada import EVERYBODY, GROWING, SALARY, Feed, Place, replaced
from salaries import LF, Truth, repeated
from target import Watch, expect

WIDE = replaced(SALARY, EVERYBODY, "department IS NOT NULL")
WIDE_GROWING = replaced(GROWING, EVERYBODY, "department IS NOT NULL")


def moment(choices, seconds):
    """From a few milliseconds after the start, where logs are opened and tables made, to when all goes its way."""
    if choices.random() < 0.5:
        return math.exp(choices.uniform(math.log(0.003), math.log(seconds)))
    return choices.uniform(0.003, seconds)


class Count:
    def __init__(self):
        self.kills = self.loads = self.halfway = 0
        self.patience = 1.0  # a slow machine is given longer until a kill, so that some hit the middle of a load

    def text(self):
        return f"{self.kills} kills in {self.loads} loads, {self.halfway} of them with a half-filled target"


class Load:
    """One load from nothing, killed over and over until it ends by itself or enough is enough."""

    def __init__(self, target, choices, most_kills, count):
        self.target, self.choices, self.left, self.count = target, choices, most_kills, count
        self.wide = choices.random() < 0.5
        self.times = choices.choice([1, 3, 5] if self.wide else [1, 5, 30])
        self.content = repeated(self.times)
        if choices.random() < 0.3:
            self.content = self.content.replace(b"\n", b"\r\n")
        self.truth = Truth(LF, times=self.times, **({"departments": (), "since": 0} if self.wide else {}))
        count.loads += 1
        target.clear()

    def kill(self, run, seconds):
        """False if it has ended by itself before."""
        time.sleep(moment(self.choices, seconds * self.count.patience))
        if not run.kill():
            expect(run.process.returncode == 0, f"levada ended with {run.process.returncode}:\n{run.said()}")
            return False
        self.left -= 1
        self.count.kills += 1
        self.count.halfway += 0 < self.target.count() < len(self.truth.rows)
        return True

    def end(self, place, watch):
        for _ in range(2):  # after the first, nothing is left to do
            place.finish()
            self.target.check(self.truth)
        watch.check()

    def whole_file(self):
        """The file is there from the start."""
        with Place(WIDE if self.wide else SALARY, self.target) as place, Watch(self.target, self.truth) as watch:
            place.csv.write_bytes(self.content)
            while self.left > 0 and self.kill(place.start("--until-caught-up"), 0.3):
                pass
            self.end(place, watch)

    def growing_file(self):
        """The file is written while it is loaded."""
        with Place(WIDE_GROWING if self.wide else GROWING, self.target) as place, \
             Watch(self.target, self.truth) as watch:
            with Feed(place.folder / "1.csv", self.content, self.choices) as feed:
                while self.left > 0 and feed.thread.is_alive():
                    self.kill(place.start(), 0.6)
                feed.wait()
            self.end(place, watch)


def killed(target, choices):
    count = Count()
    wanted = choices.kills // 10  # in the middle of a load
    while count.kills < choices.kills or (count.halfway < wanted and count.kills < 5 * choices.kills):
        before = count.halfway
        load = Load(target, choices, max(choices.kills - count.kills, wanted), count)
        load.whole_file() if count.loads % 3 == 0 else load.growing_file()
        if count.halfway == before:
            count.patience = min(1.5 * count.patience, 6)
    print(count.text())
    expect(count.halfway >= wanted, "too few kills hit the middle of a load")


def target_emptied(target, _):
    """What the message for a lost log tells to do: tables emptied and positions removed, the whole topic comes again."""
    truth = Truth(LF, times=5)
    with Place(SALARY, target) as place:
        place.csv.write_bytes(repeated(5))
        place.finish()
        target.sql("TRUNCATE department_employee, department_employee_salary; DELETE FROM levada_positions")
        place.finish()
        target.check(truth)
        target.clear()
        place.finish()
        target.check(truth)


def backup_restored(target, choices):
    """An older state of the whole database, positions and all: what came since is delivered again."""
    truth = Truth(LF, times=10)
    older = []
    with Place(GROWING, target) as place:
        with Feed(place.folder / "1.csv", repeated(10), choices) as feed:
            for share in (0.2, 0.6):
                run = place.start()
                run.until(lambda: target.count() > share * len(truth.rows), "rows to come")
                run.kill()
                name = f"{target.name}_{len(older)}"
                # Nobody may be connected while it is copied.
                target.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{target.name}'")
                older.append((name, target.count()))
                target.admin(f"CREATE DATABASE {name} TEMPLATE {target.name}")
            place.start().until(lambda: target.count() == len(truth.rows), "the rest")
            place.running[-1].kill()
            feed.wait()  # the last rows of the file are nobody's of these departments
        place.finish()
        target.check(truth)
        for name, rows in older:
            target.remove()
            target.admin(f"ALTER DATABASE {name} RENAME TO {target.name}")
            expect(target.count() == rows, "the backup is not what it was")
            place.finish()
            target.check(truth)
    print(f"backups of {[rows for _, rows in older]} of {len(truth.rows)} rows")
