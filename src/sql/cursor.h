// A place in the tokens of one statement, and what the grammar asks there: is it this word, take it, must be it.
//
// A question that was answered no is remembered until the cursor moves: from those words comes "Did you mean …?" when
// nothing fits in the end.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/script.h"
#include "sql/token.h"

namespace levada {

class Cursor {
 public:
  // The tokens of one statement, the last one `end`. The script outlives the cursor.
  Cursor(const Script& script, std::vector<Token> tokens);

  const Token& token(std::size_t ahead = 0) const;
  // The word or symbol stands here. In capitals.
  bool at(std::string_view word, std::size_t ahead = 0);
  bool at(TokenKind kind, std::size_t ahead = 0) const { return token(ahead).kind == kind; }
  // Something that can be a name stands here: a word that is not reserved, a quoted name, a variable's word.
  bool at_name(std::size_t ahead = 0) const;
  bool at_number(std::size_t ahead = 0) const;
  // A pair of parentheses begins here that holds a comma of its own: (a, b), but not (f(a, b)).
  bool at_list() const;

  Token take();
  // Takes all of the words and is true, or takes none.
  bool accept(std::string_view word);
  bool accept(std::initializer_list<std::string_view> words);
  Result<void> expect(std::string_view word);
  Result<void> expect(std::initializer_list<std::string_view> words);
  // `what` says in errors what should stand here: "a column name".
  Result<ast::Name> name(std::string_view what);
  // The name that stands here, as an alias without AS. If what follows fits nothing, it may have been a slip of the
  // hand: FROM orders WHER …
  ast::Name bare_alias();
  Result<std::string> string(std::string_view what);
  Result<std::int64_t> whole_number(std::string_view what);  // not negative

  // From where the token begins that stands here now, to where the last one taken ends.
  std::uint32_t begin() const { return token().span.begin; }
  ast::Span since(std::uint32_t begin) const;

  // "expected a column name, found 'FROM'", with the best remedy we know: a near word, what is odd about what was
  // found, or the form of the statement.
  Error expected(std::string_view what);
  // Something else is wrong about that place.
  Error wrong(ast::Span span, std::string what) const { return statement_error(script_, span, std::move(what)); }

  // While it lives, errors without a better remedy show this form: "DROP STREAM [IF EXISTS] name [DELETE TOPIC]".
  class Form {
   public:
    Form(Cursor& cursor, std::string_view form) : cursor_(cursor), outer_(cursor.form_) { cursor.form_ = form; }
    ~Form() { cursor_.last_form_ = std::exchange(cursor_.form_, outer_); }
    Form(const Form&) = delete;

   private:
    Cursor& cursor_;
    std::string_view outer_;
  };

  // While it lives, the grammar is one level deeper; too many would use up the stack.
  class Level {
   public:
    explicit Level(Cursor& cursor) : cursor_(cursor) { ++cursor.depth_; }
    ~Level() { --cursor_.depth_; }
    Level(const Level&) = delete;
    Result<void> check() const;

   private:
    Cursor& cursor_;
  };

 private:
  ast::Name take_name();
  static std::string near_word(const Token& token, const std::vector<std::string_view>& words);

  const Script& script_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string_view form_, last_form_;      // the innermost that is open; the last that was closed
  std::vector<std::string_view> refused_;  // the words that do not stand here
  struct {
    Token token;
    std::vector<std::string_view> refused;
    std::size_t end = 0;
  } alias_;
};

}  // namespace levada
