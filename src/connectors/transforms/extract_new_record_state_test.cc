#include <doctest/doctest.h>

#include <algorithm>

#include "connectors/transforms/records_fixture.h"
#include "tests/debezium_events.h"

namespace levada {
namespace {

constexpr std::string_view row_type =
    R"("type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"string","optional":true,"default":"x","field":"note"}],"optional":true,"name":"t.Value")";
constexpr std::string_view source_type =
    R"({"type":"struct","fields":[{"type":"string","optional":false,"field":"table"},{"type":"int64","optional":true,"field":"lsn"}],"optional":false,"field":"source"})";

std::string envelope(std::string_view op, std::string_view before, std::string_view after) {
  return R"({"schema":{"type":"struct","fields":[{)" + std::string(row_type) + R"(,"field":"before"},{)" +
         std::string(row_type) + R"(,"field":"after"},)" + std::string(source_type) +
         R"(,{"type":"string","optional":false,"field":"op"}],"optional":false,"name":"t.Envelope"},"payload":{"before":)" +
         std::string(before) + R"(,"after":)" + std::string(after) + R"(,"source":{"table":"t","lsn":7},"op":")" +
         std::string(op) + R"("}})";
}
std::string key(int id) {
  return R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":false,"name":"t.Key"},"payload":{"id":)" +
         std::to_string(id) + "}}";
}

const std::vector<TextRecord> changes = {
    {"t", key(1), envelope("c", "null", R"({"id":1,"note":"a"})")},
    {"t", key(1), envelope("u", R"({"id":1,"note":"a"})", R"({"id":1,"note":null})")},
    {"t", key(1), envelope("d", R"({"id":1,"note":null})", "null")},
    {"t", key(1), ""},
    {"t", key(2), envelope("r", "null", R"({"id":2,"note":"b"})")},
};

Properties unwrap(Properties more) {
  Properties all = {{"transforms", "unwrap"},
                    {"transforms.unwrap.type", "io.debezium.transforms.ExtractNewRecordState"}};
  for (Property& property : more) all.push_back({"transforms.unwrap." + property.name, property.value});
  return all;
}
std::string unwrapped(Properties more) { return lines_of(transformed(unwrap(std::move(more)), changes)); }

// ---- against what Debezium made of its own events ----

// Its converter has put defaults where there were nulls, before we see them.
void restore_nulls(Json& value) {
  Json* payload = nullptr;
  for (auto& [name, member] : *value.object())
    if (name == "payload") payload = &member;
  if (!payload || !payload->object()) return;
  for (auto& [name, member] : *payload->object())
    if (name == "source" && member.object())
      for (auto& [field, said] : *member.object())
        if (field == "snapshot" && said.string() && *said.string() == "false") said = nullptr;
}

struct Unwrapped {
  std::string topic;
  Json key, value;
  std::vector<std::string> headers;  // "name=value", without those of the connector
};

std::vector<Unwrapped> by_topic(std::vector<Unwrapped> records) {
  std::erase_if(records, [](const Unwrapped& r) {
    return r.topic.ends_with(".born") || r.topic.ends_with(".reborn");  // these race by nature
  });
  std::ranges::stable_sort(records, {}, &Unwrapped::topic);
  return records;
}

std::vector<Unwrapped> ours(const std::vector<DebeziumEvent>& events, const Properties& properties) {
  std::vector<TextRecord> texts;
  for (const DebeziumEvent& event : events) {
    Json value = event.value;
    if (!value.is_null()) restore_nulls(value);
    TextRecord text{.topic = event.topic};
    if (!event.key.is_null()) text.key = event.key.text();
    if (!value.is_null()) text.value = value.text();
    for (const auto& [name, said] : event.headers)
      if (!name.starts_with("__debezium.context"))
        text.headers.emplace_back(name, said.string() ? *said.string() : said.text());
    texts.push_back(std::move(text));
  }
  std::vector<Unwrapped> result;
  // As their converter did.
  for (const TextRecord& record : transformed(properties, texts, {.nulls_become_defaults = true})) {
    Unwrapped one{.topic = record.topic};
    if (!record.key.empty()) one.key = Json::parse(record.key).value();
    if (!record.value.empty()) one.value = Json::parse(record.value).value();
    for (const auto& [name, said] : record.headers) one.headers.push_back(name + "=" + said);
    result.push_back(std::move(one));
  }
  return by_topic(std::move(result));
}

