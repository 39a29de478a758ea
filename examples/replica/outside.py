#!/usr/bin/env python3
"""The world around the replica: somebody who writes into the source, somebody who looks into the target, and somebody
who compares the two. None of them knows of Levada; they speak to PostgreSQL by psql.

  outside.py write SOURCE SECONDS          changes at random, by several sessions
  outside.py measure SOURCE TARGET SECONDS the same, and how long a committed row takes until it is seen in the target
  outside.py compare SOURCE TARGET         waits until the target has the newest row, then compares row for row;
                                           the exit code is 0 only if both are equal
"""
import random
import subprocess
import sys
import threading
import time

WRITERS = 3
PATIENCE = 60
PROBES = 900_000_000  # their numbers begin here
RULES = "dob < '2007-01-01' AND salary > 10000 AND emp_id >= 0"
# What differs by the rules has never been in the target: nobody here changes a good row into a bad one.
ROWS = f"COPY (SELECT * FROM employees WHERE ({RULES}) IS NOT FALSE ORDER BY emp_id) TO STDOUT"


class Session:
    """A psql that stays, so that each statement costs one way there and back."""

    def __init__(self, url):
        self.psql = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=0", url], text=True, bufsize=1,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self, statements):
        """Returns the rows when the server has answered, so all of it is committed."""
        self.psql.stdin.write(statements + ";\n\\echo --done\n")
        self.psql.stdin.flush()
        rows = []
        while (line := self.psql.stdout.readline().rstrip("\n")) != "--done":
            if not line and self.psql.poll() is not None:
                sys.exit("psql has ended")
            rows.append(line)
        return rows


def change(dice, number):
    """One statement of the random writers. Numbers of bad rows are negative, or they are too young or badly paid."""
    kind = dice.random()
    some = dice.randint(1, number)
    if kind < 0.45:
        bad = dice.random()
        key = f"-nextval('employees_emp_id_seq')" if bad < 0.02 else "nextval('employees_emp_id_seq')"
        born = "2008-05-05" if 0.02 < bad < 0.04 else f"{dice.randint(1950, 2006)}-{dice.randint(1, 12)}-01"
        paid = 5000 if 0.04 < bad < 0.06 else dice.randint(10001, 200000)
        name = dice.choice(["Ann", "Zoë", "O''Hara", "back\\slash", "tab\t", "", "名"])
        return f"INSERT INTO employees VALUES ({key}, '{name}', NULL, '{born}', 'Porto', {paid})"
    if kind < 0.75:
        return f"UPDATE employees SET salary = salary + {dice.randint(1, 99)}, city = 'Faro' WHERE emp_id = {some}"
    if kind < 0.88:
        return f"DELETE FROM employees WHERE emp_id = {some}"
    if kind < 0.95:  # another key
        return f"UPDATE employees SET emp_id = nextval('employees_emp_id_seq') WHERE emp_id = {some}"
    return f"UPDATE employees SET last_name = repeat('x', {dice.randint(0, 90)}) WHERE emp_id % 97 = {some % 97}"


def write(source, end, seed, done):
    session, dice, number, transactions = Session(source), random.Random(seed), 1000, 0
    while time.monotonic() < end:
        statements = [change(dice, number) for _ in range(dice.choice([1, 1, 1, 2, 5, 20]))]
        last = "ROLLBACK" if dice.random() < 0.05 else "COMMIT"
        if len(statements) > 1 or last == "ROLLBACK":
            session.run("BEGIN;" + ";".join(statements) + ";" + last)
        else:
            session.run(statements[0])
        transactions += 1
        number += len(statements) // 2
        time.sleep(dice.random() * 0.02)
    done.append(transactions)


def start_writers(source, seconds):
    seed = random.randrange(1 << 30)
    print(f"writing for {seconds} s, seed {seed}", flush=True)
    done, end = [], time.monotonic() + seconds
    threads = [threading.Thread(target=write, args=(source, end, seed + i, done)) for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    return threads, done, end


def finish_writers(threads, done):
    for thread in threads:
        thread.join()
    print(f"{sum(done)} transactions were written")


def seen(target, key, end):
    """When the row is in the target, asked again and again; None if it never comes."""
    while not target.run(f"SELECT 1 FROM employees WHERE emp_id = {key}"):
        if time.monotonic() > end:
            return None
    return time.monotonic()


def put_probe(source, key):
    source.run(f"INSERT INTO employees VALUES ({key}, 'Probe', 'Probe', '2000-01-01', 'here', 20000)")
    return time.monotonic()


def measure(source_url, target_url, seconds):
    threads, done, end = start_writers(source_url, seconds)
    source, target = Session(source_url), Session(target_url)
    key, took = PROBES, []
    while time.monotonic() < end:
        key += 1
        committed = put_probe(source, key)
        there = seen(target, key, time.monotonic() + PATIENCE)
        if there is None:
            sys.exit(f"row {key} was not in the target after {PATIENCE} s")
        took.append((there - committed) * 1000)
        time.sleep(0.01)
    finish_writers(threads, done)
    took.sort()
    at = lambda share: took[min(len(took) - 1, int(len(took) * share))]
    print(f"from commit to replica, {len(took)} rows: p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, max {took[-1]:.1f} ms")


def compare(source_url, target_url):
    source, target = Session(source_url), Session(target_url)
    key = int(source.run("SELECT greatest(max(emp_id), 900000000) + 100000000 FROM employees")[0])
    put_probe(source, key)
    if seen(target, key, time.monotonic() + PATIENCE) is None:
        sys.exit(f"row {key} was not in the target after {PATIENCE} s")
    rows = [subprocess.run(["psql", "-XqAt", url, "-c", ROWS], capture_output=True, text=True, check=True).stdout
            for url in (source_url, target_url)]
    ours, theirs = (set(text.splitlines()) for text in rows)
    for line in sorted(ours - theirs)[:10]:
        print("only in the source: ", line)
    for line in sorted(theirs - ours)[:10]:
        print("only in the target: ", line)
    if rows[0] != rows[1]:
        sys.exit(f"not equal: {len(ours)} rows in the source, {len(theirs)} in the target")
    print(f"equal, row for row: {len(ours)} rows")


if __name__ == "__main__":
    what, urls = sys.argv[1:2], sys.argv[2:]
    if what == ["write"]:
        threads, done, _ = start_writers(urls[0], float(urls[1]))
        finish_writers(threads, done)
    elif what == ["measure"]:
        measure(urls[0], urls[1], float(urls[2]))
    elif what == ["compare"]:
        compare(*urls)
    else:
        sys.exit(__doc__)
