// Text to syntax trees. Written by hand, recursive descent; the grammar stands in sql/grammar.md, rule by rule in the
// order of the functions of parser.cc.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sql/ast.h"

namespace levada {

// A script with the name it goes by in errors: a path, or "statement".
struct Script {
  std::string name, text;
};

// kind statement: the message, "name:line:column" with the line and a caret under the span, and what to do.
Error statement_error(const Script& script, ast::Span span, std::string what);

// One statement after the other, because DEFINE changes the text of those that follow. next() is nullopt at the end.
class Parser {
 public:
  explicit Parser(const Script& script);  // the script outlives the parser
  ~Parser();
  Parser(Parser&&) noexcept;

  // ${name} in names, literals and properties is replaced from `variables` before parsing, as in ksqlDB. Spans are
  // those of the script as it was written.
  Result<std::optional<ast::Statement>> next(const std::map<std::string, std::string>& variables);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All statements of a script without variables.
Result<std::vector<ast::Statement>> parse(const Script& script);
// A single expression: for rules and tools.
Result<ast::Expression> parse_expression(const Script& script);

// The tree as SQL again: parse(print(tree)) is the same tree. Keywords in capitals, one line.
std::string print(const ast::Expression& expression);
std::string print(const ast::Statement& statement);
std::string print(const ast::TypeName& type);

}  // namespace levada
