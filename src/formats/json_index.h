// Where the structure of a JSON text stands: simdjson's first stage, which finds in vector instructions (chosen when
// the program runs) every { } [ ] : , outside of strings and the first byte of every string, number and literal, and
// checks that the text is UTF-8, that strings end and hold no control characters. Everything that gives these tokens a
// meaning is ours (formats/json_reader.h), because we want values in columns and in the order of the columns, not of
// the text.
//
// Unlike simdjson's on demand documents, which are compiled for the instruction set of the program, not of the machine,
// and can be walked only forwards.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace levada {

class JsonIndex {
 public:
  using Token = std::uint32_t;

  JsonIndex();
  ~JsonIndex();

  // False: explain() says why. 64 bytes behind the text may be read. The text must live as long as the tokens are used.
  bool build(std::string_view text);
  // After build() has failed: "not JSON: the string at byte 5 does not end".
  std::string explain() const;

  Token size() const { return size_; }
  // The first byte of the token; 0 behind the last one.
  char operator[](Token i) const { return i < size_ ? text_[places_[i]] : '\0'; }
  // Offset in the text; the size of the text behind the last token.
  std::size_t place(Token i) const { return i < size_ ? places_[i] : text_.size(); }
  // All bytes of a string (with its quotes), number or literal.
  std::string_view text(Token i) const;
  // The bytes from this token to the end of that one.
  std::string_view text(Token first, Token last) const;
  // What a string token says: cut from the text, or put into `scratch` if it holds escapes; nullopt for an escape that
  // means nothing. The result is good until scratch is used again.
  bool unquote(Token i, Buffer& scratch, std::string_view& value) const;

 private:
  struct Parser;

  std::unique_ptr<Parser> parser_;
  std::string_view text_;
  const std::uint32_t* places_ = nullptr;
  Token size_ = 0;
  int error_ = 0;
};

}  // namespace levada
