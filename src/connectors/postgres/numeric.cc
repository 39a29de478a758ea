#include "connectors/postgres/numeric.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "batch/decimal.h"
#include "batch/number_text.h"

namespace levada {
namespace {

constexpr std::uint16_t negative_sign = 0x4000, nan_sign = 0xC000, plus_infinity = 0xD000, minus_infinity = 0xF000;

int floor_div4(int v) { return v >= 0 ? v / 4 : -((3 - v) / 4); }

char* put_header(char* p, int digits, int weight, std::uint16_t sign, int scale) {
  store_big(p, static_cast<std::int16_t>(digits));
  store_big(p + 2, static_cast<std::int16_t>(weight));
  store_big(p + 4, sign);
  store_big(p + 6, static_cast<std::int16_t>(scale));
  return p + 8;
}

// 0.DIGITS * 10^point, shown with `scale` places.
char* put_digits(char* p, bool negative, std::string_view digits, int point, int scale) {
  while (digits.starts_with('0')) digits.remove_prefix(1), --point;
  while (digits.ends_with('0')) digits.remove_suffix(1);
  if (digits.empty()) return put_header(p, 0, 0, 0, scale);
  // The digit i stands for 10^(point - 1 - i); four of them, aligned to the point, are one digit of theirs.
  int weight = floor_div4(point - 1);
  char* at = p + 8;
  int group = 0, places_left = point - 4 * weight;  // of the group that is being filled
  for (char c : digits) {
    group = group * 10 + (c - '0');
    if (--places_left > 0) continue;
    store_big(at, static_cast<std::int16_t>(group));
    at += 2;
    group = 0;
    places_left = 4;
  }
  if (places_left < 4) {
    for (; places_left > 0; --places_left) group *= 10;
    store_big(at, static_cast<std::int16_t>(group));
    at += 2;
  }
  put_header(p, static_cast<int>((at - p - 8) / 2), weight, negative ? negative_sign : 0, scale);
  return at;
}

}  // namespace

char* put_numeric(char* p, Int128 value, int scale) {
  std::array<char, 48> text;
  bool negative = value < 0;
  UInt128 magnitude = negative ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
  char* end = text.data();
  constexpr std::uint64_t low_part = 1'000'000'000'000'000'000;  // 18 digits
  if (magnitude <= UINT64_MAX) {
    end = put_unsigned(end, static_cast<std::uint64_t>(magnitude));
  } else {
    UInt128 high = magnitude / low_part;
    auto low = static_cast<std::uint64_t>(magnitude % low_part);
    if (high > UINT64_MAX) {
      end = put_unsigned(end, static_cast<std::uint64_t>(high / low_part));
      end = put_padded_number(end, static_cast<std::uint64_t>(high % low_part), 18);
    } else {
      end = put_unsigned(end, static_cast<std::uint64_t>(high));
    }
    end = put_padded_number(end, low, 18);
  }
  std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
  return put_digits(p, negative, digits, static_cast<int>(digits.size()) - scale, scale);
}

char* put_numeric(char* p, double value) {
  if (std::isnan(value)) return put_header(p, 0, 0, nan_sign, 0);
  if (std::isinf(value)) return put_header(p, 0, 0, value < 0 ? minus_infinity : plus_infinity, 0);
  std::array<char, max_double_text> text;
  char* stop = put_double(text.data(), value);
  // "-1.25E10": the digits without their point, which stands behind the first of them; then the exponent moves it.
  std::array<char, max_double_text> digits;
  std::size_t count = 0;
  int point = 0, exponent = 0;
  bool seen_point = false;
  const char* at = text[0] == '-' ? text.data() + 1 : text.data();
  for (; at != stop && *at != 'E'; ++at) {
    if (*at == '.') {
      seen_point = true;
      continue;
    }
    digits[count++] = *at;
    point += !seen_point;
  }
  if (at != stop) exponent = static_cast<int>(*parse_integer({at + 1, static_cast<std::size_t>(stop - at - 1)}));
  while (count > 1 && digits[count - 1] == '0') --count;  // Java writes 1.0
  point += exponent;
  int scale = static_cast<int>(count) - point;
  return put_digits(p, value < 0, {digits.data(), count}, point, scale < 0 ? 0 : scale);
}

}  // namespace levada
