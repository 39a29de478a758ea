#include "connectors/postgres/names.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("Postgres: names and texts are quoted, and their quotes doubled") {
    CHECK(quote_name("orders") == "\"orders\"");
    CHECK(quote_name("a\"b") == "\"a\"\"b\"");
    CHECK(quote_name("\"; DROP TABLE x; --") == "\"\"\"; DROP TABLE x; --\"");
    CHECK(quote_text("it's \\ \"so\"") == "'it''s \\ \"so\"'");
    CHECK(TableName{"", "t"}.quoted() == "\"t\"");
    CHECK(TableName{"s.x", "t\""}.quoted() == "\"s.x\".\"t\"\"\"");
    CHECK(TableName{"s", "t"}.text() == "s.t");
    CHECK(lower_case("ÄbC_1") == "Äbc_1");
  }

  TEST_CASE("Postgres: a name that the server would change is an error") {
    CHECK(check_name(std::string(63, 'x')));
    CHECK(check_name(std::string(64, 'x')).error().what() ==
          "the name '" + std::string(64, 'x') + "' is 64 bytes long; PostgreSQL would cut it off at 63");
    CHECK(!check_name(""));
    CHECK(check_name(std::string("a\0b", 3)).error().what() == "the name 'a…' holds a NUL byte");
  }

  TEST_CASE("Postgres: table names have a schema, a database that must be ours, and quotes where they need them") {
    auto parsed = [](std::string_view text) { return parse_table_name(text, "shop").value(); };
    CHECK(parsed("orders") == TableName{"", "orders"});
    CHECK(parsed("Public.Orders") == TableName{"Public", "Orders"});
    CHECK(parsed("shop.public.orders") == TableName{"public", "orders"});
    CHECK(parsed("\"a.b\"") == TableName{"", "a.b"});
    CHECK(parsed("\"a \"\"x\"\"\".t") == TableName{"a \"x\"", "t"});
    CHECK(parsed("s.\"\"\"\"") == TableName{"s", "\""});
    for (const char* bad : {"", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "\"\"", "other.public.orders", "a.b.c.d"}) {
      CAPTURE(bad);
      auto error = parse_table_name(bad, "shop");
      REQUIRE(!error);
      CHECK(error.error().kind() == ErrorKind::usage);
      CHECK(error.error().what() == "'" + std::string(bad) + "' is no name of a table");
    }
  }
}

}  // namespace levada
