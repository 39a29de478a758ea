#include "connectors/postgres/transaction_count.h"

#include <doctest/doctest.h>

#include "formats/connect_json.h"

namespace levada {
namespace {

std::string json(const ConnectType& type, const Column& column, std::uint32_t row) {
  Buffer out;
  ConnectJsonWriter(type, {.schemas = false}).append(out, column, row);
  return std::string(out.view());
}

// "KEY VALUE", one a line.
std::string text(const ConnectRecords& records) {
  std::string out;
  REQUIRE(records.timestamps_ms.size() == records.size);
  for (std::uint32_t row = 0; row < records.size; ++row)
    out += json(*records.key_type, *records.key, row) + " " + json(*records.value_type, *records.value, row) + "\n";
  return out;
}

std::string block(const TransactionCount& count, const TransactionOrder& order) {
  ConnectTypeRef type = transaction_block_type();
  Column column(physical_type(*type));
  count.append_block(column, order);
  return column.is_null(0) ? "null" : json(*type, column, 0);
}

ChangePlace begins(std::uint32_t xid, std::uint64_t lsn) { return {.lsn = lsn, .xid = xid, .commit_us = 1'500'000}; }
ChangePlace ends(std::uint32_t xid, std::uint64_t lsn) {
  return {.commit_lsn = lsn, .xid = xid, .commit_us = 1'600'000};
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("transaction count: nothing is counted where none has begun, or it is over") {
    TransactionCount count("shop.transaction");
    CHECK(block(count, count.next("public.t")) == "null");
    count.commit(ends(7, 80));
    CHECK(count.take().size == 0);
    count.begin(begins(7, 50), false);
    count.commit(ends(7, 80));
    CHECK_FALSE(count.counts());
    CHECK(block(count, count.next("public.t")) == "null");
  }

  TEST_CASE("transaction count: each collection counts for itself, in the order of its first change") {
    TransactionCount count("shop.transaction");
    count.begin(begins(7, 50), false);
    count.next("public.b");
    CHECK(block(count, count.next("public.a")) == R"({"id":"7:50","total_order":2,"data_collection_order":1})");
    CHECK(block(count, count.next("public.b")) == R"({"id":"7:50","total_order":3,"data_collection_order":2})");
    count.commit(ends(7, 80));
    ConnectRecords records = count.take();
    CHECK(records.topic == "shop.transaction");
    CHECK(text(records) ==
          R"({"id":"7:50"} {"status":"BEGIN","id":"7:50","event_count":null,"data_collections":null,"ts_ms":1500})"
          "\n"
          R"({"id":"7:80"} {"status":"END","id":"7:80","event_count":3,"data_collections":[)"
          R"({"data_collection":"public.b","event_count":2},{"data_collection":"public.a","event_count":1}],)"
          R"("ts_ms":1600})"
          "\n");
    CHECK(count.take().size == 0);
  }

  TEST_CASE("transaction count: one that goes on over takes begins once and keeps its count") {
    TransactionCount count("shop.transaction");
    count.begin(begins(7, 50), false);
    count.next("public.t");
    count.commit(ends(7, 80));
    count.begin(begins(8, 90), false);
    TransactionOrder second = count.next("public.t");
    CHECK(block(count, second) == R"({"id":"8:90","total_order":1,"data_collection_order":1})");
    CHECK(count.take().size == 3);  // the end of the first between the beginnings
    CHECK(count.take().size == 0);
    CHECK(block(count, count.next("public.t")) == R"({"id":"8:90","total_order":2,"data_collection_order":2})");
    count.commit(ends(8, 99));
    CHECK(count.take().size == 1);
  }

  TEST_CASE("transaction count: an empty transaction begins and ends, one that was begun before only ends") {
    TransactionCount count("t");
    count.begin(begins(7, 50), true);
    count.commit(ends(7, 80));
    CHECK(text(count.take()) ==
          R"({"id":"7:80"} {"status":"END","id":"7:80","event_count":0,"data_collections":[],"ts_ms":1600})"
          "\n");
  }
}

}  // namespace levada
