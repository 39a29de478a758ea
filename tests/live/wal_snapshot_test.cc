// The snapshot within the source that reads the log: modes, what is read, and where it goes on after a crash.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <thread>

#include "base/random.h"
#include "tests/live/wal_stage.h"

namespace levada {
namespace {

using TableRows = std::map<std::string, std::string>;

// What "1 -> a; 2 -> deleted; truncate" makes of the table.
void apply_to(const std::string& text, TableRows& rows) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find("; ", at), text.size());
    std::string change = text.substr(at, end - at);
    at = end + 2;
    if (change == "truncate") {
      rows.clear();
      continue;
    }
    std::size_t arrow = change.find(" -> ");
    REQUIRE_MESSAGE(arrow != change.npos, change);
    std::string key = change.substr(0, arrow), value = change.substr(arrow + 4);
    if (value == "deleted")
      rows.erase(key);
    else
      rows[key] = value;
  }
}

std::string lines(const TableRows& rows) {
  std::string text;
  for (const auto& [key, value] : rows) text += key + "|" + value + "\n";
  return text;
}

// A table of two columns as it is, in the same form.
std::string table_in(WalStage& stage, const std::string& name) {
  TableRows rows;
  std::string text = stage.sql("SELECT * FROM " + name);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size()), bar = text.find('|', at);
    rows[text.substr(at, bar - at)] = text.substr(bar + 1, end - bar - 1);
    at = end + 1;
  }
  return lines(rows);
}

