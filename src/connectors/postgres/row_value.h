// How columns of the server become columns of ours in RecordForm::rows: the SQL type for each of its types, and the
// reader. The table is in TYPES.md.
#pragma once
#include <optional>

#include "connectors/postgres/value_reader.h"

namespace levada {

// `type` is resolved; `dimensions` of an array as it was declared. nullopt: left out, as modes.unknown_types says.
std::optional<ValuePlan> plan_row_value(const CapturedType& type, int dimensions, const ValueModes& modes);

// What numeric(p, s) says of itself; nullopt: any number of digits.
struct NumericDigits {
  int precision, scale;  // the scale of PostgreSQL 15 and later may be negative, or above the precision
};
std::optional<NumericDigits> numeric_digits(const CapturedType& type);

// Types that are texts of their own kind, with no structure that we know: text, inet, ranges, geometric types, ….
bool is_text_type(const CapturedType& type);
// The type of that name that the server itself brings.
bool is_builtin(const CapturedType& type, std::string_view name);
bool is_array(const CapturedType& type);

}  // namespace levada
