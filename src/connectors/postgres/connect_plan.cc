#include "connectors/postgres/connect_plan.h"

#include "connectors/postgres/row_value.h"

namespace levada {

ConnectType semantic_type(ConnectType::Kind kind, std::string_view name,
                          std::vector<std::pair<std::string, std::string>> parameters) {
  return {.kind = kind, .name = std::string(name), .version = 1, .parameters = std::move(parameters)};
}

ConnectPlan plan_as_row(ConnectType type, const CapturedType& from) {
  return {std::move(type), plan_row_value(from, 0, {})->reader};
}

}  // namespace levada
