// Bytes in the form that binary.handling.mode asks for.
#pragma once
#include <string_view>

#include "connectors/postgres/value_reader.h"

namespace levada {

// Themselves, or as base64 or hexadecimal digits in memory of the arena.
StringView binary_value(std::string_view bytes, ValueModes::Binary mode, Arena& arena);

}  // namespace levada
