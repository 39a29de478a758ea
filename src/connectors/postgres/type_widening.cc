#include "connectors/postgres/type_widening.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace levada {
namespace {

// "numeric(10,2)[]" in its parts; what is not said is -1.
struct TypeText {
  std::string_view name;
  int first = -1, second = -1;
  bool array = false;
};

TypeText parts_of(std::string_view text) {
  TypeText parts;
  if (text.ends_with("[]")) {
    parts.array = true;
    text.remove_suffix(2);
  }
  // A length in the middle, as in "timestamp(3) without time zone", stays part of the name.
  std::size_t open = text.ends_with(')') ? text.find('(') : text.npos;
  parts.name = text.substr(0, open);
  if (open == text.npos) return parts;
  const char* end = text.data() + text.size();
  auto [behind, error] = std::from_chars(text.data() + open + 1, end, parts.first);
  if (error == std::errc() && *behind == ',') std::from_chars(behind + 1, end, parts.second);
  return parts;
}

int bits_of_integer(std::string_view name) {
  return name == "smallint" ? 16 : name == "integer" ? 32 : name == "bigint" ? 64 : 0;
}

constexpr int endless = std::numeric_limits<int>::max();

// Characters of a text at the most; 0: it is no text, or one that is filled up with blanks.
int length_of(const TypeText& type) {
  if (type.name == "text") return endless;
  if (type.name != "character varying") return 0;
  return type.first < 0 ? endless : type.first;
}

// Digits before and behind the point.
struct Digits {
  int before = 0, behind = 0;
};
Digits digits_of(const TypeText& type) {
  if (int bits = bits_of_integer(type.name)) return {bits == 16 ? 5 : bits == 32 ? 10 : 19, 0};
  if (type.name != "numeric") return {};
  if (type.first < 0) return {endless, endless};
  int scale = type.second < 0 ? 0 : type.second;
  return {type.first - scale, scale};
}

}  // namespace

bool widens(std::string_view from_text, std::string_view to_text) {
  if (from_text == to_text || to_text.empty()) return false;
  const TypeText from = parts_of(from_text), to = parts_of(to_text);
  if (from.array != to.array) return false;
  if (int wide = bits_of_integer(to.name)) return bits_of_integer(from.name) > 0 && bits_of_integer(from.name) < wide;
  if (from.name == "real" && to.name == "double precision") return true;
  if (to.name == "numeric") {
    Digits narrow = digits_of(from), wide = digits_of(to);
    return narrow.before > 0 && narrow.before <= wide.before && narrow.behind <= wide.behind;
  }
  if (int length = length_of(to)) {
    if (length_of(from) > 0) return length_of(from) < length;
    return length == endless && to.name == "text";  // every value has a text
  }
  return false;
}

bool is_type_text(std::string_view text) {
  int open = 0;
  bool quoted = false;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    if (!word && std::string_view("\"_$ .,()[]").find(c) == std::string_view::npos) return false;
    open += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (open < 0 || (c == ',' && open == 0)) return false;
  }
  return !text.empty() && !quoted && open == 0 && text.find('\0') == text.npos;
}

}  // namespace levada
