#include "batch/number_text.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace levada {
namespace {

char* put_text(char* p, std::string_view text) {
  std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

// Digits and exponent of the shortest form, laid out the way Double.toString does it: plain from 10^-3 to 10^7,
// otherwise one digit before the point and an exponent; always at least one digit behind the point.
template <class T>
char* put_shortest(char* p, T v) {
  char text[32];
  char* end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific).ptr;  // d[.ddd]e±xx
  // The smallest of all is 4.9E-324 in Java, which always writes two digits and takes the nearest; 5E-324 would do.
  if (std::fabs(v) == std::numeric_limits<T>::denorm_min())
    end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific, 1).ptr;
  char digits[24];
  int count = 0;
  char* at = text;
  if (*at == '-') *p++ = *at++;
  for (; *at != 'e'; ++at)
    if (*at != '.') digits[count++] = *at;
  int exponent = 0;
  std::from_chars(at + (at[1] == '+' ? 2 : 1), end, exponent);
  auto digit = [&](int i) { return i < count ? digits[i] : '0'; };
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      p = put_text(p, "0.");
      for (int i = exponent + 1; i < 0; ++i) *p++ = '0';
      for (int i = 0; i < count; ++i) *p++ = digits[i];
      return p;
    }
    for (int i = 0; i <= exponent; ++i) *p++ = digit(i);
    *p++ = '.';
    *p++ = digit(exponent + 1);
    for (int i = exponent + 2; i < count; ++i) *p++ = digits[i];
    return p;
  }
  *p++ = digits[0];
  *p++ = '.';
  *p++ = digit(1);
  for (int i = 2; i < count; ++i) *p++ = digits[i];
  *p++ = 'E';
  return put_integer(p, exponent);
}

}  // namespace

char* put_double(char* p, double v) {
  // Whole numbers and numbers of at most four decimals, in the range that is written plainly, are by far the most: if v
  // is the double nearest to n / 10^4, then that decimal is its shortest text (decimals of up to 15 digits differ as
  // doubles).
  double m = std::fabs(v);
  if (m < 1e7 && m >= 1e-3) {
    auto n = static_cast<std::uint64_t>(m * 1e4 + 0.5);
    if (static_cast<double>(n) / 1e4 == m) {
      if (v < 0) *p++ = '-';
      p = put_unsigned(p, n / 10'000);
      auto part = static_cast<unsigned>(n % 10'000);
      *p = '.';
      std::memcpy(p + 1, detail::digit_pairs.text + 2 * (part / 100), 2);
      std::memcpy(p + 3, detail::digit_pairs.text + 2 * (part % 100), 2);
      int width = part % 100 != 0 ? (part % 10 != 0 ? 5 : 4) : (part % 1000 != 0 ? 3 : 2);
      return p + width;
    }
  }
  if (v == 0) return put_text(p, std::signbit(v) ? "-0.0" : "0.0");
  if (std::isnan(v)) return put_text(p, "NaN");
  if (std::isinf(v)) return put_text(p, v > 0 ? "Infinity" : "-Infinity");
  return put_shortest(p, v);
}

char* put_float(char* p, float v) {
  if (v == 0 || !std::isfinite(v)) return put_double(p, static_cast<double>(v));
  return put_shortest(p, v);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  std::int64_t v = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

std::optional<double> parse_double(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  if (text.empty() || !(text.back() == '.' || (text.back() >= '0' && text.back() <= '9')))
    return std::nullopt;  // "inf", "nan"
  double v = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too large is infinity, too small is zero; from_chars leaves v alone.
    std::size_t e = text.find_first_of("eE");
    bool small = e != std::string_view::npos && e + 1 < text.size() && text[e + 1] == '-';
    v = small ? 0.0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -v : v;
  }
  if (error != std::errc()) return std::nullopt;
  return v;
}

}  // namespace levada
