// UTF-8, one code point at a time: for error messages, names and whoever has to look into text.
#pragma once
#include <cstdint>
#include <string_view>

namespace levada {

struct CodePoint {
  char32_t value = 0xFFFD;
  std::uint8_t size = 1;  // bytes
  bool valid = false;     // if not: one byte that starts no code point; overlong forms and surrogates are none
};

// The first code point of a text that is not empty.
CodePoint first_code_point(std::string_view text);

bool valid_utf8(std::string_view text);

// Columns it takes on a terminal: 0 for marks that combine, 2 for wide East Asian forms and pictures, else 1.
int display_width(char32_t code_point);

}  // namespace levada
