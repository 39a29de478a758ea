// What expressions are made of: literals, columns, calls, constructors, CASE, CAST.
#include <charconv>

#include "sql/grammar.h"
#include "sql/words.h"

namespace levada {

using ast::Expression;
using enum ast::ExpressionKind;

Result<Expression> Grammar::primary() {
  if (at(TokenKind::string) || at_number() || at("-")) return literal("an expression");
  if (at_literal_word()) return literal("an expression");
  if (at("CASE")) return case_of();
  if (at("CAST")) return cast();
  if (at("ARRAY") && at("[", 1)) return array();
  if (at("MAP") && at("(", 1)) return map();
  if (at("STRUCT") && at("(", 1)) return structure();
  if ((at("DATE") || at("TIME") || at("TIMESTAMP")) && at(TokenKind::string, 1)) return typed_literal();
  if (at_name()) return column_or_call();
  if (!at("(")) return expected("an expression");
  take();
  auto inner = LV_TRY(operation(or_level));
  LV_TRY(expect(")"));
  return inner;
}

// Also as the value of a variable.
bool Grammar::at_literal_word() const {
  const Token& t = token();
  return t.kind == TokenKind::word &&
         (same_word(t.text, "NULL") || same_word(t.text, "TRUE") || same_word(t.text, "FALSE"));
}

Result<Expression> Grammar::literal(std::string_view what) {
  if (at("-") || at_number()) return number(what);
  if (!at(TokenKind::string) && !at_literal_word()) return expected(what);
  Token token = take();
  Expression literal;
  literal.span = token.span;
  if (token.kind == TokenKind::string) {
    literal.kind = string_literal;
    literal.text = std::move(token.text);
  } else if (!same_word(token.text, "NULL")) {
    literal.kind = boolean_literal;
    literal.text = in_capitals(token.text);
  }
  return literal;
}

Result<Expression> Grammar::number(std::string_view what) {
  std::uint32_t first = begin();
  bool minus = accept("-");
  if (!at_number() || (minus && token().text[0] == '-')) return expected(what);
  Token token = take();
  Expression number;
  number.span = since(first);
  number.text = minus ? "-" + token.text : std::move(token.text);
  const char *p = number.text.data(), *stop = p + number.text.size();
  if (token.kind == TokenKind::decimal) {
    number.kind = decimal_literal;
  } else if (token.kind == TokenKind::floating) {
    number.kind = double_literal;
    double value;
    // Out of range is also what is too near to zero: that is 0, as in Java.
    bool tiny = number.text.find("e-") != std::string::npos || number.text.find("E-") != std::string::npos;
    if (std::from_chars(p, stop, value).ec == std::errc::result_out_of_range && !tiny)
      return wrong(number.span, "the number " + shortened(number.text) + " is too large for a DOUBLE");
  } else {
    number.kind = integer_literal;
    std::int64_t value;
    if (std::from_chars(p, stop, value).ec != std::errc())
      return wrong(number.span, "the number " + shortened(number.text) + " is too large for a BIGINT")
          .remedy("Write " + shortened(number.text) + ".0 for a DECIMAL, or " + shortened(number.text) +
                  "e0 for a DOUBLE.");
  }
  return number;
}

Result<Expression> Grammar::typed_literal() {
  std::uint32_t first = begin();
  Expression literal;
  literal.kind = ast::ExpressionKind::typed_literal;
  literal.name = LV_TRY(name("a type"));
  literal.text = LV_TRY(string("the value as a string"));
  literal.span = since(first);
  return literal;
}

Result<Expression> Grammar::case_of() {
  Form form(*this, "CASE [value] WHEN … THEN … [WHEN … THEN …] [ELSE …] END");
  std::uint32_t first = begin();
  LV_TRY(expect("CASE"));
  std::vector<Expression> parts;
  bool simple = !at("WHEN");
  if (simple) parts.push_back(LV_TRY(expression()));
  do {
    LV_TRY(expect("WHEN"));
    parts.push_back(LV_TRY(expression()));
    LV_TRY(expect("THEN"));
    parts.push_back(LV_TRY(expression()));
  } while (at("WHEN"));
  if (accept("ELSE")) parts.push_back(LV_TRY(expression()));
  LV_TRY(expect("END"));
  return node(simple ? simple_case : searched_case, first, std::move(parts));
}

Result<Expression> Grammar::cast() {
  Form form(*this, "CAST(value AS TYPE)");
  std::uint32_t first = begin();
  LV_TRY(expect({"CAST", "("}));
  std::vector<Expression> operand;
  operand.push_back(LV_TRY(expression()));
  LV_TRY(expect("AS"));
  auto type = LV_TRY(this->type());
  LV_TRY(expect(")"));
  auto cast = LV_TRY(node(ast::ExpressionKind::cast, first, std::move(operand)));
  cast.type = std::move(type);
  return cast;
}

Result<Expression> Grammar::array() {
  Form form(*this, "ARRAY[value, …]");
  std::uint32_t first = begin();
  LV_TRY(expect({"ARRAY", "["}));
  std::vector<Expression> parts;
  if (!at("]")) {
    do parts.push_back(LV_TRY(expression()));
    while (accept(","));
  }
  LV_TRY(expect("]"));
  return node(ast::ExpressionKind::array, first, std::move(parts));
}

Result<Expression> Grammar::map() {
  Form form(*this, "MAP(key := value, …)");
  std::uint32_t first = begin();
  LV_TRY(expect({"MAP", "("}));
  std::vector<Expression> parts;
  if (!at(")")) {
    do {
      parts.push_back(LV_TRY(expression()));
      LV_TRY(expect(":="));
      parts.push_back(LV_TRY(expression()));
    } while (accept(","));
  }
  LV_TRY(expect(")"));
  return node(ast::ExpressionKind::map, first, std::move(parts));
}

Result<Expression> Grammar::structure() {
  Form form(*this, "STRUCT(field := value, …)");
  std::uint32_t first = begin();
  LV_TRY(expect({"STRUCT", "("}));
  std::vector<ast::Name> names;
  std::vector<Expression> parts;
  if (!at(")")) {
    do {
      names.push_back(LV_TRY(name("a field name")));
      LV_TRY(expect(":="));
      parts.push_back(LV_TRY(expression()));
    } while (accept(","));
  }
  LV_TRY(expect(")"));
  auto structure = LV_TRY(node(ast::ExpressionKind::structure, first, std::move(parts)));
  structure.names = std::move(names);
  return structure;
}

Result<Expression> Grammar::column_or_call() {
  std::uint32_t first = begin();
  auto name = LV_TRY(this->name("a name"));
  if (!at("(")) {
    Expression column;
    column.kind = ast::ExpressionKind::column;
    if (accept(".")) {
      column.qualifier = std::move(name);
      name = LV_TRY(this->name("a column name"));
    }
    column.name = std::move(name);
    column.span = since(first);
    return column;
  }
  bool star = at("*", 1) && at(")", 2);
  std::vector<Expression> arguments;
  if (star)
    LV_TRY(expect({"(", "*", ")"}));
  else
    arguments = LV_TRY(this->arguments());
  auto call = LV_TRY(node(ast::ExpressionKind::call, first, std::move(arguments)));
  call.name = std::move(name);
  if (star) call.text = "*";
  return call;
}

Result<std::vector<Expression>> Grammar::arguments() {
  std::vector<Expression> arguments;
  LV_TRY(expect("("));
  if (accept(")")) return arguments;
  do arguments.push_back(LV_TRY(at_lambda() ? lambda() : expression()));
  while (accept(","));
  LV_TRY(expect(")"));
  return arguments;
}

bool Grammar::at_lambda() {
  if (!at("(")) return at_name() && at("=>", 1);
  std::size_t ahead = 1;
  while (at_name(ahead) && at(",", ahead + 1)) ahead += 2;
  return at_name(ahead) && at(")", ahead + 1) && at("=>", ahead + 2);
}

Result<Expression> Grammar::lambda() {
  Form form(*this, "x => expression | (x, y) => expression");
  std::uint32_t first = begin();
  std::vector<ast::Name> parameters;
  if (at("("))
    parameters = LV_TRY(column_names());
  else
    parameters.push_back(LV_TRY(name("a parameter")));
  LV_TRY(expect("=>"));
  std::vector<Expression> body;
  body.push_back(LV_TRY(expression()));
  auto lambda = LV_TRY(node(ast::ExpressionKind::lambda, first, std::move(body)));
  lambda.names = std::move(parameters);
  return lambda;
}

}  // namespace levada
