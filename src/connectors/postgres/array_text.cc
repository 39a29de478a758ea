#include "connectors/postgres/array_text.h"

namespace levada {
namespace {

FieldText field(const char* begin, const char* end) {
  return {FieldText::Kind::text, static_cast<std::uint32_t>(end - begin), begin};
}

// From behind the opening quote; returns behind the closing one, or nullptr.
const char* quoted(const char* p, const char* stop, Arena& arena, FieldText& element) {
  const char* begin = p;
  while (p < stop && *p != '"' && *p != '\\') ++p;
  if (p == stop) return nullptr;
  if (*p == '"') {
    element = field(begin, p);
    return p + 1;
  }
  char* copy = arena.allocate(static_cast<std::size_t>(stop - begin));
  char* to = copy;
  for (p = begin; p < stop && *p != '"'; ++p) {
    if (*p == '\\' && ++p == stop) return nullptr;
    *to++ = *p;
  }
  element = field(copy, to);
  return p < stop ? p + 1 : nullptr;
}

// From the opening brace to behind the one that closes it, or nullptr.
const char* inner_array(const char* p, const char* stop) {
  int depth = 0;
  bool in_quotes = false;
  for (; p < stop; ++p) {
    if (*p == '\\') {
      if (++p == stop) return nullptr;
    } else if (*p == '"') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && *p == '{') {
      ++depth;
    } else if (!in_quotes && *p == '}' && --depth == 0) {
      return p + 1;
    }
  }
  return nullptr;
}

bool is_null_word(const FieldText& text) {
  return text.size == 4 && (text.data[0] | 0x20) == 'n' && (text.data[1] | 0x20) == 'u' &&
         (text.data[2] | 0x20) == 'l' && (text.data[3] | 0x20) == 'l';
}

}  // namespace

bool split_array(std::string_view text, char delimiter, bool nested, Arena& arena, std::vector<FieldText>& elements) {
  if (text.starts_with('[')) {
    std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return false;
    text.remove_prefix(equals + 1);
  }
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
  if (text == "{}") return true;
  const char* p = text.data() + 1;
  const char* stop = text.data() + text.size() - 1;
  while (true) {
    FieldText element;
    if (p < stop && *p == '{') {
      if (!nested) return false;
      const char* begin = p;
      p = inner_array(p, stop);
      if (!p) return false;
      element = field(begin, p);
    } else if (p < stop && *p == '"') {
      p = quoted(p + 1, stop, arena, element);
      if (!p || nested) return false;
    } else {
      const char* begin = p;
      while (p < stop && *p != delimiter) ++p;
      if (p == begin || nested) return false;
      element = field(begin, p);
      if (is_null_word(element)) element = {};
    }
    elements.push_back(element);
    if (p == stop) return true;
    if (*p++ != delimiter) return false;
  }
}

bool split_hstore(std::string_view text, Arena& arena, std::vector<FieldText>& keys, std::vector<FieldText>& values) {
  const char* p = text.data();
  const char* stop = p + text.size();
  while (p < stop) {
    FieldText key, value;
    if (*p != '"') return false;
    p = quoted(p + 1, stop, arena, key);
    if (!p || stop - p < 3 || p[0] != '=' || p[1] != '>') return false;
    p += 2;
    if (*p == '"') {
      p = quoted(p + 1, stop, arena, value);
      if (!p) return false;
    } else if (stop - p >= 4 && is_null_word({FieldText::Kind::text, 4, p})) {
      p += 4;
    } else {
      return false;
    }
    keys.push_back(key);
    values.push_back(value);
    if (p == stop) return true;
    if (stop - p < 3 || p[0] != ',' || p[1] != ' ') return false;
    p += 2;
  }
  return true;
}

}  // namespace levada
