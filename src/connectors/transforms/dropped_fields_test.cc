#include "connectors/transforms/dropped_fields.h"

#include <doctest/doctest.h>

#include "formats/connect_json.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

// Rows {"id": n, "note": "n"} with these lists in the header "drop"; "-": no header.
ConnectRecords rows(const std::vector<std::string>& lists) {
  static const ConnectTypeRef type = structure_type(
      "t.Value", std::nullopt, false, {{"id", scalar_type(Kind::int64)}, {"note", scalar_type(Kind::string, true)}});
  ConnectRecords records{.topic = "t", .key_type = type, .value_type = type};
  auto column = std::make_shared<Column>(physical_type(*type));
  for (const std::string& list : lists) {
    column->child(0).append(std::int64_t{records.size});
    column->child(1).append_string(std::to_string(records.size));
    column->append_structure();
    records.timestamps_ms.push_back(records.size++);
    std::vector<Header> headers = {{"other", std::string_view("[\"id\"]")}};
    if (list != "-") headers.push_back({"drop", std::string_view(list)});
    append_headers(records.headers.emplace_back(), headers);
  }
  records.key = records.value = column;
  return records;
}

// "KEY VALUE", one a line; runs are parted by an empty one.
std::string text(const std::vector<ConnectRecords>& all) {
  std::string out;
  auto json = [](const ConnectTypeRef& type, const ColumnRef& column, std::uint32_t row) {
    Buffer bytes;
    ConnectJsonWriter(*type, {.schemas = false}).append(bytes, *column, row);
    return std::string(bytes.view());
  };
  for (const ConnectRecords& records : all) {
    if (!out.empty()) out += '\n';
    for (std::uint32_t row = 0; row < records.size; ++row)
      out += json(records.key_type, records.key, row) + " " + json(records.value_type, records.value, row) + "\n";
  }
  return out;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("dropped fields: runs of one list lose its optional fields, in the order of the records") {
    DroppedFields dropped({.header = "drop"});
    std::vector<ConnectRecords> out;
    dropped.apply(rows({"-", "[\"note\",\"id\"]", "[\"note\",\"id\"]", "no list", "[]"}), out);
    CHECK(text(out) == R"({"id":0,"note":"0"} {"id":0,"note":"0"}

{"id":1,"note":"1"} {"id":1}
{"id":2,"note":"2"} {"id":2}

{"id":3,"note":"3"} {"id":3,"note":"3"}

{"id":4,"note":"4"} {"id":4,"note":"4"}
)");
    std::vector<ConnectRecords> again;
    dropped.apply(rows({"[\"note\",\"id\"]"}), again);
    CHECK(again[0].value_type == out[1].value_type);  // by address
  }

  TEST_CASE("dropped fields: of the key, and those that may not be null, where that is asked for") {
    DroppedFields dropped({.header = "drop", .from_key = true, .optional_only = false});
    std::vector<ConnectRecords> out;
    dropped.apply(rows({"[\"id\"]"}), out);
    CHECK(text(out) == "{\"note\":\"0\"} {\"note\":\"0\"}\n");
  }

  TEST_CASE("dropped fields: without a header's name the records pass") {
    DroppedFields dropped(DroppedFields::Options{});
    std::vector<ConnectRecords> out;
    dropped.apply(rows({"[\"note\"]", "-"}), out);
    REQUIRE(out.size() == 1);
    CHECK(out[0].size == 2);
    CHECK(out[0].value_type->fields.size() == 2);
  }
}

}  // namespace levada
