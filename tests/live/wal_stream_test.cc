// The write-ahead log as rows: every operation, in order, once.
#include <doctest/doctest.h>

#include <thread>

#include "tests/live/wal_stage.h"

namespace levada {

TEST_SUITE("live") {
  TEST_CASE("wal: inserts, updates, deletions and changes of the key") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE emp (id int PRIMARY KEY, name varchar(20), pay numeric(8,2))");
    CHECK(stage->read().empty());  // makes the slot
    stage->sql("INSERT INTO emp VALUES (1, 'Ada', 10), (2, NULL, 2.5)");
    stage->sql(
        "UPDATE emp SET pay = 11 WHERE id = 1; UPDATE emp SET id = 3 WHERE id = 2; DELETE FROM emp WHERE id = 1");
    CHECK(stage->read()["emp"] ==
          "1 -> Ada 10.00; 2 -> null 2.50; 1 -> Ada 11.00; 2 -> deleted; 3 -> null 2.50; 1 -> deleted");
    CHECK(stage->read().empty());
    stage->sql("INSERT INTO emp VALUES (4, 'x', 1)");
    CHECK(stage->read()["emp"] == "4 -> x 1.00");
  }

  TEST_CASE("wal: rolled back changes never come, those of a savepoint neither, late commits do") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    stage->read();
    stage->sql("BEGIN; INSERT INTO t VALUES (1); ROLLBACK");
    stage->sql(
        "BEGIN; INSERT INTO t VALUES (2); SAVEPOINT s; INSERT INTO t VALUES (3); ROLLBACK TO s; INSERT INTO t VALUES "
        "(4); COMMIT");
    CHECK(stage->read()["t"] == "2 ->; 4 ->");
  }

  TEST_CASE("wal: a restart goes on at the very next change, wherever it was") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v int)");
    stage->sql("CREATE TABLE other (id int PRIMARY KEY)");
    stage->read();
    std::string expected;
    for (int transaction = 0; transaction < 5; ++transaction) {
      std::string first = std::to_string(transaction * 10);
      stage->sql("BEGIN; INSERT INTO t SELECT i, i FROM generate_series(" + first + ", " + first +
                 " + 9) i; INSERT INTO other VALUES (" + first + "); COMMIT");
      for (int i = transaction * 10; i < transaction * 10 + 10; ++i)
        expected += (expected.empty() ? "" : "; ") + std::to_string(i) + " -> " + std::to_string(i);
    }
    std::string all;
    std::size_t runs = 0;
    // Three rows a time, then as if killed.
    for (bool more = true; more; ++runs) {
      auto tables = stage->run({{"max.batch.size", "3"}, {"table.exclude.list", ".*other"}}, 1);
      REQUIRE_MESSAGE(tables, tables.error().text());
      more = tables->contains("t");
      if (more) all += (all.empty() ? "" : "; ") + (*tables)["t"];
      REQUIRE(runs < 60);
    }
    CHECK(all == expected);
    CHECK(runs >= 17);
  }

  TEST_CASE("wal: a value stored elsewhere that has not changed is neither a value nor null") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, n int, big text)");
    stage->sql("ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
    stage->read();
    stage->sql("INSERT INTO t VALUES (1, 1, repeat('x', 5000))");
    stage->read();
    stage->sql("UPDATE t SET n = 2");
    CHECK(stage->read()["t"] == "1 -> 2 …");
    stage->sql("UPDATE t SET big = 'small'");
    CHECK(stage->read()["t"] == "1 -> 2 small");
  }

  TEST_CASE("wal: every replica identity") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE f (id int PRIMARY KEY, b text); ALTER TABLE f REPLICA IDENTITY FULL");
    stage->sql("CREATE TABLE i (id int PRIMARY KEY, u int UNIQUE NOT NULL)");
    stage->sql("ALTER TABLE i REPLICA IDENTITY USING INDEX i_u_key");
    stage->sql("CREATE TABLE n (id int, b text)");
    stage->read({{"publication.autocreate.mode", "all_tables"}});
    stage->sql("INSERT INTO f VALUES (1, 'a'); UPDATE f SET b = 'b'; UPDATE f SET id = 2; DELETE FROM f");
    stage->sql("INSERT INTO n VALUES (1, 'a'), (1, 'a')");
    stage->sql("INSERT INTO i VALUES (1, 10); UPDATE i SET u = 11; DELETE FROM i");
    auto tables = stage->read();
    CHECK(tables["f"] == "1 -> a; 1 -> b; 1 -> deleted; 2 -> b; 2 -> deleted");
    CHECK(tables["n"] == "-> 1 a; -> 1 a");
    CHECK(tables["i"] == "10 -> 1; 10 -> deleted; 11 -> 1; 11 -> deleted");
  }

  TEST_CASE("wal: truncations of several tables") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
    stage->read();
    stage->sql("INSERT INTO a VALUES (1); TRUNCATE a, b; INSERT INTO a VALUES (2)");
    auto tables = stage->read();
    CHECK(tables["a"] == "1 ->; truncate; 2 ->");
    CHECK(tables["b"] == "truncate");
    stage->sql("TRUNCATE a");
    CHECK(stage->read({{"skipped.operations", "t"}}).empty());
  }

  TEST_CASE("wal: tables are altered in mid-stream") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, a text)");
    stage->sql("CREATE TABLE gone (id int PRIMARY KEY, a varchar(5))");
    stage->read();
    stage->sql("INSERT INTO t VALUES (1, 'a'); ALTER TABLE t ADD b numeric(5,1); INSERT INTO t VALUES (2, 'b', 7)");
    stage->sql("ALTER TABLE t RENAME a TO c; INSERT INTO t VALUES (3, 'c', 3)");
    stage->sql("ALTER TABLE t DROP c; INSERT INTO t VALUES (4, 4)");
    stage->sql("ALTER TABLE t ALTER b TYPE text; INSERT INTO t VALUES (5, 'text'); DELETE FROM t WHERE id = 1");
    stage->sql("ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (b)");
    stage->sql("INSERT INTO t VALUES (6, 'k'); DELETE FROM t WHERE id = 6");
    stage->sql("INSERT INTO gone VALUES (1, 'x'); DROP TABLE gone");
    stage->sql("CREATE TABLE born (id int PRIMARY KEY, a int); INSERT INTO born VALUES (1, 2)");
    auto tables = stage->read();
    CHECK(tables["t"] == "1 -> a; 2 -> b 7.0; 3 -> c 3.0; 4 -> 4.0; 5 -> text; 1 -> deleted; k -> 6; k -> deleted");
    CHECK(tables["gone"] == "1 -> x");
    CHECK(tables["born"] == "1 -> 2");
  }

  TEST_CASE("wal: a column that is dropped and added again under its name is another column") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, a text, z int)");
    stage->sql("INSERT INTO t VALUES (0, 'there', 0)");
    const Properties initial = {{"snapshot.mode", "initial"}};
    CHECK(stage->read(initial)["t"] == "0 -> there 0");
    stage->sql("INSERT INTO t VALUES (1, 'text', 1); ALTER TABLE t DROP a; INSERT INTO t VALUES (2, 2)");
    stage->sql("ALTER TABLE t ADD a int; INSERT INTO t VALUES (3, 3, 33)");
    stage->sql(
        "BEGIN; ALTER TABLE t DROP a; ALTER TABLE t ADD a numeric(4,2); INSERT INTO t VALUES (4, 4, 4.4); COMMIT");
    stage->sql("ALTER TABLE t DROP z; ALTER TABLE t ADD z int; INSERT INTO t VALUES (5, 5.5, 5)");
    stage->sql("ALTER TABLE t DROP z; ALTER TABLE t ADD z varchar(3); UPDATE t SET z = 'z' WHERE id = 0");
    CHECK(stage->read(initial)["t"] == "1 -> text 1; 2 -> 2; 3 -> 3 33; 4 -> 4 4.40; 5 -> 5.50 5; 0 -> null z");
    // What is known of the table from before is not trusted.
    stage->sql("ALTER TABLE t DROP a; ALTER TABLE t ADD a date; INSERT INTO t VALUES (6, 'y', '2024-02-29')");
    CHECK(stage->read(initial)["t"] == "6 -> y 2024-02-29");
  }

  TEST_CASE("wal: a key of a composite type, of an enum, of an array, with values that need quotes") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TYPE place AS (street text, number int)");
    stage->sql("CREATE TYPE size AS ENUM ('small', 'large')");
    stage->sql("CREATE TABLE t (at place, s size, v int, PRIMARY KEY (at, s))");
    const Properties initial = {{"snapshot.mode", "initial"}, {"snapshot.fetch.size", "1"}};
    stage->sql("INSERT INTO t SELECT ROW('a \"b\", c', i)::place, 'small', i FROM generate_series(1, 5) i");
    auto rows = stage->read(initial)["t"];
    CHECK(
        rows ==
        R"(("a ""b"", c",1) small -> 1; ("a ""b"", c",2) small -> 2; ("a ""b"", c",3) small -> 3; ("a ""b"", c",4) small -> 4; ("a ""b"", c",5) small -> 5)");
    stage->sql("UPDATE t SET v = 20 WHERE v = 2; UPDATE t SET s = 'large' WHERE v = 3; DELETE FROM t WHERE v = 4");
    CHECK(
        stage->read(initial)["t"] ==
        R"(("a ""b"", c",2) small -> 20; ("a ""b"", c",3) small -> deleted; ("a ""b"", c",3) large -> 3; ("a ""b"", c",4) small -> deleted)");
  }

  TEST_CASE("wal: a key that changes beside a value that is not sent takes it along") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, big text); ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
    stage->read();
    stage->sql("INSERT INTO t VALUES (1, repeat('x', 5000))");
    stage->read();
    const std::string big(5000, 'x');
    stage->sql("UPDATE t SET id = 2");
    CHECK(stage->read()["t"] == "1 -> deleted; 2 -> " + big);
    // It is read from the table, so it may be newer than its row. Where the row has gone on, nobody has it.
    stage->sql("UPDATE t SET id = 3; UPDATE t SET big = 'new'");
    CHECK(stage->read()["t"] == "2 -> deleted; 3 -> new; 3 -> new");
    stage->sql("UPDATE t SET big = repeat('x', 5000); UPDATE t SET id = 4; UPDATE t SET id = 5");
    CHECK(stage->read()["t"] == "3 -> " + big + "; 3 -> deleted; 4 -> …; 4 -> deleted; 5 -> " + big);
    // What the dead letter of a sink says to do.
    stage->sql("UPDATE t SET id = 6; DELETE FROM t");
    CHECK(stage->read()["t"] == "5 -> deleted; 6 -> …; 6 -> deleted");
    stage->sql("INSERT INTO t VALUES (7, repeat('x', 5000)); ALTER TABLE t REPLICA IDENTITY FULL");
    stage->sql("UPDATE t SET id = 8; DELETE FROM t");
    CHECK(stage->read()["t"] == "7 -> " + big + "; 7 -> deleted; 8 -> " + big + "; 8 -> deleted");
  }

  // Commits that wait for a standby are sent before anybody can see them.
  TEST_CASE("wal: a value that is not sent is read when the table shows its transaction, and not before") {
    if (!PostgresStage::open()) return;
    OwnServer server;
    WalStage stage(server.url());
    stage.sql("CREATE TABLE t (id int PRIMARY KEY, big text); ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
    stage.read();
    stage.sql("INSERT INTO t VALUES (1, repeat('a', 5000)), (2, repeat('b', 5000))");
    stage.read();
    stage.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'; SELECT pg_reload_conf()");
    const auto address = parse_postgres_url(stage.database().url());
    auto connect = [&] { return PostgresConnection::open(*address, "levada live test").value(); };
    auto writer = connect(), watcher = connect();
    auto becomes = [&](const std::string& question) {
      for (int n = 0; n < 1000; ++n, std::this_thread::sleep_for(std::chrono::milliseconds(10)))
        if ((*watcher->query("SELECT 1 FROM pg_stat_activity WHERE " + question)).size() > 0) return true;
      return false;
    };
    // The key of one row goes to the other.
    std::thread writing([&] {
      (void)writer->execute("BEGIN; UPDATE t SET id = 9 WHERE id = 2; UPDATE t SET id = 2 WHERE id = 1; COMMIT");
    });
    const bool waits = becomes("wait_event = 'SyncRep'");
    std::thread releasing([&] {
      becomes("query = 'SELECT pg_current_snapshot()' AND pid <> pg_backend_pid()");
      (void)watcher->execute("ALTER SYSTEM RESET synchronous_standby_names");
      (void)watcher->execute("SELECT pg_reload_conf()");
    });
    const auto tables = stage.run();
    releasing.join();
    writing.join();
    CHECK(waits);
    REQUIRE_MESSAGE(tables, tables.error().text());
    CHECK(tables->at("t") ==
          "2 -> deleted; 9 -> " + std::string(5000, 'b') + "; 1 -> deleted; 2 -> " + std::string(5000, 'a'));
  }

  TEST_CASE("wal: masked and truncated columns, in the snapshot, in the stream, and after the table was altered") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, name text, mail varchar(10), note text)");
    stage->sql("INSERT INTO t VALUES (1, 'Anna', 'a@b.c', 'long note')");
    const Properties masks = {{"snapshot.mode", "initial"},
                              {"column.mask.with.3.chars", ".*\\.t\\.(name|later)"},
                              {"column.mask.hash.v2.SHA-256.with.salt.pepper", ".*\\.t\\.mail"},
                              {"column.truncate.to.4.chars", ".*\\.t\\.(note|name)"}};
    const std::string hash = stage->sql("SELECT left(encode(sha256('peppera@b.c'), 'hex'), 10)");
    CHECK(stage->read(masks)["t"] == "1 -> *** " + hash + " long");
    stage->sql("INSERT INTO t VALUES (2, 'Bo', 'a@b.c', NULL); ALTER TABLE t ADD later text");
    stage->sql("UPDATE t SET later = 'secret' WHERE id = 2");
    CHECK(stage->read(masks)["t"] == "2 -> *** " + hash + " null; 2 -> *** " + hash + " null ***");
  }

  TEST_CASE("wal: columns and tables that are not wanted, keys of one's own, partitions") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE users (id int PRIMARY KEY, mail text NOT NULL, secret text)");
    stage->sql("CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)");
    stage->sql("CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)");
    Properties mine = {{"column.exclude.list", ".*\\.users\\.secret"}, {"message.key.columns", ".*\\.users:mail"}};
    stage->read(mine);
    stage->sql("INSERT INTO users VALUES (1, 'm', 's'); INSERT INTO part VALUES (5, 'p')");
    auto tables = stage->read(mine);
    CHECK(tables["users"] == "m -> 1");
    CHECK(tables["part_1"] == "5 -> p");
    CHECK_FALSE(tables.contains("part"));
  }

  TEST_CASE("wal: rows of partitions as rows of their table") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)");
    stage->sql("CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)");
    Properties root = {{"publish.via.partition.root", "true"}};
    stage->read(root);
    stage->sql("INSERT INTO part VALUES (5, 'p'); UPDATE part SET v = 'q'");
    auto tables = stage->read(root);
    CHECK(tables["part"] == "5 -> p; 5 -> q");
    CHECK_FALSE(tables.contains("part_1"));
  }

  TEST_CASE("wal: a publication of the captured tables only is completed at a start") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE a (id int PRIMARY KEY)");
    Properties filtered = {{"publication.autocreate.mode", "filtered"}};
    stage->read(filtered);
    stage->sql("CREATE TABLE b (id int PRIMARY KEY)");
    stage->read(filtered);
    stage->sql("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
    auto tables = stage->read(filtered);
    CHECK(tables["a"] == "1 ->");
    CHECK(tables["b"] == "2 ->");
  }

  TEST_CASE("wal: a large transaction is sent while it runs, held back, and comes whole and in order") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
    stage->read();
    std::string tables[3];
    std::size_t n = 0;
    for (const Properties& more : {Properties{{"streaming.memory.mb", "1"}, {"transaction_mode", "atomic"}},
                                   Properties{{"streaming", "false"}}, Properties{{"streaming.memory.mb", "64"}}}) {
      stage->sql("BEGIN; TRUNCATE t");
      stage->sql("INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 2000) i; SAVEPOINT s");
      stage->sql("INSERT INTO t SELECT i, repeat('y', 1000) FROM generate_series(10001, 12000) i; ROLLBACK TO s");
      stage->sql("INSERT INTO t SELECT i, repeat('z', 1000) FROM generate_series(2001, 4000) i; SAVEPOINT r");
      stage->sql("ALTER TABLE t ADD w int; INSERT INTO t VALUES (5000, 'a', 1); ROLLBACK TO r");
      stage->sql("INSERT INTO t VALUES (6000, 'last'); COMMIT");
      Properties small = more;
      small.push_back({"connection.options", "-c logical_decoding_work_mem=64kB"});
      tables[n] = stage->read(small)["t"];
      CHECK(stage->rows == 4001);
      CHECK(tables[n].starts_with("truncate; 1 -> xx"));
      CHECK(tables[n].ends_with("; 6000 -> last"));
      ++n;
    }
    CHECK(tables[0] == tables[1]);
    CHECK(tables[0] == tables[2]);
  }

  TEST_CASE("wal: heartbeats run their statement and write their record, also where nothing else happens") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE beats (at timestamptz)");
    stage->form = RecordForm::connect;
    auto source = stage->make({{"heartbeat.interval.ms", "20"},
                               {"heartbeat.action.query", "INSERT INTO beats VALUES (now())"},
                               {"topic.heartbeat.prefix", "alive"},
                               {"table.exclude.list", ".*beats"},
                               {"topic.prefix", "shop"}},
                              true);
    REQUIRE_MESSAGE(source, source.error().text());
    REQUIRE((*source)->start(std::nullopt));
    std::size_t beats = 0;
    for (int round = 0; round < 500 && beats < 3; ++round) {
      auto read = (*source)->read({}, std::chrono::milliseconds(50));
      REQUIRE_MESSAGE(read, read.error().text());
      if (!read->records.empty()) CHECK(read->position);
      for (const ConnectRecords& records : read->records) {
        CHECK(records.topic == "alive.shop");
        beats += records.size;
      }
    }
    CHECK(beats >= 3);
    CHECK(std::stoi(stage->sql("SELECT count(*) FROM beats")) >= 3);
  }
}

}  // namespace levada
