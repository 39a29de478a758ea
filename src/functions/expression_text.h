// Expressions as SQL: what plans, messages and generated column names show.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "functions/expression.h"

namespace levada {

std::string name_text(std::string_view name);  // `quoted` unless it is capitals, digits and _
std::string literal_text(const Value& value, const Type& type);
// "(a + b)", "a IS NULL", "a[1]", "ARRAY[a, b]", "LEN(a)": by the name of the function.
std::string call_text(std::string_view function, std::span<const ExpressionRef> arguments);
std::string case_text(std::span<const ExpressionRef> parts);
std::string structure_text(std::span<const std::string> names, std::span<const ExpressionRef> values);

}  // namespace levada
