#include "batch/decimal.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace levada {
namespace {

using Big = boost::multiprecision::cpp_int;

Big big(Int128 v) {
  UInt128 m = v < 0 ? UInt128(0) - static_cast<UInt128>(v) : static_cast<UInt128>(v);
  Big b = (Big(static_cast<std::uint64_t>(m >> 64)) << 64) + Big(static_cast<std::uint64_t>(m));
  return v < 0 ? Big(-b) : b;
}
Big ten_to(int n) { return boost::multiprecision::pow(Big(10), static_cast<unsigned>(n)); }

// a / b, rounded half away from zero.
Big divide_half_up(const Big& a, const Big& b) {
  Big m = abs(a), d = abs(b), q = m / d, r = m % d;
  if (2 * r >= d) ++q;
  return (a < 0) != (b < 0) ? Big(-q) : q;
}

// What the operations must answer: the text of the number, or "none" where it needs more than 38 digits.
std::string text(const Big& v) { return abs(v) < ten_to(38) ? v.str() : "none"; }
std::string text(std::optional<Int128> v) { return v ? decimal_text(*v, 0) : "none"; }

Big at_scale(const Big& v, int from, int to) {
  return from <= to ? Big(v * ten_to(to - from)) : divide_half_up(v, ten_to(from - to));
}

// Numbers of every length, with many round ones and limits among them.
struct Numbers {
  Random random;
  explicit Numbers(std::uint64_t seed) : random(seed) {}
  Int128 next() {
    int digits = static_cast<int>(random.below(39));
    Int128 v = static_cast<Int128>((static_cast<UInt128>(random()) << 64 | random()) >> 1);
    v %= digits == 0 ? 1 : power_of_ten[static_cast<std::size_t>(digits)];
    if (random.one_in(8)) v = digits == 0 ? 0 : power_of_ten[static_cast<std::size_t>(digits)] - 1;
    if (random.one_in(8)) v = digits == 0 ? 0 : power_of_ten[static_cast<std::size_t>(digits) - 1] * 5;
    return random.one_in(2) ? -v : v;
  }
  int scale() { return static_cast<int>(random.below(random.one_in(4) ? 39 : 8)); }
};

TEST_SUITE("batch") {
  TEST_CASE("decimal arithmetic agrees with big integers") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Numbers numbers(seed);
    for (int i = 0; i < 20'000; ++i) {
      Int128 a = numbers.next(), b = numbers.next();
      int as = numbers.scale(), bs = numbers.scale(), scale = numbers.scale();
      CAPTURE(decimal_text(a, 0));
      CAPTURE(decimal_text(b, 0));
      CAPTURE(as);
      CAPTURE(bs);
      CAPTURE(scale);
      Big x = big(a), y = big(b);

      CHECK(text(rescale(a, as, scale)) == text(at_scale(x, as, scale)));

      int common = std::max(as, bs);
      Big cx = at_scale(x, as, common), cy = at_scale(y, bs, common);
      bool aligned = abs(cx) < ten_to(38) && abs(cy) < ten_to(38);
      CHECK(text(decimal_add(a, as, b, bs, scale)) == (aligned ? text(at_scale(cx + cy, common, scale)) : "none"));
      CHECK(text(decimal_subtract(a, as, b, bs, scale)) == (aligned ? text(at_scale(cx - cy, common, scale)) : "none"));

      Big product = at_scale(x * y, as + bs, scale);
      CHECK(text(decimal_multiply(a, as, b, bs, scale)) == text(product));

      if (b == 0) {
        CHECK(text(decimal_divide(a, as, b, bs, scale)) == "none");
        CHECK(text(decimal_remainder(a, as, b, bs, scale)) == "none");
      } else {
        int shift = scale + bs - as;
        if (shift >= -38) {
          Big n = shift >= 0 ? Big(x * ten_to(shift)) : x, d = shift >= 0 ? y : Big(y * ten_to(-shift));
          CHECK(text(decimal_divide(a, as, b, bs, scale)) == text(divide_half_up(n, d)));
        }
        if (aligned) CHECK(text(decimal_remainder(a, as, b, bs, scale)) == text(at_scale(cx % cy, common, scale)));
      }

      int order = cx < cy ? -1 : cx > cy ? 1 : 0;
      CHECK((decimal_compare(a, as, b, bs) > 0) - (decimal_compare(a, as, b, bs) < 0) == order);
    }
  }

  TEST_CASE("rounding is half away from zero on both sides") {
    CHECK(text(rescale(15, 1, 0)) == "2");
    CHECK(text(rescale(14, 1, 0)) == "1");
    CHECK(text(rescale(-15, 1, 0)) == "-2");
    CHECK(text(rescale(-14, 1, 0)) == "-1");
    CHECK(text(rescale(5, 39, 0)) == "0");
    CHECK(text(rescale(power_of_ten[38] - 1, 38, 0)) == "1");
  }

