"""The database dies, again and again, while it is written to: Levada waits, goes on by itself, and all of it arrives."""

import os
import subprocess
import time

from levada import FOLDER, Feed, Place
from salaries import LF, ROOT, Truth, repeated
from target import Target, Watch, expect


class Server:
    """A server that this test may kill."""

    def __init__(self):
        self.name = f"postgres@crash-{os.getpid()}"
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
        with Place(FOLDER, target) as place, Watch(target, truth) as watch:
            run = place.start()
            halfway = 0
            with Feed(place.folder / "1.csv", repeated(5), choices, seconds=30, pieces=300) as feed:
                for outage in range(10):
                    time.sleep(choices.uniform(0, 0.5))
                    server.do("kill")
                    run.must_run()
                    time.sleep(choices.choice([0, 0, 0.5]))
                    server.do("up")
                    before = target.count()
                    halfway += 0 < before < len(truth.rows)
                    # Sometimes it dies again before anybody has come back to it.
                    if outage % 3 != 2:
                        run.until(lambda: before == len(truth.rows) or target.count() > before,
                                  "rows to come again")
                feed.pause = 0
                feed.wait()
                run.until(lambda: target.count() == len(truth.rows), "the last row")
            said = run.said()
            run.stop()
        target.check(truth)
        watch.check()
        expect("retrying" in said, f"nothing was said of the outage:\n{said}")
        print(f"10 kills of the database, {halfway} of them with a half-filled target, {len(watch.states)} states seen")
