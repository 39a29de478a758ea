#include "connectors/postgres/value_reader.h"

#include "connectors/postgres/connect_value.h"
#include "connectors/postgres/row_value.h"

namespace levada {

std::string set_text_settings() {
  std::string sql;
  for (const TextSetting& setting : text_settings)
    sql += std::string(sql.empty() ? "" : "; ") + "SET " + setting.name + " = '" + setting.value + "'";
  return sql;
}

std::optional<ValuePlan> plan_value(const CapturedColumn& column, const ValueModes& modes) {
  CapturedType type = column.type.resolved();
  if (modes.form == RecordForm::connect) return plan_connect_value(type, column.dimensions, !column.not_null, modes);
  return plan_row_value(type, column.dimensions, modes);
}

}  // namespace levada
