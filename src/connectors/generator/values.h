// Values by a spec, as a function of the seed, the column and the row's number alone: whoever asks for a row, in
// whatever batch and after whatever restart, gets the same. There is no state between rows.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "batch/column.h"
#include "batch/schema.h"
#include "connectors/generator/spec.h"

namespace levada {

// 64 random bits for the k-th question about a row; `key` tells one column, or one piece of a text, from another.
std::uint64_t random_bits(std::uint64_t key, std::uint64_t row, std::uint64_t k = 0);

// The values of one spec.
class ValueStream {
 public:
  ValueStream(GeneratorSpec spec, Type type, std::uint64_t key);

  // Appends the rows [first, first + count) to an empty column; without nulls. The error (kind usage) says where a
  // sequence leaves its type.
  Result<void> fill(std::uint64_t first, std::uint32_t count, Column& out) const;
  bool is_null(std::uint64_t row) const;

  const GeneratorSpec& spec() const { return spec_; }
  const Type& type() const { return type_; }

 private:
  friend class GeneratedRows;
  // What zipf needs to know beforehand.
  struct Zipf {
    double integral_from, integral_to, threshold;
  };

  Result<void> numbers(std::uint64_t first, std::span<std::int64_t> out) const;
  void reals(std::uint64_t first, std::span<double> out) const;
  std::int64_t zipf(std::uint64_t row) const;
  double normal(std::uint64_t row) const;
  std::size_t chosen(std::uint64_t row) const;
  Result<void> fill_numbers(std::uint64_t first, std::uint32_t count, Column& out) const;
  void fill_moments(std::span<const std::int64_t> drawn, Column& out) const;
  Result<void> fill_text(std::uint64_t first, std::uint32_t count, Column& out) const;
  void fill_characters(std::uint64_t first, std::uint32_t count, Column& out) const;

  GeneratorSpec spec_;
  Type type_;
  std::uint64_t key_;
  Zipf zipf_{};
  std::vector<double> cumulative_;         // of choice: weights up to each item, the last is 1
  std::shared_ptr<const Column> items_;    // of choice
  std::vector<ValueStream> parts_;         // of text: for each part, empty texts where it has no spec
  std::vector<const ValueStream*> named_;  // of text: for each part the column it names, or nullptr
};

// All columns of a stream or table.
class GeneratedRows {
 public:
  // A spec for each column of the schema. kind usage: a text names a column that there is not, or one that names
  // others.
  static Result<GeneratedRows> make(const Schema& schema, const std::vector<GeneratorSpec>& specs, std::uint64_t seed);

  // Column c of the rows [first, first + count).
  Result<ColumnRef> column(std::size_t c, std::uint64_t first, std::uint32_t count) const;

 private:
  std::vector<std::unique_ptr<ValueStream>> streams_;
};

}  // namespace levada
