"""The source's server dies and its physical standby takes over, without the slot: nobody knows what was committed between
what was read last and the end of the old server. That is said, with the range; nothing goes on as if nothing had happened."""

import os
import pathlib
import re
import shutil
import subprocess
import time

from levada import Place
from outages import Server
from replicas import SINK
from salaries import ROOT
from target import Target, expect

SQL = """
CREATE SOURCE CONNECTOR pg WITH ('connector.class' = 'postgres', 'connection.url' = '${env:SOURCE}', 'topic.prefix' = 'shop',
  'slot.name' = 'levada_failover', 'publication.name' = 'levada_failover', 'table.include.list' = 'public\\.t',
  'snapshot.mode' = '${env:SNAPSHOT}');
""" + SINK
BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")


def folder(server):
    path = ROOT / ".services" / server.name
    where = path / "where"
    return pathlib.Path(where.read_text().strip()) if where.exists() else path


class Standby(Server):
    """A physical standby of the server."""

    def __init__(self, primary):
        super().__init__("standby")
        self.do("down")
        data = folder(self) / "data"
        owner, group = data.stat().st_uid, data.stat().st_gid
        shutil.rmtree(data)
        shutil.copy(folder(primary) / "password", folder(self) / "password")  # the roles are the primary's, too
        os.chown(folder(self) / "password", owner, group)
        as_owner = {"user": owner, "group": group} if os.geteuid() == 0 else {}
        subprocess.run([BINARIES / "pg_basebackup", "-d", primary.url, "-D", data, "-X", "stream", "-c", "fast", "-R"],
                       check=True, capture_output=True, text=True, cwd="/", **as_owner)
        self.url = self.do("up").split("url=")[1].split()[0]


def wait_for(good, what, seconds=30):
    end = time.monotonic() + seconds
    while not good():
        expect(time.monotonic() < end, f"waited {seconds} s for {what}")
        time.sleep(0.05)


def rows(database):
    return database.sql("SELECT string_agg(t::text, ' ' ORDER BY id) FROM t") if database.has("t") else ""


class Pair:
    """Primary, standby, and a replica that is equal to both."""

    def __init__(self, place, target, primary, standby):
        self.place, self.target, self.primary, self.standby = place, target, primary, standby
        self.name = "levada_source"
        self.source = Target(primary.url, self.name)
        self.other = self.database(standby)
        place.environment.update(SOURCE=self.source.url, REPLICA=target.url, SNAPSHOT="initial")
        self.source.sql("CREATE TABLE t (id int PRIMARY KEY, v text);"
                        "INSERT INTO t SELECT i, 'first' FROM generate_series(1, 9) i")
        self.run = place.start()
        self.replicated("INSERT INTO t VALUES (10, 'by the log')")

    @staticmethod
    def database(server):
        database = object.__new__(Target)  # it is there, by replication
        database.server, database.name = server.url, "levada_source"
        database.url = server.url.replace("/levada?", "/levada_source?")
        return database

    def replicated(self, sql):
        self.source.sql(sql)
        self.run.until(lambda: rows(self.target) == rows(self.source), "the replica")

    def sync(self):
        """The standby has all."""
        lsn = self.source.sql("SELECT pg_current_wal_lsn()")
        wait_for(lambda: self.other.sql(f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'") == "t", "the standby")

    def fail_over(self):
        self.primary.do("kill")
        self.other.sql("SELECT pg_promote()")
        self.place.environment["SOURCE"] = self.other.url

    def must_stop(self, *words):
        """Position lost, said with a range; nothing is written."""
        before = rows(self.target)
        run = self.place.start()
        code = run.wait(60)
        said = run.said()
        expect(code == 8 and "position lost" in said and all(word in said for word in words),
               f"ended with code {code}, expected 8 and {words}:\n{said}")
        expect(re.search(r"[0-9A-F]+/[0-9A-F]+", said), f"no range is said:\n{said}")
        expect(rows(self.target) == before, "the replica has changed")

    def goes_on(self):
        """Asked to, it reads the rows again, and those that are no more go."""
        self.place.environment["SNAPSHOT"] = "when_needed"
        self.source = self.other
        self.run = self.place.start()
        self.run.until(lambda: rows(self.target) == rows(self.source), "the replica of the new primary")
        self.replicated("UPDATE t SET v = 'on the new one' WHERE id = 4")
        self.run.stop()


def standby_promoted(target, _):
    with Server("primary") as primary, Standby(primary) as standby, Place(SQL) as place:
        pair = Pair(place, target, primary, standby)
        pair.run.kill()
        pair.source.sql("INSERT INTO t VALUES (11, 'not read')")
        pair.source.sql("DELETE FROM t WHERE id = 3")
        pair.sync()
        pair.fail_over()
        pair.must_stop("levada_failover", "is not there any more")
        # A slot of the same name, made by somebody who means well.
        pair.other.sql("SELECT pg_create_logical_replication_slot('levada_failover', 'pgoutput')")
        pair.must_stop("is ahead of what we have stored")
        pair.goes_on()


def standby_behind(target, _):
    """The standby has not got all that was read."""
    with Server("primary") as primary, Standby(primary) as standby, Place(SQL) as place:
        pair = Pair(place, target, primary, standby)
        pair.sync()
        standby.do("down")
        pair.replicated("INSERT INTO t SELECT i, repeat('read, and gone', 1000) FROM generate_series(11, 200) i")
        pair.run.kill()
        primary.do("kill")
        standby.do("up")
        pair.fail_over()
        pair.other.sql("SELECT pg_create_logical_replication_slot('levada_failover', 'pgoutput')")
        pair.must_stop("has gone on from an earlier point of its log", "timeline 1")
        pair.goes_on()
        expect(target.sql("SELECT count(*) FROM t") == "10", "rows of the old server are left")
