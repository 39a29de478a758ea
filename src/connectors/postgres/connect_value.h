// How columns of the server become values of Kafka Connect in RecordForm::connect: the types, semantic names and values
// of Debezium's connector for each of its modes. The table is in TYPES.md; what is deliberately different, in
// docs/debezium-differences.md.
#pragma once
#include <optional>
#include <string_view>

#include "connectors/postgres/value_reader.h"

namespace levada {

// `type` is resolved; `dimensions` of an array as it was declared. nullopt: left out, as modes.unknown_types says.
std::optional<ValuePlan> plan_connect_value(const CapturedType& type, int dimensions, bool optional,
                                            const ValueModes& modes);

// A text of the type that says nothing: 0, '', 1970-01-01. What stands for a NOT NULL value that the log does not hold
// in the row before a change.
std::string_view empty_text(const CapturedType& type);

}  // namespace levada
