#include "connectors/postgres/row_plan.h"

#include <algorithm>

#include "connectors/postgres/column_mask.h"

namespace levada {
namespace {

// "numeric(6,2)" instead of the name of a domain over it, which another database does not have.
std::string declared_type(const CapturedColumn& column) {
  if (column.type.kind != 'd') return column.declared;
  CapturedType type = column.type.resolved();
  struct Spelling {
    std::string_view name, spelled;
  };
  static constexpr Spelling spellings[] = {
      {"int2", "smallint"},
      {"int4", "integer"},
      {"int8", "bigint"},
      {"float4", "real"},
      {"float8", "double precision"},
      {"bool", "boolean"},
      {"varchar", "character varying"},
      {"bpchar", "character"},
      {"time", "time without time zone"},
      {"timetz", "time with time zone"},
      {"timestamp", "timestamp without time zone"},
      {"timestamptz", "timestamp with time zone"},
  };
  const auto* spelling = std::ranges::find(spellings, type.name, &Spelling::name);
  std::string text(spelling != std::end(spellings) ? spelling->spelled : std::string_view(type.name));
  if (type.name == "numeric" && type.modifier >= 4) {
    std::int32_t m = type.modifier - 4;
    text += "(" + std::to_string(m >> 16 & 0xffff) + "," + std::to_string(((m & 0x7ff) ^ 1024) - 1024) + ")";
  } else if ((type.name == "varchar" || type.name == "bpchar") && type.modifier >= 4) {
    text += "(" + std::to_string(type.modifier - 4) + ")";
  }
  return text;
}

}  // namespace

std::shared_ptr<const RowPlan> plan_rows(CapturedTableRef table, const ValueModes& modes) {
  auto plan = std::make_shared<RowPlan>();
  Schema schema;
  TableOrigin origin{.system = "postgresql", .schema = table->schema, .table = table->name, .columns = {}, .order = {}};
  std::vector<std::size_t> key = table->row_key();
  auto add = [&](std::size_t i, bool is_key) {
    const CapturedColumn& column = table->columns[i];
    if (!column.in_log && !is_key) return;
    ValueModes column_modes = modes;
    column_modes.unknown_types = modes.unknown_types || is_key;
    auto value = plan_value(column, column_modes, is_key ? ValueUse::key : ValueUse::row);
    if (!value) return;
    (is_key ? schema.key : schema.value).push_back({column.name, value->type});
    std::string declared = declared_type(column);
    CapturedType type = column.type.resolved();
    if (column.mask && !is_key && column.mask->takes(type)) declared = column.mask->declared(type, declared);
    // The texts of money are those of a locale.
    const bool told = column.older && !column.mask && type.name != "money";
    origin.columns.push_back({std::move(declared), column.not_null, told ? column.older : std::nullopt});
    plan->fields.push_back({i, value->reader});
  };
  for (std::size_t i : key) add(i, true);
  for (std::size_t i = 0; i < table->columns.size(); ++i)
    if (std::ranges::find(key, i) == key.end()) add(i, false);

  for (std::uint32_t i = 0; i < plan->fields.size(); ++i) origin.order.push_back(i);
  std::ranges::sort(origin.order, {}, [&](std::uint32_t i) { return plan->fields[i].column; });
  schema.origin = std::make_shared<const TableOrigin>(std::move(origin));
  plan->schema = std::make_shared<const Schema>(std::move(schema));
  plan->table = std::move(table);
  return plan;
}

}  // namespace levada
