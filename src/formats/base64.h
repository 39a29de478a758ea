// Bytes as text: base64 with the letters of RFC 4648 section 4 and padding.
#pragma once
#include <cstddef>
#include <string_view>

namespace levada {

constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }
// Writes base64_size(bytes.size()) characters; returns their end.
char* put_base64(char* p, std::string_view bytes);

// Room that decoding may need: never less than the bytes that come out.
constexpr std::size_t base64_room(std::size_t characters) { return characters / 4 * 3; }
// Writes the bytes that the text stands for and returns their end; nullptr if it is no base64 or its padding is
// missing.
char* get_base64(char* p, std::string_view text);

}  // namespace levada
