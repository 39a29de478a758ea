// The character sets of a single byte a letter that CSV files still come in, turned into UTF-8.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace levada {

enum class CsvCharset : std::uint8_t { utf8, ascii, latin1, windows1252 };

// By the names that Java knows ("UTF-8", "ISO-8859-1", "Cp1252"), letter case aside. kind unsupported for others.
Result<CsvCharset> find_charset(std::string_view name);

// There are bytes from 0x80 on.
bool has_high_bytes(std::string_view text);
// False if a byte means nothing in the set. Not for utf8.
bool append_as_utf8(std::string& out, std::string_view text, CsvCharset charset);

}  // namespace levada
