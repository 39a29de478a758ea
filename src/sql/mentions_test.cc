#include "sql/mentions.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

MentionedNames declared(const std::string& text) {
  Script script{"test", text};
  return declared_in(script, {0, static_cast<std::uint32_t>(text.size())});
}

bool mentioned(const std::string& text, const MentionedNames& names) {
  Script script{"test", text};
  return mentions(script, {0, static_cast<std::uint32_t>(text.size())}, names);
}

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("what a statement would have declared is known even if it cannot be parsed") {
    CHECK(declared("CREATE STREAM orders (id NOTHING KEY) WITH (kafka_topic = 'o-1', oops") ==
          MentionedNames{"ORDERS", "O-1"});
    CHECK(declared("-- orders\nCREATE OR REPLACE TABLE IF NOT EXISTS `totals` AS SELEC 1") == MentionedNames{"TOTALS"});
    CHECK(declared("CREATE SOURCE STREAM s") == MentionedNames{"S"});
    CHECK(declared("CREATE SOURCE CONNECTOR s WITH ('topic' = 'o')").empty());
    CHECK(declared("CREATE STREAM").empty());
    CHECK(declared("CREATE STREAM 'unclosed").empty());
    CHECK(declared("").empty());
  }

  TEST_CASE("a name is mentioned as a name or in a list of topics, not as a part of another name") {
    CHECK(mentioned("SELECT * FROM orders o", {"ORDERS"}));
    CHECK(mentioned("CREATE SINK CONNECTOR s WITH ('topics' = 'a, orders')", {"ORDERS"}));
    CHECK_FALSE(mentioned("SELECT * FROM all_orders", {"ORDERS"}));
    CHECK_FALSE(mentioned("INSERT INTO c VALUES ('orders')", {"ORDERS"}));
    CHECK_FALSE(mentioned("SELECT * FROM orders", {}));
    CHECK_FALSE(mentioned("SELECT 'unclosed orders", {"ORDERS"}));
  }
}

}  // namespace levada
