// What the lexer makes of the text and the grammar is written in.
#pragma once
#include <cstdint>
#include <string>

#include "sql/ast.h"

namespace levada {

enum class TokenKind : std::uint8_t {
  end,          // of the statement: the semicolon, or where the script stops
  word,         // SELECT, orders, 2nd: a keyword or a name, which only the grammar can tell
  quoted_name,  // `orders`, "orders"
  string,       // 'text'
  integer,      // 12
  decimal,      // 1.2, .5
  floating,     // 1.2e3
  variable,     // ${name}; gone when the grammar sees the tokens
  symbol,       // + <= ( …
};

struct Token {
  TokenKind kind = TokenKind::end;
  bool substituted = false;  // the value of a variable: never a keyword
  ast::Span span;
  std::string text;  // words, numbers and symbols as written; strings and names without their quotes; a variable's name
};

}  // namespace levada
