#include "sql/binder.h"

#include <algorithm>
#include <array>

#include "base/near_name.h"
#include "batch/decimal.h"
#include "batch/number_text.h"
#include "functions/builder.h"
#include "functions/partial_time.h"
#include "functions/time_unit.h"

namespace levada {
namespace {

using Kind = ast::ExpressionKind;

// Operators are functions under these names.
std::string_view operator_name(Kind kind) {
  switch (kind) {
    case Kind::negate:
    case Kind::subtract: return "-";
    case Kind::add: return "+";
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
    case Kind::logical_not: return "NOT";
    case Kind::logical_and: return "AND";
    case Kind::logical_or: return "OR";
    case Kind::between:
    case Kind::not_between: return "BETWEEN";
    case Kind::like:
    case Kind::not_like: return "LIKE";
    case Kind::at_time_zone: return "AT TIME ZONE";
    case Kind::subscript: return "[]";
    default: LV_UNREACHABLE();
  }
}

bool is_comparison(Kind kind) { return kind >= Kind::equal && kind <= Kind::greater_equal; }
bool is_negated(Kind kind) { return kind == Kind::not_between || kind == Kind::not_like || kind == Kind::not_in; }

}  // namespace

Result<Term> Binder::bind_term(const ast::Expression& e) const {
  if (rules_.instead)
    if (auto there = LV_TRY(rules_.instead(e))) return *there;
  Term bound = LV_TRY(bind_node(e));
  return bound ? folded(bound, Surroundings()) : bound;
}

Result<ExpressionRef> Binder::bind(const ast::Expression& e) const {
  Term bound = LV_TRY(bind_term(e));
  return bound ? bound : literal_expression(Value(), TypeKind::string);
}

Result<ExpressionRef> Binder::bind_as(const ast::Expression& e, const Type& type) const {
  Term bound = LV_TRY(bind_term(e));
  bool text = bound && bound->type.kind() == TypeKind::string;
  bool reads_text = type.kind() >= TypeKind::date && type.kind() <= TypeKind::timestamp;
  if (bound && !casts_implicitly(bound->type, type) && !(text && reads_text))
    return error(e, "this is " + bound->type.text() + ", not " + type.text())
        .remedy(bound->kind == ExpressionKind::literal ? "Give a value of that type."
                                                       : "Write CAST(" + print(e) + " AS " + type.text() + ").");
  return at(e, build_cast(std::move(bound), type));
}

Result<ExpressionRef> Binder::bind_condition(const ast::Expression& e, std::string_view clause) const {
  Term condition = LV_TRY(bind_term(e));
  if (condition && condition->type.kind() != TypeKind::boolean)
    return error(e, std::string(clause) + " needs a BOOLEAN, this is " + condition->type.text());
  return at(e, build_cast(std::move(condition), TypeKind::boolean));
}

// An error of the parts that were put together gets the place where they stood.
Result<ExpressionRef> Binder::at(const ast::Expression& e, Result<ExpressionRef> built) const {
  if (built) return built;
  return error(e, built.error().what()).why(built.error().why()).remedy(built.error().remedy());
}

Result<std::vector<Term>> Binder::bind_children(const ast::Expression& e) const {
  std::vector<Term> terms;
  for (const ast::Expression& child : e.children) terms.push_back(LV_TRY(bind_term(child)));
  return terms;
}

Result<Term> Binder::bind_node(const ast::Expression& e) const {
  switch (e.kind) {
    case Kind::null_literal: return Term();
    case Kind::boolean_literal:
    case Kind::integer_literal:
    case Kind::decimal_literal:
    case Kind::double_literal:
    case Kind::string_literal: return bind_literal(e);
    case Kind::typed_literal: return bind_typed_literal(e);
    case Kind::column: return bind_column(e);
    case Kind::plus: return bind_term(e.children[0]);
    case Kind::in:
    case Kind::not_in: {
      ExpressionRef in = LV_TRY(at(e, build_in(LV_TRY(bind_children(e)))));
      return e.kind == Kind::in ? in : at(e, build_call("NOT", {std::move(in)}));
    }
    case Kind::searched_case: return at(e, build_case(LV_TRY(bind_children(e))));
    case Kind::simple_case: return bind_simple_case(e);
    case Kind::cast: {
      Term operand = LV_TRY(bind_term(e.children[0]));
      Type type = LV_TRY(bind_type(script_, *e.type, nullptr));
      return at(e, build_cast(std::move(operand), type));
    }
    case Kind::field: {
      ExpressionRef base = LV_TRY(bind(e.children[0]));
      return at(e, field_expression(std::move(base), e.name.text));
    }
    case Kind::array: return at(e, build_array(LV_TRY(bind_children(e))));
    case Kind::map: return at(e, build_map(LV_TRY(bind_children(e))));
    case Kind::structure: {
      std::vector<std::string> names;
      for (const ast::Name& name : e.names) names.push_back(name.text);
      return at(e, build_structure(names, LV_TRY(bind_children(e))));
    }
    case Kind::all_fields: return error(e, "->* may only stand alone among the columns of a SELECT");
    case Kind::lambda: return error(e, "not supported yet: lambda functions");
    case Kind::call: return bind_call(e);
    default: return bind_operator(e);
  }
}

// ---- columns and literals ----

Result<Term> Binder::bind_column(const ast::Expression& e) const {
  if (e.qualifier && std::ranges::find(scope_.relation_names, e.qualifier->text) == scope_.relation_names.end())
    return statement_error(script_, e.qualifier->span,
                           "there is no relation " + e.qualifier->text + " in this statement")
        .remedy(did_you_mean(e.qualifier->text, scope_.relation_names));
  const std::string& name = e.name.text;
  if (auto column = scope_.schema->find(name)) return column_expression(*scope_.schema, *column);
  if (scope_.pseudo_columns) {
    if (name == "ROWTIME") return row_expression(ExpressionKind::row_time);
    if (name == "ROWPARTITION") return row_expression(ExpressionKind::row_partition);
    if (name == "ROWOFFSET") return row_expression(ExpressionKind::row_offset);
  }
  if (scope_.schema->size() == 0)
    return error(e, "the name of a column cannot stand here: " + name)
        .remedy("A text stands in single quotes: '" + name + "'.");
  std::vector<std::string> names;
  std::string list;
  for (std::size_t i = 0; i < scope_.schema->size(); ++i) {
    names.push_back((*scope_.schema)[i].name);
    if (i < 8) list += (i == 0 ? "" : ", ") + print(ast::Name{.text = names.back()});
  }
  auto near = nearest_name(name, names);
  if (names.size() > 8) list += ", …";
  return error(e, "there is no column " + name + " in " + scope_.described)
      .why(scope_.described + " has " + list)
      .remedy(near            ? "Did you mean " + print(ast::Name{.text = *near}) + "?"
              : e.name.quoted ? "If it is a text, write it in single quotes."
                              : "");
}

Result<Term> Binder::bind_literal(const ast::Expression& e) const {
  switch (e.kind) {
    case Kind::boolean_literal: return literal_expression(e.text == "TRUE" || e.text == "true", TypeKind::boolean);
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

Result<Term> Binder::bind_typed_literal(const ast::Expression& e) const {
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

// ---- operators and calls ----

Result<Term> Binder::bind_operator(const ast::Expression& e) const {
  std::vector<Term> terms = LV_TRY(bind_children(e));
  if (is_comparison(e.kind) || e.kind == Kind::between || e.kind == Kind::not_between) LV_TRY(read_times(e, terms));
  bool unknown =
      rules_.unknown_comparisons && (is_comparison(e.kind) || e.kind == Kind::between || e.kind == Kind::not_between);
  ExpressionRef result = LV_TRY(at(e, build_call(operator_name(e.kind), terms)));
  if (unknown) result = LV_TRY(at(e, unknown_if_null(terms, result)));
  return is_negated(e.kind) ? at(e, build_call("NOT", {std::move(result)})) : result;
}

// ROWTIME is a number; a text beside it is a time, which need not be complete.
Result<void> Binder::read_times(const ast::Expression& e, std::vector<Term>& terms) const {
  bool rowtime = std::ranges::any_of(terms, [](const Term& t) { return t && t->kind == ExpressionKind::row_time; });
  for (std::size_t i = 0; rowtime && i < terms.size(); ++i) {
    const ast::Expression& child = e.children[i];
    if (child.kind != Kind::string_literal) continue;
    auto micros = parse_partial_timestamp(child.text);
    if (!micros)
      return error(child, "'" + child.text + "' is no time")
          .remedy("Write it as '2024-02-29T23:59:59.999+0100'; what stands behind may be left out.");
    terms[i] = literal_expression(*micros / 1000, TypeKind::int64);
  }
  return {};
}

// As standard SQL has it: a comparison with null is neither true nor false.
Result<ExpressionRef> Binder::unknown_if_null(const std::vector<Term>& terms, ExpressionRef comparison) const {
  ExpressionRef any_null;
  for (const Term& term : terms) {
    ExpressionRef is_null = LV_TRY(build_call("IS NULL", {term}));
    any_null = any_null ? LV_TRY(build_call("OR", {std::move(any_null), std::move(is_null)})) : std::move(is_null);
  }
  auto result = std::make_shared<Expression>(*LV_TRY(build_case({std::move(any_null), Term(), comparison})));
  result->text = comparison->text;
  return result;
}

Result<Term> Binder::bind_simple_case(const ast::Expression& e) const {
  Term operand = LV_TRY(bind_term(e.children[0]));
  std::vector<Term> parts;
  std::size_t i = 1;
  for (; i + 1 < e.children.size(); i += 2) {
    Term value = LV_TRY(bind_term(e.children[i]));
    parts.push_back(LV_TRY(at(e.children[i], build_call("=", {operand, std::move(value)}))));
    parts.push_back(LV_TRY(bind_term(e.children[i + 1])));
  }
  if (i < e.children.size()) parts.push_back(LV_TRY(bind_term(e.children[i])));
  return at(e, build_case(std::move(parts)));
}

Result<Term> Binder::bind_call(const ast::Expression& e) const {
  const std::string& name = e.name.text;
  if (find_aggregate_function(name))
    return error(e, "the aggregate function " + name + " cannot stand here")
        .remedy("Aggregates stand among the columns of a SELECT with GROUP BY, or in its HAVING.");
  const Function* function = find_function(name);
  if (!function && std::ranges::any_of(e.children, [](const auto& child) { return child.kind == Kind::lambda; }))
    return error(e, "not supported yet: lambda functions");
  if (name == "EXPLODE" || name == "CUBE_EXPLODE") return error(e, "not supported yet: table functions");
  if (!function) {
    // Those of other databases, and what to use.
    static constexpr std::array elsewhere = {std::pair{"UPPER", "UCASE"},
                                             std::pair{"LOWER", "LCASE"},
                                             std::pair{"LENGTH", "LEN"},
                                             std::pair{"SUBSTR", "SUBSTRING"},
                                             std::pair{"CEILING", "CEIL"},
                                             std::pair{"POW", "POWER"},
                                             std::pair{"NVL", "IFNULL"},
                                             std::pair{"STRPOS", "INSTR"},
                                             std::pair{"POSITION", "INSTR"},
                                             std::pair{"DATE_ADD", "DATEADD"},
                                             std::pair{"CARDINALITY", "ARRAY_LENGTH"},
                                             std::pair{"NOW", "UNIX_TIMESTAMP"}};
    std::string remedy = did_you_mean(name, function_names());
    for (const auto& [word, ours] : elsewhere)
      if (name == word) remedy = "Use " + std::string(ours) + ".";
    return statement_error(script_, e.name.span, "there is no function " + name).remedy(remedy);
  }
  std::vector<Term> arguments;
  for (const ast::Expression& child : e.children) {
    bool unit = function->takes_unit && &child == &e.children.front() && child.kind == Kind::column && !child.qualifier;
    if (unit && !micros_of_unit(child.name.text))
      return error(child, "there is no unit of time " + child.name.text)
          .remedy("Write DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS.");
    arguments.push_back(unit ? literal_expression(child.name.text, TypeKind::string) : LV_TRY(bind_term(child)));
  }
  return at(e, build_call(name, std::move(arguments)));
}

Result<AggregateSpec::Call> Binder::bind_aggregate(const ast::Expression& e) const {
  const AggregateFunction* function = find_aggregate_function(e.name.text);
  LV_ASSERT(function != nullptr);
  std::vector<Term> terms = LV_TRY(bind_children(e));
  std::vector<std::optional<Type>> types;
  AggregateSpec::Call call{.text = e.name.text + "(" + e.text};  // e.text is * for COUNT(*)
  for (const Term& term : terms) {
    types.push_back(term ? std::optional(term->type) : std::nullopt);
    call.text += (types.size() == 1 ? "" : ", ") + (term ? term->text : "NULL");
  }
  call.text += ")";
  auto resolved = resolve(*function, types);
  if (!resolved) return error(e, resolved.error().what()).why(resolved.error().why()).remedy(resolved.error().remedy());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    bool literal = i + resolved->overload->literals >= terms.size();
    if (literal && terms[i] && terms[i]->kind != ExpressionKind::literal)
      return error(e.children[i], "argument " + std::to_string(i + 1) + " of " + e.name.text + " must be a literal");
    call.arguments.push_back(LV_TRY(at(e.children[i], build_cast(terms[i], resolved->arguments[i]))));
  }
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
  // Those of other databases, and what to use.
  static constexpr std::array elsewhere = {
      std::pair{"FLOAT", "DOUBLE"},    std::pair{"REAL", "DOUBLE"},        std::pair{"SMALLINT", "INT"},
      std::pair{"TINYINT", "INT"},     std::pair{"LONG", "BIGINT"},        std::pair{"NUMERIC", "DECIMAL"},
      std::pair{"TEXT", "STRING"},     std::pair{"CHAR", "STRING"},        std::pair{"UUID", "STRING"},
      std::pair{"BOOL", "BOOLEAN"},    std::pair{"DATETIME", "TIMESTAMP"}, std::pair{"TIMESTAMPTZ", "TIMESTAMP"},
      std::pair{"JSON", "STRING"},     std::pair{"BLOB", "BYTES"},         std::pair{"BINARY", "BYTES"},
      std::pair{"VARBINARY", "BYTES"}, std::pair{"BYTEA", "BYTES"},        std::pair{"INT64", "BIGINT"}};
  for (const auto& [word, ours] : elsewhere)
    if (text == word)
      return statement_error(script, name.span, "there is no type " + text).remedy("Use " + std::string(ours) + ".");
  std::vector<std::string> names = {"DECIMAL", "ARRAY", "MAP", "STRUCT"};
  for (const auto& [word, kind] : scalars) names.emplace_back(word);
  return statement_error(script, name.span, "there is no type " + text).remedy(did_you_mean(text, names));
}

}  // namespace levada
