// The text of a spec, read from left to right: words, numbers, durations. Positions are of the whole text, so that a
// caret can stand under what is wrong.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "batch/int128.h"

namespace levada {

class SpecText {
 public:
  explicit SpecText(std::string_view text) : text_(text), shown_(text) {}
  // The same place in the same text, which ends sooner.
  SpecText before(std::size_t end) const;

  // A number as it is written.
  struct Bound {
    Int128 unscaled = 0;
    int scale = 0;
    std::size_t at = 0;
  };
  Result<Bound> number();                   // digits with sign and point; ".." ends it
  Result<double> real();                    // the same
  Result<std::pair<Bound, Bound>> range();  // number ".." number
  Result<std::int64_t> duration();          // number and unit; microseconds

  void skip_blanks();
  // Passes it, if it comes next.
  bool take(std::string_view word);
  bool take_word(std::string_view word);  // and no letter follows
  std::string_view take_letters();
  std::string_view until(std::string_view stop);
  // " nulls 0.1" at the very end comes next.
  bool at_nulls() const;

  // kind usage, with a caret.
  Error wrong(std::size_t at, std::string what) const;

 protected:
  std::string_view text_;   // a spec in braces sees only what stands before the brace
  std::string_view shown_;  // all of it, for errors
  std::size_t at_ = 0;
  std::size_t last_ = 0;  // where the last number began
};

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace levada
