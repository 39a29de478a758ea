// Text to syntax trees. Written by hand, recursive descent; the grammar stands in sql/grammar.md, rule by rule in the
// order of the functions of grammar_*.cc.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sql/ast.h"
#include "sql/script.h"

namespace levada {

// One statement after the other, because DEFINE changes the meaning of those that follow. next() is nullopt at the end;
// after an error it goes on behind the semicolon of the wrong statement, so that all errors of a script can be listed.
class Parser {
 public:
  explicit Parser(const Script& script);  // the script outlives the parser
  ~Parser();
  Parser(Parser&&) noexcept;

  // ${name} stands for one name, number or string and is replaced from `variables` before parsing (sql/variables.h).
  // Spans are those of the script as it was written.
  Result<std::optional<ast::Statement>> next(const Variables& variables);
  // Where the statement stands that next() gave last, or that it found wrong; blanks before it may be in it.
  ast::Span last() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All statements of a script without variables.
Result<std::vector<ast::Statement>> parse(const Script& script);
// A single expression: for rules and tools.
Result<ast::Expression> parse_expression(const Script& script);

// The tree as SQL again, on one line, keywords in capitals, no semicolon: parse(print(tree)) is the same tree.
std::string print(const ast::Expression& expression);
std::string print(const ast::Statement& statement);
std::string print(const ast::TypeName& type);
std::string print(const ast::Name& name);  // with backticks where they are needed

}  // namespace levada
