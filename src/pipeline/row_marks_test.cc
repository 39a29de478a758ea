#include "pipeline/row_marks.h"

#include <doctest/doctest.h>

using namespace levada;

namespace {

Batch batch_of(std::vector<std::string> names, std::uint32_t rows) {
  Schema schema;
  schema.key = {{"id", TypeKind::int32}};
  for (std::string& name : names) schema.value.push_back({std::move(name), TypeKind::string});
  Batch batch;
  batch.schema = std::make_shared<const Schema>(schema);
  batch.size = rows;
  return batch;
}

std::string headers_of(std::vector<Header> headers) {
  std::string stored;
  append_headers(stored, headers);
  return stored;
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("marks: what was not sent goes into a header and comes back, whatever the names are") {
    Batch written = batch_of({"a", "big \"one\"", "b,c"}, 3);
    written.absent = {Bits(), Bits(3, false), Bits(3, false)};
    written.absent[1].set(0);
    written.absent[2].set(0);
    written.absent[2].set(2);
    std::vector<std::string> stored;
    std::vector<Record> records(3);
    for (std::uint32_t row = 0; row < 3; ++row) stored.push_back(headers_with_marks(written, row, {}));
    for (std::uint32_t row = 0; row < 3; ++row) records[row].headers = stored[row];
    CHECK(stored[1].empty());
    CHECK(parse_headers(stored[0])->at(0).value.view() == R"(["big \"one\"","b,c"])");

    Batch read = batch_of({"b,c", "BIG \"ONE\"", "other"}, 3);
    read_marks(records, read);
    CHECK(read.is_absent(1, 0));
    CHECK(read.is_absent(0, 0));
    CHECK(!read.is_absent(0, 1));
    CHECK(read.is_absent(0, 2));
    CHECK(!read.is_absent(1, 2));
    CHECK(!read.is_absent(2, 0));
  }

  TEST_CASE("marks: other headers stay; what a record that was read said is not said again of what was made of it") {
    Batch batch = batch_of({"a"}, 1);
    std::string before = headers_of({{"trace", Text("7")}, {"levada.unchanged", Text(R"(["a"])")}});
    CHECK(headers_with_marks(batch, 0, before) == headers_of({{"trace", Text("7")}}));
    batch.absent = {Bits(1, true)};
    CHECK(headers_with_marks(batch, 0, before) == before);
  }

  TEST_CASE("marks: only a record without key and value is a truncation") {
    std::string headers = truncation_headers();
    Record record;
    record.headers = headers;
    CHECK(is_truncation(record));
    record.key = Text("k");
    CHECK(!is_truncation(record));
    record.key = Text();
    std::string other = headers_of({{"trace", Text("7")}});
    record.headers = other;
    CHECK(!is_truncation(record));
  }

  TEST_CASE("marks: nonsense in the header marks nothing") {
    for (std::string_view text : {"", "x", "{}", "[1,null]", "[\"nobody\"]", "[[\"a\"]]"}) {
      std::string headers = headers_of({{"levada.unchanged", Text(text)}});
      Record record;
      record.headers = headers;
      Batch batch = batch_of({"a"}, 1);
      read_marks(std::span(&record, 1), batch);
      CHECK(batch.absent.empty());
    }
  }
}
