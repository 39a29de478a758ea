// Pieces of text and of bytes. Positions count characters from 1, and from the end where they are negative.
#include <algorithm>
#include <cstring>

#include "functions/characters.h"
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/text_case.h"

namespace levada {
namespace {

constexpr std::string_view category = "STRING";
// Longer texts are not made by padding or repeating: a slip in a length must not cost the machine its memory.
constexpr std::size_t max_made = 16 << 20;

// ---- parts ----

// Characters of text, bytes of bytes.
struct Characters {
  static std::size_t count(std::string_view s) { return count_characters(s); }
  static std::size_t at(std::string_view s, std::size_t n) { return character_at(s, n); }
};
struct Bytes {
  static std::size_t count(std::string_view s) { return s.size(); }
  static std::size_t at(std::string_view s, std::size_t n) { return std::min(n, s.size()); }
};

template <class Unit>
std::string_view substring(std::string_view s, std::int32_t position) {
  if (position >= 0) return s.substr(Unit::at(s, position > 0 ? static_cast<std::size_t>(position) - 1 : 0));
  auto back = static_cast<std::size_t>(-std::int64_t{position}), count = Unit::count(s);
  return s.substr(Unit::at(s, back < count ? count - back : 0));
}
template <class Unit>
std::string_view substring(std::string_view s, std::int32_t position, std::int32_t length) {
  s = substring<Unit>(s, position);
  return s.substr(0, Unit::at(s, static_cast<std::size_t>(std::max(length, 0))));
}

template <class Unit, bool left>
Computed<std::string_view> pad(Arena& out, std::string_view s, std::int32_t length, std::string_view padding) {
  if (length < 0 || padding.empty()) return std::nullopt;
  auto wanted = static_cast<std::size_t>(length), count = Unit::count(s);
  if (count >= wanted) return s.substr(0, Unit::at(s, wanted));
  if (wanted > max_made)
    return Computed<std::string_view>::failure("a text of " + std::to_string(wanted) + " characters is too long");
  std::size_t missing = wanted - count, each = Unit::count(padding);
  std::size_t whole = missing / each, rest = Unit::at(padding, missing % each);
  std::size_t size = s.size() + whole * padding.size() + rest;
  if (size > max_made)
    return Computed<std::string_view>::failure("a text of " + std::to_string(size) + " bytes is too long");
  char* const begin = out.allocate(size);
  char* p = begin;
  auto put = [&](std::string_view part) {
    std::memcpy(p, part.data(), part.size());
    p += part.size();
  };
  if (!left) put(s);
  for (std::size_t i = 0; i < whole; ++i) put(padding);
  put(padding.substr(0, rest));
  if (left) put(s);
  return std::string_view(begin, size);
}

std::string_view trim(std::string_view s) {
  auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

// ---- search ----

// The `occurrence`-th place of `part` in s, beginning at character `position`; backwards from there if that is
// negative.
std::int32_t instr(std::string_view s, std::string_view part, std::int32_t position, std::int32_t occurrence) {
  constexpr std::size_t npos = std::string_view::npos;
  if (position == 0 || occurrence < 1) return 0;
  std::size_t at = npos;
  if (position > 0) {
    std::size_t from = character_at(s, static_cast<std::size_t>(position) - 1);
    for (std::int32_t i = 0; i < occurrence && from != npos; ++i) {
      at = s.find(part, from);
      from = at == npos ? npos : at + 1;
    }
  } else {
    auto back = static_cast<std::size_t>(-std::int64_t{position}), count = count_characters(s);
    if (back > count) return 0;
    std::size_t from = character_at(s, count - back);
    for (std::int32_t i = 0; i < occurrence; ++i) {
      at = from == npos ? npos : s.rfind(part, from);
      from = at == npos || at == 0 ? npos : at - 1;
    }
  }
  return at == npos ? 0 : static_cast<std::int32_t>(count_characters(s.substr(0, at))) + 1;
}

Computed<std::string_view> replace(Arena& out, std::string_view s, std::string_view from, std::string_view to) {
  std::string result;
  if (from.empty()) {  // between all characters, as in Java
    result = to;
    for (std::size_t at = 0; at < s.size();) {
      std::size_t size = character_size(s, at);
      result.append(s.substr(at, size)).append(to);
      at += size;
    }
    return out.copy(result);
  }
  std::size_t found = s.find(from);
  if (found == std::string_view::npos) return s;
  std::size_t done = 0;
  for (; found != std::string_view::npos; found = s.find(from, done)) {
    result.append(s.substr(done, found - done)).append(to);
    done = found + from.size();
  }
  if (result.size() > max_made) return Computed<std::string_view>::failure("the text becomes longer than 16 MB");
  return out.copy(result.append(s.substr(done)));
}

// ---- several arguments ----

// The arguments of a call that joins texts; those that are null are left out.
class Parts {
 public:
  explicit Parts(std::span<const Argument> arguments) {
    for (const Argument& a : arguments)
      parts_.push_back({kernel::Reader<StringView>(a), a.column->has_nulls() ? &a : nullptr});
  }
  StringView join(Arena& arena, std::uint32_t row, StringView separator) const {
    std::size_t size = 0;
    bool any = false;
    for (const Part& part : parts_) {
      if (part.is_null(row)) continue;
      size += part.text(row).size() + (any ? separator.size() : 0);
      any = true;
    }
    char* const begin = arena.allocate(size);
    char* p = begin;
    any = false;
    for (const Part& part : parts_) {
      if (part.is_null(row)) continue;
      if (any) p = put(p, separator);
      p = put(p, part.text(row));
      any = true;
    }
    return {begin, static_cast<std::uint32_t>(size)};
  }

 private:
  struct Part {
    kernel::Reader<StringView> text;
    const Argument* nullable;
    bool is_null(std::uint32_t row) const { return nullable && nullable->is_null(row); }
  };
  static char* put(char* p, StringView text) { return text.empty() ? p : put_padded(p, text.data(), text.size()); }

  std::vector<Part> parts_;
};

void concat(const Call& call) {
  Parts parts(call.arguments);
  Arena& arena = call.result.arena();
  StringView* to = call.result.values<StringView>();
  call.rows.for_each([&](std::uint32_t row) { to[row] = parts.join(arena, row, {}); });
}

void concat_ws(const Call& call) {
  Parts parts(call.arguments.subspan(1));
  const Argument& separator = call.arguments[0];
  Arena& arena = call.result.arena();
  StringView* to = call.result.values<StringView>();
  call.rows.for_each([&](std::uint32_t row) {
    if (separator.is_null(row)) return call.result.set_null(row);
    to[row] = parts.join(arena, row, separator.value<StringView>(row));
  });
}

void elt(const Call& call) {
  for (const Argument& a : call.arguments.subspan(1)) call.result.hold_memory_of(*a.column);
  StringView* to = call.result.values<StringView>();
  call.rows.for_each([&](std::uint32_t row) {
    std::int32_t n = call.arguments[0].is_null(row) ? 0 : call.arguments[0].value<std::int32_t>(row);
    bool there = n >= 1 && static_cast<std::size_t>(n) < call.arguments.size();
    if (!there || call.arguments[static_cast<std::size_t>(n)].is_null(row)) return call.result.set_null(row);
    to[row] = call.arguments[static_cast<std::size_t>(n)].value<StringView>(row);
  });
}

void field(const Call& call) {
  std::int32_t* to = call.result.values<std::int32_t>();
  call.rows.for_each([&](std::uint32_t row) {
    if (call.arguments[0].is_null(row)) return;
    StringView wanted = call.arguments[0].value<StringView>(row);
    for (std::size_t i = 1; i < call.arguments.size() && to[row] == 0; ++i)
      if (!call.arguments[i].is_null(row) && call.arguments[i].value<StringView>(row) == wanted)
        to[row] = static_cast<std::int32_t>(i);
  });
}

// ---- splitting ----

template <class F>
void each_part(std::string_view s, std::string_view delimiter, F f) {
  if (delimiter.empty()) {  // every character
    if (s.empty()) f(s);
    for (std::size_t at = 0; at < s.size();) {
      std::size_t size = character_size(s, at);
      f(s.substr(at, size));
      at += size;
    }
    return;
  }
  for (;;) {
    std::size_t end = s.find(delimiter);
    f(s.substr(0, end));
    if (end == std::string_view::npos) return;
    s.remove_prefix(end + delimiter.size());
  }
}

void append_view(Column& column, std::string_view s) {
  column.append(StringView(s.data(), static_cast<std::uint32_t>(s.size())));
}

void split(const Call& call) {
  const Argument &text = call.arguments[0], &delimiter = call.arguments[1];
  ListWriter out(call.result);
  hold_memory(out.child(0), *text.column);
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    each_part(text.string(row), delimiter.string(row), [&](std::string_view part) { append_view(out.child(0), part); });
    out.end(row);
  });
}

// "a:1/b:2" to {a: 1, b: 2}. An entry without a delimiter is left out; of equal keys the last one stays.
void split_to_map(const Call& call) {
  const Argument &text = call.arguments[0], &entry_delimiter = call.arguments[1], &key_delimiter = call.arguments[2];
  ListWriter out(call.result);
  hold_memory(out.child(0), *text.column);
  hold_memory(out.child(1), *text.column);
  std::vector<std::pair<std::string_view, std::string_view>> entries;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    std::string_view between = key_delimiter.string(row);
    if (between.empty() || entry_delimiter.string(row).empty()) return call.result.set_null(row);
    entries.clear();
    each_part(text.string(row), entry_delimiter.string(row), [&](std::string_view entry) {
      std::size_t at = entry.find(between);
      if (at == std::string_view::npos) return;
      std::string_view value = entry.substr(at + between.size());
      value = value.substr(0, value.find(between));
      auto it = std::ranges::find(entries, entry.substr(0, at), &std::pair<std::string_view, std::string_view>::first);
      if (it == entries.end())
        entries.emplace_back(entry.substr(0, at), value);
      else
        it->second = value;
    });
    for (auto [key, value] : entries) {
      append_view(out.child(0), key);
      append_view(out.child(1), value);
    }
    out.end(row);
  });
}

