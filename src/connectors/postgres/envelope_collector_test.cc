#include "connectors/postgres/envelope_collector.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "connectors/postgres/captured_samples.h"
#include "formats/connect_json.h"
#include "log/record_batch.h"

namespace levada {
namespace {

CapturedTable keyed(char identity = 'd') {
  CapturedTable table = captured_table("keyed", {captured_column("id", "integer"), captured_column("name", "text"),
                                                 captured_column("qty", "numeric(5,2)")});
  table.identity = identity;
  for (CapturedColumn& column : table.columns) column.in_identity = column.in_identity || identity == 'f';
  return table;
}

struct Collection {
  explicit Collection(CapturedTable of, EnvelopeOptions o = {})
      : table(std::make_shared<const CapturedTable>(std::move(of))), options(std::move(o)) {
    options.name = "shop";
    options.database = "inventory";
    options.run = "a-run";
    ValueModes modes;
    modes.form = RecordForm::connect;
    collector = std::make_unique<EnvelopeCollector>(options, modes, clock);
  }

  ChangePlace place() {
    ++ordinal;
    return {.lsn = 100 + ordinal,
            .commit_lsn = 200,
            .previous_commit_lsn = 90,
            .xid = 7,
            .commit_us = 1'500'000,
            .ordinal = ordinal};
  }
  Collection& add(char op, const std::vector<std::string>& before, const std::vector<std::string>& after,
                  SnapshotMark mark = SnapshotMark::no) {
    auto b = texts.row(before), a = texts.row(after);
    RowChange change{.op = op, .before = b, .after = a, .place = place(), .snapshot = mark};
    collector->add(table, change);
    return *this;
  }
  SourceRead take() {
    SourceRead out;
    collector->take(out);
    CHECK(collector->bytes() == 0);
    CHECK(collector->changes() == 0);
    return out;
  }

