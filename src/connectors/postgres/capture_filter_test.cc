#include "connectors/postgres/capture_filter.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

CaptureFilter filter_of(const CaptureLists& lists) {
  auto filter = CaptureFilter::compile(lists);
  REQUIRE_MESSAGE(filter, filter.error().text());
  return *std::move(filter);
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("patterns must match the whole name, whatever its letter case") {
    CaptureFilter filter = filter_of({.tables = {"public\\.emp.*", " Sales.orders"}, .without_tables = {".*_old"}});
    CHECK(filter.table("public", "employees"));
    CHECK(filter.table("PUBLIC", "Emp"));
    CHECK(filter.table("sales", "orders"));
    CHECK_FALSE(filter.table("sales", "orders2"));
    CHECK_FALSE(filter.table("public", "temp"));
    CHECK_FALSE(filter.table("public", "emp_old"));
    CHECK_FALSE(filter.all_tables());
  }

  TEST_CASE("the server's own schemas are never captured") {
    CaptureFilter filter = filter_of({});
    CHECK(filter.all_tables());
    CHECK(filter.table("anything", "x"));
    CHECK_FALSE(filter.table("pg_catalog", "pg_class"));
    CHECK_FALSE(filter.table("pg_temp_3", "x"));
    CHECK_FALSE(filter.table("information_schema", "sql_features"));
  }

  TEST_CASE("columns are listed with schema and table, keys for each table") {
    CaptureFilter filter =
        filter_of({.without_columns = {"public\\.users\\.password"}, .keys = "public.users:mail ; (.*).log:day,hour"});
    CHECK(filter.column("public", "users", "name"));
    CHECK_FALSE(filter.column("public", "users", "password"));
    CHECK(filter.key("public", "users") == std::vector<std::string>{"mail"});
    CHECK(filter.key("other", "log") == std::vector<std::string>{"day", "hour"});
    CHECK(filter.key("public", "other").empty());
  }

  TEST_CASE("what is no pattern is an error that names the property") {
    auto wrong = CaptureFilter::compile({.tables = {"public.(x"}});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().what() == "'table.include.list' has no regular expression 'public.(x'");
    CHECK_FALSE(CaptureFilter::compile({.keys = "public.users"}));
    CHECK_FALSE(CaptureFilter::compile({.keys = "public.users:"}));
  }

  TEST_CASE("names become topics") {
    CHECK(captured_topic("shop", "inventory", "Odd Name") == "shop.inventory.Odd_Name");
    CHECK(captured_topic("shop", "a", "b-c_d.e") == "shop.a.b-c_d.e");
  }
}

}  // namespace levada
