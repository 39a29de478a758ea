#include "connectors/postgres/wal_options.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace levada {
namespace {

WalOptions options_of(const Properties& properties, OptionNotes* notes = nullptr, RecordForm form = RecordForm::rows) {
  OptionNotes ignored;
  auto options = read_wal_options(properties, "SHOP", form, notes ? *notes : ignored);
  REQUIRE_MESSAGE(options, options.error().text());
  return *std::move(options);
}

std::string error_of(Properties properties) {
  OptionNotes notes;
  properties.push_back({"connection.url", "postgresql://h/d"});
  auto options = read_wal_options(properties, "SHOP", RecordForm::rows, notes);
  REQUIRE_FALSE(options);
  return options.error().text();
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("wal options: Debezium's names and the short ones say the same") {
    WalOptions debezium = options_of({{"database.hostname", "db.example"},
                                      {"database.port", "5433"},
                                      {"database.user", "ada"},
                                      {"database.password", "secret"},
                                      {"database.dbname", "shop"},
                                      {"database.sslmode", "require"},
                                      {"topic.prefix", "dbserver1"},
                                      {"plugin.name", "pgoutput"},
                                      {"slot.name", "debezium"},
                                      {"table.include.list", "public.a, public.b"},
                                      {"snapshot.mode", "never"}});
    CHECK(debezium.address.place() == "db.example:5433/shop");
    CHECK(debezium.address.get("user") == "ada");
    CHECK(debezium.address.password.reveal() == "secret");
    CHECK(debezium.address.get("sslmode") == "require");
    CHECK(debezium.topic_prefix == "dbserver1");
    CHECK(debezium.slot == "debezium");
    CHECK(debezium.lists.tables.size() == 2);
    CHECK(debezium.snapshot_mode == SnapshotMode::no_data);
    WalOptions shorter =
        options_of({{"connection.url", "postgresql://ada:secret@db.example:5433/shop?sslmode=require"}});
    CHECK(shorter.address.place() == debezium.address.place());
    CHECK(shorter.address.get("user") == "ada");
    CHECK(shorter.address.password.reveal() == "secret");
    CHECK(shorter.topic_prefix == "shop");
    CHECK(shorter.slot == "levada_shop");
    CHECK(shorter.snapshot_mode == SnapshotMode::initial);
    WalOptions both = options_of({{"connection.url", "postgresql://ada@h/d?passfile=x"},
                                  {"connection.user", "eve"},
                                  {"connection.password", "apple"}});
    CHECK(both.address.get("user") == "eve");
    CHECK(both.address.password.reveal() == "apple");
  }

  TEST_CASE("wal options: the tutorial's configuration runs as it is") {
    OptionNotes notes;
    options_of({{"database.hostname", "postgres"},
                {"database.port", "5432"},
                {"database.user", "postgres"},
                {"database.password", "postgres"},
                {"database.dbname", "postgres"},
                {"topic.prefix", "dbserver1"},
                {"schema.include.list", "inventory"},
                {"poll.interval.ms", "50"}},
               &notes);
    CHECK(notes == OptionNotes{"'poll.interval.ms' has no effect: changes are handed on when they arrive"});
  }

  TEST_CASE("wal options: truncations are skipped where records have envelopes, unless said otherwise") {
    Properties address = {{"connection.url", "postgresql://h/d"}};
    CHECK(options_of(address).skipped.empty());
    CHECK(options_of(address, nullptr, RecordForm::connect).skipped == "t");
    address.push_back({"skipped.operations", "none"});
    CHECK(options_of(address, nullptr, RecordForm::connect).skipped.empty());
    address.back().value = "c,t";
    CHECK(options_of(address).skipped == "ct");
  }

  TEST_CASE("wal options: what cannot be is said with what can") {
    auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
    CHECK(has(error_of({{"slot.nam", "x"}}), "slot.name"));
    CHECK(has(error_of({{"slot.name", "Big"}}), "small letters"));
    CHECK(has(error_of({{"plugin.name", "decoderbufs"}}), "pgoutput"));
    CHECK(has(error_of({{"snapshot.mode", "sometimes"}}), "when_needed"));
    CHECK(has(error_of({{"skipped.operations", "insert"}}), "c (insert)"));
    CHECK(has(error_of({{"slot.stream.params", "streaming=on"}}), "set by this connector"));
    CHECK(has(error_of({{"slot.stream.params", "origin"}}), "NAME=VALUE"));
    CHECK(has(error_of({{"column.mask.with.five.chars", "a.b.c"}}), "column.mask.with.N.chars"));
    CHECK(has(error_of({{"column.truncate.to.0.chars", "a.b.c"}}), "column.truncate.to.N.chars"));
    CHECK(has(error_of({{"column.mask.with.5.chars", "a.(b"}}), "regular expression"));
    CHECK(has(error_of({{"column.mask.hash.SHA-257.with.salt.s", "a.b.c"}}), "SHA-257"));
    CHECK(has(error_of({{"column.mask.hash.SHA-256.with.salt.", "a.b.c"}}), "ALGORITHM.with.salt.SALT"));
    CHECK(has(error_of({{"database.sslmod", "x"}}), "sslmode"));
    CHECK(has(error_of({{"heartbeat.action.query", "SELECT 1"}}), "heartbeat.interval.ms"));
    CHECK(has(error_of({{"snapshot.select.statement.overrides", "a.b"}}), "there is no SELECT for a.b"));
    OptionNotes notes;
    CHECK_FALSE(read_wal_options({}, "SHOP", RecordForm::rows, notes));
    CHECK_FALSE(read_wal_options({{"database.hostname", "h"}}, "SHOP", RecordForm::rows, notes));
  }

  TEST_CASE("wal options: heartbeats have Debezium's topic, by the newer and the older name of its prefix") {
    Properties properties = {{"connection.url", "postgresql://h/d"}, {"heartbeat.interval.ms", "50"}};
    CHECK(options_of(properties).heartbeat_topic == "__debezium-heartbeat.shop");
    properties.push_back({"heartbeat.topics.prefix", "alive"});
    CHECK(options_of(properties).heartbeat_topic == "alive.shop");
    properties.back() = {"topic.heartbeat.prefix", "beats"};
    CHECK(options_of(properties).heartbeat_topic == "beats.shop");
    CHECK(options_of(properties).heartbeat_ms == 50);
  }

  TEST_CASE("wal options: a table's own SELECT for its snapshot") {
    WalOptions options = options_of({{"connection.url", "postgresql://h/d"},
                                     {"snapshot.select.statement.overrides", "a.b"},
                                     {"snapshot.select.statement.overrides.a.b", "SELECT * FROM a.b WHERE x"},
                                     {"slot.stream.params", "origin=none;"}});
    REQUIRE(options.snapshot_selects.size() == 1);
    CHECK(options.snapshot_selects[0].second == "SELECT * FROM a.b WHERE x");
    REQUIRE(options.slot_parameters.size() == 1);
    CHECK(options.slot_parameters[0].second == "none");
  }
}

}  // namespace levada
