#include "formats/avro_table.h"

#include <algorithm>

#include "formats/avro_fields.h"

namespace levada {
namespace {

constexpr const char* table_property = "levada.table";
constexpr const char* type_property = "levada.type";
constexpr const char* not_null_property = "levada.not_null";
constexpr const char* older_property = "levada.older";

bool is_true(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  return found && found->boolean() && *found->boolean();
}

}  // namespace

void tell_column(Json& field, const Schema& schema, std::size_t i, bool required) {
  std::size_t column = schema.key.size() + i;
  if (column >= schema.origin->columns.size()) return;
  const ColumnOrigin& origin = schema.origin->columns[column];
  if (!origin.type.empty()) field.set(type_property, origin.type);
  if (origin.not_null && !required) field.set(not_null_property, true);
  if (origin.older) field.set(older_property, *origin.older);
}

void tell_table(Json& record, const Schema& schema) {
  const TableOrigin& origin = *schema.origin;
  Json table, key{Json::Array()}, order{Json::Array()};
  for (std::size_t i = 0; i < schema.key.size() && i < origin.columns.size(); ++i) {
    Json column;
    column.set("name", schema.key[i].name).set("type", origin.columns[i].type);
    if (origin.columns[i].not_null) column.set("not_null", true);
    key.add(std::move(column));
  }
  for (std::uint32_t place : origin.order)
    if (place < schema.size()) order.add(schema[place].name);
  table.set("system", origin.system).set("schema", origin.schema).set("table", origin.table);
  table.set("key", std::move(key)).set("order", std::move(order));
  record.set(table_property, std::move(table));
}

std::shared_ptr<const TableOrigin> read_table(const AvroSchema& value, const Schema& schema) {
  const AvroNode* record = value.record();
  const Json* table = record ? record->properties.find(table_property) : nullptr;
  if (!table || !table->object()) return nullptr;
  auto origin = std::make_shared<TableOrigin>();
  origin->system = table->text_of("system");
  origin->schema = table->text_of("schema");
  origin->table = table->text_of("table");
  origin->columns.resize(schema.size());
  if (const Json* key = table->find("key"); key && key->array())
    for (const Json& column : *key->array())
      if (auto place = schema.find(column.text_of("name")); place && *place < schema.key.size())
        origin->columns[*place] = {column.text_of("type"), is_true(column, "not_null"), std::nullopt};
  for (const AvroField& field : record->fields) {
    auto place = schema.find(true_name(field));
    if (!place || *place < schema.key.size()) continue;
    bool not_null = value[field.type].kind != AvroNode::Kind::choice || is_true(field.properties, not_null_property);
    const Json* older = field.properties.find(older_property);
    origin->columns[*place] = {field.properties.text_of(type_property), not_null,
                               older && older->string() ? std::optional(*older->string()) : std::nullopt};
  }
  if (const Json* order = table->find("order"); order && order->array())
    for (const Json& name : *order->array())
      if (auto place = name.string() ? schema.find(*name.string()) : std::nullopt)
        origin->order.push_back(static_cast<std::uint32_t>(*place));
  return origin;
}

}  // namespace levada
