// A JSON string with its quotes, written sixteen bytes at a time. Escaped is what must be, as ksqlDB writes it: " \ and
// control characters, the ones with a short form by that, the others as \u001F; all else as it is.
#pragma once
#include <emmintrin.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace levada {

// Room that a string of this size may need, and for what is written behind it for speed.
constexpr std::size_t json_string_room(std::size_t size) { return 6 * size + 2 + 16; }

namespace detail {
inline char* put_json_escape(char* p, unsigned char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  *p++ = '\\';
  switch (c) {
    case '"':
    case '\\': *p++ = static_cast<char>(c); return p;
    case '\b': *p++ = 'b'; return p;
    case '\f': *p++ = 'f'; return p;
    case '\n': *p++ = 'n'; return p;
    case '\r': *p++ = 'r'; return p;
    case '\t': *p++ = 't'; return p;
    default:
      std::memcpy(p, "u00", 3);
      p[3] = digits[c >> 4];
      p[4] = digits[c & 15];
      return p + 5;
  }
}
}  // namespace detail

// 16 bytes behind the text may be read.
inline char* put_json_string(char* p, std::string_view text) {
  *p++ = '"';
  const char* at = text.data();
  const char* stop = at + text.size();
  while (at < stop) {
    __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), v);
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
    auto left = static_cast<std::size_t>(stop - at);
    std::size_t n = left < 16 ? left : 16;
    auto found = static_cast<unsigned>(_mm_movemask_epi8(special)) & ((1u << n) - 1);
    if (found == 0) [[likely]] {
      at += n;
      p += n;
      continue;
    }
    auto plain = static_cast<std::size_t>(__builtin_ctz(found));
    at += plain;
    p = detail::put_json_escape(p + plain, static_cast<unsigned char>(*at++));
  }
  *p++ = '"';
  return p;
}

}  // namespace levada