  FakeClock clock{2'000'123};
  SampleTexts texts;
  CapturedTableRef table;
  EnvelopeOptions options;
  std::unique_ptr<EnvelopeCollector> collector;
  std::uint64_t ordinal = 0;
};

std::string json(const ConnectTypeRef& type, const ColumnRef& column, std::uint32_t row) {
  if (!type || !column || column->is_null(row)) return "-";
  Buffer out;
  ConnectJsonWriter(*type, {.schemas = false}).append(out, *column, row);
  return std::string(out.view());
}

// "KEY: OP BEFORE AFTER {the header that names another key}", one a line; a tombstone is "KEY: -".
std::string text(const SourceRead& read) {
  std::string out;
  for (const ConnectRecords& records : read.records) {
    REQUIRE(records.headers.size() == records.size);
    REQUIRE(records.timestamps_ms.size() == records.size);
    for (std::uint32_t row = 0; row < records.size; ++row) {
      out += json(records.key_type, records.key, row) + ": ";
      std::string value = json(records.value_type, records.value, row);
      if (value == "-") {
        out += value;
      } else {
        Json parsed = Json::parse(value).value();
        out += parsed.text_of("op") + " " + parsed.find("before")->text() + " " + parsed.find("after")->text();
      }
      const std::vector<Header> headers = parse_headers(records.headers[row]).value();
      for (const Header& header : headers)
        if (header.name.ends_with("key"))
          out += " {" + std::string(header.name) + "=" + std::string(header.value.view()) + "}";
      out += "\n";
    }
  }
  return out;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("envelopes: every kind of change, with tombstones") {
    Collection c(keyed());
    c.add('r', {}, {"1", "one", "1.10"}, SnapshotMark::last).add('c', {}, {"7", "seven", "~"});
    c.add('u', {}, {"7", "eight", "~"}).add('d', {"7", "~", "~"}, {}).add('t', {}, {});
    SourceRead read = c.take();
    CHECK(text(read) == R"({"id":1}: r null {"id":1,"name":"one","qty":"bg=="}
{"id":7}: c null {"id":7,"name":"seven","qty":null}
{"id":7}: u null {"id":7,"name":"eight","qty":null}
{"id":7}: d {"id":7,"name":null,"qty":null} null
{"id":7}: -
-: t null null
)");
    const ConnectRecords& records = read.records[0];
    CHECK(records.topic == "shop.inventory.keyed");
    CHECK(records.key_type->name == "shop.inventory.keyed.Key");
    CHECK(records.timestamps_ms[0] == 1500);
    CHECK(json(records.value_type, records.value, 0) ==
          R"({"before":null,"after":{"id":1,"name":"one","qty":"bg=="},"source":{"version":"3.5.0.Final",)"
          R"("connector":"postgresql","name":"shop","ts_ms":1500,"snapshot":"last","db":"inventory",)"
          R"("sequence":"[\"90\",\"101\"]","ts_us":1500000,"ts_ns":1500000000,"schema":"inventory","table":"keyed",)"
          R"("txId":7,"lsn":101,"xmin":null,"origin":null,"origin_lsn":null},"transaction":null,"op":"r",)"
          R"("ts_ms":2000,"ts_us":2000123,"ts_ns":2000123000})");
    auto headers = parse_headers(records.headers[0]).value();
    REQUIRE(headers.size() == 4);
    CHECK(headers[0].name == "__debezium.context.connectorLogicalName");
    CHECK(headers[0].value.view() == "shop");
    CHECK(headers[2].value.view() == "postgresql");
    CHECK(headers[3].value.view() == "a-run");
    c.add('c', {}, {"9", "~", "~"});
    SourceRead next = c.take();
    CHECK(next.records[0].value_type == records.value_type);
  }

  TEST_CASE("envelopes: a change of the key is a deletion and an insertion that name each other's key") {
    Collection c(keyed());
    c.add('u', {"1", "~", "~"}, {"100", "one", "~"});
    CHECK(text(c.take()) == R"({"id":1}: d {"id":1,"name":null,"qty":null} null {__debezium.newkey={"id":100}}
{"id":1}: - {__debezium.newkey={"id":100}}
{"id":100}: c null {"id":100,"name":"one","qty":null} {__debezium.oldkey={"id":1}}
)");
    EnvelopeOptions without;
    without.tombstones = false;
    Collection quiet(keyed('f'), without);
    quiet.add('u', {"1", "a", "1.00"}, {"2", "a", "1.00"}).add('u', {"2", "a", "1.00"}, {"2", "~", "1.00"});
    quiet.add('d', {"2", "~", "1.00"}, {});
    CHECK(text(quiet.take()) == R"({"id":1}: d {"id":1,"name":"a","qty":"ZA=="} null {__debezium.newkey={"id":2}}
{"id":2}: c null {"id":2,"name":"a","qty":"ZA=="} {__debezium.oldkey={"id":1}}
{"id":2}: u {"id":2,"name":"a","qty":"ZA=="} {"id":2,"name":null,"qty":"ZA=="}
{"id":2}: d {"id":2,"name":null,"qty":"ZA=="} null
)");
  }

  TEST_CASE("envelopes: unchanged values are the placeholder, or what the row before has") {
    Collection c(keyed());
    c.add('u', {}, {"1", "…", "1.00"});
    CHECK(text(c.take()) ==
          "{\"id\":1}: u null {\"id\":1,\"name\":\"__debezium_unavailable_value\",\"qty\":\"ZA==\"}\n");
    Collection full(keyed('f'));
    full.add('u', {"1", "long", "1.00"}, {"1", "…", "1.00"});
    CHECK(text(full.take()) ==
          "{\"id\":1}: u {\"id\":1,\"name\":\"long\",\"qty\":\"ZA==\"} "
          "{\"id\":1,\"name\":\"long\",\"qty\":\"ZA==\"}\n");
  }

  TEST_CASE("envelopes: a deletion has the key that the log holds, never one made up") {
    CapturedTable table = captured_table("by_index", {captured_column("id", "integer"), captured_column("code", "text"),
                                                      captured_column("note", "text")});
    table.identity = 'i';
    table.columns[0].in_identity = false;
    table.columns[1].in_identity = table.columns[1].not_null = true;
    Collection c(table);
    c.add('c', {}, {"3", "C", "c"}).add('u', {}, {"33", "C", "c"}).add('d', {"~", "A", "~"}, {});
    CHECK(text(c.take()) == R"({"code":"C"}: c null {"id":3,"code":"C","note":"c"}
{"code":"C"}: u null {"id":33,"code":"C","note":"c"}
{"code":"A"}: d {"id":null,"code":"A","note":null} null
{"code":"A"}: -
)");
    CapturedTable by_name = keyed();
    by_name.key = {1};
    Collection named(by_name);
    named.add('u', {"1", "~", "~"}, {"100", "name 1", "~"}).add('d', {"7", "~", "~"}, {});
    SourceRead read = named.take();
    CHECK(text(read) ==
          "{\"name\":\"name 1\"}: u {\"id\":1,\"name\":null,\"qty\":null} {\"id\":100,\"name\":\"name "
          "1\",\"qty\":null}\n");
    REQUIRE(read.rejected.size() == 1);
    CHECK(read.rejected[0].cause.starts_with("the log does not hold the key's column name"));
  }

  TEST_CASE("envelopes: a table without a key has records without one") {
    CapturedTable table = keyed('f');
    table.key.clear();
    Collection c(table);
    c.add('d', {"2", "~", "~"}, {});
    CHECK(text(c.take()) == "-: d {\"id\":2,\"name\":null,\"qty\":null} null\n-: -\n");
  }

  TEST_CASE("envelopes: what is NOT NULL and not in the log has its default in the row before, or nothing's value") {
    CapturedTable table = keyed();
    table.columns[1].not_null = table.columns[2].not_null = true;
    table.columns[1].fallback = "'nobody'::text";
    table.columns[2].fallback = "random()";
    Collection c(table);
    c.add('d', {"2", "~", "~"}, {}).add('c', {}, {"3", "n", "2.00"});
    SourceRead read = c.take();
    CHECK(text(read) ==
          "{\"id\":2}: d {\"id\":2,\"name\":\"nobody\",\"qty\":\"AA==\"} null\n{\"id\":2}: -\n"
          "{\"id\":3}: c null {\"id\":3,\"name\":\"n\",\"qty\":\"AMg=\"}\n");
    const ConnectType& row = *read.records[0].value_type->fields[0].type;
    CHECK(row.fields[1].type->fallback == "\"nobody\"");
    CHECK_FALSE(row.fields[2].type->fallback);
    CHECK_FALSE(row.fields[2].type->optional);
  }

  TEST_CASE("envelopes: what no column can hold becomes a dead letter, its neighbours keep their headers") {
    Collection c(keyed());
    c.add('c', {}, {"1", "a", "NaN"}).add('u', {"1", "~", "~"}, {"2", "b", "1.00"}).add('d', {"x", "~", "~"}, {});
    SourceRead read = c.take();
    CHECK(text(read) == R"({"id":1}: d {"id":1,"name":null,"qty":null} null {__debezium.newkey={"id":2}}
{"id":1}: - {__debezium.newkey={"id":2}}
{"id":2}: c null {"id":2,"name":"b","qty":"ZA=="} {__debezium.oldkey={"id":1}}
)");
    REQUIRE(read.rejected.size() == 2);
    CHECK(read.rejected[0].cause == "qty: 'NaN' is not a number that a Decimal can hold");
    CHECK(read.rejected[0].value == R"({"op":"c","after":{"id":"1","name":"a","qty":"NaN"}})");
    CHECK(read.rejected[1].cause == "id: 'x' is not a value of type int4");
  }

  TEST_CASE("envelopes: a transaction that goes on after a restart goes on counting, and begins only once") {
    EnvelopeOptions options;
    options.transactions = true;
    Collection c(keyed(), options);
    c.collector->begin({.lsn = 50, .xid = 7, .commit_us = 1'500'000}, true);
    auto row = c.texts.row({"1", "a", "~"}), key = c.texts.row({"1", "~", "~"}), moved = c.texts.row({"2", "a", "~"});
    c.collector->pass(c.table, {.op = 'c', .before = {}, .after = row, .place = {}});
    c.collector->pass(c.table, {.op = 'u', .before = key, .after = moved, .place = {}});  // two events
    c.collector->pass(c.table, {.op = 'd', .before = {}, .after = {}, .place = {}});      // a dead letter
    c.collector->pass_message();
    CHECK(c.take().records.empty());
    c.add('c', {}, {"3", "a", "~"});
    SourceRead read = c.take();
    REQUIRE(read.records.size() == 1);
    CHECK(Json::parse(json(read.records[0].value_type, read.records[0].value, 0)).value().find("transaction")->text() ==
          R"({"id":"7:50","total_order":5,"data_collection_order":4})");
    c.collector->commit({.lsn = 70, .commit_lsn = 80, .xid = 7, .commit_us = 1'500'000});
    read = c.take();
    REQUIRE(read.records.size() == 1);
    CHECK(Json::parse(json(read.records[0].value_type, read.records[0].value, 0)).value().find("event_count")->text() ==
          "5");
  }

  TEST_CASE("envelopes: a heartbeat says the time on a topic of its own") {
    EnvelopeOptions options;
    options.heartbeat_topic = "__debezium-heartbeat.shop";
    Collection c(keyed(), options);
    c.collector->beat(5'000'123);
    CHECK(c.collector->bytes() > 0);
    c.collector->beat(6'000'123);
    SourceRead read = c.take();
    REQUIRE(read.records.size() == 1);
    const ConnectRecords& beats = read.records[0];
    CHECK(beats.topic == "__debezium-heartbeat.shop");
    REQUIRE(beats.size == 2);
    CHECK(beats.timestamps_ms == std::vector<std::int64_t>{5000, 6000});
    CHECK(json(beats.key_type, beats.key, 0) == R"({"serverName":"shop"})");
    CHECK(json(beats.value_type, beats.value, 1) == R"({"ts_ms":6000})");
    CHECK(beats.key_type->name == "io.debezium.connector.common.ServerNameKey");
    CHECK(beats.value_type->name == "io.debezium.connector.common.Heartbeat");
    CHECK(new_run() != new_run());
    CHECK(new_run().size() == 36);
  }

  TEST_CASE("envelopes: transactions and messages have topics of their own") {
    EnvelopeOptions options;
    options.transactions = true;
    Collection c(keyed(), options);
    ChangePlace begin{.lsn = 50, .xid = 7, .commit_us = 1'500'000};
    c.collector->begin(begin);
    c.add('c', {}, {"1", "a", "~"}).add('u', {"1", "~", "~"}, {"2", "a", "~"});
    SourceRead read = c.take();
    REQUIRE(read.records.size() == 2);
    auto transaction = [&](const ConnectRecords& records, std::uint32_t row) {
      return Json::parse(json(records.value_type, records.value, row)).value().find("transaction")->text();
    };
    CHECK(transaction(read.records[0], 0) == R"({"id":"7:50","total_order":1,"data_collection_order":1})");
    CHECK(transaction(read.records[0], 1) == R"({"id":"7:50","total_order":2,"data_collection_order":2})");
    CHECK(transaction(read.records[0], 3) == R"({"id":"7:50","total_order":3,"data_collection_order":3})");
    CHECK(read.records[1].topic == "shop.transaction");
    CHECK(json(read.records[1].key_type, read.records[1].key, 0) == R"({"id":"7:50"})");
    CHECK(json(read.records[1].value_type, read.records[1].value, 0) ==
          R"({"status":"BEGIN","id":"7:50","event_count":null,"data_collections":null,"ts_ms":1500})");

    c.collector->add_message("other", "alone", false, {.lsn = 60, .commit_us = 1'500'000});
    c.collector->add_message("prefix", "within", true, {.lsn = 61, .xid = 7, .commit_us = 1'500'000});
    c.collector->commit({.lsn = 70, .commit_lsn = 80, .xid = 7, .commit_us = 1'500'000});
    read = c.take();
    REQUIRE(read.records.size() == 2);
    CHECK(read.records[0].topic == "shop.message");
    CHECK(json(read.records[0].key_type, read.records[0].key, 0) == R"({"prefix":"other"})");
    CHECK(json(read.records[0].value_type, read.records[0].value, 0) ==
          R"({"op":"m","ts_ms":2000,"source":{"version":"3.5.0.Final","connector":"postgresql","name":"shop",)"
          R"("ts_ms":1500,"snapshot":"false","db":"inventory","sequence":"[null,\"60\"]","ts_us":1500000,)"
          R"("ts_ns":1500000000,"schema":"","table":"","txId":null,"lsn":60,"xmin":null,"origin":null,)"
          R"("origin_lsn":null},"transaction":null,"message":{"prefix":"other","content":"YWxvbmU="}})");
    CHECK(transaction(read.records[0], 1) == R"({"id":"7:50","total_order":4,"data_collection_order":1})");
    CHECK(json(read.records[1].value_type, read.records[1].value, 0) ==
          R"({"status":"END","id":"7:80","event_count":4,"data_collections":[{"data_collection":"inventory.keyed",)"
          R"("event_count":3},{"data_collection":"message","event_count":1}],"ts_ms":1500})");
    CHECK(c.take().records.empty());
  }

  TEST_CASE("envelopes: many changes of many tables are parted, in the order of each topic") {
    Collection c(keyed());
    for (int i = 0; i < 5000; ++i) c.add('d', {std::to_string(i), "~", "~"}, {});
    SourceRead read = c.take();
    std::uint32_t rows = 0;
    for (const ConnectRecords& records : read.records) {
      CHECK(records.size <= batch_rows);
      CHECK(records.key->child(0).values<std::int32_t>()[0] == static_cast<std::int32_t>(rows / 2));
      rows += records.size;
    }
    CHECK(rows == 10000);
  }
}

}  // namespace levada
