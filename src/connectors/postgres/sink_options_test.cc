#include "connectors/postgres/sink_options.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace levada {
namespace {

Result<PostgresSinkOptions> read(Properties properties, OptionNotes* notes = nullptr) {
  if (!find_property(properties, "connection.url"))
    properties.push_back({"connection.url", "jdbc:postgresql://h/d", "x.sql:1:1"});
  OptionNotes ignored;
  return read_postgres_sink_options(properties, notes ? *notes : ignored);
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("Postgres sink: a configuration of Confluent's JDBC sink runs as it is") {
    OptionNotes notes;
    auto options = read({{"connection.user", "ann", ""},
                         {"connection.password", "canary", ""},
                         {"connection.attempts", "3", ""},
                         {"connection.sslmode", "require", ""},
                         {"insert.mode", "UPSERT", ""},
                         {"pk.mode", "record_key", ""},
                         {"pk.fields", "id, region", ""},
                         {"delete.enabled", "true", ""},
                         {"auto.create", "true", ""},
                         {"table.name.format", "kafka_${topic}", ""},
                         {"fields.whitelist", "a,b", ""},
                         {"batch.size", "3000", ""},
                         {"max.retries", "10", ""},
                         {"retry.backoff.ms", "3000", ""},
                         {"db.timezone", "Europe/Berlin", ""},
                         {"quote.sql.identifiers", "never", ""}},
                        &notes);
    REQUIRE(options);
    CHECK(options->address.get("user") == "ann");
    CHECK(options->address.password.reveal() == "canary");
    CHECK(options->address.get("sslmode") == "require");
    CHECK(options->insert_mode == InsertMode::upsert);
    CHECK(options->key_mode == KeyMode::record_key);
    CHECK(options->key_fields == std::vector<std::string>{"id", "region"});
    CHECK(options->delete_enabled == true);
    CHECK(options->auto_create);
    CHECK(!options->auto_evolve);
    CHECK(options->table_name_format == "kafka_${topic}");
    CHECK(options->topic_dots_part);
    CHECK(options->fold_names);
    CHECK(options->fields == std::vector<std::string>{"a", "b"});
    CHECK(options->batch_size == 3000);
    CHECK(options->time_zone == "Europe/Berlin");
    CHECK(options->retries.most == 10);
    CHECK(options->retries.first_wait_ms == 3000);
    CHECK(options->retries.longest_wait_ms == 3000);
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] ==
          "'connection.attempts' has no effect: 'max.retries' and 'retry.backoff.ms' count for connecting as well");
    for (const std::string& note : notes) CHECK(note.find("canary") == std::string::npos);
  }

  TEST_CASE("Postgres sink: a configuration of Debezium's JDBC sink runs as it is") {
    auto options = read({{"connection.username", "ann", ""},
                         {"primary.key.mode", "record_value", ""},
                         {"primary.key.fields", "id", ""},
                         {"schema.evolution", "basic", ""},
                         {"collection.name.format", "shop_${topic}", ""},
                         {"field.exclude.list", "secret", ""},
                         {"use.reduction.buffer", "true", ""},
                         {"truncate.enabled", "false", ""}});
    REQUIRE(options);
    CHECK(options->address.get("user") == "ann");
    CHECK(!options->insert_mode);
    CHECK(options->key_mode == KeyMode::record_value);
    CHECK(!options->delete_enabled);
    CHECK(options->auto_create);
    CHECK(options->auto_evolve);
    CHECK(options->table_name_format == "shop_${topic}");
    CHECK(!options->topic_dots_part);
    CHECK(options->without == std::vector<std::string>{"secret"});
  }

  TEST_CASE("Postgres sink: mistakes in properties say where and what would be right") {
    auto error = [](Property property) { return read({std::move(property)}).error().text(); };
    CHECK(error({"insert.mod", "upsert", "x.sql:3:5"}) ==
          "error: unknown property 'insert.mod'\n  x.sql:3:5\n  do: Did you mean insert.mode?");
    CHECK(error({"connection.urll", "jdbc:postgresql://h/d", "x.sql:3:5"})
              .starts_with("error: 'connection.urll': unknown parameter urll\n  x.sql:3:5"));
    CHECK(error({"connection.sslmod", "require", "x.sql:3:5"}) ==
          "error: 'connection.sslmod': unknown parameter sslmod\n  x.sql:3:5\n  do: Did you mean sslmode?");
    CHECK(
        error({"insert.mode", "merge", "x.sql:3:5"}) ==
        "error: 'insert.mode': 'merge' is not a choice\n  x.sql:3:5\n  do: Give one of: auto, insert, upsert, update.");
    CHECK(error({"batch.size", "0", "x.sql:3:5"}).starts_with("error: 'batch.size': 0 is out of range"));
    CHECK(error({"connection.url", "canary", "x.sql:3:5"})
              .starts_with("error: 'connection.url' is no address of a PostgreSQL server\n  x.sql:3:5\n"));
    OptionNotes notes;
    CHECK(read_postgres_sink_options({}, notes).error().what() == "property 'connection.url' is missing");
  }

  TEST_CASE("Postgres sink: every option has a description, and no name stands twice") {
    std::vector<std::string_view> names;
    for (const Option& option : postgres_sink_options()) {
      CAPTURE(option.name);
      CHECK(!option.doc.empty());
      CHECK(std::ranges::find(names, option.name) == names.end());
      names.push_back(option.name);
    }
  }
}

}  // namespace levada
