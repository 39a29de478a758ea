"""A7-A9: a database under random load is replicated while pipeline, source and target are killed. At the end the replica
is equal row for row, and the log holds each committed change once, which the source's own audit says."""

import json
import os
import subprocess
import time
from collections import Counter

import workload
from levada import PROGRAM, Place
from outages import Server
from salaries import ROOT
from target import Target, expect

SINK = """
CREATE SINK CONNECTOR replica WITH ('connector.class' = 'postgres', 'connection.url' = '${env:REPLICA}',
  'topics.regex' = 'shop\\.public\\..*', 'auto.create' = 'true', 'auto.evolve' = 'true', 'retry.backoff.ms' = '50');
"""
WAL = """
CREATE SOURCE CONNECTOR pg WITH ('connector.class' = 'postgres', 'connection.url' = '${env:SOURCE}',
  'topic.prefix' = 'shop', 'slot.name' = 'levada_crash', 'publication.name' = 'levada_crash',
  'table.include.list' = 'public\\.(accounts|parts|blobs|Odd one)', 'snapshot.mode' = 'SNAPSHOT');
""" + SINK



def log_records(place, topic):
    """What the log holds of a table, as (key, stamp) of rows and (key, None) of deletions, and how often it was emptied."""
    done = subprocess.run([PROGRAM, "print", topic, "--from-beginning", "--json", "--log", f"embedded:{place.log}"],
                          capture_output=True, text=True, cwd=ROOT)
    expect(done.returncode == 0, f"levada print {topic}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def kill_pipeline(place, load, replica, choices, kills):
    """Starts and kills it again and again; each time at another moment."""
    for _ in range(kills):
        run = place.start()
        time.sleep(choices.uniform(0.02, 2.5) if choices.random() < 0.8 else choices.uniform(0.005, 0.1))
        run.kill()
    return place.start()


def replicated(server, choices, sql, fill, kills, outages, seconds):
    with Server() as other:
        source = Target(server, f"levada_source_{os.getpid()}")
        replica = Target(other.url, "levada_replica")
        try:
            workload.create(source)
            workload.fill(source, fill)
            with Place(sql) as place:
                place.environment.update(SOURCE=source.url, REPLICA=replica.url)
                with workload.Load(source, choices) as load:
                    run = kill_pipeline(place, load, replica, choices, kills)
                    for _ in range(outages):
                        time.sleep(choices.uniform(0.3, 2))
                        other.do("kill")
                        time.sleep(choices.choice([0, 0.5]))
                        other.do("up")
                        run.must_run()
                    time.sleep(seconds)
                    load.stop()
                workload.compare(source, replica, run)
                run.stop()
                changes = int(source.sql("SELECT count(*) FROM audit"))
                print(f"{changes} changes in {load.transactions()} transactions, {kills} kills of the pipeline, "
                      f"{outages} of the target")
        finally:
            source.admin("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                         f"WHERE database = '{source.name}' AND NOT active")
            source.remove()


def from_wal(server, choices):
    replicated(server.server, choices, WAL.replace("SNAPSHOT", "initial"), fill=20000, kills=choices.kills // 2, outages=3,
               seconds=3)
