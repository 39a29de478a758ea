#include "formats/base64.h"

#include <array>
#include <cstdint>

namespace levada {
namespace {

constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_letter = 255;
constexpr auto value_of = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_letter);
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(letters[i])] = i;
  return values;
}();

}  // namespace

char* put_base64(char* p, std::string_view bytes) {
  std::size_t i = 0;
  auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])); };
  auto put = [&](std::uint32_t group, int count) {
    for (int shift = 18; count-- > 0; shift -= 6) *p++ = letters[group >> shift & 63];
  };
  for (; i + 3 <= bytes.size(); i += 3) put(byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2), 4);
  if (bytes.size() - i == 1) {
    put(byte(i) << 16, 2);
    *p++ = '=';
    *p++ = '=';
  } else if (bytes.size() - i == 2) {
    put(byte(i) << 16 | byte(i + 1) << 8, 3);
    *p++ = '=';
  }
  return p;
}

char* get_base64(char* p, std::string_view text) {
  if (text.size() % 4 != 0) return nullptr;
  if (text.empty()) return p;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::size_t letters_left = text.size() - padding;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::size_t count = letters_left < 4 ? letters_left : 4;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      std::uint8_t value = j < count ? value_of[static_cast<unsigned char>(text[i + j])] : 0;
      if (value == no_letter) return nullptr;
      group = group << 6 | value;
    }
    letters_left -= count;
    for (std::size_t j = 1; j < count; ++j) *p++ = static_cast<char>(group >> (24 - 8 * j));
  }
  return p;
}

}  // namespace levada
