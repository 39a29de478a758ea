// What tells one file from another: the hash of all its content, and of its first pieces.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "connectors/csv/content_hash.h"

namespace levada {

// Hashes of a file's first 1 KiB, 16 KiB, 256 KiB …, as far as it reaches: they tell a half copied file from a new one.
class CsvMarks {
 public:
  static constexpr std::uint64_t first = 1 << 10, factor = 16;
  // The size that mark i speaks of.
  static constexpr std::uint64_t size(std::size_t i) { return i == 0 ? first : factor * size(i - 1); }
  // How many marks a text of so many bytes has.
  static std::size_t count(std::uint64_t bytes);

  std::vector<std::uint64_t> values;
  bool operator==(const CsvMarks&) const = default;
};

// Takes a file's bytes in and makes the hashes that tell it.
class CsvFingerprint {
 public:
  CsvFingerprint() = default;
  CsvFingerprint(ContentHash content, CsvMarks marks) : content_(std::move(content)), marks_(std::move(marks)) {}
  void update(std::string_view bytes);
  // Takes in the file from where this one stands up to byte `to`. not_found, if it ends before.
  Result<void> update_from(const File& file, std::uint64_t to);
  const ContentHash& content() const { return content_; }
  const CsvMarks& marks() const { return marks_; }

 private:
  ContentHash content_;
  CsvMarks marks_;
};

}  // namespace levada
