#include "connectors/postgres/numeric.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/random.h"
#include "batch/decimal.h"

namespace levada {
namespace {

// Reads the binary form back, independently of how it is written: digits and where the point is.
std::string read_numeric(std::string_view bytes) {
  ByteReader in(bytes);
  auto count = in.big<std::int16_t>(), weight = in.big<std::int16_t>();
  auto sign = in.big<std::uint16_t>();
  auto scale = in.big<std::int16_t>();
  if (sign == 0xC000) return "NaN";
  if (sign == 0xD000) return "Infinity";
  if (sign == 0xF000) return "-Infinity";
  std::string whole, fraction;
  for (int g = weight > 0 ? weight : 0; g >= 0; --g) whole += "0000";
  fraction.assign(static_cast<std::size_t>(scale + 8), '0');
  for (int i = 0; i < count; ++i) {
    auto digit = in.big<std::int16_t>();
    CHECK(digit >= 0);
    CHECK(digit < 10'000);
    if (i == 0 || i == count - 1) CHECK(digit != 0);  // no zeros at the ends
    std::string four = std::to_string(10'000 + digit).substr(1);
    int place = weight - i;
    if (place >= 0) {
      whole.replace(whole.size() - 4 * (static_cast<std::size_t>(place) + 1), 4, four);
    } else {
      std::size_t at = 4 * static_cast<std::size_t>(-place - 1);
      if (fraction.size() < at + 4) fraction.resize(at + 4, '0');
      fraction.replace(at, 4, four);
    }
  }
  CHECK(in.ok());
  CHECK(in.at_end());
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  CHECK(fraction.find_first_not_of('0', static_cast<std::size_t>(scale)) == fraction.npos);
  fraction.resize(static_cast<std::size_t>(scale));
  bool negative = sign == 0x4000;
  return (negative ? "-" : "") + whole + (scale > 0 ? "." + fraction : "");
}

std::string written(Int128 v, int scale) {
  char bytes[max_numeric_size];
  std::string_view form(bytes, static_cast<std::size_t>(put_numeric(bytes, v, scale) - bytes));
  CHECK(form.size() <= max_numeric_size);
  return read_numeric(form);
}

std::string written(double v) {
  char bytes[max_numeric_size];
  return read_numeric({bytes, static_cast<std::size_t>(put_numeric(bytes, v) - bytes)});
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("Postgres: decimals of every size and scale keep their digits") {
    const Int128 most = power_of_ten[38] - 1;
    for (int scale = 0; scale <= 38; ++scale) {
      CAPTURE(scale);
      for (Int128 v :
           {Int128{0}, Int128{1}, Int128{-1}, Int128{9999}, Int128{10'000}, Int128{10'001}, Int128{100'000'000}, most,
            -most, power_of_ten[37], Int128{INT64_MAX}, Int128{INT64_MIN}, Int128{UINT64_MAX} + 1})
        CHECK(written(v, scale) == decimal_text(v, scale));
    }
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 20'000; ++i) {
      Int128 v = (static_cast<Int128>(random() >> 1) << 64 | random()) % power_of_ten[1 + random.below(38)];
      if (random.one_in(2)) v = -v;
      if (random.one_in(3)) v -= v % power_of_ten[random.below(20)];
      int scale = static_cast<int>(random.below(39));
      CHECK(written(v, scale) == decimal_text(v, scale));
    }
  }

  TEST_CASE("Postgres: a double as numeric is its shortest decimal") {
    CHECK(written(0.0) == "0");
    CHECK(written(-0.0) == "0");
    CHECK(written(0.1) == "0.1");
    CHECK(written(-123.456) == "-123.456");
    CHECK(written(1e22) == "10000000000000000000000");
    CHECK(written(1.5e-7) == "0.00000015");
    CHECK(written(9007199254740993.0) == "9007199254740992");
    CHECK(written(std::numeric_limits<double>::denorm_min()) ==
          "0." + std::string(323, '0') + "49");  // as Java writes it
    CHECK(written(std::numeric_limits<double>::max()) == "17976931348623157" + std::string(292, '0'));
    CHECK(written(std::nan("")) == "NaN");
    CHECK(written(HUGE_VAL) == "Infinity");
    CHECK(written(-HUGE_VAL) == "-Infinity");
  }
}

}  // namespace levada
