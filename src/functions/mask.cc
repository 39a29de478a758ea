// Masks: text whose characters no longer say what they said, only of which kind they were.
//
//   MASK(text [, upper, lower, digit, other])    characters that stand for each kind; NULL leaves the kind as it is
#include <array>

#include "functions/characters.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "STRING";

// What stands for capital letters, small letters, digits and all else; empty: the character itself.
using Marks = std::array<std::string_view, 4>;
constexpr Marks usual = {"X", "x", "n", "-"};

std::size_t kind_of(std::string_view character) {
  char c = character[0];
  if (c >= 'A' && c <= 'Z') return 0;
  if (c >= 'a' && c <= 'z') return 1;
  if (c >= '0' && c <= '9') return 2;
  return 3;
}

// Masks characters [from, to) of the text.
std::string masked(std::string_view text, const Marks& marks, std::size_t from, std::size_t to) {
  std::string out;
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); ++n) {
    std::string_view c = text.substr(at, character_size(text, at));
    std::string_view mark = n >= from && n < to ? marks[kind_of(c)] : "";
    out += mark.empty() ? c : mark;
    at += c.size();
  }
  return out;
}

enum class Part { all, left, right, keep_left, keep_right };

// Arguments: text, [number of characters], [four marks].
template <Part part>
void mask(const Call& call) {
  constexpr std::size_t numbers = part == Part::all ? 0 : 1;
  std::size_t first_mark = 1 + numbers;
  call.rows.for_each([&](std::uint32_t row) {
    const Argument& text = call.arguments[0];
    if (text.is_null(row) || (numbers == 1 && call.arguments[1].is_null(row))) return call.result.set_null(row);
    Marks marks = usual;
    if (call.arguments.size() > first_mark)
      for (std::size_t i = 0; i < marks.size(); ++i) {
        const Argument& mark = call.arguments[first_mark + i];
        if (!mark.is_null(row) && count_characters(mark.string(row)) != 1)
          return call.fail(row, "a mask is one character or NULL, not '" + std::string(mark.string(row)) + "'");
        marks[i] = mark.is_null(row) ? "" : mark.string(row);
      }
    std::string_view s = text.string(row);
    std::size_t count = count_characters(s), from = 0, to = count;
    if constexpr (part != Part::all) {
      std::int32_t n = call.arguments[1].template value<std::int32_t>(row);
      if (n < 0) return call.fail(row, "the number of characters to mask is negative: " + std::to_string(n));
      std::size_t size = std::min(static_cast<std::size_t>(n), count);
      if (part == Part::left) to = size;
      if (part == Part::right) from = count - size;
      if (part == Part::keep_left) from = size;
      if (part == Part::keep_right) to = count - size;
    }
    call.result.values<StringView>()[row] = call.result.keep(masked(s, marks, from, to));
  });
}

template <Part part>
std::vector<Overload> overloads() {
  if (part == Part::all)
    return {{"(STRING) STRING", mask<part>}, {"(STRING, STRING, STRING, STRING, STRING) STRING", mask<part>}};
  return {{"(STRING, INT) STRING", mask<part>}, {"(STRING, INT, STRING, STRING, STRING, STRING) STRING", mask<part>}};
}

}  // namespace

std::span<const Function> mask_functions() {
  static const Function table[] = {
      {.name = "MASK",
       .category = category,
       .overloads = overloads<Part::all>(),
       .doc = "The text with X for capitals, x for small letters, n for digits and - for all else, or with four marks "
              "given.",
       .examples = {{"MASK('My Test $123')", "Xx-Xxxx--nnn"},
                    {"MASK('My Test $123', '*', NULL, '1', NULL)", "*y *est $111"}},
       .strict = false},
      {.name = "MASK_KEEP_LEFT",
       .category = category,
       .overloads = overloads<Part::keep_left>(),
       .doc = "Masks all but the first n characters.",
       .examples = {{"MASK_KEEP_LEFT('My Test $123', 4)", "My Txxx--nnn"}},
       .strict = false},
      {.name = "MASK_KEEP_RIGHT",
       .category = category,
       .overloads = overloads<Part::keep_right>(),
       .doc = "Masks all but the last n characters.",
       .examples = {{"MASK_KEEP_RIGHT('My Test $123', 4)", "Xx-Xxxx-$123"}},
       .strict = false},
      {.name = "MASK_LEFT",
       .category = category,
       .overloads = overloads<Part::left>(),
       .doc = "Masks the first n characters.",
       .examples = {{"MASK_LEFT('My Test $123', 4)", "Xx-Xest $123"}},
       .strict = false},
      {.name = "MASK_RIGHT",
       .category = category,
       .overloads = overloads<Part::right>(),
       .doc = "Masks the last n characters.",
       .examples = {{"MASK_RIGHT('My Test $123', 4)", "My Test -nnn"}},
       .strict = false},
  };
  return table;
}

}  // namespace levada
