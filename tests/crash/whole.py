"""The whole workload, at its full size: 200,000 changes and more by 8 writers, rows of 50 MB, columns that come and go,
while the pipeline and both servers are killed, as its rows are read and as it streams. Takes some minutes."""

import time

import workload
from levada import Place
from outages import Server
from replicas import TRIGGERS, WAL, Outages, check_letters, check_log
from target import Target, expect

FILL, CHANGES = 200000, 200000


class Whole:
    def __init__(self, sql, choices, place, one, other):
        self.sql, self.choices, self.place = sql, choices, place
        self.source, self.replica = Target(one.url, "levada_source"), Target(other.url, "levada_replica")
        place.environment.update(SOURCE=self.source.url, REPLICA=self.replica.url, SNAPSHOT="initial")
        self.outages = Outages(place, choices, [one, other])
        self.started = time.monotonic()
        self.loaded = 0  # changes by the writers

    def say(self, text):
        print(f"  {time.monotonic() - self.started:5.0f} s: {text}", flush=True)

    def stamp(self):
        return int(self.source.sql("SELECT nextval('stamps')"))

    def changes(self):
        return int(self.source.sql("SELECT count(*) FROM audit"))

    def snapshot(self, rows_too):
        """Killed while the rows are read; the stamps of what may be in the log as a row of the snapshot, too."""
        workload.begin_capture(self.place, self.replica)
        begin, before = self.stamp(), self.changes()
        with workload.Load(self.source, self.choices, huge=True, alter_pause=1, rows_too=rows_too) as load:
            for i in range(self.choices.kills // 4):
                run = self.place.start()
                time.sleep(self.choices.uniform(0.1, 0.5))
                self.outages.pipeline += run.kill()
                if i % 5 == 4:  # one of the servers, too
                    run = self.place.start()
                    self.outages.kill_servers(run, 1)
                    run.kill()
            over = workload.has_last(self.source, self.replica)
            run = self.place.start()
            run.until(lambda: workload.has_last(self.source, self.replica), "the rows that were there before", 120)
            time.sleep(2)
            end = self.stamp()
            run.kill()
            self.say("the rows that were there before are there; the kills ended "
                     f"{'too late' if over else 'in the midst of it'}; {load.text()}")
        self.loaded = self.changes() - before
        return range(begin, end)

    def stream(self, changes, rows_too):
        """Killed while it streams, until the writers have made so many changes. Equal afterwards."""
        before = self.changes()
        with workload.Load(self.source, self.choices, huge=True, alter_pause=1, rows_too=rows_too) as load:
            run = self.outages.kill_pipeline(self.choices.kills // 5)
            self.outages.kill_servers(run, 6)
            while self.loaded + self.changes() - before < changes:
                run.must_run()
                time.sleep(1)
            load.stop()
        self.loaded += self.changes() - before
        if load.alterations:
            load.alterations.settle()
        self.say(f"the load is over; {load.text()}")
        workload.compare(self.source, self.replica, run, 240)
        letters, moved = check_letters(self.place, self.source, run, unsent=self.sql == WAL, snapshot=True)
        self.say(f"equal row for row; {moved} rows got another key beside a large value, {letters} of them for nobody to read")
        run.stop(codes=(0, 3) if letters else (0,))

    def end(self, snapshot, again=0):
        held, more = check_log(self.place, self.source, snapshot, again)
        self.say(f"{self.loaded} changes by the writers, {self.changes()} in all, {held} records in the log, {more} of them "
                 f"rows that were read; {self.outages.pipeline} kills of the pipeline, {self.outages.server} of the servers")


def whole(sql, choices, read_again):
    with Server("source") as one, Server("target") as other, Place(sql) as place:
        run = Whole(sql, choices, place, one, other)
        workload.create(run.source)
        workload.fill(run.source, FILL)
        workload.fill_last(run.source)
        snapshot = run.snapshot(rows_too=not read_again)
        exactly = CHANGES if read_again else CHANGES * 3 // 5  # by the WAL the log is exact to the end
        run.stream(exactly, rows_too=not read_again)
        run.end(snapshot)
        run.stream(exactly + CHANGES * 2 // 5, rows_too=True)
        # By triggers, the rows are read again when they were changed by the alterations themselves.
        run.end(snapshot, again=1000 if read_again else 0)
        expect(run.outages.pipeline >= choices.kills // 2, "too few kills hit the pipeline")


def by_log(_, choices):
    whole(WAL, choices, read_again=False)


def by_triggers(_, choices):
    whole(TRIGGERS, choices, read_again=True)
