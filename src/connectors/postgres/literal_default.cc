#include "connectors/postgres/literal_default.h"

#include <algorithm>

#include "batch/number_text.h"

namespace levada {

std::optional<std::string> literal_default(std::string_view expression) {
  std::string text;
  std::string_view left = expression;
  if (left.starts_with('\'')) {
    left.remove_prefix(1);
    while (true) {
      std::size_t quote = left.find('\'');
      if (quote == std::string_view::npos) return std::nullopt;
      text += left.substr(0, quote);
      left.remove_prefix(quote + 1);
      if (!left.starts_with('\'')) break;
      text += '\'';
      left.remove_prefix(1);
    }
  } else if (left.starts_with('(')) {
    std::size_t close = left.find(')');
    if (close == std::string_view::npos) return std::nullopt;
    auto inner = literal_default(left.substr(1, close - 1));
    if (!inner) return std::nullopt;
    text = std::move(*inner);
    left.remove_prefix(close + 1);
  } else if (left.starts_with("true") || left.starts_with("false")) {
    text = left.front() == 't' ? "t" : "f";
    left.remove_prefix(left.front() == 't' ? 4 : 5);
  } else {
    std::size_t end = std::min(left.find_first_not_of("0123456789.+-eE"), left.size());
    if (!parse_double(left.substr(0, end))) return std::nullopt;
    text = left.substr(0, end);
    left.remove_prefix(end);
  }
  // What may follow is a cast to a type: words, perhaps with a modifier. Anything else computes.
  while (left.starts_with("::")) {
    left.remove_prefix(2);
    std::size_t end = 0;
    bool quoted = false;
    for (; end < left.size() && (quoted || left[end] != ':'); ++end) {
      char c = left[end];
      if (c == '"') quoted = !quoted;
      bool part_of_type = quoted || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view(" _.,()[]\"").find(c) != std::string_view::npos || (c & 0x80) != 0;
      if (!part_of_type) return std::nullopt;
    }
    left.remove_prefix(end);
  }
  if (!left.empty()) return std::nullopt;
  return text;
}

}  // namespace levada
