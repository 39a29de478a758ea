#include "functions/byte_text.h"

#include <array>
#include <cstdint>

#include "functions/characters.h"

namespace levada {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view replacement = "\xef\xbf\xbd";

int hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string to_hexadecimal(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += "0123456789ABCDEF"[c >> 4];
    out += "0123456789ABCDEF"[c & 15];
  }
  return out;
}

std::optional<std::string> from_hexadecimal(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
  } else if ((text.starts_with("X'") || text.starts_with("x'")) && text.ends_with("'") && text.size() > 2) {
    text = text.substr(2, text.size() - 3);
  }
  std::string out;
  int high = text.size() % 2 == 1 ? 0 : -1;  // an odd number of digits: as if a 0 stood before them
  for (char c : text) {
    int digit = hexadecimal_digit(c);
    if (digit < 0) return std::nullopt;
    if (high < 0) {
      high = digit;
    } else {
      out += static_cast<char>(high << 4 | digit);
      high = -1;
    }
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? letters[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (char c : text) {
    std::size_t digit = letters.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xff);
    }
  }
  return out;
}

// A character of UTF-8 that is written in the shortest way, no surrogate and not beyond the last one.
bool well_formed(std::string_view c) {
  auto first = static_cast<unsigned char>(c[0]);
  if (first < 0x80) return true;
  auto second = c.size() > 1 ? static_cast<unsigned char>(c[1]) : 0;
  switch (c.size()) {
    case 2: return first >= 0xc2 && first < 0xe0;
    case 3: return first < 0xf0 && (first != 0xe0 || second >= 0xa0) && (first != 0xed || second < 0xa0);
    case 4: return first < 0xf5 && (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second < 0x90);
    default: return false;
  }
}

}  // namespace

std::optional<ByteText> find_byte_text(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names = {"hex", "base64", "ascii", "utf8"};
  std::string small;
  for (char c : name) small += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (small == names[i]) return static_cast<ByteText>(i);
  return std::nullopt;
}

std::string text_of_bytes(std::string_view bytes, ByteText form) {
  if (form == ByteText::hexadecimal) return to_hexadecimal(bytes);
  if (form == ByteText::base64) return to_base64(bytes);
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    std::string_view c = bytes.substr(at, form == ByteText::ascii ? 1 : character_size(bytes, at));
    out += (form == ByteText::ascii ? static_cast<unsigned char>(c[0]) < 0x80 : well_formed(c)) ? c : replacement;
    at += c.size();
  }
  return out;
}

std::optional<std::string> bytes_of_text(std::string_view text, ByteText form) {
  switch (form) {
    case ByteText::hexadecimal: return from_hexadecimal(text);
    case ByteText::base64: return from_base64(text);
    case ByteText::utf8: return std::string(text);
    case ByteText::ascii: break;
  }
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = character_size(text, at);
    out += size == 1 && static_cast<unsigned char>(text[at]) < 0x80 ? text[at] : '?';
    at += size;
  }
  return out;
}

}  // namespace levada
