"""A7-A9: a database under random load is replicated while the pipeline, the source's server and the target's are killed.
At the end the replica is equal row for row, and the log holds each committed change once, as the source's own audit says."""

import json
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
# By the server's log.
WAL = """
CREATE SOURCE CONNECTOR pg WITH ('connector.class' = 'postgres', 'connection.url' = '${env:SOURCE}',
  'topic.prefix' = 'shop', 'slot.name' = 'levada_crash', 'publication.name' = 'levada_crash',
  'table.include.list' = 'public\\.(accounts|parts|blobs|Odd one)', 'snapshot.mode' = '${env:SNAPSHOT}');
""" + SINK
# By triggers that write change tables.
TRIGGERS = """
CREATE SOURCE CONNECTOR pg WITH ('connector.class' = 'postgres-trigger', 'connection.url' = '${env:SOURCE}',
  'topic.prefix' = 'shop', 'table.include.list' = 'accounts, parts, blobs, "Odd one"', 'snapshot.mode' = '${env:SNAPSHOT}');
""" + SINK
# What the source's server says once changes are captured. A slot is listed, too, while it is being made, and then goes
# with whoever makes it.
CAPTURED = {WAL: "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'",
            TRIGGERS: "SELECT count(*) = 4 FROM pg_trigger WHERE tgname LIKE '0levada\_wake%'"}


def records(place, topic):
    """What the log holds of a table."""
    with subprocess.Popen([PROGRAM, "print", topic, "--from-beginning", "--no-follow", "--output", "json", "--log",
                           f"embedded:{place.log}"], stdout=subprocess.PIPE, cwd=ROOT) as levada:
        yield from map(json.loads, levada.stdout)
    expect(levada.returncode == 0, f"levada print {topic} ended with {levada.returncode}")


def check_log(place, source, snapshot=range(0), again=0, covered=False):
    """Each row that was committed is there once, and each deletion and truncation as often as it happened. Of those whose
    stamp is in `snapshot` there may be more, as rows of a snapshot, or none, where there was such a row later; of those of
    before it, too. All may be there so many times `again`, where the rows are read once more. `covered`: changes of before
    the end of `snapshot` may have come by its rows alone, deletions and truncations among them."""
    total = more = 0
    for table in workload.TABLES:
        found, wanted = Counter(), Counter()
        for record in records(place, "shop.public." + table.replace(" ", "_")):
            value = record["value"]
            found["t" if record["key"] is None else "d" if value is None else int(value["stamp"])] += 1
        for op, stamp in source.rows(f"SELECT op, stamp FROM audit WHERE tag = '{table}'"):
            wanted[op if stamp == "" else int(stamp)] += 1
        # A change that leaves large values out is no use without its row, which a snapshot gives as it was later.
        whole_from = snapshot.stop if covered or table == "blobs" else snapshot.start
        lost = {what: n for what, n in (wanted - found).items()
                if (what >= whole_from if isinstance(what, int) else not covered)}
        twice = {what: n for what, n in (found - wanted).items() if what not in wanted or not isinstance(what, int) or
                 n > again + 2 * (what < snapshot.stop)}
        expect(not lost and not twice, f"the log of {table}: {sum(lost.values())} lost, such as {list(lost.items())[:5]}; "
               f"{sum(twice.values())} too many, such as {list(twice.items())[:5]}")
        total += sum(found.values())
        more += sum(n for what, n in (found - wanted).items())
    return total, more


def check_letters(place, source, run, unsent, snapshot=False):
    """There are none but one kind, and that only where the source does not send all values (`unsent`): a row that was new,
    by its key or to the snapshot, while a large value of it stayed the same, and has gone on from that key before anybody
    could read the value. How many, and how many rows have got another key."""
    found = [json.loads(line) for line in workload.letters(run)]
    told = Counter((letter["topic"], letter["partition"], letter["offset"]) for letter in found)
    rows = {(topic, record["partition"], record["offset"]): (record["key"]["id"], int(record["value"]["stamp"]))
            for topic in {"shop.public.blobs"} & {letter["topic"] for letter in found}
            for record in records(place, topic) if record["value"] is not None}
    moved = {key for (key,) in source.rows("SELECT key FROM audit WHERE tag = 'blobs' AND key_before IS NOT NULL")}
    gone = {key for (key,) in source.rows("SELECT key FROM audit WHERE tag = 'blobs' AND op = 'd' UNION "
                                          "SELECT key_before FROM audit WHERE tag = 'blobs' AND key_before IS NOT NULL")}
    written = {(key, int(stamp)) for key, stamp in
               source.rows("SELECT key, stamp FROM audit WHERE tag = 'blobs' AND op = 'w'")}

    def good(letter):
        at = letter["topic"], letter["partition"], letter["offset"]
        return (unsent and "the source has not sent" in letter["cause"] and told[at] == 1 and
                rows.get(at) in written and rows[at][0] in gone and (snapshot or rows[at][0] in moved))
    wrong = [letter for letter in found if not good(letter)]
    expect(not wrong, f"{len(wrong)} dead letters that should not be, such as\n" + "\n".join(map(str, wrong[:5])))
    return len(found), len(moved)


