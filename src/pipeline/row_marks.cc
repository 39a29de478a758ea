#include "pipeline/row_marks.h"

#include <algorithm>
#include <vector>

#include "base/json.h"

namespace levada {
namespace {

constexpr std::string_view unchanged_mark = "levada.unchanged", truncate_mark = "levada.truncate";

void mark(Batch& batch, std::uint32_t row, const Json::Array& names) {
  for (const Json& name : names) {
    auto field = name.string() ? find_field(batch.schema->value, *name.string()) : std::nullopt;
    if (!field) continue;
    batch.absent.resize(batch.schema->value.size());
    Bits& rows = batch.absent[*field];
    if (rows.empty()) rows.assign(batch.size, false);
    rows.set(row);
  }
}

}  // namespace

bool is_truncation(const Record& record) {
  if (!record.key.is_null() || !record.value.is_null() || record.headers.size() <= 1) return false;
  auto headers = parse_headers(record.headers);
  return headers && std::ranges::find(*headers, truncate_mark, &Header::name) != headers->end();
}

std::string truncation_headers() {
  std::string stored;
  Header header{truncate_mark, Text()};
  append_headers(stored, std::span(&header, 1));
  return stored;
}

std::string headers_with_marks(const Batch& batch, std::uint32_t row, std::string_view headers) {
  std::string names;
  for (std::size_t i = 0; i < batch.absent.size(); ++i) {
    if (!batch.is_absent(i, row)) continue;
    names += names.empty() ? "[" : ",";
    append_json_string(names, batch.schema->value[i].name);
  }
  std::vector<Header> list;
  if (!headers.empty())
    if (auto there = parse_headers(headers)) list = *std::move(there);
  std::erase_if(list, [](const Header& header) { return header.name == unchanged_mark; });
  if (!names.empty()) {
    names += ']';
    list.push_back({unchanged_mark, Text(names)});
  }
  std::string stored;
  if (!list.empty()) append_headers(stored, list);
  return stored;
}

void read_marks(std::span<const Record> records, Batch& batch) {
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    if (records[i].headers.size() <= 1 || records[i].headers.find(unchanged_mark) == std::string_view::npos) continue;
    auto headers = parse_headers(records[i].headers);
    if (!headers) continue;
    for (const Header& header : *headers) {
      if (header.name != unchanged_mark) continue;
      auto names = Json::parse(header.value.view());
      if (names && names->array()) mark(batch, i, *names->array());
    }
  }
}

}  // namespace levada
