#include "batch/decimal.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "base/assert.h"
#include "batch/number_text.h"

namespace levada {
namespace {

constexpr Int128 ten_to(int n) { return power_of_ten[static_cast<std::size_t>(n)]; }
constexpr UInt128 unsigned_ten_to(int n) { return static_cast<UInt128>(ten_to(n)); }
constexpr Int128 most = ten_to(38) - 1;

UInt128 magnitude(Int128 v) { return v < 0 ? UInt128(0) - static_cast<UInt128>(v) : static_cast<UInt128>(v); }

std::optional<Int128> checked(Int128 v) {
  if (v > most || v < -most) return std::nullopt;
  return v;
}

// 256 bits without sign, for products before they are divided.
struct Wide {
  UInt128 high, low;
};

Wide multiply(UInt128 a, UInt128 b) {
  constexpr UInt128 mask = ~std::uint64_t{0};
  UInt128 a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
  UInt128 low = a0 * b0, mid1 = a1 * b0, mid2 = a0 * b1, high = a1 * b1;
  UInt128 mid = (low >> 64) + (mid1 & mask) + (mid2 & mask);
  return {high + (mid1 >> 64) + (mid2 >> 64) + (mid >> 64), (mid << 64) | (low & mask)};
}

// v / by with remainder, bit by bit where the high half is in use; nullopt if the quotient needs more than 128 bits.
std::optional<UInt128> divide(Wide v, UInt128 by, UInt128& remainder) {
  if (v.high == 0) {
    remainder = v.low % by;
    return v.low / by;
  }
  if (v.high >= by) return std::nullopt;
  UInt128 rest = v.high, quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    bool carry = rest >> 127;
    rest = (rest << 1) | ((v.low >> bit) & 1);
    quotient <<= 1;
    if (carry || rest >= by) {
      rest -= by;
      quotient |= 1;
    }
  }
  remainder = rest;
  return quotient;
}

// m / d, rounded half up, with a sign. Most numbers have 64 bits, for which the processor can divide.
std::optional<Int128> divide_half_up(UInt128 m, UInt128 d, bool negative) {
  UInt128 quotient, rest;
  if ((m | d) <= ~std::uint64_t{0}) {
    quotient = static_cast<std::uint64_t>(m) / static_cast<std::uint64_t>(d);
    rest = static_cast<std::uint64_t>(m) % static_cast<std::uint64_t>(d);
  } else {
    quotient = m / d;
    rest = m - quotient * d;
  }
  if (rest >= d - rest) ++quotient;  // 2 * rest >= d without overflow
  if (quotient > static_cast<UInt128>(most)) return std::nullopt;
  return negative ? -static_cast<Int128>(quotient) : static_cast<Int128>(quotient);
}

// a * b / by, rounded half up, with a sign.
std::optional<Int128> multiply_divide(UInt128 a, UInt128 b, UInt128 by, bool negative) {
  UInt128 rest = 0;
  auto quotient = divide(multiply(a, b), by, rest);
  if (!quotient) return std::nullopt;
  if (rest >= by - rest) ++*quotient;  // 2 * rest >= by without overflow
  if (*quotient > static_cast<UInt128>(most)) return std::nullopt;
  return negative ? -static_cast<Int128>(*quotient) : static_cast<Int128>(*quotient);
}

}  // namespace

bool fits_precision(Int128 v, int precision) { return magnitude(v) < unsigned_ten_to(precision); }

std::optional<Int128> rescale(Int128 v, int from, int to) {
  if (from == to) return checked(v);
  if (from < to) {
    if (v == 0) return v;
    Int128 scaled;
    if (to - from > 38 || __builtin_mul_overflow(v, ten_to(to - from), &scaled)) return std::nullopt;
    return checked(scaled);
  }
  if (from - to > 38) return Int128(0);
  return divide_half_up(magnitude(v), unsigned_ten_to(from - to), v < 0);
}

std::optional<Int128> decimal_add(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  int common = a_scale > b_scale ? a_scale : b_scale;
  auto x = rescale(a, a_scale, common), y = rescale(b, b_scale, common);
  if (!x || !y) return std::nullopt;
  Int128 sum;
  if (!__builtin_add_overflow(*x, *y, &sum)) return rescale(sum, common, scale);
  // Two numbers of 38 digits may need 128 bits without a sign: too much, unless digits are dropped.
  if (scale >= common) return std::nullopt;
  return divide_half_up(magnitude(*x) + magnitude(*y), unsigned_ten_to(common - scale), *x < 0);
}

std::optional<Int128> decimal_subtract(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  return decimal_add(a, a_scale, -b, b_scale, scale);
}

std::optional<Int128> decimal_multiply(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  bool negative = (a < 0) != (b < 0);
  int surplus = a_scale + b_scale - scale;
  if (surplus > 38) {
    // In two steps: what the first drops cannot decide which way the second rounds, as it divides by an even number.
    UInt128 dropped = 0;
    auto upper = divide(multiply(magnitude(a), magnitude(b)), unsigned_ten_to(38), dropped);
    return upper ? divide_half_up(*upper, unsigned_ten_to(surplus - 38), negative) : std::nullopt;
  }
  if (surplus >= 0) {
    if (Int128 product; !__builtin_mul_overflow(a, b, &product))
      return surplus == 0 ? checked(product) : divide_half_up(magnitude(product), unsigned_ten_to(surplus), negative);
    return multiply_divide(magnitude(a), magnitude(b), unsigned_ten_to(surplus), negative);
  }
  auto product = multiply_divide(magnitude(a), magnitude(b), 1, negative);
  if (!product) return std::nullopt;
  return rescale(*product, a_scale + b_scale, scale);
}

