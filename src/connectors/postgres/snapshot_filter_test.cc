#include "connectors/postgres/snapshot_filter.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace levada {
namespace {

FieldText text(std::string_view s) { return {FieldText::Kind::text, static_cast<std::uint32_t>(s.size()), s.data()}; }
constexpr FieldText null{};
constexpr FieldText unchanged{FieldText::Kind::unchanged, 0, nullptr};

using Row = std::vector<FieldText>;

// The first column's values of the rows that are kept.
std::string kept(ChunkFilter& filter, std::vector<Row> rows) {
  std::vector<FieldText> values;
  for (const Row& row : rows) values.insert(values.end(), row.begin(), row.end());
  std::size_t columns = rows[0].size();
  std::uint32_t n = filter.keep(values, columns, static_cast<std::uint32_t>(rows.size()));
  std::string out;
  for (std::uint32_t r = 0; r < n; ++r) out += std::string(values[r * columns].view()) + ' ';
  return out;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("a set of keys has what was put in, and nothing else") {
    KeySet set;
    CHECK(!set.contains(""));
    for (int i = 0; i < 20'000; ++i) set.insert(std::to_string(i % 10'000));
    CHECK(set.size() == 10'000);
    for (int i = 0; i < 10'000; ++i) REQUIRE(set.contains(std::to_string(i)));
    CHECK(!set.contains("10000"));
    CHECK(!set.contains(""));
    set.insert("");
    CHECK(set.contains(""));
    CHECK(set.bytes() < 1 << 20);
  }

  TEST_CASE("rows of the snapshot lose against insertions, updates, deletions and both sides of a key change") {
    ChunkFilter filter({0});
    CHECK(kept(filter, {{text("1"), text("x")}, {text("2"), text("x")}}) == "1 2 ");
    Row insert{text("1"), text("a")}, update{text("2"), text("b")}, gone{text("3"), null};
    Row old_key{text("4"), null}, new_key{text("5"), text("e")};
    CHECK(filter.add({.op = 'c', .before = {}, .after = insert, .place = {}}));
    CHECK(filter.add({.op = 'u', .before = {}, .after = update, .place = {}}));
    CHECK(filter.add({.op = 'd', .before = gone, .after = {}, .place = {}}));
    CHECK(filter.add({.op = 'u', .before = old_key, .after = new_key, .place = {}}));
    std::vector<Row> rows;
    for (const char* key : {"0", "1", "2", "3", "4", "5", "6", "11"}) rows.push_back({text(key), text("old")});
    CHECK(kept(filter, rows) == "0 6 11 ");
  }

  TEST_CASE("a row that the snapshot has need not come, unless what came of it is not whole; what came later wins") {
    ChunkFilter filter({0});
    Row one{text("1"), text("a")}, two{text("2"), text("b")}, three{text("3"), text("c")}, moved{text("2"), unchanged};
    for (const Row& row : {one, two, three})
      CHECK(filter.add_seen({.op = 'c', .before = {}, .after = row, .place = {}}));
    CHECK(filter.drops(two));
    filter.want({.op = 'u', .before = three, .after = moved, .place = {}});
    CHECK_FALSE(filter.drops(two));
    const std::vector<Row> rows = {one, two, three};
    CHECK(kept(filter, rows) == "2 ");
    CHECK(filter.add({.op = 'u', .before = {}, .after = two, .place = {}}));
    CHECK(kept(filter, rows) == "");
  }

  TEST_CASE("composite keys are told apart by where one column ends") {
    ChunkFilter filter({1, 0});
    Row changed{text("bc"), text("a")};
    CHECK(filter.add({.op = 'c', .before = {}, .after = changed, .place = {}}));
    CHECK(kept(filter, {{text("c"), text("ab")}, {text("bc"), text("a")}, {text("abc"), text("")}}) == "c abc ");
  }

  TEST_CASE("a change without a whole key is told") {
    ChunkFilter filter({0});
    Row nothing{null, text("a")}, left_out{unchanged, text("b")}, key{text("7"), null};
    CHECK(!filter.add({.op = 'd', .before = nothing, .after = {}, .place = {}}));
    CHECK(!filter.add({.op = 'u', .before = {}, .after = left_out, .place = {}}));
    CHECK(filter.add({.op = 'u', .before = key, .after = left_out, .place = {}}));
    CHECK(kept(filter, {{text("7"), text("x")}, {text("8"), text("x")}}) == "8 ");
    ChunkFilter keyless({});
    CHECK(!keyless.add({.op = 'c', .before = {}, .after = key, .place = {}}));
  }
}

}  // namespace levada
