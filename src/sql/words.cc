#include "sql/words.h"

#include <algorithm>

namespace levada {
namespace {

// ksqlDB reserves more; what it leaves free is free here, too.
constexpr std::string_view reserved[] = {
    "AND",    "AS",     "BETWEEN", "BY",   "CASE",   "CAST",   "CREATE", "DISTINCT", "ELSE",   "END",
    "EXISTS", "FALSE",  "FROM",    "FULL", "GROUP",  "HAVING", "IN",     "INNER",    "INSERT", "INTO",
    "IS",     "JOIN",   "LEFT",    "LIKE", "LIMIT",  "NOT",    "NULL",   "ON",       "OR",     "OUTER",
    "RIGHT",  "SELECT", "THEN",    "TRUE", "VALUES", "WHEN",   "WHERE",  "WINDOW",   "WITH",   "WITHIN",
};
static_assert(std::ranges::is_sorted(reserved));

char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

}  // namespace

std::string in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = capital(c);
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, [](char x, char y) { return capital(x) == capital(y); });
}

bool starts_word(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool continues_word(char c) { return starts_word(c) || (c >= '0' && c <= '9') || c == '@'; }

bool is_reserved(std::string_view word) {
  return word.size() <= 8 && std::ranges::binary_search(reserved, std::string_view(in_capitals(word)));
}

bool is_plain_name(std::string_view text) {
  bool capitals = std::ranges::all_of(text, [](char c) { return continues_word(c) && capital(c) == c; });
  return capitals && !text.empty() && starts_word(text[0]) && !is_reserved(text);
}

}  // namespace levada
