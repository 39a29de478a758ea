"""Levada as a process: started, watched and killed from outside."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from salaries import ROOT
from target import expect

PROGRAM = pathlib.Path(os.environ.get("LEVADA_PROGRAM", ROOT / "build/release/levada"))
SALARY = (ROOT / "examples/salary/salary.sql").read_text()


def replaced(text, old, new):
    assert old in text, f"salary.sql no longer says {old}"
    return text.replace(old, new)


# The same pipeline over a folder that receives files.
FOLDER = replaced(SALARY, "'path' = '${env:SALARY_CSV:-examples/salary/Employee_Salaries.csv}',",
                  "'input.path' = '${env:SALARY_FOLDER}', 'file.minimum.age.ms' = '300', 'empty.poll.wait.ms' = '20',")
# For a file that is written slowly, cut anywhere: on a busy machine its writer may stand still for a while.
GROWING = replaced(FOLDER, "'file.minimum.age.ms' = '300'", "'file.minimum.age.ms' = '5000'")
# All departments of all times: all partitions of the topics have rows.
EVERYBODY = "department IN ('EMS', 'CIT', 'ECC') AND initial_hire_date >= DATE '2010-01-01'"


class Feed:
    """Writes a file in pieces that end anywhere, over so many seconds: as somebody does who copies it slowly."""

    def __init__(self, path, content, choices, seconds=2.0, pieces=60):
        self.path, self.content, self.pause = path, content, seconds / pieces
        self.ends = sorted(choices.sample(range(1, len(content)), pieces - 1)) + [len(content)]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.write)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()

    def wait(self):
        self.thread.join()

    def write(self):
        begin = 0
        with open(self.path, "ab", buffering=0) as file:
            for end in self.ends:
                file.write(self.content[begin:end])
                begin = end
                if self.over.wait(self.pause):
                    return


class Place:
    """A directory of its own: the log, the SQL file, the input. Gone afterwards."""

    def __init__(self, sql, target=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="levada-crash-"))
        self.log = self.path / "log"
        self.folder = self.path / "in"
        self.folder.mkdir()
        self.csv = self.path / "salaries.csv"
        self.sql = self.path / "salary.sql"
        self.sql.write_text(sql)
        self.output = self.path / "output"
        self.environment = dict(os.environ, SALARY_CSV=str(self.csv), SALARY_FOLDER=str(self.folder),
                                SALARY_LINES=str(self.path / "lines"), NO_COLOR="1")
        if target:
            self.environment["SALARY_DATABASE"] = target.url
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for run in self.running:
            run.kill()
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, *arguments, log=None, sql=None, environment=None):
        run = Run(self, [PROGRAM, "run", sql or self.sql, "--log", f"embedded:{log or self.log}", *arguments],
                  {**self.environment, **(environment or {})})
        self.running.append(run)
        return run

    def finish(self, expected=0, **where):
        """Runs until all is done; what it said."""
        run = self.start("--until-caught-up", **where)
        code = run.wait()
        expect(code == expected, f"levada ended with code {code}, expected {expected}:\n{run.said()}")
        return run.said()


class Run:
    def __init__(self, place, command, environment):
        self.output = place.path / f"output-{len(place.running)}"
        self.log = place.log
        with open(self.output, "w") as output:
            self.process = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def said(self):
        return self.output.read_text()

    def wait(self, seconds=120):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            expect(False, f"levada has not ended within {seconds} s:\n{self.said()}")

    def kill(self):
        """SIGKILL. True if it was still at work."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    def stop(self, codes=(0,)):
        """As Ctrl-C does, and it must end well; 3: there were dead letters."""
        self.process.send_signal(signal.SIGINT)
        code = self.wait()
        expect(code in codes, f"after Ctrl-C levada ended with code {code}:\n{self.said()}")

    def must_run(self):
        expect(self.process.poll() is None, f"levada has ended by itself:\n{self.said()}")

    def until(self, good, what, seconds=60):
        """Waits until good(), while this runs."""
        end = time.monotonic() + seconds
        while not good():
            self.must_run()
            expect(time.monotonic() < end, f"waited {seconds} s for {what}:\n{self.said()}")
            time.sleep(0.01)
