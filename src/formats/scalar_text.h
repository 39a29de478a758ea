// How the text of one scalar is read into a row of a column, whatever format the text came in, by ksqlDB's rules:
//
//   BOOLEAN             true, false, in any case
//   INT, BIGINT         digits with an optional sign, in range
//   DOUBLE              what Java's Double.parseDouble reads in decimal, NaN, Infinity
//   DECIMAL(p, s)       a number that fits exactly: rounding is an error
//   STRING              the text itself, which the column does not copy
//   BYTES               base64
//   DATE                days since 1970-01-01; here also YYYY-MM-DD
//   TIME                milliseconds since midnight; here also HH:MM[:SS[.fff]]
//   TIMESTAMP           milliseconds since 1970-01-01 UTC; here also ISO 8601
//
// All functions write a row that exists already and is not null; false: the text means no such value, and the row's
// value is undefined.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "batch/column.h"

namespace levada {

bool put_text(Column& column, std::uint32_t row, std::string_view text);

// A whole number as INT, BIGINT, DATE, TIME or TIMESTAMP.
bool put_integer(Column& column, std::uint32_t row, std::int64_t value);

// Milliseconds as the microseconds that columns hold; nullopt outside of one day, or of 64 bits.
std::optional<std::int64_t> time_from_ms(std::int64_t ms);
std::optional<std::int64_t> timestamp_from_ms(std::int64_t ms);
// And back, rounded down.
constexpr std::int64_t ms_from_us(std::int64_t us) { return us / 1000 - (us % 1000 < 0); }

// unscaled / 10^scale as a DECIMAL of this type; nullopt where digits would be lost.
std::optional<Int128> fit_decimal(Int128 unscaled, int scale, const Type& type);

// The row becomes null in any kind of column; a null array or map is empty, and begins where the last one ended.
void put_null(Column& column, std::uint32_t row);

// The strings of the column, or of its children, point into this memory.
void hold_memory(Column& column, const std::shared_ptr<const void>& memory);

// The bytes are UTF-8.
bool is_utf8(std::string_view text);
// The first byte that is no UTF-8, in a text that is not.
std::size_t utf8_fault(std::string_view text);

}  // namespace levada
