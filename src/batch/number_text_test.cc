#include "batch/number_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/random.h"

namespace levada {
namespace {

std::string text(std::int64_t v) {
  char buffer[max_integer_text];
  return std::string(buffer, put_integer(buffer, v));
}
std::string text(double v) {
  char buffer[max_double_text];
  return std::string(buffer, put_double(buffer, v));
}
std::int64_t power(int n) {
  std::int64_t v = 1;
  while (n-- > 0) v *= 10;
  return v;
}

TEST_SUITE("batch") {
  TEST_CASE("integers around every power of ten and every power of two") {
    for (int n = 0; n <= 18; ++n)
      for (std::int64_t v : {power(n) - 1, power(n), power(n) + 1})
        for (std::int64_t s : {v, -v}) {
          CHECK(text(s) == std::to_string(s));
          CHECK(parse_integer(text(s)) == s);
        }
    for (int bit = 0; bit < 63; ++bit) CHECK(text(std::int64_t{1} << bit) == std::to_string(std::int64_t{1} << bit));
    constexpr auto least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
    CHECK(text(least) == "-9223372036854775808");
    CHECK(text(most) == "9223372036854775807");
    CHECK(digits_of(0) == 1);
    CHECK(digits_of(~std::uint64_t{0}) == 20);
  }

  TEST_CASE("integers are parsed whole or not at all") {
    CHECK(parse_integer("+7") == 7);
    CHECK(parse_integer("-0") == 0);
    CHECK(parse_integer("000123") == 123);
    CHECK(parse_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    for (const char* wrong : {"", "+", "-", "+-1", "-+1", "--1", "1.0", "1e3", " 1", "1 ", "0x1", "9223372036854775808",
                              "-9223372036854775809"})
      CHECK_MESSAGE(!parse_integer(wrong), std::string(wrong));
  }

  TEST_CASE("doubles are written as Java writes them") {
    CHECK(text(0.0) == "0.0");
    CHECK(text(-0.0) == "-0.0");
    CHECK(text(1.0) == "1.0");
    CHECK(text(-2800.5) == "-2800.5");
    CHECK(text(0.1) == "0.1");
    CHECK(text(0.001) == "0.001");
    CHECK(text(0.00099999) == "9.9999E-4");
    CHECK(text(9999999.0) == "9999999.0");
    CHECK(text(9999999.9999) == "9999999.9999");
    CHECK(text(1e7) == "1.0E7");
    CHECK(text(12345678.9) == "1.23456789E7");
    CHECK(text(1e10) == "1.0E10");
    CHECK(text(1.0 / 3) == "0.3333333333333333");
    CHECK(text(100.125) == "100.125");
    CHECK(text(0.30000000000000004) == "0.30000000000000004");
    CHECK(text(5e-324) == "4.9E-324");
    CHECK(text(1.7976931348623157e308) == "1.7976931348623157E308");
    CHECK(text(2.2250738585072014e-308) == "2.2250738585072014E-308");
    CHECK(text(std::numeric_limits<double>::quiet_NaN()) == "NaN");
    CHECK(text(std::numeric_limits<double>::infinity()) == "Infinity");
    CHECK(text(-std::numeric_limits<double>::infinity()) == "-Infinity");
  }

  TEST_CASE("every double comes back from its text") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    auto check = [](double v) {
      std::string t = text(v);
      CAPTURE(t);
      CHECK(t.size() <= max_double_text);
      auto back = parse_double(t);
      REQUIRE(back);
      CHECK(load<std::uint64_t>(&*back) == load<std::uint64_t>(&v));
    };
    for (int i = 0; i < 50'000; ++i) {
      std::uint64_t bits = random();
      double v = load<double>(&bits);
      if (std::isfinite(v)) check(v);
      check(static_cast<double>(random.below(100'000'000'000)) / 1e4);  // the quick way out
      check(std::nextafter(static_cast<double>(random.below(100'000'000'000)) / 1e4, 1e300));
    }
  }

  TEST_CASE("doubles are parsed whole or not at all") {
    CHECK(parse_double("1") == 1.0);
    CHECK(parse_double("+1.5") == 1.5);
    CHECK(parse_double("1.") == 1.0);
    CHECK(parse_double(".5") == 0.5);
    CHECK(parse_double("-1.0E10") == -1e10);
    CHECK(parse_double("1e400") == std::numeric_limits<double>::infinity());
    CHECK(parse_double("-1e400") == -std::numeric_limits<double>::infinity());
    CHECK(parse_double("1e-400") == 0.0);
    CHECK(std::isnan(parse_double("NaN").value()));
    CHECK(parse_double("-Infinity") == -std::numeric_limits<double>::infinity());
    for (const char* wrong : {"", "+", "-", ".", "e1", "1e", "1e+", "+-1", "inf", "nan", "INFINITY", "nan(1", "0x10",
                              "1d", "1f", " 1", "1 ", "1,5"})
      CHECK_MESSAGE(!parse_double(wrong), std::string(wrong));
  }

  TEST_CASE("padded numbers have exactly their width") {
    char buffer[8];
    CHECK(std::string(buffer, put_padded_number(buffer, 7, 2)) == "07");
    CHECK(std::string(buffer, put_padded_number(buffer, 0, 3)) == "000");
    CHECK(std::string(buffer, put_padded_number(buffer, 12345, 3)) == "345");
  }
}

}  // namespace
}  // namespace levada
