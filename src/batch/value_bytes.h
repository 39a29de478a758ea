// Single values as bytes: what the states of aggregates keep of values of any type. Not a format for others: those are
// in formats/.
//
//   value   = 0                                    null
//           | 1 boolean u8 | whole numbers and times: zigzag varint | double: 8 bytes, little endian
//           | 1 decimal: number of bytes (0 to 16), these, little endian, the sign extended
//           | 1 string, bytes: length varint, bytes | 1 array: count varint, value …
//           | 1 map: count varint, key, value, … in the order of the keys | 1 structure: value …
//
// Equal values have equal bytes: of maps the order does not count, NaN is one NaN. (-0.0 is not 0.0, as in Java.)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "batch/column.h"

namespace levada {

void put_value(const Column& column, std::uint32_t row, Buffer& out);
// Appends the value to the column; false if the bytes are no such value (then something was appended all the same).
bool get_value(ByteReader& in, Column& column);

// The value of a scalar column as bytes that compare like the values do (memcmp), without a mark for null.
std::string ordered_bytes(const Column& column, std::uint32_t row);
// And back; false if they are no such bytes (a zero was appended).
bool append_ordered(std::string_view bytes, Column& column);

}  // namespace levada
