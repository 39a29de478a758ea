#include "pipeline/catalog_store.h"

#include <doctest/doctest.h>

#include "base/memory_files.h"
#include "levada/levada.h"

using namespace levada;

namespace {

constexpr std::string_view orders =
    "CREATE STREAM orders (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 1, VALUE_FORMAT = "
    "'JSON');";
constexpr std::string_view sums =
    "CREATE TABLE sums WITH (KAFKA_TOPIC = 'sums') AS SELECT k, SUM(v) AS s FROM orders GROUP BY k;";

// A process: executes the script, runs what it declares until all is done, ends.
void live(MemoryDisk& disk, const std::string& script) {
  MemoryFiles files(disk);
  auto engine = Engine::open({.log = "embedded:log", .follow = false, .files = &files});
  REQUIRE(engine);
  auto answers = (*engine)->load(script, "test.sql");
  if (!answers) FAIL(answers.error().text());
  std::vector<std::string> notes;
  REQUIRE((*engine)->start(notes));
  CHECK((*engine)->wait() == Ended::caught_up);
  REQUIRE((*engine)->stop());
}

std::vector<std::string> values(MemoryDisk& disk, const std::string& topic) {
  MemoryFiles files(disk);
  auto engine = Engine::open({.log = "embedded:log", .read_only = true, .files = &files});
  REQUIRE(engine);
  std::vector<std::string> found;
  auto take = [&](const PrintedRecord& record) {
    found.push_back(record.value.value_or("null"));
    return true;
  };
  REQUIRE((*engine)->print(topic, true, false, take));
  return found;
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("a query that was dropped leaves nothing behind for the next one of its name") {
    MemoryDisk disk;
    const std::string first(orders), table(sums);
    std::string rows = "INSERT INTO orders (k, v) VALUES ('a', 1); INSERT INTO orders (k, v) VALUES ('a', 2);";
    live(disk, first + rows + table);
    CHECK(values(disk, "sums").back() == "{\"S\":3}");
    live(disk, first + "DROP TABLE sums DELETE TOPIC;");
    live(disk, first + table);
    REQUIRE(!values(disk, "sums").empty());
    CHECK(values(disk, "sums").back() == "{\"S\":3}");
  }

  TEST_CASE("a stream that gets new rules keeps its place before those that read it") {
    MemoryDisk disk;
    std::string first(orders), row = "INSERT INTO orders (k, v) VALUES ('a', 1);", table(sums);
    live(disk, first + row + table);
    std::string with_rule = first;
    with_rule.replace(with_rule.find("BIGINT)"), 7, "BIGINT, CHECK (v > 0))");
    for (int start = 0; start < 3; ++start) live(disk, with_rule + row + table);
    live(disk, first + row + table);
    CHECK(values(disk, "sums").back() == "{\"S\":1}");
  }
}
