// PostgreSQL's numeric in binary form: digits to the base of 10,000.
//
//   | ndigits | weight | sign | dscale | digit … |     all 16 bit, big endian; value = sum digit[i] * 10000^(weight -
//   i)
#pragma once
#include <cstddef>
#include <string_view>

#include "batch/int128.h"

namespace levada {

// Of 38 digits; zeros at the ends are not stored.
inline constexpr std::size_t max_numeric_size = 8 + 2 * 11;

// Appends at p, returns the end.
char* put_numeric(char* p, Int128 value, int scale);
// The shortest decimal that reads back as the double; NaN and infinities too (servers before 14 know no infinities).
char* put_numeric(char* p, double value);

}  // namespace levada
