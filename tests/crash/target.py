"""The target as everybody else sees it: a database of its own, read through psql."""

import csv
import io
import subprocess
import threading
import time
import urllib.parse
from collections import Counter

from salaries import Truth

# Details and totals of every department and the offsets behind them, in one statement: one snapshot.
STATE = """
SELECT coalesce(d.department, t.department), coalesce(d.n, 0), d.s, t.total_salary,
       (SELECT sum(next_offset) FROM levada_positions WHERE topic = 'department_employee'),
       (SELECT count(*) FROM department_employee)
  FROM (SELECT department, count(*) AS n, coalesce(sum(salary), 0) AS s FROM department_employee GROUP BY 1) d
  FULL JOIN department_employee_salary t USING (department)
"""


class Wrong(Exception):
    """What was promised does not hold."""


def expect(good, text):
    if not good:
        raise Wrong(text)


class Target:
    def __init__(self, server, name):
        """A fresh database of this name on the server."""
        self.server, self.name = server, name
        self.url = urllib.parse.urlsplit(server)._replace(path="/" + name).geturl()
        self.remove()
        self.admin(f"CREATE DATABASE {name}")

    @staticmethod
    def psql(url, sql, *options):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *options, "-c", sql, url],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout

    def admin(self, sql):
        return self.psql(self.server, sql)

    def sql(self, sql):
        return self.psql(self.url, sql).strip()

    def remove(self):
        self.admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def clear(self):
        self.sql("SET client_min_messages = warning;"
                 "DROP TABLE IF EXISTS department_employee, department_employee_salary, levada_positions")

    def has(self, table):
        return self.sql(f"SELECT to_regclass('{table}') IS NOT NULL") == "t"

    def rows(self, sql):
        text = self.psql(self.url, f"COPY ({sql}) TO STDOUT WITH (FORMAT csv)")
        return list(csv.reader(io.StringIO(text)))

    def count(self):
        return int(self.sql("SELECT count(*) FROM department_employee")) if self.has("department_employee") else 0

    def check(self, truth: Truth):
        """Row for row what the truth says, and the totals of just these rows."""
        found = Counter((d, v, t, h, int(s) if s else None) for d, v, t, h, s in self.rows(
            "SELECT department, department_division, position_title, hire_date, salary FROM department_employee"))
        wanted = Counter(truth.rows)
        expect(found == wanted,
               f"department_employee: {sum(found.values())} rows, expected {sum(wanted.values())}; missing "
               f"{list((wanted - found).items())[:3]}, too many {list((found - wanted).items())[:3]}")
        totals = {d: int(t) for d, t in self.rows("SELECT department, total_salary FROM department_employee_salary")}
        expect(totals == {d: total for d, (_, total) in truth.totals().items()}, f"the totals are {totals}")


class Watch:
    """Reads the target over and over while something goes on, and keeps every state that it has not seen before."""

    def __init__(self, target, truth, ordered=True):
        """With `ordered`, a department's rows must always be the first ones that it has in the truth."""
        self.target, self.truth, self.ordered = target, truth, ordered
        self.reads, self.states, self.problems = 0, [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()

    def check(self):
        expect(not self.problems, "while it was loading: " + "; ".join(self.problems[:3]))

    def run(self):
        while not self.over.is_set():
            psql = subprocess.Popen(["psql", "-XAtq", "-F", ",", self.target.url], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                while not self.over.is_set() and self.read(psql):
                    time.sleep(0.001)
            except (BrokenPipeError, ValueError):
                pass
            psql.kill()
            psql.communicate()
            self.over.wait(0.05)  # the server is away, or is coming back

    def read(self, psql):
        psql.stdin.write(STATE + ";\n\\echo end\n")
        psql.stdin.flush()
        lines = []
        while (line := psql.stdout.readline()) != "end\n":
            if not line:
                return False
            lines.append(line.rstrip("\n").split(","))
        if not lines:
            return True
        self.reads += 1
        state = sorted(lines)
        if not self.states or self.states[-1] != state:
            before = {d: int(n) for d, n, *_ in self.states[-1]} if self.states else {}
            self.states.append(state)
            self.look(state, before)
        return True

    def look(self, state, before):
        for department, n, details, total, offsets, rows in state:
            n, sums = int(n), self.truth.sums.get(department, [])
            if details != total:
                self.problems.append(f"{department}: the details add up to {details}, the total is {total}")
            elif self.ordered and (n >= len(sums) or sums[n] != int(details)):
                self.problems.append(f"{department}: {n} rows with a sum of {details} are not the first {n} rows")
            if n < before.get(department, 0):
                self.problems.append(f"{department}: went back from {before[department]} rows to {n}")
            if offsets != rows:
                self.problems.append(f"{rows} rows stand there, but the offsets beside them say {offsets or 0}")
        gone = set(before) - {d for d, *_ in state}
        if gone:
            self.problems.append(f"{gone} went away")
