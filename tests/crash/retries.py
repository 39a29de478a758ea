"""A11: rows that the target refuses for now, because their parent comes later, while Levada is killed over and over: each is
written once, in the order of its key, or is a dead letter, which is told once."""

import json
import subprocess
import threading
import time

from kills import moment
from levada import PROGRAM, Place
from outages import Server
from target import Target, expect

SQL = """
CREATE STREAM children (id INT KEY, parent INT, v INT) WITH (KAFKA_TOPIC = 'children', PARTITIONS = 2, VALUE_FORMAT = 'JSON');
CREATE SOURCE CONNECTOR file WITH ('connector.class' = 'csv', 'path' = '${env:SALARY_CSV}', 'topic' = 'children');
CREATE SINK CONNECTOR target WITH ('connector.class' = 'postgres', 'topics' = 'children', 'insert.mode' = 'insert',
  'pk.mode' = 'none', 'fields.whitelist' = 'ID,PARENT,V', 'connection.url' = '${env:SALARY_DATABASE}',
  'retry.attempts' = '40', 'retry.backoff.ms' = '50', 'retry.backoff.multiplier' = '1.1', 'retry.backoff.max.ms' = '200');
"""
TABLES = """
DROP TABLE IF EXISTS children, parents, levada_positions;
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int, parent int REFERENCES parents, v int, seq bigserial);
"""
ROWS, KEYS, PARENTS = 1500, 40, 20


def letters(place):
    done = subprocess.run([str(PROGRAM), "dlq", "list", "--output", "json", "--log", f"embedded:{place.log}"],
                          capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)
    told = subprocess.run([str(PROGRAM), "print", "_dead_letters", "--from-beginning", "--no-follow", "--output", "json",
                           "--log", f"embedded:{place.log}"], capture_output=True, text=True)
    expect(told.returncode == 0, told.stderr)
    found = done.stdout.splitlines()
    expect(len(told.stdout.splitlines()) == len(found), f"{len(found)} letters, told {len(told.stdout.splitlines())} times")
    return [json.loads(line) for line in found]


def check(target, place, rows):
    written, order = {}, {}
    for line in target.sql("SELECT id, v FROM children ORDER BY seq").splitlines():
        key, v = map(int, line.split("|"))
        expect(v not in written, f"row {v} was written twice")
        written[v] = key
        expect(order.get(key, -1) < v, f"row {v} of key {key} stands behind row {order.get(key)}")
        order[key] = v
    dead = set()
    for letter in letters(place):
        expect(letter["stage"] == "write" and "23503" in letter["cause"], f"a letter of another kind: {letter}")
        expect(letter["topic"] == "children" and letter["offset"] >= 0 and letter["refusals"] > 1, f"{letter}")
        dead.add(json.loads(letter["value"])["V"])
    for key, parent, v in rows:
        expect(v in written or v in dead, f"row {v} of key {key} is lost")
        expect(not (v in written and v in dead), f"row {v} of key {key} was written, and is a dead letter")
        expect(parent >= 0 or v in dead, f"row {v} has no parent and is no dead letter")
    expect(len(dead) < len(rows) / 4, f"{len(dead)} dead letters: parents came soon enough for most")
    return dead


def parents_come_later(target, choices, server=None):
    """With a server, that is killed, too, while keys wait."""
    rows = [(choices.randrange(KEYS), -1 if choices.random() < 0.01 else choices.randrange(PARENTS), v) for v in range(ROWS)]
    target.sql("SET client_min_messages = warning;" + TABLES)
    over = threading.Event()

    def bring_parents():
        for parent in choices.sample(range(PARENTS), PARENTS):
            while not over.wait(0.15):
                try:
                    target.sql(f"INSERT INTO parents VALUES ({parent}) ON CONFLICT DO NOTHING")
                    break
                except RuntimeError:  # the server was killed
                    expect(server, "a parent was refused")

    with Place(SQL, target) as place:
        place.csv.write_text("id,parent,v\n" + "".join(f"{k},{p},{v}\n" for k, p, v in rows))
        parents = threading.Thread(target=bring_parents)
        parents.start()
        kills = outages = 0
        try:
            for _ in range(max(4, choices.kills // 12) if server else max(8, choices.kills // 8)):
                if server:
                    run = place.start()
                    time.sleep(moment(choices, 1))
                    server.do("kill")
                    time.sleep(choices.choice([0, 0.3]))
                    server.do("up")
                    outages += 1
                    time.sleep(choices.uniform(0, 0.5))
                    run.must_run()
                    run.kill()
                run = place.start()
                time.sleep(moment(choices, 0.8))
                kills += run.kill()
                time.sleep(0.01)
            parents.join()
        finally:
            over.set()
            parents.join()
        place.finish(expected=3)
        dead = check(target, place, rows)
        place.finish()  # nothing is left to do
        check(target, place, rows)
        waited = int(target.sql("SELECT coalesce(sum(next_offset), 0) FROM levada_positions WHERE topic LIKE '%-retry'"))
        expect(waited > 50, f"only {waited} changes of the retry queue")
        print(f"  {kills} kills, {outages} of the server, {waited} changes of the retry queue, {len(dead)} dead letters", flush=True)
        # The letters go back once their parents are there: each row once, all of them.
        target.sql(f"INSERT INTO parents VALUES (-1)")
        done = subprocess.run([str(PROGRAM), "dlq", "replay", "--all", "--file", str(place.sql), "--log", f"embedded:{place.log}"],
                              capture_output=True, text=True, env=place.environment)
        expect(done.returncode == 0, done.stderr)
        found = target.sql("SELECT count(*), count(DISTINCT v) FROM children")
        expect(found == f"{ROWS}|{ROWS}", f"after the replay there are {found} rows, expected {ROWS}")


def target_killed(_, choices):
    with Server("retries") as server:
        parents_come_later(Target(server.url, "levada_crash"), choices, server)
