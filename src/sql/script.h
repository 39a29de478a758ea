// A text of SQL statements, and how to point at a place in it.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sql/ast.h"

namespace levada {

// The name is what it goes by in errors: a path, or "statement".
struct Script {
  std::string name, text;
};

// What DEFINE has set, by name in capitals.
using Variables = std::map<std::string, std::string>;

// "name:line:column", then the line, then carets under what the span covers of it:
//
//   orders.sql:3:8
//   SELECT FROM orders;
//          ^^^^
//
// The column counts code points from 1. Long lines are cut around the span; what would disturb a terminal (control
// characters, bytes that are no UTF-8) is shown as U+FFFD, each character of a password or token as *.
std::string excerpt(const Script& script, ast::Span span);

// A piece of text as it can stand in a message: one line, at most 40 code points.
std::string shortened(std::string_view text);

// An error of kind statement whose `where` is the excerpt.
Error statement_error(const Script& script, ast::Span span, std::string what);

}  // namespace levada
