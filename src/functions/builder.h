// Puts expressions together from their parts as SQL means them: finds the overload of a function, casts what does not
// have the type that is wanted, gives literals the type of what stands beside them.
//
// A term is an expression, or null: the untyped NULL. Errors are of kind statement, without a place: the caller knows
// where the term stood.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "functions/expression.h"

namespace levada {

using Term = ExpressionRef;

// Any function or operator of the tables by its name: "UCASE", "+", "IS NULL", "AND", "[]".
Result<ExpressionRef> build_call(std::string_view name, std::vector<Term> arguments);
Result<ExpressionRef> build_cast(Term argument, const Type& to);

// condition, value, condition, value, …, [else]. The values get their common type.
Result<ExpressionRef> build_case(std::vector<Term> parts);
// value, then the list.
Result<ExpressionRef> build_in(std::vector<Term> terms);
Result<ExpressionRef> build_array(std::vector<Term> elements);
// key, value, key, value, …
Result<ExpressionRef> build_map(std::vector<Term> entries);
Result<ExpressionRef> build_structure(const std::vector<std::string>& names, std::vector<Term> values);

}  // namespace levada