// ---- code points ----

std::optional<std::string_view> character(Arena& out, std::int32_t code) {
  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return std::nullopt;
  char* p = out.allocate(4);
  return std::string_view(p, static_cast<std::size_t>(put_character(p, static_cast<char32_t>(code)) - p));
}

// \uXXXX, as often as it comes; two of them may be a surrogate pair.
std::optional<std::string_view> escaped_characters(Arena& out, std::string_view text) {
  if (text.empty()) return std::nullopt;
  char* const begin = out.allocate(text.size());
  char* p = begin;
  char32_t high = 0;
  for (; !text.empty(); text.remove_prefix(6)) {
    if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
    char32_t unit = 0;
    for (char c : text.substr(2, 4)) {
      int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
      if (digit < 0) return std::nullopt;
      unit = unit * 16 + static_cast<char32_t>(digit);
    }
    bool low = unit >= 0xdc00 && unit < 0xe000;
    if (low != (high != 0)) return std::nullopt;  // half a pair
    if (unit >= 0xd800 && unit < 0xdc00) {
      high = unit;
      continue;
    }
    p = put_character(p, low ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit);
    high = 0;
  }
  if (high != 0) return std::nullopt;
  return std::string_view(begin, static_cast<std::size_t>(p - begin));
}

}  // namespace

