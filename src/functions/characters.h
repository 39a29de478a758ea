// UTF-8 text as characters (code points): where they begin and how many there are. Positions in SQL count characters.
// Bytes that are no UTF-8 count one each.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace levada {

inline bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

inline bool is_ascii(std::string_view text) {
  const char *p = text.data(), *stop = p + text.size();
  std::uint64_t all = 0;
  for (; stop - p >= 8; p += 8) all |= load<std::uint64_t>(p);
  for (; p < stop; ++p) all |= static_cast<unsigned char>(*p);
  return (all & 0x8080808080808080u) == 0;
}

// Bytes of the character at `at`; at < text.size().
inline std::size_t character_size(std::string_view text, std::size_t at) {
  auto first = static_cast<unsigned char>(text[at]);
  if (first < 0xc2 || first > 0xf4) return 1;
  std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() - at < size) return 1;
  for (std::size_t i = 1; i < size; ++i)
    if (!continues_character(text[at + i])) return 1;
  return size;
}

// Where the character before `at` begins; at > 0.
inline std::size_t previous_character(std::string_view text, std::size_t at) {
  std::size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && continues_character(text[begin])) --begin;
  return begin + character_size(text, begin) == at ? begin : at - 1;
}

inline std::size_t count_characters(std::string_view text) {
  if (is_ascii(text)) return text.size();
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); at += character_size(text, at)) ++n;
  return n;
}

// The byte where character n (from 0) begins; text.size() where there are fewer.
inline std::size_t character_at(std::string_view text, std::size_t n) {
  if (is_ascii(text.substr(0, n))) return n < text.size() ? n : text.size();
  std::size_t at = 0;
  for (; n > 0 && at < text.size(); --n) at += character_size(text, at);
  return at;
}

// Writes the code point at p, at most 4 bytes; returns the end.
inline char* put_character(char* p, char32_t c) {
  if (c < 0x80) {
    *p++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *p++ = static_cast<char>(0xc0 | c >> 6);
    *p++ = static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *p++ = static_cast<char>(0xe0 | c >> 12);
    *p++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    *p++ = static_cast<char>(0x80 | (c & 0x3f));
  } else {
    *p++ = static_cast<char>(0xf0 | c >> 18);
    *p++ = static_cast<char>(0x80 | (c >> 12 & 0x3f));
    *p++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    *p++ = static_cast<char>(0x80 | (c & 0x3f));
  }
  return p;
}

}  // namespace levada
