// The little language that says what stands in a generated column: 'column.AMOUNT' = 'uniform 10.00..99.99'. Its
// grammar is in README.md beside this file. What a text says becomes plain values here, values.h draws from them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "batch/type.h"

namespace levada {

// A distribution of whole numbers, in units of 10^-scale; of times in microseconds, of dates in days.
struct NumberSpec {
  enum class Kind : std::uint8_t { sequence, uniform, zipf, normal };
  Kind kind = Kind::sequence;
  int scale = 0;
  std::int64_t low = 0, high = 0;  // sequence: from and (if `cyclic`) to
  std::int64_t step = 1, jitter = 0;
  bool cyclic = false;
  double exponent = 1, mean = 0, deviation = 0;
  bool operator==(const NumberSpec&) const = default;
};

struct GeneratorSpec;

// A piece of a text: itself, a spec in braces, or another column's value.
struct TextPart {
  std::string literal;
  std::vector<GeneratorSpec> spec;  // one or none
  std::string column;
  bool operator==(const TextPart&) const;
};

struct GeneratorSpec {
  enum class Kind : std::uint8_t { number, moment, choice, text, hex, letters, uuid };
  Kind kind = Kind::number;
  NumberSpec number;  // of number and moment
  // In a DOUBLE column: bounds were written without a point, so any real number between them may come.
  bool continuous = false;
  std::vector<std::string> items;  // of choice
  std::vector<double> weights;
  std::vector<TextPart> parts;       // of text
  std::int64_t least = 0, most = 0;  // characters of hex and letters
  double nulls = 0;                  // the fraction of rows that are null
  bool operator==(const GeneratorSpec&) const = default;
};

// `type` is the column's: it says how bounds and items are to be read. An error (kind usage) shows the text with a
// caret under what is wrong.
Result<GeneratorSpec> parse_generator_spec(std::string_view text, const Type& type);

// What a column gets that nobody has said anything about.
std::string default_generator_spec(std::string_view column, const Type& type);

}  // namespace levada
