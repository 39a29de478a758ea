// Names, types and expressions as SQL.
#include <span>

#include "base/assert.h"
#include "sql/parser.h"
#include "sql/sql_text.h"
#include "sql/variables.h"
#include "sql/words.h"

namespace levada {

using ast::Expression;
using ast::ExpressionKind;

namespace {

const BinaryOperator* binary_operator(ExpressionKind kind) {
  for (const BinaryOperator& o : binary_operators)
    if (o.kind == kind) return &o;
  return nullptr;
}

Precedence level_of(ExpressionKind kind) {
  if (const BinaryOperator* o = binary_operator(kind)) return o->level;
  switch (kind) {
    case ExpressionKind::logical_not: return not_level;
    case ExpressionKind::distinct_from:
    case ExpressionKind::not_distinct_from:
    case ExpressionKind::is_null:
    case ExpressionKind::is_not_null:
    case ExpressionKind::between:
    case ExpressionKind::not_between:
    case ExpressionKind::in:
    case ExpressionKind::not_in:
    case ExpressionKind::like:
    case ExpressionKind::not_like: return predicate_level;
    case ExpressionKind::negate:
    case ExpressionKind::plus: return sign_level;
    case ExpressionKind::at_time_zone: return zone_level;
    case ExpressionKind::subscript:
    case ExpressionKind::field:
    case ExpressionKind::all_fields: return path_level;
    default: return primary_level;
  }
}

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : escape_variables(text)) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

}  // namespace

SqlText& SqlText::string(std::string_view text) { return *this << doubled(text, '\''); }
SqlText& SqlText::quoted(std::string_view name) { return *this << doubled(name, '`'); }

SqlText& SqlText::operator<<(const ast::Name& name) {
  return is_plain_name(name.text) ? *this << name.text : quoted(name.text);
}

SqlText& SqlText::operator<<(const ast::TypeName& type) {
  // In quotes INT is a type of the user's own.
  type.name.quoted ? quoted(type.name.text) : *this << type.name;
  if (type.name.text == "STRUCT") {
    *this << "<";
    return list(type.fields, [&](const auto& field) { *this << field.name << " " << field.type; }) << ">";
  }
  if (!type.fields.empty()) {
    *this << "<";
    return list(type.fields, [&](const auto& field) { *this << field.type; }) << ">";
  }
  if (type.numbers.empty()) return *this;
  *this << "(";
  return list(type.numbers, [&](std::int64_t number) { *this << std::to_string(number); }) << ")";
}

