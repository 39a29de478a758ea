// The write-ahead log as rows: every operation, in order, once.
#include <doctest/doctest.h>

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
}

}  // namespace levada
