#include "functions/builder.h"

#include <algorithm>

#include "base/near_name.h"
#include "batch/decimal.h"
#include "batch/number_text.h"
#include "functions/functions.h"

namespace levada {
namespace {

// Casts of literals depend on nothing else.
const Surroundings& anywhere() {
  static const Surroundings surroundings;
  return surroundings;
}

std::optional<Type> type_of(const Term& term) { return term ? std::optional(term->type) : std::nullopt; }

std::vector<std::optional<Type>> types_of(const std::vector<Term>& terms) {
  std::vector<std::optional<Type>> types;
  for (const Term& term : terms) types.push_back(type_of(term));
  return types;
}

Result<ExpressionRef> cast_term(const Term& term, const Type& to) {
  if (!term) return literal_expression({}, to);
  ExpressionRef cast = LV_TRY(cast_expression(term, to));
  return term->kind == ExpressionKind::literal ? folded(cast, anywhere()) : cast;
}

Error no_input_for(const Type& type, const std::string& text) {
  return Error(ErrorKind::statement, "invalid input syntax for type " + type.text() + ": \"" + text + "\"");
}

// The number that a string literal says, with the narrowest type for it: '2e1' is an INT, '1.50' a DECIMAL(3, 2).
Result<ExpressionRef> number_of(const std::string& text, const Type& beside) {
  auto decimal = parse_decimal(text);
  if (!decimal) {
    auto v = parse_double(text);
    if (!v) return no_input_for(beside, text);
    return literal_expression(*v, TypeKind::float64);
  }
  if (decimal->scale <= 0) {
    auto whole = rescale(decimal->unscaled, decimal->scale, 0);
    if (whole && *whole == static_cast<std::int32_t>(*whole))
      return literal_expression(static_cast<std::int64_t>(*whole), TypeKind::int32);
    if (whole && *whole == static_cast<std::int64_t>(*whole))
      return literal_expression(static_cast<std::int64_t>(*whole), TypeKind::int64);
    if (!whole) return no_input_for(beside, text);
    return literal_expression(*whole, Type::decimal(Type::max_precision, 0));
  }
  int digits = static_cast<int>(decimal_text(decimal->unscaled < 0 ? -decimal->unscaled : decimal->unscaled, 0).size());
  if (decimal->scale > Type::max_precision) return no_input_for(beside, text);
  return literal_expression(decimal->unscaled, Type::decimal(std::max(digits, decimal->scale), decimal->scale));
}

bool is_literal(const Term& term) { return term && term->kind == ExpressionKind::literal; }

// True for a constant that says no type by itself: a string in quotes, an array of such.
bool is_loose(const Type& type) {
  switch (type.kind()) {
    case TypeKind::string: return true;
    case TypeKind::array:
    case TypeKind::map: return is_loose(type.children().back().type);
    case TypeKind::structure:
      return std::ranges::any_of(type.fields(), [](const Field& f) { return is_loose(f.type); });
    default: return false;
  }
}

// The loose type with the types of `like` where it has strings and that has something else.
Type shaped(const Type& loose, const Type& like) {
  if (loose.kind() == TypeKind::string) return like;
  if (loose.kind() != like.kind() || !loose.nested()) return loose;
  if (loose.kind() == TypeKind::array) return Type::array(shaped(loose.element(), like.element()));
  if (loose.kind() == TypeKind::map) return Type::map(loose.key(), shaped(loose.value(), like.value()));
  std::vector<Field> fields = loose.fields();
  for (Field& field : fields) {
    auto it = std::ranges::find(like.fields(), field.name, &Field::name);
    if (it != like.fields().end()) field.type = shaped(field.type, it->type);
  }
  return Type::structure(std::move(fields));
}

// The type for all of the terms; nullopt: there is none. Numbers in quotes beside numbers become numbers on the way.
Result<std::optional<Type>> type_for_all(std::vector<Term>& terms) {
  std::vector<std::optional<Type>> columns, known;
  for (const Term& term : terms) {
    if (!term || (is_literal(term) && is_loose(term->type))) continue;
    known.push_back(term->type);
    if (!is_literal(term)) columns.push_back(term->type);
  }
  if (known.empty()) return common_type(types_of(terms));
  auto common = common_type(columns);
  if (common && common->kind() == TypeKind::string) return common;  // literals of any kind become text
  common = common_type(known);
  for (Term& term : terms) {
    if (!common || !is_literal(term) || !is_loose(term->type)) continue;
    bool number = common->numeric() && term->type.kind() == TypeKind::string && !term->literal.is_null();
    if (number) term = LV_TRY(number_of(std::get<std::string>(term->literal), *common));
    common = common_type(std::vector<std::optional<Type>>{common, number ? term->type : shaped(term->type, *common)});
  }
  return common;
}

Error no_common_type(const std::vector<Term>& terms, std::string_view what) {
  if (std::ranges::none_of(terms, [](const Term& t) { return t != nullptr; }))
    return Error(ErrorKind::statement, std::string(what) + " have NULL type").remedy("CAST one of the NULLs.");
  std::string list;
  for (const Term& term : terms)
    list += (list.empty() ? "" : ", ") + (term ? term->text + " " + term->type.text() : "NULL");
  return Error(ErrorKind::statement, std::string(what) + " have no common type: " + list)
      .remedy("CAST to the type that is meant.");
}

// The terms with one type. Strings in quotes take the type of what stands beside them, and literals become text beside
// a column of text.
Result<std::vector<ExpressionRef>> unified(std::vector<Term> terms, std::string_view what) {
  for (Term& term : terms)
    if (term) term = folded(term, anywhere());
  std::optional<Type> common = LV_TRY(type_for_all(terms));
  if (!common) return no_common_type(terms, what);
  std::vector<ExpressionRef> result;
  for (const Term& term : terms) {
    result.push_back(LV_TRY(cast_term(term, *common)));
    if (is_literal(term) && !is_literal(result.back()))  // the cast fails
      return no_input_for(*common, text_of(term->literal, term->type));
  }
  return result;
}

Result<ExpressionRef> call_with(std::string_view name, std::vector<ExpressionRef> arguments) {
  return build_call(name, {arguments.begin(), arguments.end()});
}

}  // namespace

Result<ExpressionRef> build_call(std::string_view name, std::vector<Term> arguments) {
  const Function* function = find_function(name);
  if (!function) {
    std::vector<std::string> names = function_names();
    return Error(ErrorKind::statement, "there is no function " + std::string(name)).remedy(did_you_mean(name, names));
  }
  Resolved resolved = LV_TRY(resolve(*function, types_of(arguments)));
  std::vector<ExpressionRef> cast;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    cast.push_back(LV_TRY(cast_term(arguments[i], resolved.arguments[i])));
  return call_expression(*function, *resolved.overload, resolved.result, std::move(cast));
}

Result<ExpressionRef> build_cast(Term argument, const Type& to) { return cast_term(argument, to); }

Result<ExpressionRef> build_case(std::vector<Term> parts) {
  if (parts.size() % 2 == 0) parts.push_back(nullptr);
  std::vector<Term> values;
  for (std::size_t i = 1; i < parts.size(); i += 2) values.push_back(parts[i]);
  values.push_back(parts.back());
  std::vector<ExpressionRef> unified_values = LV_TRY(unified(values, "the branches of CASE"));
  std::vector<ExpressionRef> result;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    if (parts[i] && parts[i]->type.kind() != TypeKind::boolean)
      return Error(ErrorKind::statement,
                   "WHEN wants a BOOLEAN, not " + parts[i]->text + " (" + parts[i]->type.text() + ")");
    result.push_back(parts[i] ? parts[i] : literal_expression({}, TypeKind::boolean));
    result.push_back(unified_values[i / 2]);
  }
  result.push_back(unified_values.back());
  return case_expression(std::move(result));
}

