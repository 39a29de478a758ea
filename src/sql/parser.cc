#include "sql/parser.h"

#include "sql/grammar.h"
#include "sql/lexer.h"
#include "sql/variables.h"

namespace levada {

struct Parser::State {
  const Script& script;
  Lexer lexer;

  // The next statement's tokens, `end` among them; empty at the end of the script. On an error the others are read,
  // too.
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
  std::optional<Error> error;
  std::uint32_t last_end = 0;
  for (;;) {
    Result<Token> token = this->token(variables);
    if (!token) {
      if (!error) error = std::move(token).error();
      continue;
    }
    bool semicolon = token->kind == TokenKind::symbol && token->text == ";";
    if (semicolon && tokens.empty() && !error) continue;  // an empty statement
    if (token->kind == TokenKind::end && tokens.empty() && !error) return tokens;
    if (!semicolon && token->kind != TokenKind::end) {
      last_end = token->span.end;
      tokens.push_back(*std::move(token));
      continue;
    }
    if (error) return *std::move(error);
    token->kind = TokenKind::end;
    if (!semicolon) token->span = {last_end, last_end};
    tokens.push_back(*std::move(token));
    return tokens;
  }
}

Parser::Parser(const Script& script) : state_(new State{script, Lexer(script)}) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;

Result<std::optional<ast::Statement>> Parser::next(const Variables& variables) {
  auto tokens = LV_TRY(state_->tokens(variables));
  if (tokens.empty()) return std::nullopt;
  return Grammar(state_->script, std::move(tokens)).only_statement();
}

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
