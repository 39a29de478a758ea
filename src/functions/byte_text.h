// Bytes written as text: hexadecimal digits, base64, ASCII, UTF-8.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace levada {

enum class ByteText : unsigned char { hexadecimal, base64, ascii, utf8 };

// "hex", "base64", "ascii", "utf8", in any letters.
std::optional<ByteText> find_byte_text(std::string_view name);

// Capital digits. Bytes that are no character (ASCII above 127, broken UTF-8) become U+FFFD.
std::string text_of_bytes(std::string_view bytes, ByteText form);
// nullopt for text that is not of this form. Hexadecimal may stand in 0x… or X'…'. Characters beyond ASCII become '?'.
std::optional<std::string> bytes_of_text(std::string_view text, ByteText form);

}  // namespace levada
