#include "sql/mentions.h"

#include <algorithm>
#include <vector>

#include "sql/lexer.h"
#include "sql/words.h"

namespace levada {
namespace {

// As far as there are tokens.
std::vector<Token> tokens_of(const std::string& text) {
  Script part{"", text};
  Lexer lexer(part);
  std::vector<Token> tokens;
  for (auto token = lexer.next(); token && token->kind != TokenKind::end; token = lexer.next())
    tokens.push_back(*std::move(token));
  return tokens;
}

std::vector<Token> tokens_of(const Script& script, ast::Span span) {
  return tokens_of(script.text.substr(span.begin, span.end - span.begin));
}

}  // namespace

MentionedNames declared_in(const Script& script, ast::Span span) {
  MentionedNames names;
  std::vector<Token> tokens = tokens_of(script, span);
  auto at = tokens.begin();
  auto word = [&](std::string_view expected) {
    bool here = at != tokens.end() && at->kind == TokenKind::word && same_word(at->text, expected);
    at += here;
    return here;
  };
  if (!word("CREATE")) return names;
  if (word("OR")) word("REPLACE");
  word("SOURCE");
  if (!word("STREAM") && !word("TABLE")) return names;
  if (word("IF")) word("NOT"), word("EXISTS");
  if (at == tokens.end() || (at->kind != TokenKind::word && at->kind != TokenKind::quoted_name)) return names;
  names.insert(in_capitals(at->text));
  for (; tokens.end() - at > 2; ++at)
    if (same_word(at->text, "KAFKA_TOPIC") && at[1].text == "=") names.insert(in_capitals(at[2].text));
  return names;
}

bool mentions(const Script& script, ast::Span span, const MentionedNames& names) {
  if (names.empty()) return false;
  auto named = [&](const Token& token) { return names.contains(in_capitals(token.text)); };
  std::vector<Token> tokens = tokens_of(script, span);
  bool connector =
      tokens.size() > 3 && (same_word(tokens[1].text, "CONNECTOR") || same_word(tokens[2].text, "CONNECTOR"));
  return std::ranges::any_of(tokens, [&](const Token& token) {
    if (token.kind != TokenKind::string) return named(token);
    return connector && std::ranges::any_of(tokens_of(token.text), named);
  });
}

}  // namespace levada
