#include "sql/binder.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/near_name.h"
#include "batch/decimal.h"
#include "batch/number_text.h"

namespace levada {
namespace {

using Kind = ast::ExpressionKind;

// Operators are functions under these names.
std::string_view operator_name(Kind kind) {
  switch (kind) {
    case Kind::add: return "+";
    case Kind::subtract: return "-";
    case Kind::multiply: return "*";
    case Kind::divide: return "/";
    case Kind::modulo: return "%";
    case Kind::concat: return "||";
    case Kind::equal: return "=";
    case Kind::not_equal: return "<>";
    case Kind::less: return "<";
    case Kind::less_equal: return "<=";
    case Kind::greater: return ">";
    case Kind::greater_equal: return ">=";
    case Kind::distinct_from: return "IS DISTINCT FROM";
    case Kind::not_distinct_from: return "IS NOT DISTINCT FROM";
    case Kind::is_null: return "IS NULL";
    case Kind::is_not_null: return "IS NOT NULL";
    case Kind::at_time_zone: return "AT TIME ZONE";
    case Kind::subscript: return "[]";
    case Kind::like:
    case Kind::not_like: return "LIKE";
    case Kind::array: return "ARRAY";
    case Kind::map: return "MAP";
    case Kind::negate: return "-";
    default: LV_UNREACHABLE();
  }
}

std::vector<std::optional<Type>> types_of(const std::vector<ExpressionRef>& expressions) {
  std::vector<std::optional<Type>> types;
  for (const ExpressionRef& e : expressions)
    types.push_back(is_untyped_null(*e) ? std::nullopt : std::optional(e->type));
  return types;
}

ExpressionRef untyped_null() { return literal_expression(Value(), TypeKind::string); }
ExpressionRef boolean_literal(bool value) { return literal_expression(value, TypeKind::boolean); }

std::shared_ptr<Expression> make(ExpressionKind kind, Type type, std::vector<ExpressionRef> arguments) {
  auto e = std::make_shared<Expression>();
  e->kind = kind;
  e->type = std::move(type);
  e->arguments = std::move(arguments);
  return e;
}

}  // namespace

bool is_untyped_null(const Expression& e) {
  return e.kind == ExpressionKind::literal && e.literal.is_null() && e.text == "NULL" &&
         e.type.kind() == TypeKind::string;
}

Result<ExpressionRef> Binder::bind(const ast::Expression& e) const {
  if (rules_.instead)
    if (auto there = LV_TRY(rules_.instead(e))) return *there;
  ExpressionRef bound = LV_TRY(bind_node(e));
  // What does not depend on a row is computed once.
  if (bound->kind == ExpressionKind::literal || !is_constant(*bound)) return bound;
  auto value = fold(*bound, Surroundings());
  if (!value) return bound;  // it fails for every row, when there is one
  auto folded = std::make_shared<Expression>(*literal_expression(*std::move(value), bound->type));
  folded->text = bound->text;
  return folded;
}

Result<ExpressionRef> Binder::bind_condition(const ast::Expression& e, std::string_view clause) const {
  ExpressionRef condition = LV_TRY(bind(e));
  if (is_untyped_null(*condition)) return cast_expression(condition, TypeKind::boolean);
  if (condition->type.kind() != TypeKind::boolean)
    return error(e, std::string(clause) + " needs a BOOLEAN, this is " + condition->type.text());
  return condition;
}

Result<ExpressionRef> Binder::bind_node(const ast::Expression& e) const {
  switch (e.kind) {
    case Kind::null_literal:
    case Kind::boolean_literal:
    case Kind::integer_literal:
    case Kind::decimal_literal:
    case Kind::double_literal:
    case Kind::string_literal: return bind_literal(e);
    case Kind::typed_literal: return bind_typed_literal(e);
    case Kind::column: return bind_column(e);
    case Kind::plus: return bind(e.children[0]);
    case Kind::logical_not: {
      ExpressionRef operand = LV_TRY(bind_condition(e.children[0], "NOT"));
      return negation(e, std::move(operand));
    }
    case Kind::logical_and:
    case Kind::logical_or: {
      std::string_view word = e.kind == Kind::logical_and ? "AND" : "OR";
      ExpressionRef a = LV_TRY(bind_condition(e.children[0], word)), b = LV_TRY(bind_condition(e.children[1], word));
      return logical(e, e.kind == Kind::logical_and ? ExpressionKind::logical_and : ExpressionKind::logical_or,
                     std::move(a), std::move(b));
    }
    case Kind::equal:
    case Kind::not_equal:
    case Kind::less:
    case Kind::less_equal:
    case Kind::greater:
    case Kind::greater_equal:
    case Kind::distinct_from:
    case Kind::not_distinct_from: return bind_comparison(e);
    case Kind::between:
    case Kind::not_between: return bind_between(e);
    case Kind::in:
    case Kind::not_in: return bind_in(e);
    case Kind::searched_case:
    case Kind::simple_case: return bind_case(e);
    case Kind::cast: {
      ExpressionRef operand = LV_TRY(bind(e.children[0]));
      Type type = LV_TRY(bind_type(script_, *e.type, nullptr));
      auto cast = cast_expression(std::move(operand), type);
      if (!cast) return error(e, cast.error().what());
      return cast;
    }
    case Kind::field: return bind_field(e);
    case Kind::structure: return bind_structure(e);
    case Kind::all_fields: return error(e, "->* may only stand alone among the columns of a SELECT");
    case Kind::lambda: return error(e, "not supported yet: lambda functions");
    case Kind::call: return bind_call(e);
    case Kind::not_like: {
      std::vector<ExpressionRef> arguments;
      for (const ast::Expression& child : e.children) arguments.push_back(LV_TRY(bind(child)));
      return negation(e, LV_TRY(call(e, "LIKE", std::move(arguments))));
    }
    default: {
      std::vector<ExpressionRef> arguments;
      for (const ast::Expression& child : e.children) arguments.push_back(LV_TRY(bind(child)));
      return call(e, operator_name(e.kind), std::move(arguments));
    }
  }
}

// ---- columns and literals ----

Result<ExpressionRef> Binder::bind_column(const ast::Expression& e) const {
  if (e.qualifier && std::ranges::find(scope_.relation_names, e.qualifier->text) == scope_.relation_names.end())
    return statement_error(script_, e.qualifier->span,
                           "there is no relation " + e.qualifier->text + " in this statement")
        .remedy(did_you_mean(e.qualifier->text, scope_.relation_names));
  const std::string& name = e.name.text;
  if (auto column = scope_.schema->find(name)) return column_expression(*scope_.schema, *column);
  if (scope_.pseudo_columns) {
    static constexpr std::array pseudo = {std::pair{"ROWTIME", ExpressionKind::row_time},
                                          std::pair{"ROWPARTITION", ExpressionKind::row_partition},
                                          std::pair{"ROWOFFSET", ExpressionKind::row_offset}};
    for (const auto& [word, kind] : pseudo)
      if (name == word) {
        auto column = make(kind, kind == ExpressionKind::row_partition ? TypeKind::int32 : TypeKind::int64, {});
        column->text = word;
        return column;
      }
  }
  std::vector<std::string> names;
  std::string list;
  for (std::size_t i = 0; i < scope_.schema->size(); ++i) {
    names.push_back((*scope_.schema)[i].name);
    if (i < 8) list += (i == 0 ? "" : ", ") + names.back();
  }
  if (names.size() > 8) list += ", …";
  return error(e, "there is no column " + name + " in " + scope_.described)
      .why(scope_.described + " has " + (names.empty() ? "no columns" : list))
      .remedy(did_you_mean(name, names));
}

Result<ExpressionRef> Binder::bind_literal(const ast::Expression& e) const {
  switch (e.kind) {
    case Kind::null_literal: return untyped_null();
    case Kind::boolean_literal: return boolean_literal(e.text == "TRUE");
    case Kind::string_literal: return literal_expression(e.text, TypeKind::string);
    case Kind::integer_literal: {
      auto value = parse_integer(e.text);
      if (!value)
        return error(e, "the number is too large for BIGINT").remedy("Write it as a decimal: " + e.text + ".0");
      bool small = *value >= INT32_MIN && *value <= INT32_MAX;
      return literal_expression(*value, small ? TypeKind::int32 : TypeKind::int64);
    }
    case Kind::decimal_literal: {
      auto value = parse_decimal(e.text);
      if (!value) return error(e, "the number has more than 38 digits");
      int digits = 1;
      while (digits < max_decimal_digits && !fits_precision(value->unscaled, digits)) ++digits;
      return literal_expression(value->unscaled, Type::decimal(std::max(digits, value->scale), value->scale));
    }
    default: {
      auto value = parse_double(e.text);
      if (!value) return error(e, "this is no number");
      return literal_expression(*value, TypeKind::float64);
    }
  }
}

Result<ExpressionRef> Binder::bind_typed_literal(const ast::Expression& e) const {
  const std::string& type = e.name.text;
  if (type == "DATE") {
    if (auto days = parse_date(e.text)) return literal_expression(*days, TypeKind::date);
    return error(e, "'" + e.text + "' is no date").remedy("Write it as DATE '2024-02-29'.");
  }
  if (type == "TIME") {
    if (auto micros = parse_time(e.text)) return literal_expression(*micros, TypeKind::time);
    return error(e, "'" + e.text + "' is no time of day").remedy("Write it as TIME '23:59:59.999'.");
  }
  if (auto micros = parse_timestamp(e.text)) return literal_expression(*micros, TypeKind::timestamp);
  return error(e, "'" + e.text + "' is no timestamp").remedy("Write it as TIMESTAMP '2024-02-29T23:59:59.999'.");
}

// ---- conditions ----

Result<ExpressionRef> Binder::logical(const ast::Expression& at, ExpressionKind kind, ExpressionRef a,
                                      ExpressionRef b) const {
  auto e = make(kind, TypeKind::boolean, {a, b});
  e->text = "(" + a->text + (kind == ExpressionKind::logical_and ? " AND " : " OR ") + b->text + ")";
  static_cast<void>(at);
  return e;
}

Result<ExpressionRef> Binder::negation(const ast::Expression& at, ExpressionRef e) const {
  return call(at, "NOT", {std::move(e)});
}

Result<ExpressionRef> Binder::bind_comparison(const ast::Expression& e) const {
  ExpressionRef a = LV_TRY(bind(e.children[0])), b = LV_TRY(bind(e.children[1]));
  return compare(e, operator_name(e.kind), std::move(a), std::move(b));
}

Result<ExpressionRef> Binder::compare(const ast::Expression& e, std::string_view op, ExpressionRef a,
                                      ExpressionRef b) const {
  // Text beside a date, time or timestamp is read as one.
  auto is_time = [](const Type& type) { return type.kind() >= TypeKind::date && type.kind() <= TypeKind::timestamp; };
  for (auto [text, other] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    if ((*text)->type.kind() != TypeKind::string || is_untyped_null(**text) || !is_time((*other)->type)) continue;
    auto cast = cast_expression(*text, (*other)->type);
    if (!cast) return error(e, cast.error().what());
    *text = *std::move(cast);
  }
  ExpressionRef result = LV_TRY(call(e, op, {a, b}));
  bool distinct = op.starts_with("IS");
  if (!rules_.unknown_comparisons || distinct) return result;
  ExpressionRef a_null = LV_TRY(call(e, "IS NULL", {a})), b_null = LV_TRY(call(e, "IS NULL", {b}));
  ExpressionRef either = LV_TRY(logical(e, ExpressionKind::logical_or, std::move(a_null), std::move(b_null)));
  auto unknown =
      make(ExpressionKind::case_, TypeKind::boolean, {either, literal_expression(Value(), TypeKind::boolean), result});
  unknown->text = result->text;
  return unknown;
}

Result<ExpressionRef> Binder::bind_between(const ast::Expression& e) const {
  ExpressionRef value = LV_TRY(bind(e.children[0])), low = LV_TRY(bind(e.children[1])),
                high = LV_TRY(bind(e.children[2]));
  ExpressionRef from = LV_TRY(compare(e, ">=", value, low)), to = LV_TRY(compare(e, "<=", value, high));
  auto between =
      std::make_shared<Expression>(*LV_TRY(logical(e, ExpressionKind::logical_and, std::move(from), std::move(to))));
  between->text = "(" + value->text + " BETWEEN " + low->text + " AND " + high->text + ")";
  if (e.kind == Kind::between) return between;
  return negation(e, std::move(between));
}

Result<ExpressionRef> Binder::bind_in(const ast::Expression& e) const {
  std::vector<ExpressionRef> all;
  for (const ast::Expression& child : e.children) all.push_back(LV_TRY(bind(child)));
  ExpressionRef found;
  std::string list;
  for (std::size_t i = 1; i < all.size(); ++i) {
    ExpressionRef equal = LV_TRY(compare(e, "=", all[0], all[i]));
    found =
        found ? LV_TRY(logical(e, ExpressionKind::logical_or, std::move(found), std::move(equal))) : std::move(equal);
    list += (i == 1 ? "" : ", ") + all[i]->text;
  }
  auto in = std::make_shared<Expression>(*found);
  in->text = "(" + all[0]->text + " IN (" + list + "))";
  if (e.kind == Kind::in) return in;
  return negation(e, std::move(in));
}

Result<ExpressionRef> Binder::bind_case(const ast::Expression& e) const {
  std::vector<ExpressionRef> conditions, results;
  std::string text = "CASE";
  ExpressionRef operand;
  std::size_t at = 0;
  if (e.kind == Kind::simple_case) {
    operand = LV_TRY(bind(e.children[at++]));
    text += " " + operand->text;
  }
  for (; at + 1 < e.children.size(); at += 2) {
    const ast::Expression& when = e.children[at];
    if (operand) {
      ExpressionRef value = LV_TRY(bind(when));
      text += " WHEN " + value->text;
      conditions.push_back(LV_TRY(compare(when, "=", operand, std::move(value))));
    } else {
      conditions.push_back(LV_TRY(bind_condition(when, "WHEN")));
      text += " WHEN " + conditions.back()->text;
    }
    results.push_back(LV_TRY(bind(e.children[at + 1])));
    text += " THEN " + results.back()->text;
  }
  if (at < e.children.size()) {
    results.push_back(LV_TRY(bind(e.children[at])));
    text += " ELSE " + results.back()->text;
  } else {
    results.push_back(untyped_null());
  }
  Type type = LV_TRY(unify(e, results));
  std::vector<ExpressionRef> arguments;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    arguments.push_back(std::move(conditions[i]));
    arguments.push_back(std::move(results[i]));
  }
  arguments.push_back(std::move(results.back()));
  auto result = make(ExpressionKind::case_, std::move(type), std::move(arguments));
  result->text = text + " END";
  return result;
}

