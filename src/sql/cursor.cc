#include "sql/cursor.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/near_name.h"
#include "sql/words.h"

namespace levada {
namespace {

constexpr int max_depth = 200;

std::string found(const Token& token, bool last) {
  std::string text = shortened(token.text);
  std::string origin = token.substituted ? ", the value of a variable" : "";
  switch (token.kind) {
    case TokenKind::end: return last ? "the end of the text" : "the end of the statement";
    case TokenKind::string: return "the string '" + text + "'" + origin;
    case TokenKind::quoted_name: return "the name `" + text + "`" + origin;
    default: return "'" + text + "'" + origin;
  }
}

bool can_misspell(std::string_view word) { return word.size() >= 2 && starts_word(word[0]); }

// Words that begin a statement and nothing else.
bool begins_statement(std::string_view word) {
  constexpr std::string_view first[] = {"CREATE", "INSERT",   "DROP",      "SELECT", "DEFINE",
                                        "SET",    "DESCRIBE", "TERMINATE", "ALTER"};
  return std::ranges::any_of(first, [&](std::string_view f) { return same_word(word, f); });
}

}  // namespace

Cursor::Cursor(const Script& script, std::vector<Token> tokens) : script_(script), tokens_(std::move(tokens)) {
  LV_ASSERT(!tokens_.empty() && tokens_.back().kind == TokenKind::end);
}

const Token& Cursor::token(std::size_t ahead) const {
  return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : tokens_.back();
}

bool Cursor::at(std::string_view word, std::size_t ahead) {
  const Token& t = token(ahead);
  bool here = (t.kind == TokenKind::symbol && t.text == word) ||
              (t.kind == TokenKind::word && !t.substituted && same_word(t.text, word));
  if (!here && ahead == 0) refused_.push_back(word);
  return here;
}

bool Cursor::at_name(std::size_t ahead) const {
  const Token& t = token(ahead);
  return t.kind == TokenKind::quoted_name || (t.kind == TokenKind::word && (t.substituted || !is_reserved(t.text)));
}

bool Cursor::at_number(std::size_t ahead) const {
  return at(TokenKind::integer, ahead) || at(TokenKind::decimal, ahead) || at(TokenKind::floating, ahead);
}

bool Cursor::at_list() const {
  int depth = 0;
  for (std::size_t i = at_; i < tokens_.size(); ++i) {
    if (tokens_[i].kind != TokenKind::symbol) continue;
    char c = tokens_[i].text[0];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (depth == 0 || (depth == 1 && c == ',')) return depth == 1;
  }
  return false;
}

Token Cursor::take() {
  LV_ASSERT(!at(TokenKind::end));
  refused_.clear();
  return std::move(tokens_[at_++]);
}

bool Cursor::accept(std::string_view word) {
  if (!at(word)) return false;
  take();
  return true;
}

bool Cursor::accept(std::initializer_list<std::string_view> words) {
  std::size_t ahead = 0;
  for (std::string_view word : words)
    if (!at(word, ahead++)) return false;
  for (std::size_t i = 0; i < words.size(); ++i) take();
  return true;
}

Result<void> Cursor::expect(std::string_view word) {
  if (accept(word)) return {};
  return expected(starts_word(word[0]) ? std::string(word) : "'" + std::string(word) + "'");
}

Result<void> Cursor::expect(std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) LV_TRY(expect(word));
  return {};
}

ast::Name Cursor::take_name() {
  Token token = take();
  bool quoted = token.kind == TokenKind::quoted_name;
  return {quoted ? std::move(token.text) : in_capitals(token.text), quoted, token.span};
}

Result<ast::Name> Cursor::name(std::string_view what) {
  if (!at_name()) return expected(what);
  return take_name();
}

ast::Name Cursor::bare_alias() {
  LV_ASSERT(at_name());
  alias_ = {token(), refused_, at_ + 1};
  return take_name();
}

Result<std::string> Cursor::string(std::string_view what) {
  if (!at(TokenKind::string)) return expected(what);
  return take().text;
}

Result<std::int64_t> Cursor::whole_number(std::string_view what) {
  std::int64_t value = 0;
  const std::string& text = token().text;
  if (!at(TokenKind::integer) || text[0] == '-') return expected(what);
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
    return wrong(token().span, "the number " + shortened(text) + " is too large");
  take();
  return value;
}

ast::Span Cursor::since(std::uint32_t begin) const {
  return {begin, at_ == 0 ? begin : std::max(begin, tokens_[at_ - 1].span.end)};
}

std::string Cursor::near_word(const Token& token, const std::vector<std::string_view>& words) {
  if (token.kind != TokenKind::word || token.substituted || token.text.size() < 3 || is_reserved(token.text)) return "";
  std::vector<std::string> candidates;
  for (std::string_view word : words)
    if (can_misspell(word)) candidates.emplace_back(word);
  return nearest_name(token.text, candidates).value_or("");
}

Error Cursor::expected(std::string_view what) {
  const Token& here = token();
  Error error =
      wrong(here.span, "expected " + std::string(what) + ", found " + found(here, here.span.begin == here.span.end));
  if (std::string near = near_word(here, refused_); !near.empty())
    return std::move(error).remedy("Did you mean " + near + "?");
  if (at_ > 0 && at_ == alias_.end)
    if (std::string near = near_word(alias_.token, alias_.refused); !near.empty())
      return std::move(error).remedy("Did you mean " + near + " instead of " + alias_.token.text + "?");
  if (here.kind == TokenKind::quoted_name && what.find("string") != std::string_view::npos)
    return std::move(error).remedy("Strings stand in single quotes; double quotes and backticks are for names.");
  if (here.kind == TokenKind::word && !here.substituted) {
    if (what.find("name") != std::string_view::npos && is_reserved(here.text))
      return std::move(error).remedy("If it is a name, write `" + in_capitals(here.text) +
                                     "`: " + in_capitals(here.text) + " is a reserved word.");
    if (at_ > 0 && begins_statement(here.text))
      return std::move(error).remedy("If a new statement begins here, end the one before with ';'.");
  }
  std::string_view form = form_.empty() ? last_form_ : form_;
  return form.empty() ? std::move(error) : std::move(error).remedy("The form is: " + std::string(form));
}

Result<void> Cursor::Level::check() const {
  if (cursor_.depth_ <= max_depth) return {};
  return cursor_.wrong(cursor_.token().span, "this is nested more than " + std::to_string(max_depth) + " levels deep")
      .remedy("Part it into several columns or statements.");
}

}  // namespace levada