std::span<const Function> text_functions() {
  static const Function table[] = {
      {.name = "||",
       .category = "OPERATOR",
       .overloads = {{"(STRING, STRING) STRING", concat}, {"(BYTES, BYTES) BYTES", concat}},
       .doc = "Two texts joined; null counts as an empty text.",
       .examples = {{"'a' || 'b'", "ab"}, {"'a' || NULL", "a"}},
       .strict = false},
      {.name = "CHR",
       .category = category,
       .overloads = {{"(INT) STRING", map<character>}, {"(STRING) STRING", map<escaped_characters>}},
       .doc = "The character of a Unicode code point, given as a number or as \\uXXXX; null if there is none.",
       .examples = {{"CHR(75)", "K"}, {"CHR('\\u004b')", "K"}, {"CHR(-1)", "null"}}},
      {.name = "CONCAT",
       .category = category,
       .overloads = {{"(STRING...) STRING", concat}, {"(BYTES...) BYTES", concat}},
       .doc = "All arguments joined; nulls are left out.",
       .examples = {{"CONCAT('a', NULL, 'b')", "ab"}},
       .strict = false},
      {.name = "CONCAT_WS",
       .category = category,
       .overloads = {{"(STRING, STRING...) STRING", concat_ws}, {"(BYTES, BYTES...) BYTES", concat_ws}},
       .doc = "All arguments but the first joined, with the first between them; nulls are left out.",
       .examples = {{"CONCAT_WS(', ', 'a', NULL, 'b')", "a, b"}, {"CONCAT_WS(NULL, 'a', 'b')", "null"}},
       .strict = false},
      {.name = "ELT",
       .category = category,
       .overloads = {{"(INT, STRING...) STRING", elt}},
       .doc = "The text with the number n (first argument) of those behind it; null if there is none.",
       .examples = {{"ELT(2, 'a', 'b')", "b"}, {"ELT(3, 'a', 'b')", "null"}},
       .strict = false},
      {.name = "FIELD",
       .category = category,
       .overloads = {{"(STRING, STRING...) INT", field}},
       .doc = "The number of the text that equals the first one among those behind it; 0 if there is none.",
       .examples = {{"FIELD('b', 'a', 'b')", "2"}, {"FIELD('x', 'a', NULL)", "0"}},
       .strict = false},
      {.name = "INITCAP",
       .category = category,
       .overloads = {{"(STRING) STRING", map<title_case>}},
       .doc = "The text with the first letter of every word a capital and all others small.",
       .examples = {{"INITCAP('hello wORLD')", "Hello World"}}},
      {.name = "INSTR",
       .category = category,
       .overloads = {{"(STRING, STRING) INT",
                      map<[](std::string_view s, std::string_view part) { return instr(s, part, 1, 1); }>},
                     {"(STRING, STRING, INT) INT",
                      map<[](std::string_view s, std::string_view part, std::int32_t position) {
                        return instr(s, part, position, 1);
                      }>},
                     {"(STRING, STRING, INT, INT) INT", map<instr>}},
       .doc = "Where the second text begins in the first, searched from a position on (backwards from the end if it is "
              "negative), the n-th time; 0 if nowhere.",
       .examples = {{"INSTR('corporate floor', 'or')", "2"},
                    {"INSTR('corporate floor', 'or', 3, 2)", "14"},
                    {"INSTR('corporate floor', 'or', -3)", "5"},
                    {"INSTR('abc', 'x')", "0"}}},
      {.name = "LCASE",
       .category = category,
       .overloads = {{"(STRING) STRING", map<lower_case>}},
       .doc = "The text in small letters.",
       .examples = {{"LCASE('AbC')", "abc"}, {"LCASE('ÄÖ')", "äö"}}},
      {.name = "LEN",
       .category = category,
       .overloads = {{"(STRING) INT",
                      map<[](std::string_view s) { return static_cast<std::int32_t>(count_characters(s)); }>},
                     {"(BYTES) INT", map<[](std::string_view s) { return static_cast<std::int32_t>(s.size()); }>}},
       .doc = "The number of characters of a text, or of bytes.",
       .examples = {{"LEN('abc')", "3"}, {"LEN('äöü')", "3"}, {"LEN(TO_BYTES('äöü', 'utf8'))", "6"}}},
      {.name = "LPAD",
       .category = category,
       .overloads = {{"(STRING, INT, STRING) STRING", map<pad<Characters, true>>},
                     {"(BYTES, INT, BYTES) BYTES", map<pad<Bytes, true>>}},
       .doc = "The text padded at its left to a length, or cut to it.",
       .examples = {{"LPAD('foo', 7, 'Bar')", "BarBfoo"},
                    {"LPAD('foo', 2, 'Bar')", "fo"},
                    {"LPAD('foo', 7, '')", "null"}}},
      {.name = "REPLACE",
       .category = category,
       .overloads = {{"(STRING, STRING, STRING) STRING", map<replace>}},
       .doc = "The text with the second text replaced by the third wherever it occurs.",
       .examples = {{"REPLACE('foobar', 'o', '00')", "f0000bar"}}},
      {.name = "RPAD",
       .category = category,
       .overloads = {{"(STRING, INT, STRING) STRING", map<pad<Characters, false>>},
                     {"(BYTES, INT, BYTES) BYTES", map<pad<Bytes, false>>}},
       .doc = "The text padded at its right to a length, or cut to it.",
       .examples = {{"RPAD('foo', 7, 'Bar')", "fooBarB"}}},
      {.name = "SPLIT",
       .category = category,
       .overloads = {{"(STRING, STRING) ARRAY<STRING>", split}, {"(BYTES, BYTES) ARRAY<BYTES>", split}},
       .doc = "The parts of the text between the delimiters; every character if the delimiter is empty.",
       .examples = {{"SPLIT('a.b..c', '.')", "[\"a\",\"b\",\"\",\"c\"]"}, {"SPLIT('abc', '')", "[\"a\",\"b\",\"c\"]"}}},
      {.name = "SPLIT_TO_MAP",
       .category = category,
       .overloads = {{"(STRING, STRING, STRING) MAP<STRING, STRING>", split_to_map}},
       .doc = "The entries of a text like 'a:1/b:2', with the delimiter between entries and the one between key and "
              "value.",
       .examples = {{"SPLIT_TO_MAP('a:1/b:2', '/', ':')", "{\"a\":\"1\",\"b\":\"2\"}"}}},
      {.name = "SUBSTRING",
       .category = category,
       .overloads =
           {{"(STRING, INT) STRING",
             map<[](std::string_view s, std::int32_t position) { return substring<Characters>(s, position); }>},
            {"(STRING, INT, INT) STRING", map<[](std::string_view s, std::int32_t position, std::int32_t length) {
               return substring<Characters>(s, position, length);
             }>},
            {"(BYTES, INT) BYTES",
             map<[](std::string_view s, std::int32_t position) { return substring<Bytes>(s, position); }>},
            {"(BYTES, INT, INT) BYTES", map<[](std::string_view s, std::int32_t position, std::int32_t length) {
               return substring<Bytes>(s, position, length);
             }>}},
       .doc = "The part of a text from a position on, of at most a length. Positions count from 1, or from the end if "
              "they are negative.",
       .examples = {{"SUBSTRING('stream', 3)", "ream"},
                    {"SUBSTRING('stream', 2, 3)", "tre"},
                    {"SUBSTRING('stream', -2)", "am"}}},
      {.name = "TRIM",
       .category = category,
       .overloads = {{"(STRING) STRING", map<trim>}},
       .doc = "The text without blanks and control characters at its ends.",
       .examples = {{"TRIM('  a b ')", "a b"}}},
      {.name = "UCASE",
       .category = category,
       .overloads = {{"(STRING) STRING", map<upper_case>}},
       .doc = "The text in capital letters.",
       .examples = {{"UCASE('ab')", "AB"}, {"UCASE('straße')", "STRASSE"}}},
  };
  return table;
}

}  // namespace levada
