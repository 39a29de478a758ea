"""Killed at each named place of the way (src/base/fail_point.h), as the rows that were there are read and as changes
stream: the replica is equal afterwards, and the log holds each change once."""

import re
import signal
import time

import workload
from levada import Place
from outages import Server
from replicas import TRIGGERS, WAL, check_letters, check_log
from salaries import ROOT
from target import Target, expect

TO_THE_LOG = ["before_log_commit", "after_log_commit", "between_chunks", "between_chunks:2", "before_log_commit:2",
              "after_last_chunk", "after_log_commit:2"]
TO_THE_TARGET = ["before_target_commit", "after_target_commit", "before_target_commit:3", "after_target_commit:3"]
LOG = ["before_log_commit:3", "after_log_commit:3"]
WAYS = {
    WAL: (["before_slot", "after_slot", *TO_THE_LOG, *TO_THE_TARGET],
          [*LOG, "before_acknowledge", "after_acknowledge", *TO_THE_TARGET[2:]]),
    TRIGGERS: (["before_trigger_setup", "after_trigger_setup", *TO_THE_LOG, *TO_THE_TARGET],
               [*LOG, "before_prune", "after_prune", *TO_THE_TARGET[2:]]),
}


def names():
    text = (ROOT / "src/base/fail_point.h").read_text()
    return set(re.findall(r"^  (\w+), +//", text, re.M))


def die_at(place, points, server):
    for point in points:
        run = place.start(environment={"LEVADA_FAIL_POINT": point})
        end = time.monotonic() + 30
        while run.process.poll() is None:
            if time.monotonic() >= end:
                sessions = server.admin("""SELECT pid, datname, state, wait_event, now() - xact_start, left(query, 90)
                    FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender') ORDER BY xact_start""")
                letters = "\n".join(workload.letters(run)[:3])
                expect(False, f"{point} was not reached:\n{run.said()[-3000:]}\n{sessions}\n{letters}")
            time.sleep(0.01)
        code = run.process.returncode
        expect(code == -signal.SIGKILL, f"at {point} levada ended with code {code}:\n{run.said()}")


def killed_at(sql, choices):
    way, (at_start, streaming) = sql, WAYS[sql]
    sql = way.replace("'snapshot.mode'", "'snapshot.fetch.size' = '1000', 'snapshot.mode'")
    with Server() as server, Place(sql) as place:
        source, replica = Target(server.url, "levada_source"), Target(server.url, "levada_replica")
        place.environment.update(SOURCE=source.url, REPLICA=replica.url, SNAPSHOT="initial")
        workload.create(source)
        workload.fill(source, 6000)
        source.sql("INSERT INTO blobs SELECT gen_random_uuid(), -3, repeat('b', 8000), NULL, nextval('stamps') "
                   "FROM generate_series(1, 3500)")
        die_at(place, at_start[:4], source)
        begin = int(source.sql("SELECT nextval('stamps')"))
        with workload.Load(source, choices, writers=3) as load:
            die_at(place, at_start[4:], source)
            run = place.start()
            load.stop()
            workload.compare(source, replica, run)
            run.kill()
        snapshot = range(begin, int(source.sql("SELECT nextval('stamps')")))
        check_log(place, source, snapshot, covered=way == TRIGGERS)
        with workload.Load(source, choices, writers=3) as load:
            die_at(place, streaming, source)
            run = place.start()
            load.stop()
            workload.compare(source, replica, run)
            letters, _ = check_letters(place, source, run, unsent=way == WAL, snapshot=True)
            run.stop(codes=(0, 3) if letters else (0,))
        check_log(place, source, snapshot, covered=way == TRIGGERS)
        print(f"  {len(at_start)} kills at the start, {len(streaming)} while it streams, "
              f"{source.sql('SELECT count(*) FROM audit')} changes", flush=True)


def everywhere(_, choices):
    reached = {point.split(":")[0] for way in WAYS.values() for points in way for point in points}
    expect(reached == names(), f"not the same: {reached ^ names()}")
    for sql in WAYS:
        killed_at(sql, choices)
