// Exact decimals: an Int128 and a scale that the type knows. Everything rounds half up (away from zero), as ksqlDB
// does, and answers nullopt where the result does not fit into 38 digits, or the precision asked for.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "batch/int128.h"

namespace levada {

// True if |v| has at most `precision` digits.
bool fits_precision(Int128 v, int precision);

// The number at scale `from`, brought to scale `to`.
std::optional<Int128> rescale(Int128 v, int from, int to);

std::optional<Int128> decimal_add(Int128 a, int a_scale, Int128 b, int b_scale, int scale);
std::optional<Int128> decimal_subtract(Int128 a, int a_scale, Int128 b, int b_scale, int scale);
std::optional<Int128> decimal_multiply(Int128 a, int a_scale, Int128 b, int b_scale, int scale);
// nullopt also for b == 0.
std::optional<Int128> decimal_divide(Int128 a, int a_scale, Int128 b, int b_scale, int scale);
// Sign of the dividend, as in Java. nullopt also for b == 0.
std::optional<Int128> decimal_remainder(Int128 a, int a_scale, Int128 b, int b_scale, int scale);
// <0, 0, >0; exact for any two scales.
int decimal_compare(Int128 a, int a_scale, Int128 b, int b_scale);

double decimal_to_double(Int128 v, int scale);
// The decimal nearest to the shortest text of the double; nullopt for NaN, infinities and what does not fit.
std::optional<Int128> decimal_from_double(double v, int precision, int scale);

// "-12.30" with exactly `scale` digits behind the point. At most 41 characters.
char* put_decimal(char* p, Int128 v, int scale);
std::string decimal_text(Int128 v, int scale);

// Digits with an optional sign, point and exponent. Returns the unscaled number and its own scale (which may be
// negative for exponents); nullopt for anything else or for more than 38 digits.
struct ParsedDecimal {
  Int128 unscaled;
  int scale;
};
std::optional<ParsedDecimal> parse_decimal(std::string_view text);
// The same brought to the scale, rounded, and checked against the precision.
std::optional<Int128> parse_decimal(std::string_view text, int precision, int scale);

}  // namespace levada
