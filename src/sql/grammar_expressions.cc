// Expressions, from the loosest operator to the tightest (sql/precedence.h).
#include <algorithm>

#include "sql/grammar.h"
#include "sql/words.h"

namespace levada {

using ast::Expression;
using enum ast::ExpressionKind;

namespace {

// The parts, moved into a list.
template <class... Parts>
std::vector<Expression> moved(Parts&&... parts) {
  std::vector<Expression> all;
  all.reserve(sizeof...(parts));
  (all.push_back(std::move(parts)), ...);
  return all;
}

}  // namespace

Result<Expression> Grammar::expression() {
  auto expression = LV_TRY(operation(or_level));
  if (expression.kind == all_fields) return misplaced_star(expression);
  return expression;
}

// What may stand in GROUP BY and PARTITION BY.
Result<Expression> Grammar::value() {
  auto expression = LV_TRY(operation(value_level));
  if (expression.kind == all_fields) return misplaced_star(expression);
  if (at_predicate() || binary_operator(or_level))
    return wrong(token().span, "a condition must stand in parentheses here")
        .remedy("Write (… " + in_capitals(token().text) + " …).");
  return expression;
}

Result<Expression> Grammar::operation(Precedence lowest) {
  Level level(*this);
  LV_TRY(level.check());
  std::uint32_t first = begin();
  Precedence highest = product_level;
  Expression left;
  if (lowest <= not_level && accept("NOT")) {
    auto negated = LV_TRY(operation(not_level));
    left = LV_TRY(node(logical_not, first, moved(negated)));
    highest = and_level;
  } else {
    left = LV_TRY(signed_value());
  }
  for (;;) {
    const BinaryOperator* found = binary_operator(lowest);
    bool predicate_here = found ? found->level == predicate_level : lowest <= predicate_level && at_predicate();
    if (predicate_here && highest < predicate_level)
      return wrong(token().span, "a comparison cannot follow another one")
          .remedy("Put one of them in parentheses, or AND between them.");
    if (predicate_here && !found) {
      left = LV_TRY(predicate(std::move(left), first));
    } else if (found && found->level <= highest) {
      take();
      auto right = LV_TRY(operation(next_tighter(found->level)));
      left = LV_TRY(node(found->kind, first, moved(left, right)));
    } else {
      return left;
    }
    if (predicate_here) highest = and_level;
  }
}

// The one that stands here, if it binds tightly enough.
const BinaryOperator* Grammar::binary_operator(Precedence lowest) {
  for (const BinaryOperator& o : binary_operators)
    if (o.level >= lowest && at(o.word)) return &o;
  return nullptr;
}

bool Grammar::at_predicate() {
  return at("IS") || at("BETWEEN") || at("IN") || at("LIKE") ||
         (at("NOT") && (at("BETWEEN", 1) || at("IN", 1) || at("LIKE", 1)));
}

// What is not just an operator between two values.
Result<Expression> Grammar::predicate(Expression left, std::uint32_t first) {
  if (accept("IS")) {
    bool negated = accept("NOT");
    if (accept("NULL")) return node(negated ? is_not_null : is_null, first, moved(left));
    if (!accept("DISTINCT")) return expected(negated ? "NULL or DISTINCT FROM" : "NULL, NOT NULL or DISTINCT FROM");
    LV_TRY(expect("FROM"));
    auto right = LV_TRY(operation(value_level));
    return node(negated ? not_distinct_from : distinct_from, first, moved(left, right));
  }
  bool negated = accept("NOT");
  if (accept("BETWEEN")) {
    auto low = LV_TRY(operation(value_level));
    LV_TRY(expect("AND"));
    auto high = LV_TRY(operation(value_level));
    return node(negated ? not_between : between, first, moved(left, low, high));
  }
  if (accept("LIKE")) {
    auto parts = moved(left);
    parts.push_back(LV_TRY(operation(value_level)));
    if (at("ESCAPE") && at(TokenKind::string, 1)) {
      take();
      parts.push_back(LV_TRY(literal("the escape character as a string")));
    }
    return node(negated ? not_like : like, first, std::move(parts));
  }
  LV_TRY(expect("IN"));
  auto parts = moved(left);
  LV_TRY(expect("("));
  do parts.push_back(LV_TRY(expression()));
  while (accept(","));
  LV_TRY(expect(")"));
  return node(negated ? not_in : in, first, std::move(parts));
}

Result<Expression> Grammar::signed_value() {
  std::uint32_t first = begin();
  bool minus = at("-");
  if (!minus && !at("+")) return zoned();
  if (minus && at_number(1) && token(1).text[0] != '-') return zoned();  // a negative number
  Level level(*this);
  LV_TRY(level.check());
  take();
  auto operand = LV_TRY(signed_value());
  return node(minus ? negate : plus, first, moved(operand));
}

Result<Expression> Grammar::zoned() {
  std::uint32_t first = begin();
  auto left = LV_TRY(path());
  while (accept({"AT", "TIME", "ZONE"})) {
    auto zone = LV_TRY(path());
    left = LV_TRY(node(at_time_zone, first, moved(left, zone)));
  }
  return left;
}

Result<Expression> Grammar::path() {
  std::uint32_t first = begin();
  auto left = LV_TRY(primary());
  for (;;) {
    if (accept("[")) {
      auto index = LV_TRY(operation(value_level));
      LV_TRY(expect("]"));
      left = LV_TRY(node(subscript, first, moved(left, index)));
    } else if (accept("->")) {
      bool all = accept("*");
      ast::Name field_name;
      if (!all) field_name = LV_TRY(name("the name of a field"));
      left = LV_TRY(node(all ? all_fields : field, first, moved(left)));
      left.name = std::move(field_name);
    } else {
      return left;
    }
  }
}

Result<Expression> Grammar::node(ast::ExpressionKind kind, std::uint32_t first, std::vector<Expression> children) {
  Expression parent;
  parent.kind = kind;
  parent.span = since(first);
  for (const Expression& child : children) {
    if (child.kind == all_fields) return misplaced_star(child);
    parent.height = std::max(parent.height, static_cast<std::uint16_t>(child.height + 1));
  }
  if (parent.height > ast::max_height)
    return wrong(parent.span, "this expression has more than " + std::to_string(ast::max_height) + " levels")
        .remedy("Each operator in a row is one more level. Use IN (…) for many values, or part the expression.");
  parent.children = std::move(children);
  return parent;
}

Error Grammar::misplaced_star(const Expression& star) {
  return wrong(star.span, "->* cannot be part of an expression")
      .remedy("It stands for all fields, each a column of its own: SELECT name->* FROM …");
}

}  // namespace levada
