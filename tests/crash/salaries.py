"""The truth, computed from the file itself and from nothing of the engine: which rows of Employee_Salaries.csv belong
into the target, in which order, and what they add up to."""

import csv
import datetime
import decimal
import io
import math
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CSV = ROOT / "examples/salary/Employee_Salaries.csv"
DEPARTMENTS = ("EMS", "CIT", "ECC")
# As the documents of the system that this one replaces tell them.
KNOWN = {"EMS": (127, 3_779_570), "CIT": (112, 9_102_142), "ECC": (48, 2_042_698)}

LF = CSV.read_bytes()
CRLF = LF.replace(b"\n", b"\r\n")
HEADER, BODY = LF.split(b"\n", 1)


def repeated(times):
    """The file with its rows so many times over, and an end of its last line: a longer load with known totals."""
    return HEADER + b"\n" + (BODY + b"\n") * times


def rows_of(content, departments=DEPARTMENTS, since=2010):
    """Rows as the target must hold them: (department, division, title, hire date, floored salary), in order."""
    rows = []
    for row in csv.DictReader(io.StringIO(content.decode("ascii"), newline="")):
        hired = datetime.datetime.strptime(row["Initial Hire Date"], "%d-%b-%Y").date()
        if (departments and row["Department"] not in departments) or hired.year < since:
            continue
        salary = row["Salary"].strip()
        floored = math.floor(decimal.Decimal(salary)) if salary else None
        rows.append((row["Department"], row["Department-Division"], row["Position Title"], hired.isoformat(), floored))
    return rows


class Truth:
    """What a load of these contents, one behind the other, must end in, and all it may look like on the way."""

    def __init__(self, *contents, times=1, **which):
        self.rows = [row for content in contents for row in rows_of(content, **which)] * times
        self.sums = {}  # by department: the sum of the first n rows, for every n
        for department, *_, salary in self.rows:
            sums = self.sums.setdefault(department, [0])
            sums.append(sums[-1] + (salary or 0))

    def totals(self):
        return {department: (len(sums) - 1, sums[-1]) for department, sums in self.sums.items()}


def check_known():
    """The checker itself: must find what the documents say."""
    assert Truth(LF).totals() == KNOWN == Truth(CRLF).totals(), "the file or the checker is not what it was"
    rows = Truth(LF).rows
    assert len(rows) == 287 and len(rows) - len(set(rows)) >= 40, "the true duplicates are not there"
