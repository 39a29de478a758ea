// How tightly operators bind, for the grammar and for print(). All binary ones go from left to right.
#pragma once
#include <string_view>

#include "sql/ast.h"

namespace levada {

enum Precedence : int {
  or_level,
  and_level,
  not_level,
  predicate_level,  // comparisons, IS, BETWEEN, IN, LIKE: not one after the other
  concat_level,     // from here on: what GROUP BY and the right side of a comparison take without parentheses
  sum_level,
  product_level,
  sign_level,
  zone_level,     // AT TIME ZONE
  path_level,     // [index] and ->field
  primary_level,  // literals, names, calls, parentheses
};
inline constexpr Precedence value_level = concat_level;

struct BinaryOperator {
  std::string_view word;
  Precedence level;
  ast::ExpressionKind kind;
};
inline constexpr BinaryOperator binary_operators[] = {
    {"OR", or_level, ast::ExpressionKind::logical_or},
    {"AND", and_level, ast::ExpressionKind::logical_and},
    {"=", predicate_level, ast::ExpressionKind::equal},
    {"<>", predicate_level, ast::ExpressionKind::not_equal},
    {"!=", predicate_level, ast::ExpressionKind::not_equal},
    {"<", predicate_level, ast::ExpressionKind::less},
    {"<=", predicate_level, ast::ExpressionKind::less_equal},
    {">", predicate_level, ast::ExpressionKind::greater},
    {">=", predicate_level, ast::ExpressionKind::greater_equal},
    {"||", concat_level, ast::ExpressionKind::concat},
    {"+", sum_level, ast::ExpressionKind::add},
    {"-", sum_level, ast::ExpressionKind::subtract},
    {"*", product_level, ast::ExpressionKind::multiply},
    {"/", product_level, ast::ExpressionKind::divide},
    {"%", product_level, ast::ExpressionKind::modulo},
};

constexpr Precedence next_tighter(Precedence level) {
  return level == primary_level ? level : static_cast<Precedence>(level + 1);
}

}  // namespace levada
