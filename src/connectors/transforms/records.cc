#include "connectors/transforms/records.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"
#include "formats/connect_json.h"

namespace levada {

bool is_tombstone(const ConnectRecords& records, std::uint32_t row) {
  return !records.value || records.value->is_null(row);
}

Column copy_of(const Column& column, Rows rows) {
  Column copy(column.type());
  copy.append_from(column, rows);
  return copy;
}

Column gather(const Type& type, const std::vector<Place>& places) {
  Column column(type);
  column.reserve(static_cast<std::uint32_t>(places.size()));
  std::vector<std::uint32_t> rows;
  for (std::size_t first = 0; first < places.size();) {
    const Column* from = places[first].column;
    rows.clear();
    for (; first < places.size() && places[first].column == from; ++first) rows.push_back(places[first].row);
    if (from)
      column.append_from(*from, Rows(rows));
    else
      for (std::size_t i = 0; i < rows.size(); ++i) column.append_null();
  }
  return column;
}

ColumnRef make_structure(std::vector<Field> names, std::vector<Column> fields, std::uint32_t rows, const Column* like) {
  auto column = std::make_shared<Column>(Type::structure(std::move(names)));
  for (std::size_t i = 0; i < fields.size(); ++i) column->child(i) = std::move(fields[i]);
  for (std::uint32_t row = 0; row < rows; ++row) column->append_structure();
  if (like && like->has_nulls()) column->mutable_validity() = like->validity();
  return column;
}

void add_headers(std::string& headers, std::span<const Header> more) {
  auto there = headers.empty() ? Result<std::vector<Header>>(std::vector<Header>()) : parse_headers(headers);
  LV_ASSERT(there.has_value());  // ours
  there->insert(there->end(), more.begin(), more.end());
  std::string all;
  append_headers(all, *there);
  headers = std::move(all);
}

std::string text_of(const ConnectType& type, const Column& column, std::uint32_t row) {
  if (column.type().kind() == TypeKind::string) return std::string(column.string(row));
  Buffer out;
  ConnectJsonWriter(type, {.schemas = false}).append(out, column, row);
  return std::string(out.view());
}

ConnectTypeRef renamed(const ConnectType& type, std::string name) {
  ConnectType copy = type;
  copy.name = std::move(name);
  return std::make_shared<const ConnectType>(std::move(copy));
}

ConnectTypeRef with_optional(const ConnectTypeRef& type, bool optional) {
  if (type->optional == optional) return type;
  ConnectType copy = *type;
  copy.optional = optional;
  return std::make_shared<const ConnectType>(std::move(copy));
}

}  // namespace levada