SqlText& SqlText::add(const Expression& e, Precedence at_least) {
  if (level_of(e.kind) < at_least) return *this << "(" << e << ")";
  const auto& children = e.children;
  auto rest = [&](std::size_t from) { return std::span(children).subspan(from); };
  auto value = [&](std::size_t i) -> SqlText& { return add(children[i], value_level); };
  if (const BinaryOperator* o = binary_operator(e.kind)) {
    bool chained = o->level != predicate_level;
    add(children[0], chained ? o->level : value_level) << " " << o->word << " ";
    return add(children[1], chained ? next_tighter(o->level) : value_level);
  }
  switch (e.kind) {
    case ExpressionKind::null_literal: return *this << "NULL";
    case ExpressionKind::boolean_literal:
    case ExpressionKind::integer_literal:
    case ExpressionKind::decimal_literal:
    case ExpressionKind::double_literal: return *this << e.text;
    case ExpressionKind::string_literal: return string(e.text);
    case ExpressionKind::typed_literal: return (*this << e.name << " ").string(e.text);
    case ExpressionKind::column:
      if (e.qualifier) return *this << *e.qualifier << "." << e.name;
      return e.name.text == "ARRAY" ? quoted(e.name.text) : *this << e.name;  // ARRAY[1] is something else
    case ExpressionKind::negate: add_sign("-", children[0]); break;
    case ExpressionKind::plus: add_sign("+", children[0]); break;
    case ExpressionKind::logical_not: (*this << "NOT ").add(children[0], not_level); break;
    case ExpressionKind::distinct_from: value(0) << " IS DISTINCT FROM ", value(1); break;
    case ExpressionKind::not_distinct_from: value(0) << " IS NOT DISTINCT FROM ", value(1); break;
    case ExpressionKind::is_null: value(0) << " IS NULL"; break;
    case ExpressionKind::is_not_null: value(0) << " IS NOT NULL"; break;
    case ExpressionKind::between:
    case ExpressionKind::not_between:
      value(0) << (e.kind == ExpressionKind::between ? " BETWEEN " : " NOT BETWEEN ");
      value(1) << " AND ";
      return value(2);
    case ExpressionKind::in:
    case ExpressionKind::not_in:
      value(0) << (e.kind == ExpressionKind::in ? " IN (" : " NOT IN (");
      return list(rest(1)) << ")";
    case ExpressionKind::like:
    case ExpressionKind::not_like:
      value(0) << (e.kind == ExpressionKind::like ? " LIKE " : " NOT LIKE ");
      value(1);
      if (children.size() > 2) *this << " ESCAPE " << children[2];
      break;
    case ExpressionKind::searched_case:
    case ExpressionKind::simple_case: add_case(e); break;
    case ExpressionKind::cast: return *this << "CAST(" << children[0] << " AS " << *e.type << ")";
    case ExpressionKind::at_time_zone:
      add(children[0], zone_level) << " AT TIME ZONE ";
      return add(children[1], path_level);
    case ExpressionKind::subscript: add(children[0], path_level) << "["; return value(1) << "]";
    case ExpressionKind::field: return add(children[0], path_level) << "->" << e.name;
    case ExpressionKind::all_fields: return add(children[0], path_level) << "->*";
    case ExpressionKind::call:
      // These two, unquoted, are no calls.
      e.name.text == "MAP" || e.name.text == "STRUCT" ? quoted(e.name.text) : *this << e.name;
      return (*this << "(" << e.text).list(children) << ")";
    case ExpressionKind::lambda:
      if (e.names.size() == 1) return *this << e.names[0] << " => " << children[0];
      return (*this << "(").list(e.names) << ") => " << children[0];
    case ExpressionKind::array: return (*this << "ARRAY[").list(children) << "]";
    case ExpressionKind::map:
      *this << "MAP(";
      for (std::size_t i = 0; i < children.size(); i += 2)
        *this << (i == 0 ? "" : ", ") << children[i] << " := " << children[i + 1];
      return *this << ")";
    case ExpressionKind::structure:
      *this << "STRUCT(";
      for (std::size_t i = 0; i < children.size(); ++i)
        *this << (i == 0 ? "" : ", ") << e.names[i] << " := " << children[i];
      return *this << ")";
    default: LV_UNREACHABLE();
  }
  return *this;
}

// -5 would be a number and -- a comment.
void SqlText::add_sign(std::string_view sign, const Expression& operand) {
  SqlText inner;
  std::string text = inner.add(operand, sign_level).take();
  bool minus = sign == "-", number = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
  if (minus && number)
    *this << "-(" << text << ")";
  else
    *this << sign << (minus && text[0] == '-' ? " " : "") << text;
}

void SqlText::add_case(const Expression& e) {
  std::size_t i = 0;
  *this << "CASE";
  if (e.kind == ExpressionKind::simple_case) *this << " " << e.children[i++];
  for (; i + 1 < e.children.size(); i += 2) *this << " WHEN " << e.children[i] << " THEN " << e.children[i + 1];
  if (i < e.children.size()) *this << " ELSE " << e.children[i];
  *this << " END";
}

std::string print(const ast::Name& name) { return (SqlText() << name).take(); }
std::string print(const ast::TypeName& type) { return (SqlText() << type).take(); }
std::string print(const Expression& expression) { return (SqlText() << expression).take(); }

}  // namespace levada
