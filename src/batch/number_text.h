// Numbers to text and back, fast for the sizes that records are made of.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace levada {

// ---- to text; at p there must be room for the longest form; the end is returned ----

inline constexpr std::size_t max_integer_text = 20;
inline constexpr std::size_t max_double_text = 25;

namespace detail {
struct DigitPairs {
  char text[200];
  constexpr DigitPairs() : text() {
    for (int i = 0; i < 100; ++i) {
      text[2 * i] = static_cast<char>('0' + i / 10);
      text[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
  }
};
inline constexpr DigitPairs digit_pairs;
}  // namespace detail

// Decimal digits of v; 1 for 0.
inline int digits_of(std::uint64_t v) {
  static constexpr std::uint64_t power[] = {0,
                                            10,
                                            100,
                                            1'000,
                                            10'000,
                                            100'000,
                                            1'000'000,
                                            10'000'000,
                                            100'000'000,
                                            1'000'000'000,
                                            10'000'000'000,
                                            100'000'000'000,
                                            1'000'000'000'000,
                                            10'000'000'000'000,
                                            100'000'000'000'000,
                                            1'000'000'000'000'000,
                                            10'000'000'000'000'000,
                                            100'000'000'000'000'000,
                                            1'000'000'000'000'000'000,
                                            10'000'000'000'000'000'000u};
  int guess = (64 - __builtin_clzll(v | 1)) * 1233 >> 12;  // log10(2) is about 1233 / 4096
  return guess + (v >= power[guess]);
}

inline char* put_unsigned(char* p, std::uint64_t v) {
  char* stop = p + digits_of(v);
  char* at = stop;
  while (v >= 100) {
    at -= 2;
    std::memcpy(at, detail::digit_pairs.text + 2 * (v % 100), 2);
    v /= 100;
  }
  if (v >= 10)
    std::memcpy(p, detail::digit_pairs.text + 2 * v, 2);
  else
    *p = static_cast<char>('0' + v);
  return stop;
}

inline char* put_integer(char* p, std::int64_t v) {
  if (v >= 0) return put_unsigned(p, static_cast<std::uint64_t>(v));
  *p++ = '-';
  return put_unsigned(p, 0 - static_cast<std::uint64_t>(v));
}

// Exactly `width` digits, zeros in front.
inline char* put_padded_number(char* p, std::uint64_t v, int width) {
  for (int i = width; i-- > 0; v /= 10) p[i] = static_cast<char>('0' + v % 10);
  return p + width;
}

// The shortest text that reads back as v, laid out as Java does it and so as ksqlDB writes it: "2800.5", "1.0",
// "1.0E10", "NaN", "Infinity".
char* put_double(char* p, double v);
// The same for a float: "0.1", not the "0.10000000149011612" of the double that is equal to it.
char* put_float(char* p, float v);

// ---- from text: the whole text or nullopt ----

std::optional<std::int64_t> parse_integer(std::string_view text);  // optional sign, digits
std::optional<double> parse_double(std::string_view text);         // also NaN, Infinity, -Infinity

}  // namespace levada
