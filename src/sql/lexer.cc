#include "sql/lexer.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "sql/words.h"

namespace levada {
namespace {

constexpr auto npos = std::string_view::npos;

// Longer ones first.
constexpr std::string_view symbols[] = {"||", "<>", "!=", "<=", ">=", "->", "=>", ":=", "(", ")", "[", "]",
                                        ",",  ";",  ".",  "+",  "-",  "*",  "/",  "%",  "=", "<", ">"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

// How long the number is that the text starts with, and which kind; 0 if it starts with none.
std::pair<std::size_t, TokenKind> number_size(std::string_view text) {
  std::size_t whole = digits_at(text, 0), size = whole;
  TokenKind kind = TokenKind::integer;
  if (size < text.size() && text[size] == '.') {
    std::size_t fraction = digits_at(text, size + 1);
    if (whole + fraction == 0) return {0, kind};
    size += 1 + fraction;
    kind = TokenKind::decimal;
  }
  if (size == 0) return {0, kind};
  if (size < text.size() && (text[size] == 'e' || text[size] == 'E')) {
    std::size_t sign = size + 1 < text.size() && (text[size + 1] == '+' || text[size + 1] == '-') ? 1 : 0;
    if (std::size_t exponent = digits_at(text, size + 1 + sign); exponent > 0)
      return {size + 1 + sign + exponent, TokenKind::floating};
  }
  return {size, kind};
}

// What people type for a quote, often because a word processor did.
bool looks_like_quote(char32_t c) { return (c >= 0x2018 && c <= 0x201F) || c == 0xB4 || c == 0xAB || c == 0xBB; }

// The size of the letter beyond ASCII at the front of the text, 0 if there is none.
std::size_t foreign_letter(std::string_view text) {
  if (text.empty()) return 0;
  CodePoint c = first_code_point(text);
  return c.valid && c.size > 1 && !looks_like_quote(c.value) ? c.size : 0;
}

std::string hexadecimal(unsigned value) {
  constexpr char digits[] = "0123456789ABCDEF";
  return {'0', 'x', digits[value >> 4 & 15], digits[value & 15]};
}

}  // namespace

Lexer::Lexer(const Script& script) : script_(script), text_(script.text) {
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
}

Error Lexer::wrong(std::size_t begin, std::size_t end, std::string what) const {
  if (skipping_) return Error(ErrorKind::statement, "");  // a place is dear, and binary bytes have many errors
  return statement_error(script_, {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)},
                         std::move(what));
}

Token Lexer::take(TokenKind kind, std::size_t size) {
  Token token;
  token.kind = kind;
  token.span = {static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(at_ + size)};
  token.text = text_.substr(at_, size);
  at_ += size;
  return token;
}

Result<void> Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    std::string_view rest = text_.substr(at_);
    if (is_blank(rest[0])) {
      ++at_;
    } else if (rest.starts_with("--")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.starts_with("/*")) {
      std::size_t begin = at_, end = text_.find("*/", at_ + 2);
      if (end == npos) {
        at_ = text_.size();
        return wrong(begin, begin + 2, "this comment has no end").remedy("Close it with */.");
      }
      at_ = end + 2;
    } else {
      break;
    }
  }
  return {};
}

Result<Token> Lexer::next() {
  if (text_.size() >= std::numeric_limits<std::uint32_t>::max()) {
    at_ = text_.size();
    return Error(ErrorKind::statement, "the script " + script_.name + " is larger than 4 GiB")
        .remedy("Part it into several files.");
  }
  LV_TRY(skip_blanks());
  if (at_ == text_.size()) return take(TokenKind::end, 0);
  char c = text_[at_];
  bool after_name = name_end_ == at_;
  name_end_ = npos;
  if (c == '\'') return quoted(c, TokenKind::string);
  if (c == '`' || c == '"') return quoted(c, TokenKind::quoted_name);
  if (c == '$') return variable();
  if (starts_word(c) || is_digit(c) || (c == '.' && !after_name)) {
    Result<Token> token = number_or_word();
    if (!token || token->kind != TokenKind::end) return token;
  }
  return symbol();
}

