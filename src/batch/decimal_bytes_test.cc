#include "batch/decimal_bytes.h"

#include <doctest/doctest.h>

#include <limits>

namespace levada {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}
std::string bytes_of(std::string_view text, int scale) {
  std::string out;
  return append_decimal_bytes(out, text, scale) ? hex(out) : "refused";
}
std::string round_trip(std::string_view text, int scale) {
  std::string bytes, out;
  if (!append_decimal_bytes(bytes, text, scale)) return "refused";
  append_decimal_text(out, bytes, scale);
  return out;
}

TEST_SUITE("batch") {
  TEST_CASE("a decimal's bytes are those of Java's BigInteger") {
    CHECK(bytes_of("0", 0) == "00");
    CHECK(bytes_of("-0.00", 2) == "00");
    CHECK(bytes_of("127", 0) == "7f");
    CHECK(bytes_of("128", 0) == "0080");
    CHECK(bytes_of("-128", 0) == "80");
    CHECK(bytes_of("-129", 0) == "ff7f");
    CHECK(bytes_of("-1", 0) == "ff");
    CHECK(bytes_of("1.50", 2) == "0096");
    CHECK(bytes_of("18446744073709551615", 0) == "00ffffffffffffffff");
    CHECK(bytes_of("1e2", 0) == "64");
    CHECK(bytes_of("1E+2", 0) == "64");
    CHECK(bytes_of("100e-2", 0) == "01");
    CHECK(bytes_of("12000", -3) == "0c");
  }

  TEST_CASE("digits are never lost, and nonsense is refused") {
    for (std::string_view text : {"", "-", ".", "1.5.0", "NaN", "1e", "e5", "1e5x", "12 "})
      CHECK(bytes_of(text, 5) == "refused");
    CHECK(bytes_of("1.005", 2) == "refused");
    CHECK(bytes_of("12001", -3) == "refused");
    CHECK(bytes_of("1e2000000", 0) == "refused");
    CHECK(bytes_of("1.000", 2) == "64");
  }

  TEST_CASE("numbers of any size come back") {
    std::string huge(1000, '7');
    CHECK(round_trip(huge, 0) == huge);
    CHECK(round_trip("-" + huge + ".5", 1) == "-" + huge + ".5");
    CHECK(round_trip("-0.001", 3) == "-0.001");
    CHECK(round_trip("0.5", 60) == "0.5" + std::string(59, '0'));
    CHECK(round_trip("12000", -3) == "12000");
    CHECK(round_trip("-170141183460469231731687303715884105728", 0) == "-170141183460469231731687303715884105728");
    CHECK(round_trip("170141183460469231731687303715884105728", 0) == "170141183460469231731687303715884105728");
  }

  TEST_CASE("numbers of 128 bits and their bytes") {
    for (Int128 v : {Int128{0}, Int128{1}, Int128{-1}, Int128{255}, Int128{-32768}, std::numeric_limits<Int128>::max(),
                     std::numeric_limits<Int128>::min()}) {
      char bytes[16];
      std::string_view text(bytes, static_cast<std::size_t>(put_unscaled_bytes(bytes, v) - bytes));
      CHECK((unscaled_of_bytes(text) == v));
    }
    CHECK((unscaled_of_bytes(std::string(20, '\xff')) == Int128{-1}));
    CHECK(!unscaled_of_bytes(std::string(1, '\1') + std::string(16, '\0')));
    CHECK(!unscaled_of_bytes(std::string(1, '\0') + std::string(16, '\xff')));
  }
}

}  // namespace
}  // namespace levada