Result<ExpressionRef> build_in(std::vector<Term> terms) {
  return call_with("IN", LV_TRY(unified(terms, "the two sides of IN")));
}

Result<ExpressionRef> build_array(std::vector<Term> elements) {
  if (elements.empty())
    return Error(ErrorKind::statement, "an array needs at least one element")
        .remedy("CAST(NULL AS ARRAY<type>) is an array of a type without values.");
  return call_with("ARRAY", LV_TRY(unified(elements, "all elements of ARRAY")));
}

Result<ExpressionRef> build_map(std::vector<Term> entries) {
  if (entries.empty())
    return Error(ErrorKind::statement, "a map needs at least one entry")
        .remedy("CAST(NULL AS MAP<STRING, type>) is a map of a type without values.");
  std::vector<Term> keys, values;
  for (std::size_t i = 0; i < entries.size(); ++i) (i % 2 == 0 ? keys : values).push_back(entries[i]);
  std::vector<ExpressionRef> k = LV_TRY(unified(keys, "all keys of MAP"));
  std::vector<ExpressionRef> v = LV_TRY(unified(values, "all values of MAP"));
  std::vector<ExpressionRef> all;
  for (std::size_t i = 0; i < k.size(); ++i) {
    all.push_back(k[i]);
    all.push_back(v[i]);
  }
  return call_with("MAP", std::move(all));
}

Result<ExpressionRef> build_structure(const std::vector<std::string>& names, std::vector<Term> values) {
  std::vector<ExpressionRef> typed;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i])
      return Error(ErrorKind::statement, "field " + names[i] + " of STRUCT has NULL type").remedy("CAST the NULL.");
    typed.push_back(values[i]);
  }
  return structure_expression(names, std::move(typed));
}

}  // namespace levada