const Properties initial = {{"snapshot.mode", "initial"}};

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("wal: A9: a snapshot beside changes, killed after every few rows, makes the table") {
    auto stage = WalStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    INFO("seed " << seed);
    Random random(seed);
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO t SELECT i, 'start' FROM generate_series(1, 3000) i");
    TableRows rows;
    std::size_t kills = 0;
    for (bool more = true; more; ++kills) {
      for (int n = 0; n < 5; ++n) {
        std::string id = std::to_string(random.below(3200));
        switch (random.below(4)) {
          case 0: stage->sql("DELETE FROM t WHERE id = " + id); break;
          case 1:
            stage->sql("INSERT INTO t VALUES (" + id + ", 'new') ON CONFLICT (id) DO UPDATE SET v = 'again'");
            break;
          case 2: stage->sql("UPDATE t SET id = " + std::to_string(4000 + kills * 5 + n) + " WHERE id = " + id); break;
          default: stage->sql("UPDATE t SET v = 'u" + id + "' WHERE id = " + id);
        }
      }
      auto tables = stage->run({{"snapshot.mode", "initial"}, {"max.batch.size", "70"}, {"snapshot.fetch.size", "60"}},
                               random.below(250));
      REQUIRE_MESSAGE(tables, tables.error().text());
      apply_to((*tables)["t"], rows);
      more = stage->rows > 0 && kills < 100;
    }
    apply_to(stage->read(initial)["t"], rows);
    CHECK(kills > 8);
    CHECK(lines(rows) == table_in(*stage, "t"));
  }

  TEST_CASE(
      "wal: A9: a snapshot that goes on: a change of a row that it has not come to yet brings its large value along") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v text, big text)");
    stage->sql("ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
    stage->sql("INSERT INTO t SELECT i, 'start', i || repeat('b', 4000) FROM generate_series(1, 2000) i");
    Properties few = {{"snapshot.mode", "initial"}, {"max.batch.size", "20"}, {"snapshot.fetch.size", "20"}};
    auto begun = stage->run(few, 100);
    REQUIRE_MESSAGE(begun, begun.error().text());
    const std::string first = (*begun)["t"];
    CHECK(first.starts_with("1 -> start 1b"));
    CHECK(first.find("; 2000 -> ") == first.npos);
    // Of a row that was read, of one that was not, of one that was not and is gone.
    stage->sql("UPDATE t SET v = 'one' WHERE id = 1; UPDATE t SET v = 'last' WHERE id = 2000");
    stage->sql("UPDATE t SET v = 'gone' WHERE id = 1999; DELETE FROM t WHERE id = 1999");
    const std::string rest = stage->read(few)["t"];
    CHECK(rest.find("1 -> one 1b") != rest.npos);
    CHECK(rest.find("2000 -> last 2000b") != rest.npos);
    CHECK(rest.find("1999 -> gone …; 1999 -> deleted") != rest.npos);
    CHECK(rest.rfind("2000 -> last 2000b") > rest.find("1999 -> deleted"));  // and its row, at the last
  }

  TEST_CASE("wal: snapshots of what there is: partitions, columns left out, another SELECT, no key, no rows") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)");
    stage->sql("CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (0) TO (10)");
    stage->sql("CREATE TABLE p_high PARTITION OF p FOR VALUES FROM (10) TO (20)");
    stage->sql("INSERT INTO p VALUES (1, 'low'), (11, 'high')");
    stage->sql("CREATE TABLE secret (id int PRIMARY KEY, hidden text, v text)");
    stage->sql("INSERT INTO secret VALUES (1, 'no', 'yes')");
    stage->sql("CREATE TABLE chosen (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO chosen VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    stage->sql("CREATE TABLE loose (v text)");
    stage->sql("INSERT INTO loose VALUES ('x'), ('x'), (NULL)");
    stage->sql("CREATE TABLE nothing (id int PRIMARY KEY, v text)");
    stage->sql("CREATE TABLE parent (id int PRIMARY KEY, v text)");
    stage->sql("CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent)");
    stage->sql("INSERT INTO parent VALUES (1, 'parent')");
    stage->sql("INSERT INTO child VALUES (2, 'child')");
    std::string chosen = stage->database().schema() + ".chosen";
    auto tables =
        stage->read({{"snapshot.mode", "initial"},
                     {"column.exclude.list", ".*hidden"},
                     {"snapshot.select.statement.overrides", chosen},
                     {"snapshot.select.statement.overrides." + chosen, "SELECT * FROM chosen WHERE id <> 2;"}});
    CHECK(tables["p_low"] == "1 -> low");
    CHECK(tables["p_high"] == "11 -> high");
    CHECK(tables.count("p") == 0);
    CHECK(tables["secret"] == "1 -> yes");
    CHECK(tables["chosen"] == "1 -> a; 3 -> c");
    CHECK(tables["loose"] == "-> x; -> x; -> null");
    CHECK(tables.count("nothing") == 0);
    CHECK(tables["parent"] == "1 -> parent");
    CHECK(tables["child"] == "2 -> child");
    stage->sql("INSERT INTO nothing VALUES (5, 'some')");
    tables = stage->read(initial);
    CHECK(tables["nothing"] == "5 -> some");
    CHECK(stage->rows == 1);
  }

  TEST_CASE("wal: a table with rows that comes later is read when it is seen, and so is one named later") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO t VALUES (1, 'one')");
    stage->sql("CREATE TABLE away (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO away VALUES (7, 'seven')");
    Properties without = {{"snapshot.mode", "initial"}, {"table.exclude.list", ".*\\.away"}};
    CHECK(stage->read(without)["t"] == "1 -> one");
    auto tables = stage->read(initial);
    CHECK(tables["away"] == "7 -> seven");
    CHECK(stage->rows == 1);
    // Not captured for a while: what changed then is not in its topic.
    (void)stage->read(without);
    stage->sql("DELETE FROM away");
    stage->sql("INSERT INTO away VALUES (8, 'eight')");
    (void)stage->read(without);
    CHECK(stage->read(initial)["away"] == "truncate; 8 -> eight");
  }

  TEST_CASE("wal: A9: with a slot that is gone, when_needed reads all tables again, and rows that are no more go") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO t VALUES (1, 'one'), (2, 'two')");
    Properties needed = {{"snapshot.mode", "when_needed"}};
    CHECK(stage->read(needed)["t"] == "1 -> one; 2 -> two");
    stage->until_released();
    stage->sql("SELECT pg_drop_replication_slot('" + stage->slot() + "')");
    stage->sql("DELETE FROM t WHERE id = 1");
    CHECK(stage->read(needed)["t"] == "truncate; 2 -> two");
    stage->sql("INSERT INTO t VALUES (3, 'three')");
    CHECK(stage->read(needed)["t"] == "3 -> three");
  }

  TEST_CASE("wal: always reads at each start, initial_only ends behind the snapshot") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO t VALUES (1, 'one')");
    CHECK(stage->read({{"snapshot.mode", "initial_only"}})["t"] == "1 -> one");
    stage->sql("INSERT INTO t VALUES (2, 'two')");
    CHECK(stage->read({{"snapshot.mode", "initial_only"}}).empty());
    TableRows rows;
    for (int round = 0; round < 2; ++round) {
      std::string text = stage->read({{"snapshot.mode", "always"}})["t"];
      CHECK(text.find("truncate") != text.npos);
      apply_to(text, rows);
      CHECK(lines(rows) == table_in(*stage, "t"));
    }
  }
}

}  // namespace levada