Result<Type> Binder::unify(const ast::Expression& at, std::vector<ExpressionRef>& expressions) const {
  std::optional<Type> common;
  for (const ExpressionRef& e : expressions) {
    if (is_untyped_null(*e)) continue;
    if (!common || casts_implicitly(*common, e->type))
      common = e->type;
    else if (!casts_implicitly(e->type, *common))
      return error(at, "the results are of different types: " + common->text() + " and " + e->type.text())
          .remedy("CAST them to one type.");
  }
  Type type = common.value_or(Type(TypeKind::string));
  for (ExpressionRef& e : expressions) {
    auto cast = cast_expression(std::move(e), type);
    if (!cast) return error(at, cast.error().what());
    e = *std::move(cast);
  }
  return type;
}

// ---- calls ----

Result<ExpressionRef> Binder::call(const ast::Expression& at, std::string_view name,
                                   std::vector<ExpressionRef> arguments) const {
  const Function* function = find_function(name);
  LV_ASSERT(function != nullptr);  // operators are there; names of users are looked up before
  auto resolved = resolve(*function, types_of(arguments));
  if (!resolved)
    return error(at, resolved.error().what()).why(resolved.error().why()).remedy(resolved.error().remedy());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto cast = cast_expression(std::move(arguments[i]), resolved->arguments[i]);
    if (!cast) return error(at, cast.error().what());
    arguments[i] = *std::move(cast);
  }
  return call_expression(*function, *resolved->overload, resolved->result, std::move(arguments));
}

