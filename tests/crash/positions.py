"""A4: the offsets stand in the target, in the transaction of the rows, and only the newest instance may move them."""

import shutil
import signal
import subprocess
import time

from kills import WIDE
from levada import FOLDER, SALARY, Place
from salaries import HEADER, LF, Truth, repeated
from target import Watch, expect


# Another file than the whole, with another number of rows.
PART = b"\n".join([HEADER] + LF.split(b"\n")[601:901] + [b""])


def killed_between(target, _):
    """Killed while its transaction is open: after the first rows, before the offsets are written, before the commit."""
    truth = Truth(LF)
    for table in ("department_employee", "department_employee_salary", "levada_positions"):
        target.clear()
        with Place(SALARY, target) as place:
            place.csv.write_bytes(LF.split(b"\n", 1)[0] + b"\n")
            place.finish()  # the tables are there, and nothing in them
            # Whoever comes to this table waits: the transaction stands still there.
            lock = subprocess.Popen(["psql", "-Xq", target.url], stdin=subprocess.PIPE, text=True)
            lock.stdin.write(f"BEGIN; LOCK TABLE {table} IN SHARE MODE;\n")
            lock.stdin.flush()
            held = f"SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND mode = 'ShareLock' AND granted"
            while target.sql(held) != "1":
                time.sleep(0.01)
            waits = f"SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND NOT granted"
            place.csv.write_bytes(LF)
            run = place.start("--until-caught-up")
            run.until(lambda: target.sql(waits) == "1", f"levada to come to {table}")
            expect(run.kill(), "levada has ended before it could be killed")
            expect(target.count() == 0, "rows are there without their offsets")
            lock.communicate("ROLLBACK;\n")
            place.finish()
            target.check(truth)


def read_from_target(target, _):
    """The offsets in the target decide: set back with their rows, just these rows come again."""
    truth = Truth(LF)
    with Place(SALARY, target) as place:
        place.csv.write_bytes(LF)
        place.finish()
        target.sql("""
            WITH last AS (DELETE FROM department_employee WHERE ctid IN
                           (SELECT ctid FROM department_employee ORDER BY ctid DESC LIMIT 100) RETURNING 1)
            UPDATE levada_positions SET next_offset = next_offset - (SELECT count(*) FROM last)
             WHERE topic = 'department_employee' AND next_offset > 0""")
        expect(target.count() == 187, "the test could not take 100 rows away")
        place.finish()
        target.check(truth)


def must_refuse(place, target, truth, **where):
    """However often it is tried: an explanation, and a target as it was."""
    for _ in range(3):
        said = place.finish(expected=8, **where)
        expect("WAREHOUSE has already written offset" in said and "this is not the log that the target was" in said,
               f"refused without an explanation:\n{said}")
        target.check(truth)


def other_log(target, _):
    """A target that was filled from another log."""
    truth = Truth(LF)
    with Place(SALARY, target) as place:
        place.csv.write_bytes(LF)
        place.finish()
        must_refuse(place, target, truth, log=place.path / "another")
        place.csv.write_bytes(repeated(3))
        must_refuse(place, target, truth, log=place.path / "another")
        place.csv.write_bytes(LF)
        place.finish()
        target.check(truth)


def older_log(target, _):
    """An older copy of the log, of which the target has seen more."""
    with Place(FOLDER, target) as place:
        (place.folder / "1.csv").write_bytes(LF)
        place.finish()
        shutil.copytree(place.log, place.path / "older")
        (place.folder / "2.csv").write_bytes(repeated(2))
        place.finish()
        truth = Truth(LF, times=3)
        target.check(truth)
        (place.folder / "2.csv").unlink()
        (place.folder / "3.csv").write_bytes(repeated(4))
        must_refuse(place, target, truth, log=place.path / "older")
        (place.folder / "3.csv").unlink()
        place.finish()
        target.check(truth)


def other_name(target, _):
    """The same log under another name: for the target that would be somebody else, and it would be given all again."""
    truth = Truth(LF)
    with Place(SALARY, target) as place:
        place.csv.write_bytes(LF)
        place.finish()
        renamed = place.path / "renamed.sql"
        place.sql.rename(renamed)
        said = place.finish(expected=8, sql=renamed)
        expect("WAREHOUSE has run in pipeline salary, and this one is renamed" in said, f"not explained:\n{said}")
        target.check(truth)


def fenced(target, _, asleep=False):
    """Two at work on copies of one log: the older one must not write any more, the newer one must not be disturbed."""
    with Place(FOLDER, target) as place:
        (place.folder / "1.csv").write_bytes(LF)
        place.finish()
        copy, other = place.path / "copy", place.path / "other"
        shutil.copytree(place.log, copy)
        shutil.copytree(place.folder, other)
        older = place.start()
        holders = "SELECT count(DISTINCT holder) || ' ' || max(epoch) FROM levada_positions"
        older.until(lambda: target.sql(holders) == "1 2", "the older one to connect")
        if asleep:
            older.process.send_signal(signal.SIGSTOP)
        newer = place.start(log=copy, environment={"SALARY_FOLDER": str(other)})
        newer.until(lambda: target.sql(holders) == "1 3", "the newer one to take over")
        # Both have something to write now.
        (place.folder / "2.csv").write_bytes(repeated(3))
        (other / "2.csv").write_bytes(PART)
        truth = Truth(LF, PART)
        if asleep:
            newer.until(lambda: target.count() == len(truth.rows), "the newer one to finish")
            older.process.send_signal(signal.SIGCONT)
        code = older.wait(30)
        expect(code == 8 and "another instance of sink WAREHOUSE" in older.said() and "has taken over" in older.said(),
               f"the older one has ended with code {code}:\n{older.said()}")
        newer.until(lambda: target.count() == len(truth.rows), "the newer one to finish")
        newer.stop()
        target.check(truth)
        # The two logs tell different stories since. The older one was on its way further than the target is now.
        must_refuse(place, target, truth)


def fenced_asleep(target, choices):
    """A process that was stopped for a while does not know that it has been replaced."""
    fenced(target, choices, asleep=True)


def always_beside(target, choices):
    """At every moment the offsets say just how many rows are there. (So does every other load; this one is watched.)"""
    truth = Truth(LF, times=5, departments=(), since=0)
    with Place(WIDE, target) as place, Watch(target, truth) as watch:
        place.csv.write_bytes(repeated(5))
        place.finish()
    target.check(truth)
    watch.check()
    expect(watch.states, "the reader has seen nothing")
