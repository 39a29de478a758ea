// The trigger source under writers that do everything at once, while it is killed at every few reads: the log has each
// change once, in the order of its key, and what it ends in is what the table has.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "base/random.h"
#include "tests/live/trigger_stage.h"

namespace levada {
namespace {

using ByKey = std::map<std::string, std::vector<std::string>>;

// Transactions of all kinds on few keys. What the server refuses (a key that is taken, a deadlock) is rolled back.
void write(const PostgresStage& stage, std::uint64_t seed, int transactions) {
  std::mt19937_64 random(seed);
  auto any = [&](std::uint64_t n) { return random() % n; };
  OtherSession session(stage);
  session.sql("SET deadlock_timeout = '20ms'");
  int words = 0;
  auto statement = [&] {
    std::string id = std::to_string(any(30)), word = "'" + std::to_string(seed) + "-" + std::to_string(++words) + "'";
    switch (any(10)) {
      case 0: return "DELETE FROM t WHERE id = " + id;
      case 1: return "UPDATE t SET id = " + std::to_string(any(30)) + ", word = " + word + " WHERE id = " + id;
      case 2: return "UPDATE t SET word = NULL WHERE id = " + id;
      case 3: return "UPDATE t SET word = word || 'x' WHERE id % 7 = " + std::to_string(any(7));
      default:
        return "INSERT INTO t VALUES (" + id + ", " + word + ") ON CONFLICT (id) DO UPDATE SET word = EXCLUDED.word";
    }
  };
  for (int i = 0; i < transactions; ++i) {
    bool good = session.attempt("BEGIN");
    for (std::uint64_t n = 1 + any(3); good && n > 0; --n) {
      bool inner = any(4) == 0;
      if (inner) good = session.attempt("SAVEPOINT s");
      good = session.attempt(statement());
      if (inner && (!good || any(2) == 0)) good = session.attempt("ROLLBACK TO s");
      if (good && any(10) == 0) std::this_thread::yield();
    }
    if (!good || any(6) == 0 || !session.attempt("COMMIT")) session.attempt("ROLLBACK");
  }
}

std::string table_of(PostgresStage& stage) {
  return stage.sql("SELECT id || ': ' || coalesce(word, 'NULL') FROM t ORDER BY id::text COLLATE \"C\"");
}

// What the change table says, by key.
ByKey changes_of(PostgresStage& stage) {
  ByKey changes;
  std::istringstream rows(stage.sql("SELECT action, id, levada_old_id, word FROM t_changes ORDER BY levada_id"));
  for (std::string row; std::getline(rows, row);) {
    std::istringstream parts(row);
    std::string action, id, old, word;
    std::getline(parts, action, '|'), std::getline(parts, id, '|'), std::getline(parts, old, '|');
    std::getline(parts, word, '|');
    if (old != "NULL") changes[old].push_back("deleted");
    changes[id].push_back(action == "DELETE" ? "deleted" : word);
  }
  return changes;
}

ByKey by_key(const std::vector<std::string>& events) {
  ByKey keys;
  for (const std::string& event : events) {
    std::size_t colon = event.find(": ");
    keys[event.substr(2, colon - 2)].push_back(event.substr(colon + 2));
  }
  return keys;
}

// Runs the line while writers write, and once more when they are done.
void capture(PostgresStage& stage, TriggerLine& line, int writers, int transactions, std::size_t crash_every) {
  const std::uint64_t seed = random_seed() % 1000 * 100;
  CAPTURE(seed);
  std::vector<std::jthread> threads;
  std::atomic<int> left = writers;
  for (int w = 0; w < writers; ++w)
    threads.emplace_back([&, w] {
      write(stage, seed + static_cast<std::uint64_t>(w), transactions);
      --left;
    });
  OtherSession old(stage);
  while (left > 0) {
    old.sql("BEGIN; INSERT INTO t VALUES (1000, 'old') ON CONFLICT (id) DO UPDATE SET word = t.word || '.'");
    for (int i = 0; i < 3; ++i) line.catch_up_with_crashes(crash_every);
    old.sql("COMMIT");
  }
  threads.clear();
  line.catch_up_with_crashes(crash_every);
  line.catch_up();
}

}  // namespace

TEST_SUITE("trigger") {
  TEST_CASE("trigger: A6, A7: 8 writers, killed at every second read: each change once, in the order of its key") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage,
                     {"table.include.list=t", "topic=t", "snapshot.mode=no_data", "prune=false", "max.batch.size=20"});
    line.catch_up();
    capture(*stage, line, 8, 100, 2);
    CHECK(line.table("t") == table_of(*stage));
    ByKey seen = by_key(line.events()), written = changes_of(*stage);
    CHECK(seen == written);
    CHECK(line.crashes() > 3);
    MESSAGE(line.events().size() << " changes, " << line.crashes() << " crashes");
  }

  TEST_CASE(
      "trigger: A6, A9: rows first while 4 writers write, pruned, killed at every second read: the table's rows") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, word text)");
    stage->sql("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(0, 999) i");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "snapshot.fetch.size=100", "max.batch.size=40"});
    CHECK(line.start_error() == "");  // sets up before anybody writes
    capture(*stage, line, 4, 60, 2);
    CHECK(line.table("t") == table_of(*stage));
    CHECK(line.crashes() > 3);
    CHECK(stage->sql("SELECT count(*) FROM t_changes") == "1");
  }

  TEST_CASE("trigger: A9: the rows of a table without a unique key come as a whole or not at all") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int NOT NULL, word text)");
    stage->sql("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 100) i");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "message.key.columns=t:id", "max.batch.size=30"});
    line.catch_up_with_crashes(2);
    line.catch_up();
    CHECK(line.events().size() == 100);
    CHECK(line.table("t") == table_of(*stage));
  }
}

}  // namespace levada
