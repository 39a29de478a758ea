// Exact decimals of any size as Kafka Connect, Avro and Debezium carry them: the unscaled number in two's complement,
// big endian, in as few bytes as can be (zero is one byte of zero), beside a scale that stands elsewhere.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "batch/int128.h"

namespace levada {

// "-12.30": exactly `scale` digits behind the point; a negative scale gives zeros in front of it. No bytes are zero.
void append_decimal_text(std::string& out, std::string_view bytes, int scale);
// Digits with an optional sign, point and exponent; false, and nothing appended, for anything else and where digits
// would be lost at this scale.
bool append_decimal_bytes(std::string& out, std::string_view text, int scale);

// nullopt beyond 128 bits.
std::optional<Int128> unscaled_of_bytes(std::string_view bytes);
// At most 16 bytes at p; returns their end.
char* put_unscaled_bytes(char* p, Int128 v);

}  // namespace levada
