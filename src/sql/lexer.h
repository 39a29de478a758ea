// Text to tokens. Blanks and comments (-- to the end of the line, /* … */) fall away; so do the --@ directives of
// ksqlDB's test tool.
//
//   word         letter or _, then letters, digits, _ @; or a digit first and a letter somewhere: 2nd
//   quoted_name  `…` or "…", the quote inside doubled
//   string       '…', the quote inside doubled; may go over lines
//   integer      digits
//   decimal      digits with a point: 1.5  1.  .5
//   floating     either with an exponent: 1e3  1.5E-3
//   variable     ${word}
//   symbol       ( ) [ ] , ; . + - * / % || = <> != < <= > >= -> => :=
//
// The longest one wins; of a number and a word equally long, the number (1e3). After a name without a blank between,
// a point is a symbol even before a digit: t.2nd.
#pragma once
#include "sql/script.h"
#include "sql/token.h"

namespace levada {

class Lexer {
 public:
  explicit Lexer(const Script& script);  // the script outlives the lexer

  // The next token; `end`, again and again, when the text is used up. An error of kind statement tells what is wrong;
  // the token after it can be asked for.
  Result<Token> next();

  // Goes on behind the next semicolon, without a word about what is wrong until there.
  void skip_statement();

  std::size_t at() const { return at_; }  // where it has got to, in bytes

 private:
  Result<void> skip_blanks();
  Result<Token> quoted(char quote, TokenKind kind);
  Result<Token> variable();
  Result<Token> number_or_word();
  Result<Token> symbol();
  Token take(TokenKind kind, std::size_t size);
  Error wrong(std::size_t begin, std::size_t end, std::string what) const;

  const Script& script_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool skipping_ = false;
  std::size_t name_end_ = std::string_view::npos;  // where the last token ended, if it was a name
};

}  // namespace levada