Result<ExpressionRef> Binder::bind_call(const ast::Expression& e) const {
  const std::string& name = e.name.text;
  if (find_aggregate_function(name))
    return error(e, "the aggregate function " + name + " cannot stand here")
        .remedy("Aggregates stand among the columns of a SELECT with GROUP BY, or in its HAVING.");
  bool coalesce = name == "COALESCE" || name == "IFNULL";
  if (!coalesce && !find_function(name))
    return statement_error(script_, e.name.span, "there is no function " + name)
        .remedy(did_you_mean(name, function_names()));
  std::vector<ExpressionRef> arguments;
  for (const ast::Expression& child : e.children) arguments.push_back(LV_TRY(bind(child)));
  if (!coalesce) return call(e, name, std::move(arguments));
  if (arguments.empty() || (name == "IFNULL" && arguments.size() != 2))
    return error(e, name + (name == "IFNULL" ? " takes two arguments" : " needs an argument"));
  std::string text = name + "(";
  for (const ExpressionRef& argument : arguments) text += (argument == arguments.front() ? "" : ", ") + argument->text;
  Type type = LV_TRY(unify(e, arguments));
  auto result = make(ExpressionKind::coalesce, std::move(type), std::move(arguments));
  result->text = text + ")";
  return result;
}

Result<AggregateSpec::Call> Binder::bind_aggregate(const ast::Expression& e) const {
  const AggregateFunction* function = find_aggregate_function(e.name.text);
  LV_ASSERT(function != nullptr);
  AggregateSpec::Call call;
  for (const ast::Expression& child : e.children) call.arguments.push_back(LV_TRY(bind(child)));
  auto resolved = resolve(*function, types_of(call.arguments));
  if (!resolved) return error(e, resolved.error().what()).why(resolved.error().why()).remedy(resolved.error().remedy());
  call.text = e.name.text + "(";
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    call.text += (i == 0 ? "" : ", ") + call.arguments[i]->text;
    auto cast = cast_expression(std::move(call.arguments[i]), resolved->arguments[i]);
    if (!cast) return error(e, cast.error().what());
    call.arguments[i] = *std::move(cast);
  }
  call.text += ")";
  call.function = *std::move(resolved);
  return call;
}

