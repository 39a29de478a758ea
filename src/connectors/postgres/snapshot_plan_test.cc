#include "connectors/postgres/snapshot_plan.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

PlannedTable orders() {
  CapturedTable table{.oid = 77, .schema = "shop", .name = "the \"orders\""};
  for (const char* name : {"note", "id", "it's"})
    table.columns.push_back({.name = name, .type = {}, .declared = {}, .fallback = {}});
  return {.table = std::make_shared<CapturedTable>(table), .key = {2, 1}};
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("a range is read in the order of its key, by comparisons of the same columns") {
    PlannedTable table = orders();
    CHECK(copy_statement(table, {}) ==
          R"(COPY (SELECT "note", "id", "it's" FROM ONLY "shop"."the ""orders""" ORDER BY "it's", "id") TO STDOUT)");
    CHECK(copy_statement(table, {{"a'b", "7"}, {"c\\d"}}) ==
          R"(COPY (SELECT "note", "id", "it's" FROM ONLY "shop"."the ""orders""")"
          R"( WHERE ("it's", "id") > ('a''b', '7') AND "it's" <= 'c\d' ORDER BY "it's", "id") TO STDOUT)");
    CHECK(copy_statement(table, {{}, {"x", ""}}) ==
          R"(COPY (SELECT "note", "id", "it's" FROM ONLY "shop"."the ""orders""")"
          R"( WHERE ("it's", "id") <= ('x', '') ORDER BY "it's", "id") TO STDOUT)");
  }

  TEST_CASE("a partitioned table is read with its partitions, another SELECT as it was given") {
    PlannedTable table = orders();
    auto partitioned = std::make_shared<CapturedTable>(*table.table);
    partitioned->kind = 'p';
    table.table = partitioned;
    table.key.clear();
    CHECK(copy_statement(table, {}) == R"(COPY (SELECT "note", "id", "it's" FROM "shop"."the ""orders""") TO STDOUT)");
    table.key = {1};
    table.select = "SELECT * FROM x WHERE y";
    CHECK(copy_statement(table, {{"5"}, {}}) ==
          R"(COPY (SELECT "note", "id", "it's" FROM (SELECT * FROM x WHERE y) AS selected)"
          R"( WHERE "id" > '5' ORDER BY "id") TO STDOUT)");
  }

  TEST_CASE("snapshot.include.collection.list names tables as a whole, whatever the letter case") {
    CapturedTable table{.schema = "shop", .name = "Orders"};
    CHECK(in_snapshot({}, table));
    CHECK(in_snapshot({.tables = {"x", "shop\\.orders"}}, table));
    CHECK(in_snapshot({.tables = {"shop\\..*"}}, table));
    CHECK(!in_snapshot({.tables = {"orders"}}, table));
    CHECK(!in_snapshot({.tables = {"shop\\.order"}}, table));
  }
}

}  // namespace levada
