// Plain numbers, sixteen characters at a time: an optional minus, digits, perhaps a point; no plus, no exponent, no
// superfluous zeros in front. Nearly all numbers in nearly all records are of this form, and it is the same in JSON,
// DELIMITED and CSV. What these functions refuse may still be a number: ask the general ones (formats/scalar_text.h).
//
// They read 16 bytes from the first digit on, whatever the length.
//
//   "1234.56"   characters           1  2  3  4  .  5  6  …
//               point out, to the right      0 0 … 1 2 3 4 5 6    (one shuffle)
//               pairs, fours, eights         … 12 34 56  … 12 3456  … 123456   (multiply and add)
#pragma once
#include <smmintrin.h>

#include <cstddef>
#include <cstdint>

namespace levada {

namespace detail {
// Shuffle that moves the first n bytes to the right end: the 16 bytes from n on. 0x80 gives zero.
struct RightAlign {
  alignas(16) unsigned char lane[32];
  constexpr RightAlign() : lane() {
    for (unsigned i = 0; i < 32; ++i) lane[i] = i < 16 ? 0x80 : static_cast<unsigned char>(i - 16);
  }
};
inline constexpr RightAlign right_align;

// The number that 16 digits make (as bytes from 0 to 9); false if a byte is larger.
inline bool digits_value(__m128i digits, std::uint64_t& value) {
  __m128i capped = _mm_min_epu8(digits, _mm_set1_epi8(9));
  if (_mm_movemask_epi8(_mm_cmpeq_epi8(capped, digits)) != 0xffff) return false;
  __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
  __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
  __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
  auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  value = (both & 0xffffffffu) * 100'000'000u + (both >> 32);
  return true;
}

inline constexpr double exact_power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
}  // namespace detail

// The integer that fills [p, p + n), of at most 18 digits.
inline bool plain_integer(const char* p, std::size_t n, std::int64_t& value) {
  bool negative = *p == '-';
  p += negative;
  n -= negative;
  if (n - 1 >= 18 || (*p == '0' && n > 1)) return false;
  std::uint64_t high = 0, v;
  for (; n > 16; --n, ++p) {
    auto digit = static_cast<unsigned char>(*p - '0');
    if (digit > 9) return false;
    high = high * 10 + digit;
  }
  __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  __m128i shuffle = _mm_loadu_si128(reinterpret_cast<const __m128i*>(detail::right_align.lane + n));
  if (!detail::digits_value(_mm_shuffle_epi8(_mm_sub_epi8(text, _mm_set1_epi8('0')), shuffle), v)) return false;
  v += high * 10'000'000'000'000'000u;
  value = negative ? -static_cast<std::int64_t>(v) : static_cast<std::int64_t>(v);
  return true;
}

// mantissa / 10^scale
struct PlainDecimal {
  std::int64_t mantissa;
  int scale;
};

// The number that fills [p, p + n), of at most 16 characters behind the minus. A point stands between digits.
// `negative` also for -0, which the mantissa cannot tell.
inline bool plain_decimal(const char* p, std::size_t n, PlainDecimal& value, bool& negative) {
  negative = *p == '-';
  p += negative;
  n -= negative;
  if (n - 1 >= 16) return false;
  __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  auto points = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')))) & ((1u << n) - 1);
  std::size_t point = n, digits = n;
  if (points != 0) {
    point = static_cast<std::size_t>(__builtin_ctz(points));
    digits = n - 1;
    if (point - 1 >= n - 2) return false;  // at either end
  }
  if (*p == '0' && point != 1) return false;
  // Lanes from the point on come from one byte further; 0x80 is negative and stays.
  __m128i shuffle = _mm_loadu_si128(reinterpret_cast<const __m128i*>(detail::right_align.lane + digits));
  shuffle = _mm_sub_epi8(shuffle, _mm_cmpgt_epi8(shuffle, _mm_set1_epi8(static_cast<char>(point - 1))));
  std::uint64_t v;
  if (!detail::digits_value(_mm_shuffle_epi8(_mm_sub_epi8(text, _mm_set1_epi8('0')), shuffle), v)) return false;
  value.mantissa = negative ? -static_cast<std::int64_t>(v) : static_cast<std::int64_t>(v);
  value.scale = static_cast<int>(n - point) - (points != 0);
  return true;
}

// The double nearest to the number: mantissa and power of ten are both exact, so the division rounds correctly.
inline bool plain_double(const char* p, std::size_t n, double& value) {
  PlainDecimal decimal;
  bool negative;
  if (!plain_decimal(p, n, decimal, negative)) return false;
  auto magnitude = static_cast<std::uint64_t>(negative ? -decimal.mantissa : decimal.mantissa);
  if (magnitude >> 53 != 0) return false;
  double v = static_cast<double>(static_cast<std::int64_t>(magnitude)) / detail::exact_power_of_ten[decimal.scale];
  value = negative ? -v : v;
  return true;
}

}  // namespace levada
