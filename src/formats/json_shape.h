// The shape of a JSON text: everything but its values. The records of one topic are mostly written by one program, so
// their member names, their order and the punctuation are the same bytes again and again. Instead of parsing them we
// compare them.
//
//   {"id":17,"item":"nut","sent":null}
//
//   pieces   {"id":     ,"item":"     ","sent":     }
//   holes           17           nut           null
//
// Quotes cut a text into pieces: no value of a text that is admitted here holds one, as escapes are not admitted. So if
// two texts have as many quotes, quote i of the one corresponds to quote i of the other, and each piece stands in a
// fixed distance from one of them. A text is of the shape if all pieces are there, and no hole is shorter than nothing;
// this can be checked for all pieces at once. What is in the holes is the reader's business.
//
// Objects in objects are part of the pieces. Arrays are not admitted (their length varies), nor are escapes, control
// characters and names that stand twice. docs/decisions/0003-json-shapes.md tells what else was tried.
#pragma once
#include <emmintrin.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "formats/json_target.h"

namespace levada {

class JsonShape {
 public:
  // What a slot of the target (json_target.h) finds in a text of this shape.
  enum class Source : std::uint8_t {
    missing,  // no member of this name
    object,   // an object: its fields have slots of their own
    hole,     // a value in a hole
    other,    // an object where a scalar was expected
  };
  struct Slot {
    Source source = Source::missing;
    std::uint16_t hole = 0;
  };

  // The shape of a text that is valid JSON of the admitted kind; nullopt for any other. The text is UTF-8 and holds no
  // backslash and no control character, which QuoteScan has seen. `slots` is how many the target has.
  static std::optional<JsonShape> learn(std::string_view text, const JsonTarget& target, std::size_t slots);

  std::uint16_t quotes() const { return quotes_; }
  // The values between the pieces: how many there are, and whether they stand in quotes.
  std::size_t holes() const { return quoted_.size(); }
  bool is_quoted(std::size_t hole) const { return quoted_[hole]; }
  const Slot& slot(std::size_t i) const { return slots_[i]; }

  // Where a value is in its text.
  struct Extent {
    std::uint16_t begin, size;
  };

  // The text is of this shape; if it is, hole h is extents[h * stride]. `positions` (json_scan.h) has as many quotes as
  // quotes(). 16 bytes behind the text may be read.
  [[gnu::always_inline]] bool match(const char* text, const std::uint16_t* positions, Extent* extents,
                                    std::size_t stride) const {
    __m128i wrong = _mm_setzero_si128();
    auto compare = [&](const Bytes& bytes, int at) {
      __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
      wrong = _mm_or_si128(wrong, _mm_and_si128(_mm_xor_si128(there, load(bytes.bytes)), load(bytes.care)));
    };
    const Piece* piece = pieces_.data();
    const Piece* last = piece + holes();
    compare(*piece, 0);
    int begin = piece->size, shortest = 0;
    while (piece != last) {
      ++piece;
      int at = positions[piece->at] + piece->by, size = at - begin;
      at = std::max(at, 0);  // the hole is shorter than nothing then
      compare(*piece, at);
      shortest |= size;
      *extents = {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(size)};
      extents += stride;
      begin = at + piece->size;
    }
    int end = positions[quotes_ + 1u];  // a piece that reaches beyond it makes the next hole shorter than nothing
    for (const More& more : more_)
      compare(more, std::clamp(positions[pieces_[more.piece].at] + pieces_[more.piece].by + more.by, 0, end));
    return shortest >= 0 && _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
  }

 private:
  // Sixteen bytes of a piece.
  struct Bytes {
    alignas(16) char bytes[16];
    alignas(16) char care[16];  // 0xff where they count
  };
  // The begin of a piece. It stands at an entry of the list of positions, and by so much further.
  struct Piece : Bytes {
    std::uint16_t at;
    std::int16_t by;
    std::int32_t size;  // of all of it
  };
  // The rest of a long one.
  struct More : Bytes {
    std::uint16_t piece, by;
  };
  static __m128i load(const char* p) { return _mm_load_si128(reinterpret_cast<const __m128i*>(p)); }

  class Learner;

  std::vector<Piece> pieces_;
  std::vector<More> more_;
  std::vector<bool> quoted_;  // of each hole
  std::vector<Slot> slots_;
  std::uint16_t quotes_ = 0;
};

}  // namespace levada
