// Columns to DELIMITED texts, column by column for 64 rows at a time, each with room of its own, as
// formats/json_encoder.cc does it.
#include <emmintrin.h>

#include <array>
#include <cstring>
#include <string_view>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "formats/base64.h"
#include "formats/delimited.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

constexpr std::uint32_t block_rows = 64;
constexpr std::size_t number_room = 48;  // the longest is a decimal of 38 digits
constexpr std::size_t quotes_room = 3;   // and a delimiter

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class DelimitedEncoder : public Encoder {
 public:
  explicit DelimitedEncoder(const FormatSpec& spec)
      : delimiter_(*delimiter_byte(spec.delimiter)),
        fields_(spec.fields.size()),
        in_scalars_(is_letter_or_digit(delimiter_) ||
                    std::string_view("+-./=").find(delimiter_) != std::string_view::npos) {}

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures&) override {
    out.ends.reserve(out.ends.size() + rows.size());
    for (std::uint32_t first = 0; first < rows.size(); first += block_rows) {
      count_ = std::min(block_rows, rows.size() - first);
      for (std::uint32_t i = 0; i < count_; ++i) rows_[i] = rows[first + i];
      make_room(columns);
      for (std::size_t f = 0; f < fields_; ++f) put_field(*columns[f], f == 0);
      put_out(out);
    }
  }

 private:
  void make_room(std::span<const ColumnRef> columns) {
    std::array<std::size_t, block_rows> room;
    room.fill(fields_ * (number_room + quotes_room) + Buffer::padding);
    for (std::size_t f = 0; f < fields_; ++f) {
      if (!columns[f]->type().textual()) continue;
      const auto* values = columns[f]->values<StringView>();
      for (std::uint32_t i = 0; i < count_; ++i) room[i] += 2 * values[rows_[i]].size();  // quotes doubled, base64
    }
    std::size_t total = 0;
    for (std::uint32_t i = 0; i < count_; ++i) total += room[i];
    scratch_.clear();
    char* p = scratch_.room(total);
    for (std::uint32_t i = 0; i < count_; ++i) {
      begins_[i] = ends_[i] = p;
      p += room[i];
    }
  }

  void put_out(Texts& out) {
    std::size_t total = 0;
    for (std::uint32_t i = 0; i < count_; ++i) total += static_cast<std::size_t>(ends_[i] - begins_[i]);
    char* p = out.bytes.room(total);
    for (std::uint32_t i = 0; i < count_; ++i) {
      p = put_padded(p, begins_[i], static_cast<std::size_t>(ends_[i] - begins_[i]));
      out.ends.push_back(static_cast<std::uint32_t>(p - out.bytes.data()));
    }
    out.bytes.commit(p);
  }

  // 16 bytes behind the text may be read.
  bool needs_quotes(std::string_view text, bool first) const {
    if (text.empty()) return first;
    if ((first && !is_letter_or_digit(text[0])) || static_cast<unsigned char>(text[0]) <= '#' ||
        static_cast<unsigned char>(text.back()) <= ' ')
      return true;
    for (std::size_t at = 0; at < text.size(); at += 16) {
      __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
      __m128i special = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(v, _mm_set1_epi8(delimiter_)));
      unsigned inside = text.size() - at >= 16 ? 0xffffu : (1u << (text.size() - at)) - 1;
      if (static_cast<unsigned>(_mm_movemask_epi8(special)) & inside) return true;
    }
    return false;
  }

  char* put_text(char* p, std::string_view text, bool first) const {
    if (text.empty() && !first) return p;
    if (!needs_quotes(text, first)) [[likely]]
      return put_padded(p, text.data(), text.size());
    *p++ = '"';
    for (char c : text) {
      if (c == '"') *p++ = '"';
      *p++ = c;
    }
    *p++ = '"';
    return p;
  }

  // A number, true or false, base64 from p to end, in quotes where it needs them; it holds none itself. Most delimiters
  // cannot stand in one, and so only the first character of the first field matters.
  char* finish_scalar(char* p, char* end, bool first) const {
    bool quotes = in_scalars_ ? needs_quotes({p, static_cast<std::size_t>(end - p)}, first)
                              : first && (end == p || !is_letter_or_digit(*p));
    if (!quotes) [[likely]]
      return end;
    std::memmove(p + 1, p, static_cast<std::size_t>(end - p));
    *p = '"';
    end[1] = '"';
    return end + 2;
  }

  template <class T, class Put>
  void put_values(const Column& column, bool first, Put put) {
    const T* values = column.values<T>();
    bool nulls = column.has_nulls();
    for (std::uint32_t i = 0; i < count_; ++i) {
      char* p = ends_[i];
      *p = delimiter_;
      p += !first;
      ends_[i] = nulls && column.is_null(rows_[i]) ? p : put(p, values[rows_[i]]);
    }
  }

  void put_field(const Column& column, bool first) {
    auto scalars = [&]<class T>(T, auto put) {
      put_values<T>(column, first, [&](char* p, const T& v) { return finish_scalar(p, put(p, v), first); });
    };
    switch (column.type().kind()) {
      case TypeKind::boolean:
        return scalars(std::uint8_t{}, [](char* p, std::uint8_t v) {
          std::memcpy(p, v ? "true\0" : "false", 5);
          return p + (v ? 4 : 5);
        });
      case TypeKind::int32:
      case TypeKind::date: return scalars(std::int32_t{}, [](char* p, std::int32_t v) { return put_integer(p, v); });
      case TypeKind::int64: return scalars(std::int64_t{}, [](char* p, std::int64_t v) { return put_integer(p, v); });
      case TypeKind::time:
      case TypeKind::timestamp:
        return scalars(std::int64_t{}, [](char* p, std::int64_t v) { return put_integer(p, ms_from_us(v)); });
      case TypeKind::float64: return scalars(double{}, [](char* p, double v) { return put_double(p, v); });
      case TypeKind::decimal:
        return scalars(Int128{},
                       [scale = column.type().scale()](char* p, Int128 v) { return put_decimal(p, v, scale); });
      case TypeKind::string:
        return put_values<StringView>(column, first,
                                      [&](char* p, const StringView& v) { return put_text(p, v.view(), first); });
      case TypeKind::bytes:
        return scalars(StringView{}, [](char* p, const StringView& v) { return put_base64(p, v.view()); });
      default: LV_UNREACHABLE();
    }
  }

  char delimiter_;
  std::size_t fields_;
  bool in_scalars_;  // the delimiter may stand in a number, a word or base64

  // The block at hand.
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, block_rows> rows_;
  std::array<char*, block_rows> begins_, ends_;
  Buffer scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_delimited_encoder(const FormatSpec& spec) {
  return std::make_unique<DelimitedEncoder>(spec);
}

}  // namespace levada
