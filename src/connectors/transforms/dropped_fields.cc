#include "connectors/transforms/dropped_fields.h"

#include <algorithm>

#include "base/json.h"

namespace levada {

void DroppedFields::apply(const ConnectRecords& records, std::vector<ConnectRecords>& out) {
  if (options_.header.empty()) return out.push_back(records);
  for (std::uint32_t row = 0; row < records.size;) {
    std::string list = list_of(records, row);
    std::vector<std::uint32_t> run;
    for (; row < records.size && list_of(records, row) == list; ++row) run.push_back(row);
    out.push_back(select(records, run));
    std::vector<std::string> names;
    if (auto json = Json::parse(list); json && json->array())
      for (const Json& name : *json->array())
        if (name.string()) names.push_back(*name.string());
    if (names.empty()) continue;
    drop(out.back().value_type, out.back().value, names, list);
    if (options_.from_key) drop(out.back().key_type, out.back().key, names, list);
  }
}

std::string DroppedFields::list_of(const ConnectRecords& records, std::uint32_t row) const {
  if (records.headers.empty() || records.headers[row].empty()) return "";
  auto headers = parse_headers(records.headers[row]);
  if (!headers) return "";
  auto found = std::ranges::find(*headers, options_.header, &Header::name);
  return found == headers->end() ? "" : std::string(found->value.view());
}

void DroppedFields::drop(ConnectTypeRef& type, ColumnRef& column, const std::vector<std::string>& names,
                         const std::string& list) {
  if (!type || !column || type->kind != ConnectType::Kind::structure) return;
  auto is_dropped = [&](const ConnectField& field) {
    return std::ranges::find(names, field.name) != names.end() && (field.type->optional || !options_.optional_only);
  };
  ConnectTypeRef& less = types_[list].of(type, [&](const ConnectTypeRef& whole) {
    ConnectType copy = *whole;
    std::erase_if(copy.fields, is_dropped);
    return ConnectTypeRef(std::make_shared<const ConnectType>(std::move(copy)));
  });
  std::vector<Column> kept;
  for (std::size_t i = 0; i < type->fields.size(); ++i)
    if (!is_dropped(type->fields[i])) kept.push_back(copy_of(column->child(i), Rows::all(column->size())));
  column = make_structure(physical_type(*less).fields(), std::move(kept), column->size(), column.get());
  type = less;
}

}  // namespace levada