// ---- types ----

Result<Type> bind_type(const Script& script, const ast::TypeName& name,
                       const std::function<std::optional<Type>(const std::string&)>& custom) {
  static constexpr std::array scalars = {
      std::pair{"BOOLEAN", TypeKind::boolean},    std::pair{"INT", TypeKind::int32},
      std::pair{"INTEGER", TypeKind::int32},      std::pair{"BIGINT", TypeKind::int64},
      std::pair{"DOUBLE", TypeKind::float64},     std::pair{"STRING", TypeKind::string},
      std::pair{"VARCHAR", TypeKind::string},     std::pair{"BYTES", TypeKind::bytes},
      std::pair{"DATE", TypeKind::date},          std::pair{"TIME", TypeKind::time},
      std::pair{"TIMESTAMP", TypeKind::timestamp}};
  const std::string& text = name.name.text;
  if (!name.name.quoted)
    for (const auto& [word, kind] : scalars)
      if (text == word) return Type(kind);
  auto child = [&](std::size_t i) { return bind_type(script, name.fields[i].type, custom); };
  if (text == "DECIMAL") {
    std::int64_t precision = name.numbers.empty() ? Type::max_precision : name.numbers[0];
    std::int64_t scale = name.numbers.size() < 2 ? 0 : name.numbers[1];
    if (precision < 1 || precision > Type::max_precision)
      return statement_error(script, name.span, "DECIMAL has from 1 to 38 digits, not " + std::to_string(precision));
    if (scale < 0 || scale > precision)
      return statement_error(script, name.span,
                             "the scale of DECIMAL(" + std::to_string(precision) + ", …) is from 0 to " +
                                 std::to_string(precision) + ", not " + std::to_string(scale));
    return Type::decimal(static_cast<int>(precision), static_cast<int>(scale));
  }
  if (text == "ARRAY") return Type::array(LV_TRY(child(0)));
  if (text == "MAP") {
    Type key = LV_TRY(child(0));
    return Type::map(std::move(key), LV_TRY(child(1)));
  }
  if (text == "STRUCT") {
    std::vector<Field> fields;
    for (std::size_t i = 0; i < name.fields.size(); ++i) fields.push_back({name.fields[i].name.text, LV_TRY(child(i))});
    return Type::structure(std::move(fields));
  }
  if (custom)
    if (auto type = custom(text)) return *type;
  std::vector<std::string> names = {"DECIMAL", "ARRAY", "MAP", "STRUCT"};
  for (const auto& [word, kind] : scalars) names.emplace_back(word);
  return statement_error(script, name.span, "there is no type " + text).remedy(did_you_mean(text, names));
}

}  // namespace levada
