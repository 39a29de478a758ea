#include "functions/functions.h"

#include <algorithm>
#include <array>

#include "functions/families.h"
#include "functions/signature.h"

namespace levada {
namespace {

constexpr std::string_view operator_category = "OPERATOR";

std::string text_of(std::span<const std::optional<Type>> types) {
  std::string text = "(";
  for (const auto& type : types) text += (text.size() > 1 ? ", " : "") + (type ? type->text() : "NULL");
  return text + ")";
}

template <class F>
Error no_overload(const F& function, std::span<const std::optional<Type>> types) {
  std::string name(function.name);
  bool is_operator = false;
  if constexpr (requires { function.category; }) is_operator = function.category == operator_category;
  if (is_operator) {
    std::string list;
    for (const auto& type : types) list += (list.empty() ? "" : " and ") + (type ? type->text() : "NULL");
    std::string remedy;
    if (name == "[]") remedy = "It takes an ARRAY and a number, or a MAP and a STRING.";
    if (name == "NOT") remedy = "It takes a BOOLEAN.";
    if (name == "AND" || name == "OR") remedy = "It takes BOOLEANs.";
    if (name == "LIKE") remedy = "It takes STRINGs.";
    if (remedy.empty() && types.size() > 1) remedy = "CAST to one type, if that is meant.";
    return Error(ErrorKind::statement, "'" + name + "' cannot be used with " + list).remedy(remedy);
  }
  std::string known;
  for (const auto& overload : function.overloads) {
    std::string_view signature = overload.signature;
    known += (known.empty() ? "" : ", ") + std::string(function.name) +
             std::string(signature.substr(0, signature.rfind(')') + 1));
  }
  return Error(ErrorKind::statement, "function '" + name + "' does not accept parameters " + text_of(types))
      .remedy("It takes " + known + "; CAST an argument to the type that is meant.");
}

template <class F>
using OverloadOf = typename decltype(F::overloads)::value_type;

template <class R, class F>
Result<R> resolve_overload(const F& function, std::span<const std::optional<Type>> types) {
  const OverloadOf<F>* best = nullptr;
  SignatureMatch best_match;
  for (const auto& overload : function.overloads) {
    auto m = match(parse_signature(overload.signature), types);
    if (!m || (best && m->cost >= best_match.cost)) continue;
    best = &overload;
    best_match = *std::move(m);
  }
  if (!best) return no_overload(function, types);
  if (best->result_type) best_match.result = LV_TRY(best->result_type(best_match.arguments));
  LV_ASSERT(best_match.result);
  return R{best, std::move(best_match.arguments), *std::move(best_match.result)};
}

}  // namespace

std::span<const std::span<const Function>> function_families() {
  static const std::array families = {
      arithmetic_functions(), comparison_functions(), logical_functions(),   nested_functions(),
      pattern_functions(),    text_functions(),       mask_functions(),      encoding_functions(),
      number_functions(),     date_functions(),       date_text_functions(), array_functions(),
      map_functions(),        json_functions(),       url_functions(),       other_functions()};
  return families;
}

std::span<const std::span<const AggregateFunction>> aggregate_families() {
  static const std::array families = {sum_functions(), extreme_functions(), collect_functions()};
  return families;
}

const Function* find_function(std::string_view name) {
  for (auto family : function_families())
    for (const Function& function : family)
      if (function.name == name) return &function;
  return nullptr;
}

const AggregateFunction* find_aggregate_function(std::string_view name) {
  for (auto family : aggregate_families())
    for (const AggregateFunction& function : family)
      if (function.name == name) return &function;
  return nullptr;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (auto family : function_families())
    for (const Function& function : family)
      if (function.category != operator_category) names.emplace_back(function.name);
  for (auto family : aggregate_families())
    for (const AggregateFunction& function : family) names.emplace_back(function.name);
  std::ranges::sort(names);
  return names;
}

Result<Resolved> resolve(const Function& function, std::span<const std::optional<Type>> types) {
  return resolve_overload<Resolved>(function, types);
}

Result<ResolvedAggregate> resolve(const AggregateFunction& function, std::span<const std::optional<Type>> types) {
  return resolve_overload<ResolvedAggregate>(function, types);
}

}  // namespace levada
