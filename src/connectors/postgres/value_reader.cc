#include "connectors/postgres/value_reader.h"

#include "connectors/postgres/row_value.h"

namespace levada {

std::optional<ValuePlan> plan_value(const CapturedColumn& column, const ValueModes& modes) {
  return plan_row_value(column.type.resolved(), column.dimensions, modes);
}

}  // namespace levada
