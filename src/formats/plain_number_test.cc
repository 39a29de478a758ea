// The quick readers of numbers against the general ones.
#include "formats/plain_number.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "base/random.h"
#include "batch/decimal.h"
#include "batch/number_text.h"
#include "formats/json_value.h"

namespace levada {
namespace {

// With memory behind it that would be part of a number.
struct Padded {
  explicit Padded(std::string_view text) : size(text.size()) {
    std::memset(bytes, '7', sizeof bytes);
    std::memcpy(bytes, text.data(), size);
  }
  char bytes[96];
  std::size_t size;
};

void check_one(std::string_view text) {
  Padded padded(text);
  std::int64_t integer = 0;
  bool json = is_json_number(text);
  auto expected = parse_integer(text);
  bool plain = plain_integer(padded.bytes, padded.size, integer);
  std::size_t digits = text.size() - text.starts_with('-');
  bool whole = json && text.find_first_of(".eE") == std::string_view::npos;
  CHECK_MESSAGE(plain == (whole && digits <= 18), text);
  if (plain) CHECK_MESSAGE(integer == *expected, text);

  PlainDecimal decimal;
  bool negative = false;
  plain = plain_decimal(padded.bytes, padded.size, decimal, negative);
  CHECK_MESSAGE(plain == (json && text.find_first_of("eE") == std::string_view::npos && digits <= 16), text);
  if (plain) {
    CHECK_MESSAGE(decimal.mantissa == parse_decimal(text)->unscaled, text);
    CHECK_MESSAGE(decimal.scale == parse_decimal(text)->scale, text);
    CHECK_MESSAGE(negative == text.starts_with('-'), text);
  }
  double real = 0;
  if (plain_double(padded.bytes, padded.size, real)) {
    CHECK(plain);
    double exact = *parse_double(text);
    CHECK_MESSAGE(std::memcmp(&real, &exact, sizeof real) == 0, text);
  }
}

// And with a minus in front.
void check(std::string_view text) {
  check_one(text);
  std::string negative = "-";
  negative += text;
  check_one(negative);
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("plain numbers: all that is one and nothing else, at the edges") {
    for (std::string_view text :
         {"",    "-",   "0",     "-0",  "00", "01",  "-01", "0.0", "00.0", ".",   ".5",   "5.",
          "-.5", "-5.", "1.2.3", "1-2", "+1", "1e5", "1a",  "a",   " 1",   "1 ",  "1/2",  "1:2",
          "--1", "0.1", "-0.1",  "10",  "9",  "1.",  "..",  "-.",  "0-",   "1,2", "\xff", "1\xff"})
      check(text);
    for (std::size_t n = 1; n <= 24; ++n)
      for (char first : {'1', '9', '0'}) {
        std::string digits(n, '9');
        digits[0] = first;
        check(digits);
        for (std::size_t point = 0; point <= n; ++point) {
          std::string text = digits.substr(0, point);
          text += '.';
          check(text += digits.substr(point));
        }
      }
  }

  TEST_CASE("plain numbers: random ones") {
    std::uint64_t seed = random_seed();
    INFO("seed ", seed);
    Random random(seed);
    for (int i = 0; i < 200'000; ++i) {
      static constexpr std::string_view bytes = "0123456789012345678901234567890123456789..-e+x";
      std::string text;
      for (std::size_t n = random.below(21); text.size() < n;) text += bytes[random.below(bytes.size())];
      check(text);
    }
  }
}

}  // namespace levada