std::vector<Unwrapped> theirs(const std::vector<DebeziumEvent>& events) {
  std::vector<Unwrapped> result;
  for (const DebeziumEvent& event : events) {
    Unwrapped one{.topic = event.topic, .key = event.key, .value = event.value};
    if (!one.value.is_null() && one.value.find("payload")->is_null()) one.value = nullptr;  // theirs is no tombstone
    for (const auto& [name, said] : event.headers)
      if (!name.starts_with("__debezium.context"))
        one.headers.push_back(name + "=" + (said.string() ? *said.string() : said.text()));
    // Theirs has the deletion's headers at its tombstone, and the operation twice.
    if (one.value.is_null() && !event.value.is_null()) one.headers.clear();
    result.push_back(std::move(one));
  }
  return by_topic(std::move(result));
}

// The same but for what changes from run to run.
bool same_value(const Json& a, const Json& b) {
  if (a.object() && b.object() && a.object()->size() == b.object()->size()) {
    for (std::size_t i = 0; i < a.object()->size(); ++i) {
      const auto& [name, x] = (*a.object())[i];
      const auto& [other, y] = (*b.object())[i];
      if (name != other) return false;
      static const std::vector<std::string> moving = {"ts_ms",  "ts_us",    "ts_ns",    "lsn",  "txId",
                                                      "xmin",   "sequence", "pos",      "file", "gtid",
                                                      "thread", "row",      "server_id"};
      if (std::ranges::find(moving, name) == moving.end() && !same_value(x, y)) return false;
    }
    return true;
  }
  if (a.array() && b.array()) return std::ranges::equal(*a.array(), *b.array(), same_value);
  return same_json(a, b);
}

