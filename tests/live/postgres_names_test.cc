// Names and texts that go into statements come out on the server as they went in.
#include <doctest/doctest.h>

#include <set>

#include "base/random.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/table.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

// Up to 63 bytes of what is worst: quotes, backslashes, letters of all lengths, keywords.
std::string random_name(Random& random) {
  static constexpr std::string_view pieces[] = {"\"", "'", "\\", ";",  "--", "/*", "$$",     "%",
                                                "a",  "Z", " ",  ".",  "\n", "\t", "é",      "日",
                                                "😀",  "0", "_",  "U&", "E'", "{",  "select", "\x01"};
  std::string name;
  std::size_t length = 1 + random.below(20);
  for (std::size_t i = 0; i < length; ++i) {
    std::string_view piece = pieces[random.below(std::size(pieces))];
    if (name.size() + piece.size() <= 63) name += piece;
  }
  return name;
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("a thousand random names are the same on the server") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    std::set<std::string> names;
    while (names.size() < 1000) names.insert(random_name(random));
    auto address = parse_postgres_url(stage->url());
    auto connection = PostgresConnection::open(*address, "names").value();
    auto next = names.begin();
    for (int t = 0; t < 10; ++t) {
      std::string columns;
      std::vector<std::string> expected;
      for (int i = 0; i < 100; ++i, ++next) {
        REQUIRE(check_name(*next));
        expected.push_back(*next);
        columns += (i == 0 ? "" : ", ") + quote_name(*next) + " int";
      }
      TableName table{stage->schema(), "names '" + std::to_string(t) + "\" " + expected[0]};
      REQUIRE(connection->execute("CREATE TABLE " + table.quoted() + " (" + columns + ")"));
      auto found = read_table(*connection, table);
      REQUIRE(found);
      REQUIRE(found->has_value());
      CHECK((*found)->name == table);
      std::vector<std::string> there;
      for (const PostgresColumn& c : (*found)->columns) there.push_back(c.name);
      CHECK(there == expected);
    }
    for (const std::string& name : names) {
      auto text = connection->query("SELECT " + quote_text(name));
      REQUIRE(text);
      CHECK((*text)[0][0] == name);
    }
  }

  TEST_CASE("a table and its columns are found in another letter case, unless two could be meant") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    auto address = parse_postgres_url(stage->url());
    auto connection = PostgresConnection::open(*address, "names").value();
    stage->sql("CREATE TABLE \"Orders\" (\"Id\" int, item text, \"ITEM\" text)");
    auto found = read_table(*connection, {{}, "ORDERS"}).value();
    REQUIRE(found);
    CHECK(found->name == TableName{stage->schema(), "Orders"});
    CHECK(found->find("ID")->name == "Id");
    CHECK(found->find("ITEM")->name == "ITEM");
    CHECK(found->find("Item") == nullptr);
    stage->sql("CREATE TABLE orders (x int)");
    CHECK(!read_table(*connection, {{}, "ORDERS"}).value());
    CHECK(read_table(*connection, {{}, "orders"}).value()->columns[0].name == "x");
  }
}

}  // namespace levada
