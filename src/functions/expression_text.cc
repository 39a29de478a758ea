#include "functions/expression_text.h"

#include <algorithm>

namespace levada {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

std::string list_text(std::span<const ExpressionRef> arguments) {
  std::string text;
  for (const ExpressionRef& a : arguments) text += (text.empty() ? "" : ", ") + a->text;
  return text;
}

bool is_word(std::string_view operation) { return operation[0] >= 'A' && operation[0] <= 'Z'; }

}  // namespace

std::string name_text(std::string_view name) {
  bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain ? std::string(name) : quoted(name, '`');
}

std::string literal_text(const Value& value, const Type& type) {
  if (value.is_null()) return "null";
  switch (type.kind()) {
    case TypeKind::string: return quoted(std::get<std::string>(value), '\'');
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp: return type.text() + " '" + text_of(value, type) + "'";
    default: return text_of(value, type);
  }
}

std::string call_text(std::string_view function, std::span<const ExpressionRef> arguments) {
  auto a = [&](std::size_t i) -> const std::string& { return arguments[i]->text; };
  if (function == "[]") return a(0) + "[" + a(1) + "]";
  if (function == "ARRAY") return "ARRAY[" + list_text(arguments) + "]";
  if (function == "MAP") {
    std::string text;
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) text += (i > 0 ? ", " : "") + a(i) + " := " + a(i + 1);
    return "MAP(" + text + ")";
  }
  if (function == "IS NULL" || function == "IS NOT NULL") return a(0) + " " + std::string(function);
  if (function == "NOT") return "NOT " + a(0);
  if (function == "BETWEEN") return "(" + a(0) + " BETWEEN " + a(1) + " AND " + a(2) + ")";
  if (function == "IN") return "(" + a(0) + " IN (" + list_text(arguments.subspan(1)) + "))";
  if (function == "LIKE") return "(" + a(0) + " LIKE " + a(1) + (arguments.size() > 2 ? " ESCAPE " + a(2) : "") + ")";
  bool infix = !is_word(function) || function.starts_with("IS ") || function == "AND" || function == "OR" ||
               function == "AT TIME ZONE";
  if (infix && arguments.size() == 1) return std::string(function) + a(0);
  if (infix) {
    std::string text = "(" + a(0);
    for (const ExpressionRef& argument : arguments.subspan(1))
      text += " " + std::string(function) + " " + argument->text;
    return text + ")";
  }
  return std::string(function) + "(" + list_text(arguments) + ")";
}

std::string case_text(std::span<const ExpressionRef> parts) {
  std::string text = "CASE";
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
    text += " WHEN " + parts[i]->text + " THEN " + parts[i + 1]->text;
  return text + " ELSE " + parts.back()->text + " END";
}

std::string structure_text(std::span<const std::string> names, std::span<const ExpressionRef> values) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i > 0 ? ", " : "") + name_text(names[i]) + " := " + values[i]->text;
  return "STRUCT(" + text + ")";
}

}  // namespace levada