TEST_SUITE("connectors") {
  TEST_CASE("ExtractNewRecordState in each of its modes") {
    constexpr std::string_view there =
        "t {\"id\":1} {\"id\":1,\"note\":\"a\"}\nt {\"id\":1} {\"id\":1,\"note\":null}\n";
    constexpr std::string_view last = "t {\"id\":2} {\"id\":2,\"note\":\"b\"}\n";
    std::string tombstone = std::string(there) + "t {\"id\":1} -\n" + std::string(last);
    CHECK(unwrapped({}) == tombstone);
    CHECK(unwrapped({{"delete.tombstone.handling.mode", "tombstone"}}) == tombstone);
    CHECK(unwrapped({{"delete.tombstone.handling.mode", "delete-to-tombstone"}}) == tombstone);
    CHECK(unwrapped({{"delete.tombstone.handling.mode", "drop"}}) == std::string(there) + std::string(last));
    std::string rewrite =
        "t {\"id\":1} {\"id\":1,\"note\":\"a\",\"__deleted\":\"false\"}\n"
        "t {\"id\":1} {\"id\":1,\"note\":null,\"__deleted\":\"false\"}\n"
        "t {\"id\":1} {\"id\":1,\"note\":null,\"__deleted\":\"true\"}\n";
    std::string rest = "t {\"id\":2} {\"id\":2,\"note\":\"b\",\"__deleted\":\"false\"}\n";
    CHECK(unwrapped({{"delete.tombstone.handling.mode", "rewrite"}}) == rewrite + rest);
    CHECK(unwrapped({{"delete.tombstone.handling.mode", "rewrite-with-tombstone"}}) ==
          rewrite + "t {\"id\":1} -\n" + rest);

    CHECK(unwrapped({{"drop.tombstones", "false"}}) == tombstone);
    CHECK(unwrapped({{"drop.tombstones", "true"}}) == std::string(there) + std::string(last));
    CHECK(unwrapped({{"delete.handling.mode", "none"}}) == tombstone);
    CHECK(unwrapped({{"delete.handling.mode", "rewrite"}, {"drop.tombstones", "true"}}) == rewrite + rest);
    CHECK(unwrapped({{"delete.handling.mode", "rewrite"}, {"drop.tombstones", "false"}}) ==
          rewrite + "t {\"id\":1} -\n" + rest);
  }

  TEST_CASE("ExtractNewRecordState adds fields and headers, and fills defaults when asked") {
    CHECK(unwrapped({{"add.fields", "op,source.lsn,table:of"}, {"delete.tombstone.handling.mode", "drop"}}) ==
          "t {\"id\":1} {\"id\":1,\"note\":\"a\",\"__op\":\"c\",\"__source_lsn\":7,\"__of\":\"t\"}\n"
          "t {\"id\":1} {\"id\":1,\"note\":null,\"__op\":\"u\",\"__source_lsn\":7,\"__of\":\"t\"}\n"
          "t {\"id\":2} {\"id\":2,\"note\":\"b\",\"__op\":\"r\",\"__source_lsn\":7,\"__of\":\"t\"}\n");
    CHECK(unwrapped({{"add.headers", "op,lsn"}, {"add.headers.prefix", ""}}) ==
          "t {\"id\":1} {\"id\":1,\"note\":\"a\"} op=c lsn=7\n"
          "t {\"id\":1} {\"id\":1,\"note\":null} op=u lsn=7\n"
          "t {\"id\":1} - op=d lsn=7\n"
          "t {\"id\":2} {\"id\":2,\"note\":\"b\"} op=r lsn=7\n");
    CHECK(unwrapped({{"replace.null.with.default", "true"}, {"drop.tombstones", "true"}}) ==
          "t {\"id\":1} {\"id\":1,\"note\":\"a\"}\nt {\"id\":1} {\"id\":1,\"note\":\"x\"}\n"
          "t {\"id\":2} {\"id\":2,\"note\":\"b\"}\n");
    auto missing = transformed(unwrap({{"add.fields", "gtid"}}), {changes[0]});
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].topic == "dead");
    CHECK(missing[0].value.starts_with("transform unwrap: the envelope has no field source.gtid {\"before\":null,"));
    OptionNotes notes;
    CHECK(TransformChain::make(unwrap({{"add.fields", "a.b.c"}}), notes).error().what() ==
          "'transforms.unwrap.*': 'add.fields': 'a.b.c' names no field of the envelope");
  }

  TEST_CASE("ExtractNewRecordState routes by a field and drops those that a header names") {
    CHECK(lines_of(transformed(unwrap({{"route.by.field", "note"}}), changes)) ==
          "a {\"id\":1} {\"id\":1,\"note\":\"a\"}\nt {\"id\":1} {\"id\":1,\"note\":null}\nt {\"id\":1} -\n"
          "b {\"id\":2} {\"id\":2,\"note\":\"b\"}\n");
    std::vector<TextRecord> marked = changes;
    marked[0].headers = {{"drop", "[\"note\",\"id\"]"}};
    CHECK(lines_of(transformed(unwrap({{"drop.fields.header.name", "drop"}, {"drop.tombstones", "true"}}), marked)) ==
          "t {\"id\":1} {\"id\":1} drop=[\"note\",\"id\"]\nt {\"id\":1} {\"id\":1,\"note\":null}\n"
          "t {\"id\":2} {\"id\":2,\"note\":\"b\"}\n");
  }

  TEST_CASE("ExtractNewRecordState: a truncation keeps its meaning, what is no envelope passes") {
    CHECK(lines_of(transformed(unwrap({}), {{"t", "", envelope("t", "null", "null")}})) == "t - - levada.truncate=\n");
    CHECK(lines_of(transformed(unwrap({}), {{"ddl", "", key(5)}})) == "ddl - {\"id\":5}\n");
    // The row before is not known: nothing to rewrite.
    CHECK(lines_of(transformed(unwrap({{"delete.tombstone.handling.mode", "rewrite"}}),
                               {{"t", key(1), envelope("d", "null", "null")}})) == "t {\"id\":1} -\n");
  }

  TEST_CASE("ExtractNewRecordState gives what Debezium's gave for the same events") {
    std::size_t compared = 0;
    for (std::string server : {"postgres", "mariadb"})
      for (std::string mode : {"tombstone", "drop", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"}) {
        auto events = read_debezium_events(server + "-default");
        auto expected_events = read_debezium_events(server + "-unwrap-" + mode);
        if (!events || !expected_events) return skip_debezium_events();
        Properties properties = {{"delete.tombstone.handling.mode", mode}};
        if (mode != "tombstone") {
          properties.push_back({"add.fields", "op,table,source.snapshot"});
          properties.push_back({"add.headers", "op,db"});
        }
        auto actual = ours(*events, unwrap(properties)), expected = theirs(*expected_events);
        CAPTURE(server);
        CAPTURE(mode);
        REQUIRE(actual.size() == expected.size());
        for (std::size_t i = 0; i < actual.size(); ++i) {
          CAPTURE(i);
          CHECK(actual[i].topic == expected[i].topic);
          CHECK(same_value(actual[i].key, expected[i].key));
          if (!same_value(actual[i].value, expected[i].value))
            CHECK_MESSAGE(false, actual[i].value.text() << "\nis not\n" << expected[i].value.text());
          if (!expected[i].value.is_null()) CHECK(actual[i].headers == expected[i].headers);
          ++compared;
        }
      }
    CHECK(compared > 1000);
  }
}

}  // namespace
}  // namespace levada