std::optional<Int128> decimal_divide(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  if (b == 0) return std::nullopt;
  bool negative = (a < 0) != (b < 0);
  int shift = scale + b_scale - a_scale;  // a / b * 10^shift
  if (shift > 76 || shift < -38) return std::nullopt;
  if (shift < 0) {
    Wide divisor = multiply(magnitude(b), unsigned_ten_to(-shift));
    if (divisor.high != 0) return Int128(0);
    return multiply_divide(magnitude(a), 1, divisor.low, negative);
  }
  if (shift <= 38) {
    if (Int128 dividend; !__builtin_mul_overflow(a, ten_to(shift), &dividend))
      return divide_half_up(magnitude(dividend), magnitude(b), negative);
    return multiply_divide(magnitude(a), unsigned_ten_to(shift), magnitude(b), negative);
  }
  Wide dividend = multiply(magnitude(a), unsigned_ten_to(shift - 38));
  if (dividend.high != 0) return a == 0 ? std::optional<Int128>(0) : std::nullopt;
  return multiply_divide(dividend.low, unsigned_ten_to(38), magnitude(b), negative);
}

std::optional<Int128> decimal_remainder(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  int common = a_scale > b_scale ? a_scale : b_scale;
  auto x = rescale(a, a_scale, common), y = rescale(b, b_scale, common);
  if (!x || !y || *y == 0) return std::nullopt;
  return rescale(*x % *y, common, scale);
}

int decimal_compare(Int128 a, int a_scale, Int128 b, int b_scale) {
  if ((a < 0) != (b < 0)) return a < 0 ? -1 : 1;
  bool negative = a < 0;
  Wide x = multiply(magnitude(a), a_scale < b_scale ? unsigned_ten_to(b_scale - a_scale) : 1);
  Wide y = multiply(magnitude(b), b_scale < a_scale ? unsigned_ten_to(a_scale - b_scale) : 1);
  int order = x.high != y.high ? (x.high < y.high ? -1 : 1) : x.low != y.low ? (x.low < y.low ? -1 : 1) : 0;
  return negative ? -order : order;
}

double decimal_to_double(Int128 v, int scale) {
  constexpr Int128 exact = Int128(1) << 53;
  if (v <= exact && v >= -exact && scale <= 22) return static_cast<double>(v) / static_cast<double>(ten_to(scale));
  char text[64];
  char* end = put_decimal(text, v, scale);
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

std::optional<Int128> decimal_from_double(double v, int precision, int scale) {
  if (!std::isfinite(v)) return std::nullopt;
  char text[64];
  char* end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific).ptr;
  return parse_decimal(std::string_view(text, static_cast<std::size_t>(end - text)), precision, scale);
}

char* put_decimal(char* p, Int128 v, int scale) {
  if (v < 0) *p++ = '-';
  UInt128 m = magnitude(v);
  UInt128 unit = unsigned_ten_to(scale);
  UInt128 whole = m / unit, part = m % unit;
  char digits[40];
  auto put = [&](UInt128 n, int least) {
    char* end = digits + sizeof digits;
    char* at = end;
    for (; n != 0 || end - at < least; n /= 10) *--at = static_cast<char>('0' + static_cast<int>(n % 10));
    std::memcpy(p, at, static_cast<std::size_t>(end - at));
    p += end - at;
  };
  if (whole <= ~std::uint64_t{0})
    p = put_unsigned(p, static_cast<std::uint64_t>(whole));
  else
    put(whole, 1);
  if (scale > 0) {
    *p++ = '.';
    put(part, scale);
  }
  return p;
}

std::string decimal_text(Int128 v, int scale) {
  char text[64];
  return std::string(text, put_decimal(text, v, scale));
}

std::optional<ParsedDecimal> parse_decimal(std::string_view text) {
  const char* p = text.data();
  const char* stop = p + text.size();
  bool negative = false;
  if (p < stop && (*p == '-' || *p == '+')) negative = *p++ == '-';
  UInt128 v = 0;
  int scale = 0, digits = 0, significant = 0;
  bool point = false;
  for (; p < stop; ++p) {
    if (*p == '.' && !point) {
      point = true;
      continue;
    }
    if (*p < '0' || *p > '9') break;
    ++digits;
    scale += point;
    if (v != 0 || *p != '0') ++significant;
    if (significant > max_decimal_digits) return std::nullopt;
    v = v * 10 + static_cast<unsigned>(*p - '0');
  }
  if (digits == 0) return std::nullopt;
  if (p < stop && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p + 1 < stop && *p == '+' && p[1] != '-') ++p;
    int exponent = 0;
    auto [end, error] = std::from_chars(p, stop, exponent);
    if (error != std::errc() || exponent > 100'000 || exponent < -100'000) return std::nullopt;
    p = end;
    scale -= exponent;
  }
  if (p != stop) return std::nullopt;
  return ParsedDecimal{negative ? -static_cast<Int128>(v) : static_cast<Int128>(v), scale};
}

std::optional<Int128> parse_decimal(std::string_view text, int precision, int scale) {
  auto parsed = parse_decimal(text);
  if (!parsed) return std::nullopt;
  auto v = rescale(parsed->unscaled, parsed->scale, scale);
  if (!v || !fits_precision(*v, precision)) return std::nullopt;
  return v;
}

}  // namespace levada
