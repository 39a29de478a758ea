"""A17: the jsonfile sink leaves exactly one line for each (topic, partition, offset), whenever it was killed."""

import hashlib
import json
import pathlib
import re
import time

from kills import WIDE_GROWING, moment
from levada import Feed, Place
from salaries import LF, Truth, repeated
from target import expect

NAME = re.compile(r"(?P<topic>.+)-(?P<partition>\d+)-(?P<first>\d{20})\.jsonl(?P<open>\.open)?")


def pipeline(rows_a_file):
    sql = WIDE_GROWING[:WIDE_GROWING.index("-- Both tables in one")]
    return sql + f"""CREATE SINK CONNECTOR lines WITH (
        'connector.class' = 'jsonfile', 'topics' = 'department_employee, department_employee_salary',
        'path' = '${{env:SALARY_LINES}}', 'metadata' = 'topic, partition, offset', 'rotate.rows' = '{rows_a_file}');"""


class Lines:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.finished = {}  # name: hash of its content when it was first seen

    def files(self):
        found = []
        for path in self.folder.iterdir() if self.folder.exists() else []:
            if match := NAME.fullmatch(path.name):
                found.append((match["topic"], int(match["partition"]), int(match["first"]), bool(match["open"]), path))
        return sorted(found)

    def look(self):
        """A file that is finished never changes again. Returns how many lines are in files that are not."""
        for *_, is_open, path in self.files():
            if is_open:
                continue
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            expect(self.finished.setdefault(path.name, content) == content, f"{path.name} was finished and has changed")
        there = {path.name for *_, path in self.files()}
        expect(set(self.finished) <= there, f"{set(self.finished) - there} went away")

    def tear(self, choices):
        """What a machine that loses its power leaves behind the last commit."""
        torn = 0
        for *_, is_open, path in self.files():
            if is_open:
                with open(path, "ab") as file:
                    file.write(choices.choice([b'{"DEPARTMENT":"EM', b"\0" * 700, b'{"DEPARTMENT":"EMS"}\n']))
                torn += 1
        return torn

    def check(self, truth):
        """Line for line what the truth says, and every offset once, in its order, in the file of its partition."""
        rows, totals, next_offset = [], {}, {}
        for topic, partition, first, is_open, path in self.files():
            expect(not is_open, f"{path.name} was not finished at the end")
            expect(first == next_offset.get((topic, partition), 0), f"{path.name}: lines are missing before it")
            for number, text in enumerate(path.read_text().splitlines()):
                line = json.loads(text)
                place = (line["__topic"], line["__partition"], line["__offset"])
                expect(place == (topic, partition, first + number), f"{path.name}, line {number}: is {place}")
                if topic == "department_employee":
                    rows.append((line["DEPARTMENT"], line["DEPARTMENT_DIVISION"], line["POSITION_TITLE"],
                                 line["HIRE_DATE"], line["SALARY"]))
                else:
                    totals[line["DEPARTMENT"]] = line["TOTAL_SALARY"]
            next_offset[topic, partition] = first + number + 1
        for department in truth.sums:
            found = [row for row in rows if row[0] == department]
            wanted = [row for row in truth.rows if row[0] == department]
            expect([r[4] for r in found] == [r[4] for r in wanted] and [r[2] for r in found] == [r[2] for r in wanted],
                   f"{department}: {len(found)} rows, expected {len(wanted)}")
        expect(len(rows) == len(truth.rows), f"{len(rows)} lines, expected {len(truth.rows)}")
        expect(totals == {d: total for d, (_, total) in truth.totals().items()}, f"the totals are {totals}")


def killed(_, choices):
    kills = loads = torn = 0
    while kills < max(20, choices.kills // 2):
        times = choices.choice([1, 3])
        truth = Truth(LF, times=times, departments=(), since=0)
        with Place(pipeline(choices.choice([0, 100, 5000]))) as place:
            lines = Lines(place.path / "lines")
            loads += 1
            with Feed(place.folder / "1.csv", repeated(times), choices) as feed:
                while feed.thread.is_alive():
                    run = place.start()
                    time.sleep(moment(choices, 0.5))
                    expect(run.kill(), f"it has ended by itself:\n{run.said()}")
                    kills += 1
                    lines.look()
                    if choices.random() < 0.5:
                        torn += lines.tear(choices)
            for _ in range(2):
                place.finish()
                lines.look()
                lines.check(truth)
    print(f"{kills} kills in {loads} loads, {torn} torn tails")
    expect(torn > 0, "no tail was torn")
