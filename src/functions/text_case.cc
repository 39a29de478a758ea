#include "functions/text_case.h"

#include <unicode/ucasemap.h>

#include "functions/characters.h"

namespace levada {
namespace {

using Convert = decltype(&ucasemap_utf8ToUpper);

std::string_view convert(Arena& out, std::string_view text, Convert convert_utf8) {
  UErrorCode error = U_ZERO_ERROR;
  static const UCaseMap* const root = ucasemap_open("", 0, &error);  // never closed: lives as long as the program
  LV_ASSERT(root != nullptr);
  // Hardly any text grows by more than this; if one does, ICU says how long it becomes.
  std::size_t room = text.size() + text.size() / 2 + 16;
  for (;;) {
    char* p = out.allocate(room);
    error = U_ZERO_ERROR;
    std::int32_t size = convert_utf8(root, p, static_cast<std::int32_t>(room), text.data(),
                                     static_cast<std::int32_t>(text.size()), &error);
    if (error != U_BUFFER_OVERFLOW_ERROR)
      return U_FAILURE(error) ? text : std::string_view(p, static_cast<std::size_t>(size));
    room = static_cast<std::size_t>(size);
  }
}

// ASCII letters from `first` on are moved by `by`; false if there is anything else in the text.
bool convert_ascii(char* to, std::string_view text, char first, int by) {
  unsigned char all = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    all |= c;
    auto letter = static_cast<unsigned char>(c - static_cast<unsigned char>(first));
    to[i] = static_cast<char>(c + (letter < 26 ? by : 0));
  }
  return all < 0x80;
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string_view upper_case(Arena& out, std::string_view text) {
  char* p = out.allocate(text.size());
  if (convert_ascii(p, text, 'a', 'A' - 'a')) return {p, text.size()};
  return convert(out, text, ucasemap_utf8ToUpper);
}

std::string_view lower_case(Arena& out, std::string_view text) {
  char* p = out.allocate(text.size());
  if (convert_ascii(p, text, 'A', 'a' - 'A')) return {p, text.size()};
  return convert(out, text, ucasemap_utf8ToLower);
}

std::string_view title_case(Arena& out, std::string_view text) {
  std::string title;
  bool first = true;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    if (first)
      end += character_size(text, at);
    else
      while (end < text.size() && !is_blank(text[end])) ++end;
    if (end == at) end = at + 1;  // a blank
    std::string_view part = text.substr(at, end - at);
    bool blank = is_blank(part[0]);
    title += blank ? part : first ? upper_case(out, part) : lower_case(out, part);
    first = blank;
    at = end;
  }
  return out.copy(title);
}

}  // namespace levada
