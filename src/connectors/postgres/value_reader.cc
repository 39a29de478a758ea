#include "connectors/postgres/value_reader.h"

#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/connect_value.h"
#include "connectors/postgres/row_value.h"

namespace levada {

std::string set_text_settings() {
  std::string sql;
  for (const TextSetting& setting : text_settings)
    sql += std::string(sql.empty() ? "" : "; ") + "SET " + setting.name + " = '" + setting.value + "'";
  return sql;
}

static void hide(const ColumnMask& mask, const CapturedType& type, const CapturedColumn& column, ValuePlan& plan) {
  plan.reader = masked_reader(column.mask, type, std::move(plan.reader));
  if (!plan.connect) return;
  auto parameter = mask.parameter(type);
  if (parameter.first.empty()) return;
  ConnectType connect = *plan.connect;
  connect.parameters.push_back(std::move(parameter));
  plan.connect = std::make_shared<const ConnectType>(std::move(connect));
}

std::optional<ValuePlan> plan_value(const CapturedColumn& column, const ValueModes& modes, ValueUse use) {
  CapturedType type = column.type.resolved();
  auto plan = modes.form == RecordForm::connect ? plan_connect_value(type, column.dimensions, !column.not_null, modes)
                                                : plan_row_value(type, column.dimensions, modes);
  if (plan && column.mask && use == ValueUse::row && column.mask->takes(type)) hide(*column.mask, type, column, *plan);
  return plan;
}

}  // namespace levada
