#include <emmintrin.h>

#include <cstring>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "formats/base64.h"
#include "formats/delimited.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

constexpr std::size_t scalar_room = 64;  // the longest is a decimal of 38 digits

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class DelimitedEncoder : public Encoder {
 public:
  explicit DelimitedEncoder(const FormatSpec& spec)
      : delimiter_(*delimiter_byte(spec.delimiter)), fields_(spec.fields.size()) {}

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures&) override {
    out.ends.reserve(out.ends.size() + rows.size());
    rows.for_each([&](std::uint32_t row) {
      for (std::size_t i = 0; i < fields_; ++i) {
        if (i > 0) out.bytes.append(delimiter_);
        if (!columns[i]->is_null(row)) append(out.bytes, *columns[i], row, i == 0);
      }
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    });
  }

 private:
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

  void append_text(Buffer& out, std::string_view text, bool first) const {
    if (!needs_quotes(text, first)) return out.append(text);
    char* p = out.room(2 * text.size() + 2);
    *p++ = '"';
    for (char c : text) {
      if (c == '"') *p++ = '"';
      *p++ = c;
    }
    *p++ = '"';
    out.commit(p);
  }

  // What put() writes, in quotes where it needs them; it holds none itself.
  template <class Put>
  void append_scalar(Buffer& out, std::size_t room, bool first, Put put) const {
    char* p = out.room(room + 2);
    char* end = put(p);
    if (needs_quotes({p, static_cast<std::size_t>(end - p)}, first)) {
      std::memmove(p + 1, p, static_cast<std::size_t>(end - p));
      *p = '"';
      end[1] = '"';
      end += 2;
    }
    out.commit(end);
  }

  void append(Buffer& out, const Column& column, std::uint32_t row, bool first) const {
    auto scalar = [&](auto put) { append_scalar(out, scalar_room, first, put); };
    switch (column.type().kind()) {
      case TypeKind::boolean:
        return scalar([&](char* p) {
          bool is_true = column.values<std::uint8_t>()[row] != 0;
          std::memcpy(p, is_true ? "true\0" : "false", 5);
          return p + (is_true ? 4 : 5);
        });
      case TypeKind::int32:
      case TypeKind::date: return scalar([&](char* p) { return put_integer(p, column.values<std::int32_t>()[row]); });
      case TypeKind::int64: return scalar([&](char* p) { return put_integer(p, column.values<std::int64_t>()[row]); });
      case TypeKind::time:
      case TypeKind::timestamp:
        return scalar([&](char* p) { return put_integer(p, ms_from_us(column.values<std::int64_t>()[row])); });
      case TypeKind::float64: return scalar([&](char* p) { return put_double(p, column.values<double>()[row]); });
      case TypeKind::decimal:
        return scalar([&](char* p) { return put_decimal(p, column.values<Int128>()[row], column.type().scale()); });
      case TypeKind::string: return append_text(out, column.string(row), first);
      case TypeKind::bytes:
        return append_scalar(out, base64_size(column.string(row).size()), first,
                             [&](char* p) { return put_base64(p, column.string(row)); });
      default: LV_UNREACHABLE();
    }
  }

  char delimiter_;
  std::size_t fields_;
};

}  // namespace

std::unique_ptr<Encoder> make_delimited_encoder(const FormatSpec& spec) {
  return std::make_unique<DelimitedEncoder>(spec);
}

}  // namespace levada