void Lexer::skip_statement() {
  skipping_ = true;
  for (;;) {
    Result<Token> token = next();
    if (token && (token->kind == TokenKind::end || (token->kind == TokenKind::symbol && token->text == ";"))) break;
  }
  skipping_ = false;
}

Result<Token> Lexer::quoted(char quote, TokenKind kind) {
  bool name = kind == TokenKind::quoted_name;
  std::size_t begin = at_;
  std::string content;
  for (std::size_t part = begin + 1;;) {
    std::size_t end = text_.find(quote, part);
    if (end == npos) {
      at_ = text_.size();
      std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
      return wrong(begin, line_end, name ? "this name has no closing quote" : "this string has no closing quote")
          .remedy(std::string("Close it with ") + quote + "; inside, write " + quote + quote + " for one " + quote +
                  ".");
    }
    content += text_.substr(part, end - part);
    if (end + 1 == text_.size() || text_[end + 1] != quote) {
      Token token = take(kind, end + 1 - begin);
      token.text = std::move(content);
      if (!valid_utf8(token.text))
        return wrong(begin, at_, name ? "this name is not UTF-8" : "this string is not UTF-8")
            .remedy("Save the file as UTF-8; for raw bytes, use a function such as TO_BYTES('FF', 'hex').");
      if (name && token.text.empty()) return wrong(begin, at_, "a name must not be empty");
      if (name) name_end_ = at_;
      return token;
    }
    content += quote;
    part = end + 2;
  }
}

Result<Token> Lexer::variable() {
  std::size_t begin = at_, name = begin + 2, end = name;
  bool opened = text_.substr(begin).starts_with("${");
  if (opened && name < text_.size() && starts_word(text_[name]))
    while (end < text_.size() && continues_word(text_[end])) ++end;
  if (end > name && end < text_.size() && text_[end] == '}') {
    Token token = take(TokenKind::variable, end + 1 - begin);
    token.text = text_.substr(name, end - name);
    name_end_ = at_;
    return token;
  }
  at_ = opened ? std::max(end, name) : begin + 1;
  return wrong(begin, at_, "expected a variable such as ${name}")
      .remedy("A name has letters, digits and _. What is looked up later stands in a string: '${env:NAME}'.");
}

// `end` if it is neither.
Result<Token> Lexer::number_or_word() {
  std::string_view rest = text_.substr(at_);
  auto [number, kind] = number_size(rest);
  std::size_t word = 0;
  while (word < rest.size() && continues_word(rest[word])) ++word;
  if (std::max(number, word) == 0) return Token{};
  if (number >= word) return take(kind, number);
  if (std::size_t whole = word + foreign_letter(rest.substr(word)); whole > word) {
    while (whole < rest.size() && (continues_word(rest[whole]) || foreign_letter(rest.substr(whole)) > 0))
      whole += std::max<std::size_t>(foreign_letter(rest.substr(whole)), 1);
    at_ += whole;
    return wrong(at_ - whole, at_, "names with letters beyond A to Z must be quoted")
        .remedy("Write `" + std::string(rest.substr(0, whole)) + "`.");
  }
  Token token = take(TokenKind::word, word);
  name_end_ = at_;
  return token;
}

Result<Token> Lexer::symbol() {
  std::string_view rest = text_.substr(at_);
  for (std::string_view s : symbols)
    if (rest.starts_with(s)) return take(TokenKind::symbol, s.size());
  std::size_t begin = at_;
  CodePoint c = first_code_point(rest);
  at_ += c.size;
  if (!c.valid || c.value < 0x20 || c.value == 0x7F)
    return wrong(begin, at_, "the byte " + hexadecimal(static_cast<unsigned char>(rest[0])) + " is no part of SQL")
        .remedy(c.valid ? "Delete it." : "Save the file as UTF-8.");
  std::string shown(rest.substr(0, c.size));
  Error error = wrong(begin, at_, "the character " + shown + " is no part of SQL");
  if (looks_like_quote(c.value))
    return std::move(error).remedy("Write ' around strings, and ` around names that need quotes.");
  if (c.size > 1) return std::move(error).remedy("Names with letters beyond A to Z must be quoted: `" + shown + "…`.");
  return std::move(error).remedy("Names with other characters than letters, digits and _ must be quoted: `…`.");
}

}  // namespace levada