  TEST_CASE("what needs a 39th digit is no decimal") {
    Int128 most = power_of_ten[38] - 1;
    CHECK(text(decimal_add(most, 0, 1, 0, 0)) == "none");
    CHECK(text(decimal_subtract(-most, 0, 1, 0, 0)) == "none");
    CHECK(text(decimal_add(most, 0, -1, 0, 0)) == "99999999999999999999999999999999999998");
    CHECK(text(decimal_multiply(most, 0, most, 0, 0)) == "none");
    CHECK(text(decimal_divide(most, 0, 1, 1, 0)) == "none");
    CHECK(text(rescale(most, 0, 1)) == "none");
    CHECK(text(rescale(0, 0, 38)) == "0");
    CHECK(fits_precision(99, 2));
    CHECK(!fits_precision(100, 2));
    CHECK(fits_precision(-99, 2));
    CHECK(!fits_precision(-100, 2));
    CHECK(fits_precision(-most, 38));
  }

  TEST_CASE("text and back gives the same decimal") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Numbers numbers(seed);
    for (int i = 0; i < 10'000; ++i) {
      Int128 v = numbers.next();
      int scale = numbers.scale();
      std::string t = decimal_text(v, scale);
      CAPTURE(t);
      CHECK(t.size() <= 41);
      auto parsed = parse_decimal(t);
      REQUIRE(parsed);
      CHECK(parsed->scale == scale);
      CHECK(decimal_text(parsed->unscaled, 0) == decimal_text(v, 0));
      CHECK(text(parse_decimal(t, 38, scale)) == decimal_text(v, 0));
    }
    CHECK(decimal_text(0, 0) == "0");
    CHECK(decimal_text(0, 3) == "0.000");
    CHECK(decimal_text(-5, 3) == "-0.005");
    CHECK(decimal_text(-1234, 2) == "-12.34");
  }

  TEST_CASE("parsing takes signs, points and exponents, and nothing else") {
    auto parsed = [](std::string_view t) -> std::string {
      auto p = parse_decimal(t);
      return p ? decimal_text(p->unscaled, 0) + "e" + std::to_string(-p->scale) : "none";
    };
    CHECK(parsed("12.50") == "1250e-2");
    CHECK(parsed("+12") == "12e0");
    CHECK(parsed("-.5") == "-5e-1");
    CHECK(parsed("5.") == "5e0");
    CHECK(parsed("2e1") == "2e1");
    CHECK(parsed("2E+1") == "2e1");
    CHECK(parsed("2.5e-3") == "25e-4");
    CHECK(parsed("000000000000000000000000000000000000000000001") == "1e0");
    for (const char* wrong : {"",
                              "-",
                              "+",
                              ".",
                              "-.",
                              "e1",
                              "1e",
                              "1e+",
                              "1e--1",
                              "1e+-1",
                              "--1",
                              "1.2.3",
                              "1 ",
                              " 1",
                              "1,5",
                              "0x1",
                              "NaN",
                              "Infinity",
                              "1e999999999999",
                              "123456789012345678901234567890123456789"})
      CHECK_MESSAGE(parsed(wrong) == "none", std::string(wrong));
    CHECK(text(parse_decimal("9.95", 2, 1)) == "none");  // 10.0 needs three digits
    CHECK(text(parse_decimal("9.94", 2, 1)) == "99");
    CHECK(text(parse_decimal("1e-60", 4, 2)) == "0");
    CHECK(text(parse_decimal("0e60", 4, 2)) == "0");
    CHECK(text(parse_decimal("1e60", 38, 0)) == "none");
  }

  TEST_CASE("doubles become the decimal of their shortest text") {
    CHECK(text(decimal_from_double(0.1, 3, 2)) == "10");
    CHECK(text(decimal_from_double(1.005, 3, 2)) == "101");  // the double lies below, its text does not
    CHECK(text(decimal_from_double(-2.5, 2, 0)) == "-3");
    CHECK(text(decimal_from_double(1e20, 38, 2)) == "10000000000000000000000");
    CHECK(text(decimal_from_double(99.96, 3, 1)) == "none");
    CHECK(text(decimal_from_double(5e-324, 3, 1)) == "0");
    CHECK(text(decimal_from_double(std::numeric_limits<double>::max(), 38, 0)) == "none");
    for (double v : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                     -std::numeric_limits<double>::infinity()})
      CHECK(text(decimal_from_double(v, 38, 0)) == "none");
  }

  TEST_CASE("the double nearest to a decimal") {
    CHECK(decimal_to_double(0, 5) == 0.0);
    CHECK(decimal_to_double(1, 1) == 0.1);
    CHECK(decimal_to_double(-1234567, 3) == -1234.567);
    CHECK(decimal_to_double(power_of_ten[37], 0) == 1e37);
    CHECK(decimal_to_double(*parse_decimal("12345678901234567.89", 19, 2), 2) == 12345678901234567.89);
    CHECK(decimal_to_double(1, 38) == 1e-38);
  }
}

}  // namespace
}  // namespace levada
