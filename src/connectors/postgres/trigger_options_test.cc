#include "connectors/postgres/trigger_options.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

Result<TriggerOptions> read(Properties properties, OptionNotes& notes) {
  if (!find_property(properties, "table.include.list")) properties.push_back({"table.include.list", "t", ""});
  if (!find_property(properties, "connection.url") && !find_property(properties, "database.hostname"))
    properties.push_back({"connection.url", "postgresql://h:5/shop", ""});
  return read_trigger_options(properties, "HR", RecordForm::rows, notes);
}

Result<TriggerOptions> read(Properties properties) {
  OptionNotes notes;
  return read(std::move(properties), notes);
}

std::string why_not(Properties properties) {
  auto options = read(std::move(properties));
  return options ? "" : options.error().what() + " / " + options.error().remedy();
}

std::string changes(const std::string& pattern, const std::string& schema, const std::string& table) {
  auto options = read({{"change.table", pattern, ""}});
  REQUIRE(options);
  auto name = options->changes_of(schema, table);
  return name ? name->schema + " " + name->name : name.error().what();
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("trigger: the server is said by a URL, or in Debezium's words, with the driver's parameters") {
    auto options = *read({{"connection.url", "jdbc:postgresql://h:5/shop", ""},
                          {"connection.user", "me", ""},
                          {"connection.sslmode", "require", ""}});
    CHECK(options.address.place() == "h:5/shop");
    CHECK(options.address.get("user") == "me");
    CHECK(options.address.get("sslmode") == "require");
    options = *read({{"database.hostname", "h", ""},
                     {"database.port", "6", ""},
                     {"database.dbname", "d", ""},
                     {"database.user", "u", ""},
                     {"database.password", "p", ""},
                     {"database.sslmode", "disable", ""}});
    CHECK(options.address.place() == "h:6/d");
    CHECK(options.address.get("user") == "u");
    CHECK(options.address.password.reveal() == "p");
    CHECK(options.address.get("sslmode") == "disable");
    CHECK(why_not({{"database.hostname", "h", ""}}).starts_with("the connector does not name a database"));
  }

  TEST_CASE("trigger: tables, topics and change tables by their names") {
    auto options = *read({{"table.include.list", "a, s.b, \"C.d\", s.b", ""}, {"topic.prefix", "shop", ""}});
    REQUIRE(options.tables.size() == 3);
    CHECK(options.tables[1] == TableName{"s", "b"});
    CHECK(options.tables[2] == TableName{"", "C.d"});
    CHECK(options.topic_of("s", "b") == "shop.s.b");
    CHECK(options.topic_of("s", "Odd Name") == "shop.s.Odd_Name");
    CHECK(read({})->topic_of("s", "b") == "hr.s.b");
    CHECK(read({{"topic", "mine", ""}})->topic_of("s", "b") == "mine");
    CHECK(changes("${table}_changes", "s", "t") == "s t_changes");
    CHECK(changes("${table}_changes", "s", "a.\"b\"") == "s a.\"b\"_changes");
    CHECK(changes("log.${schema}_${table}", "s", "t") == "log s_t");
    CHECK(changes("\"log\".\"${table} of ${schema}\"", "s", "a\"b") == "log a\"b of s");
    CHECK(changes("${table}${table}", "s", "${table}") == "s ${table}${table}");
    CHECK(changes("${table}_changes", "s", std::string(60, 'x')).find("68 bytes long") != std::string::npos);
  }

  TEST_CASE("trigger: what cannot be meant is said") {
    CHECK(why_not({{"table.include.list", "a,b", ""}, {"topic", "x", ""}}).starts_with("'topic' names one topic, but"));
    CHECK(why_not({{"table.include.list", "a,b", ""}, {"change.table", "x", ""}})
              .starts_with("'change.table' is the same for several tables"));
    CHECK(why_not({{"message.key.columns", "t", ""}}).starts_with("'message.key.columns' names no column of t"));
    CHECK(why_not({{"setup", "maybe", ""}}) != "");
    CHECK(why_not({{"table.include.list", "other.shop.t", ""}}) != "");
    CHECK(read({{"message.key.columns", "s.t:a, b; u:c", ""}})->keys ==
          std::map<std::string, std::vector<std::string>>{{"s.t", {"a", "b"}}, {"u", {"c"}}});
  }
}

}  // namespace levada
