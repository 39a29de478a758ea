#include "connectors/postgres/envelope_plan.h"

#include <algorithm>

#include "connectors/postgres/connect_value.h"
#include "connectors/postgres/literal_default.h"
#include "connectors/postgres/source_block.h"
#include "connectors/postgres/transaction_count.h"
#include "formats/connect_json.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

// The JSON of a literal DEFAULT, as the column's own reader reads it; nullopt for what is computed. Arrays have none,
// as in Debezium.
std::optional<std::string> default_json(const CapturedColumn& column, const ValuePlan& plan) {
  if (!column.fallback || column.generated || plan.type.nested()) return std::nullopt;
  auto text = literal_default(*column.fallback);
  if (!text) return std::nullopt;
  text->append(16, '\0');
  FieldText field{FieldText::Kind::text, static_cast<std::uint32_t>(text->size() - 16), text->data()};
  Column value(plan.type);
  RowFailures failures;
  plan.reader->read(&field, 1, 1, value, failures);
  if (!failures.empty() || value.is_null(0)) return std::nullopt;
  Buffer json;
  ConnectJsonWriter(*plan.connect, {.schemas = false}).append(json, value, 0);
  return std::string(json.view());
}

}  // namespace

std::shared_ptr<const EnvelopePlan> plan_envelope(CapturedTableRef table, const ValueModes& modes) {
  auto plan = std::make_shared<EnvelopePlan>();
  std::vector<std::size_t> key = table->row_key();
  std::vector<ConnectField> fields;
  std::vector<std::size_t> field_of(table->columns.size());
  for (std::size_t i = 0; i < table->columns.size(); ++i) {
    CapturedColumn column = table->columns[i];
    bool is_key = std::ranges::find(key, i) != key.end();
    if (!column.in_log && !is_key) continue;
    // A primary key that the log does not hold has no honest value in the row before: there it is null.
    bool known = table->knows_before(i);
    if (!known && std::ranges::find(table->key, i) != table->key.end() && key != table->key) column.not_null = false;
    ValueModes column_modes = modes;
    column_modes.unknown_types = modes.unknown_types || is_key;
    auto value = plan_value(column, column_modes);
    if (!value) continue;

    ConnectType type = *value->connect;
    type.doc = value->connect->doc;
    type.fallback = default_json(column, *value);
    EnvelopePlan::FieldPlan field{
        .column = i, .reader = value->reader, .unknown = {}, .unknown_text = {}, .known_before = known};
    if (!type.optional) {
      auto literal = column.fallback && type.fallback ? literal_default(*column.fallback) : std::nullopt;
      field.unknown_text = literal ? *literal : std::string(empty_text(column.type.resolved()));
    }
    field_of[i] = plan->fields.size();
    plan->fields.push_back(std::move(field));
    fields.push_back({column.name, std::make_shared<const ConnectType>(std::move(type))});
  }
  for (std::size_t i = 0; i < plan->fields.size(); ++i) {
    EnvelopePlan::FieldPlan& field = plan->fields[i];
    if (fields[i].type->optional) continue;
    auto size = static_cast<std::uint32_t>(field.unknown_text.size());
    field.unknown_text.append(16, '\0');
    field.unknown = {FieldText::Kind::text, size, field.unknown_text.data()};
  }

  if (!key.empty()) {
    std::vector<ConnectField> key_fields;
    for (std::size_t column : key) {
      ConnectField field = fields[field_of[column]];
      std::shared_ptr<const ValueReader> reader = plan->fields[field_of[column]].reader;
      if (table->columns[column].mask) {
        CapturedColumn plain = table->columns[column];
        plain.not_null = !field.type->optional;
        ValueModes as_text = modes;
        as_text.unknown_types = true;
        auto value = plan_value(plain, as_text, ValueUse::key);
        field.type = value->connect;
        reader = value->reader;
      }
      plan->keys.push_back(field_of[column]);
      plan->key_readers.push_back(std::move(reader));
      key_fields.push_back(std::move(field));
    }
    plan->key = structure_type(table->topic + ".Key", std::nullopt, false, std::move(key_fields));
  }
  ConnectTypeRef row = structure_type(table->topic + ".Value", std::nullopt, true, std::move(fields));
  plan->value = structure_type(table->topic + ".Envelope", 2, false,
                               {{"before", row},
                                {"after", row},
                                {"source", source_type()},
                                {"transaction", transaction_block_type()},
                                {"op", scalar_type(Kind::string)},
                                {"ts_ms", scalar_type(Kind::int64, true)},
                                {"ts_us", scalar_type(Kind::int64, true)},
                                {"ts_ns", scalar_type(Kind::int64, true)}});
  plan->table = std::move(table);
  return plan;
}

}  // namespace levada
