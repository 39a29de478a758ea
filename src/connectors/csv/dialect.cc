#include "connectors/csv/dialect.h"

#include <charconv>
#include <string>

namespace levada {

Result<char> parse_character(std::string_view text) {
  struct Name {
    std::string_view text;
    char character;
  };
  static constexpr Name names[] = {{"\\t", '\t'},      {"tab", '\t'}, {"comma", ','}, {"\\0", '\0'}, {"none", '\0'},
                                   {"semicolon", ';'}, {"pipe", '|'}, {"space", ' '}, {"\\\\", '\\'}};
  for (const Name& name : names)
    if (text == name.text) return name.character;
  int code = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error == std::errc() && end == text.data() + text.size() && !text.empty()) {
    if (code >= 0 && code < 128 && code != '\n' && code != '\r') return static_cast<char>(code);
  } else if (text.size() == 1 && text[0] >= 0 && text[0] != '\n' && text[0] != '\r') {
    return text[0];
  }
  return Error(ErrorKind::usage, "'" + std::string(text) + "' is not a character")
      .remedy("Give one ASCII character, its number (44), or tab, comma, semicolon, pipe, space, none.");
}

}  // namespace levada
