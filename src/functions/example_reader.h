// Reads the expressions of the examples in the function tables, for tests only: the part of SQL that needs no names but
// those of columns in a schema. (The real parser stands in sql/, which comes later in the order of folders.)
//
//   literals, columns, calls, operators, CASE, CAST, ARRAY[…], MAP(k := v), STRUCT(n := v), a[i], s->f
#pragma once
#include <string>
#include <string_view>

#include "functions/expression.h"

namespace levada {

// nullptr is the untyped NULL. Text that cannot be read is an error of kind statement.
Result<ExpressionRef> read_expression(std::string_view text, const Schema& schema = {});
Result<Type> read_type(std::string_view text);

// The value of an expression without columns as text_of() shows it; "failed: why" where it fails, "error: what" where
// it is none.
std::string value_of_example(std::string_view text);

}  // namespace levada
