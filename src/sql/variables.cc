#include "sql/variables.h"

#include <vector>

#include "base/near_name.h"
#include "sql/lexer.h"
#include "sql/words.h"

namespace levada {
namespace {

// The size of "${word}" at the front of the text, 0 if it is none.
std::size_t reference_size(std::string_view text) {
  if (!text.starts_with("${") || text.size() < 4 || !starts_word(text[2])) return 0;
  std::size_t end = 3;
  while (end < text.size() && continues_word(text[end])) ++end;
  return end < text.size() && text[end] == '}' ? end + 1 : 0;
}

Result<std::string_view> value_of(std::string_view name, const Script& script, const Variables& variables,
                                  ast::Span span) {
  if (auto found = variables.find(in_capitals(name)); found != variables.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, value] : variables) names.push_back(known);
  std::string text(name), near = did_you_mean(name, names);
  return statement_error(script, span, "there is no variable " + in_capitals(name))
      .remedy(!near.empty() ? near
                            : "Define it before: DEFINE " + text + " = '…'; or write $${" + text + "} for the text ${" +
                                  text + "}.");
}

// The one token that a value is, or nullopt.
std::optional<Token> single_token(const std::string& value) {
  Script script{"", value};
  Lexer lexer(script);
  bool minus = false;
  Result<Token> token = lexer.next();
  if (token && token->kind == TokenKind::symbol && token->text == "-") {
    minus = true;
    token = lexer.next();
  }
  if (!token || token->span.begin != (minus ? 1 : 0) || token->span.end != value.size()) return std::nullopt;
  switch (token->kind) {
    case TokenKind::integer:
    case TokenKind::decimal:
    case TokenKind::floating:
      if (minus) token->text.insert(0, 1, '-');
      break;
    case TokenKind::word:
    case TokenKind::quoted_name:
    case TokenKind::string:
      if (minus) return std::nullopt;
      break;
    default: return std::nullopt;
  }
  token->substituted = true;
  return std::move(*token);
}

Result<std::string> text_with_values(const Script& script, const Variables& variables, const Token& token) {
  std::string out;
  for (std::string_view text = token.text; !text.empty();) {
    if (std::size_t escaped = text[0] == '$' ? reference_size(text.substr(1)) : 0) {
      out += text.substr(1, escaped);
      text.remove_prefix(1 + escaped);
    } else if (std::size_t size = reference_size(text)) {
      auto value = LV_TRY(value_of(text.substr(2, size - 3), script, variables, token.span));
      auto quoted = value.starts_with('\'') ? single_token(std::string(value)) : std::nullopt;
      out += quoted ? quoted->text : value;
      text.remove_prefix(size);
    } else {
      out += text[0];
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

Result<void> substitute(const Script& script, const Variables& variables, Token& token) {
  if (token.kind == TokenKind::string || token.kind == TokenKind::quoted_name) {
    if (token.text.find("${") != std::string::npos) token.text = LV_TRY(text_with_values(script, variables, token));
    if (token.kind == TokenKind::quoted_name && token.text.empty())
      return statement_error(script, token.span, "a name must not be empty");
  } else if (token.kind == TokenKind::variable) {
    auto value = LV_TRY(value_of(token.text, script, variables, token.span));
    auto single = single_token(std::string(value));
    if (!single)
      return statement_error(script, token.span,
                             "the value of variable " + in_capitals(token.text) +
                                 " is not one name, number or string: " + shortened(value))
          .remedy("Write '${" + token.text + "}' if it is a text. A variable cannot stand for a part of a statement.");
    single->span = token.span;
    token = std::move(*single);
  }
  return {};
}

std::string escape_variables(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (reference_size(text.substr(at)) > 0) out += '$';
    out += text[at];
  }
  return out;
}

}  // namespace levada
