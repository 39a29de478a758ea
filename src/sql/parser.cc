#include "sql/parser.h"

#include "sql/grammar.h"
#include "sql/lexer.h"
#include "sql/variables.h"

namespace levada {

struct Parser::State {
  const Script& script;
  Lexer lexer;
  ast::Span last{};

  // The next statement's tokens, `end` among them; none at the end of the script.
  Result<std::vector<Token>> tokens(const Variables& variables);
  Result<Token> token(const Variables& variables);
};

Result<Token> Parser::State::token(const Variables& variables) {
  auto token = LV_TRY(lexer.next());
  LV_TRY(substitute(script, variables, token));
  return token;
}

Result<std::vector<Token>> Parser::State::tokens(const Variables& variables) {
  std::vector<Token> tokens;
  for (;;) {
    Result<Token> next = token(variables);
    if (!next) {
      lexer.skip_statement();
      return std::move(next).error();
    }
    bool semicolon = next->kind == TokenKind::symbol && next->text == ";";
    if (semicolon && tokens.empty()) continue;  // an empty statement
    if (next->kind == TokenKind::end && tokens.empty()) return tokens;
    bool end = semicolon || next->kind == TokenKind::end;
    if (end) {
      next->kind = TokenKind::end;
      // What is missing at the end of the script is missing behind the last token, not behind the blanks after it.
      if (!semicolon) next->span.begin = next->span.end = tokens.back().span.end;
    }
    tokens.push_back(*std::move(next));
    if (end) return tokens;
  }
}

Parser::Parser(const Script& script) : state_(new State{script, Lexer(script)}) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;

Result<std::optional<ast::Statement>> Parser::next(const Variables& variables) {
  state_->last.begin = static_cast<std::uint32_t>(state_->lexer.at());
  auto read = state_->tokens(variables);
  state_->last.end = static_cast<std::uint32_t>(state_->lexer.at());
  auto tokens = LV_TRY(std::move(read));
  if (tokens.empty()) return std::nullopt;
  return Grammar(state_->script, std::move(tokens)).only_statement();
}

ast::Span Parser::last() const { return state_->last; }

Result<std::vector<ast::Statement>> parse(const Script& script) {
  Parser parser(script);
  std::vector<ast::Statement> statements;
  for (;;) {
    auto statement = LV_TRY(parser.next({}));
    if (!statement) return statements;
    statements.push_back(*std::move(statement));
  }
}

Result<ast::Expression> parse_expression(const Script& script) {
  Lexer lexer(script);
  std::vector<Token> tokens;
  do {
    auto token = LV_TRY(lexer.next());
    LV_TRY(substitute(script, {}, token));
    tokens.push_back(std::move(token));
  } while (tokens.back().kind != TokenKind::end);
  return Grammar(script, std::move(tokens)).only_expression();
}

}  // namespace levada