class Outages:
    """Kills of everything, in turn, while a load runs."""

    def __init__(self, place, choices, servers):
        self.place, self.choices, self.servers = place, choices, servers
        self.pipeline = self.server = 0

    def kill_pipeline(self, times):
        """Each time at another moment of its life."""
        for _ in range(times):
            run = self.place.start()
            time.sleep(self.choices.uniform(0.02, 2) if self.choices.random() < 0.8 else self.choices.uniform(0.005, 0.1))
            self.pipeline += run.kill()
        return self.place.start()

    def kill_servers(self, run, times):
        for i in range(times):
            time.sleep(self.choices.uniform(0.3, 1.5))
            server = self.servers[i % len(self.servers)]
            server.do("kill")
            time.sleep(self.choices.choice([0, 0.5]))
            server.do("up")
            self.server += 1
            run.must_run()


def replicated(sql, choices, snapshot, fill, kills, server_kills, target_too=False, alter_pause=0):
    """`alter_pause`: columns come and go about so often, in seconds, in ways that leave the rows as they are."""
    with Server("source") as one, Server("target") as other:
        source, replica = Target(one.url, "levada_source"), Target(other.url, "levada_replica")
        workload.create(source)
        with Place(sql) as place:
            place.environment.update(SOURCE=source.url, REPLICA=replica.url, SNAPSHOT=snapshot)
            outages = Outages(place, choices, [one, other] if target_too else [one])
            if snapshot == "no_data":
                run = place.start()
                run.until(lambda: source.sql(CAPTURED[sql]) == "t", "the capture to begin")
                run.kill()
            workload.fill(source, fill)
            with workload.Load(source, choices, alter_pause=alter_pause, rows_too=False) as load:
                run = outages.kill_pipeline(kills)
                outages.kill_servers(run, server_kills)
                time.sleep(1)
                load.stop()
            if load.alterations:  # what was not written since a column was added is not in the replica as it is
                load.alterations.settle()
            caught_up = time.monotonic()
            workload.compare(source, replica, run)
            caught_up = time.monotonic() - caught_up
            letters, moved = check_letters(place, source, run, unsent=sql == WAL, snapshot=snapshot != "no_data")
            run.stop(codes=(0, 3) if letters else (0,))
            if snapshot == "no_data":
                check_log(place, source)
            print(f"{source.sql('SELECT count(*) FROM audit')} changes in {load.text()}, "
                  f"{outages.pipeline} kills of the pipeline, {outages.server} of the servers, {caught_up:.1f} s behind at the "
                  f"end; {moved} rows got another key beside a large value, {letters} of them for nobody to read")


def with_snapshot(_, choices):
    replicated(WAL, choices, "initial", fill=60000, kills=choices.kills // 4, server_kills=4)


def each_change_once(_, choices):
    replicated(WAL, choices, "no_data", fill=20000, kills=choices.kills // 4, server_kills=6)


def target_killed(_, choices):
    replicated(WAL, choices, "no_data", fill=10000, kills=choices.kills // 8, server_kills=6, target_too=True)


def triggers_with_snapshot(_, choices):
    replicated(TRIGGERS, choices, "initial", fill=10000, kills=choices.kills // 8, server_kills=2, target_too=True)


def triggers_each_change_once(_, choices):
    replicated(TRIGGERS, choices, "no_data", fill=5000, kills=choices.kills // 8, server_kills=4, target_too=True)


def triggers_altered(_, choices):
    """No writer gets an error from our triggers, see workload.Session."""
    replicated(TRIGGERS, choices, "no_data", fill=3000, kills=choices.kills // 8, server_kills=2, alter_pause=0.3)


def not_null_dropped(_, choices):
    """While it runs: the log itself says nothing of it."""
    with Server("source") as server, Place(WAL) as place:
        source, replica = Target(server.url, "levada_source"), Target(server.url, "levada_replica")
        place.environment.update(SOURCE=source.url, REPLICA=replica.url, SNAPSHOT="initial")
        workload.create(source)
        workload.fill(source, 9)
        run = place.start()
        workload.compare(source, replica, run)
        source.sql("ALTER TABLE accounts ALTER amount DROP NOT NULL")
        source.sql("UPDATE accounts SET amount = NULL, stamp = nextval('stamps') WHERE id = 4")
        workload.compare(source, replica, run)
        expect(not workload.letters(run), f"there are dead letters: {workload.letters(run)[:3]}")
        run.stop()
