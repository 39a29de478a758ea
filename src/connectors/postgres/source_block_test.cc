#include "connectors/postgres/source_block.h"

#include <doctest/doctest.h>

#include "connectors/postgres/captured_samples.h"
#include "formats/connect_json.h"

namespace levada {
namespace {

std::string text(const CapturedTable* table, const ChangePlace& place, SnapshotMark mark, bool in_transaction) {
  ConnectTypeRef type = source_type();
  Column column(physical_type(*type));
  SourceBlock("shop", "inventory").append(column, table, place, mark, in_transaction);
  Buffer out;
  ConnectJsonWriter(*type, {.schemas = false}).append(out, column, 0);
  return std::string(out.view());
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("source block: every field stands under its name, a message is of no table and perhaps no transaction") {
    CapturedTable table = captured_table("orders", {captured_column("id", "integer")});
    ChangePlace place{.lsn = 101, .previous_commit_lsn = 90, .xid = 4'000'000'000, .commit_us = 1'500'123};
    CHECK(text(&table, place, SnapshotMark::first_in_table, true) ==
          R"({"version":"3.5.0.Final","connector":"postgresql","name":"shop","ts_ms":1500,)"
          R"("snapshot":"first_in_data_collection","db":"inventory","sequence":"[\"90\",\"101\"]","ts_us":1500123,)"
          R"("ts_ns":1500123000,"schema":"inventory","table":"orders","txId":4000000000,"lsn":101,"xmin":null,)"
          R"("origin":null,"origin_lsn":null})");
    CHECK(text(nullptr, {.lsn = 101, .xid = 7}, SnapshotMark::no, false) ==
          R"({"version":"3.5.0.Final","connector":"postgresql","name":"shop","ts_ms":0,"snapshot":"false",)"
          R"("db":"inventory","sequence":"[null,\"101\"]","ts_us":0,"ts_ns":0,"schema":"","table":"","txId":null,)"
          R"("lsn":101,"xmin":null,"origin":null,"origin_lsn":null})");
  }

  TEST_CASE("source block: the marks of a snapshot are Debezium's words") {
    auto word_of = [](SnapshotMark mark) {
      std::string all = text(nullptr, {}, mark, false);
      std::size_t at = all.find("\"snapshot\":\"") + 12;
      return all.substr(at, all.find('"', at) - at);
    };
    CHECK(word_of(SnapshotMark::yes) == "true");
    CHECK(word_of(SnapshotMark::first) == "first");
    CHECK(word_of(SnapshotMark::last_in_table) == "last_in_data_collection");
    CHECK(word_of(SnapshotMark::last) == "last");
  }
}

}  // namespace levada
