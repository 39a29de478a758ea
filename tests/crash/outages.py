"""The database dies, again and again, while it is written to: Levada waits, goes on by itself, and all of it arrives."""

import os
import subprocess
import time

from levada import GROWING, Feed, Place, replaced
from salaries import LF, ROOT, Truth, repeated
from target import Target, Watch, expect


# The first kills meet the back-off as it is, growing; a quick one makes room for more of them.
QUICK = replaced(GROWING, "'auto.create' = 'true'", "'auto.create' = 'true', 'retry.backoff.ms' = '100'")


class Server:
    """A server that this test may kill."""

    def __init__(self, what=""):
        self.name = f"postgres@crash{what}-{os.getpid()}"
        self.url = self.do("up").split("url=")[1].split()[0]

    def do(self, action):
        return subprocess.run([ROOT / "services", action, self.name], check=True, capture_output=True, text=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.do("remove")


def database_killed(_, choices):
    truth = Truth(LF, times=5)
    with Server() as server:
        target = Target(server.url, "levada_crash")
        halfway = 0
        with Place(GROWING, target) as place, Watch(target, truth) as watch:
            with Feed(place.folder / "1.csv", repeated(5), choices, seconds=30, pieces=300) as feed:
                for sql, outages in ((GROWING, 2), (QUICK, 8)):
                    place.sql.write_text(sql)
                    run = place.start()
                    for outage in range(outages):
                        time.sleep(choices.uniform(0, 0.5))
                        server.do("kill")
                        run.must_run()
                        time.sleep(choices.choice([0, 0, 0.5]))
                        server.do("up")
                        before = target.count()
                        halfway += 0 < before < len(truth.rows)
                        # Sometimes it dies again before anybody has come back to it.
                        if outage % 3 != 2:
                            run.until(lambda: before == len(truth.rows) or target.count() > before, "rows to come again")
                    expect("retrying" in run.said(), f"nothing was said of the outages:\n{run.said()}")
                    if sql == GROWING:
                        run.stop()
                feed.pause = 0
                feed.wait()
                run.until(lambda: target.count() == len(truth.rows), "the last row")
            run.stop()
        target.check(truth)
        watch.check()
        print(f"10 kills of the database, {halfway} of them with a half-filled target, {len(watch.states)} states seen")
