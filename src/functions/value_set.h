// Values of any type as bytes, in the order in which they came, with a count for each: what COLLECT_SET, HISTOGRAM and
// ATTR remember of a group.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace levada {

class ValueSet {
 public:
  std::size_t size() const { return entries_.size(); }
  std::string_view value(std::size_t i) const { return entries_[i].value; }
  std::int64_t count(std::size_t i) const { return entries_[i].count; }

  // Counts the value; a new one only while there are fewer than `limit`.
  void add(std::string_view value, std::size_t limit);
  // Counts it down; a value that is counted 0 times is gone. Not there: nothing happens.
  void remove(std::string_view value);

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  static constexpr std::size_t npos = ~std::size_t{0};
  struct Entry {
    std::string value;
    std::int64_t count = 0;
    std::uint64_t hash = 0;
  };

  std::size_t find(std::string_view value, std::uint64_t hash) const;
  void append(std::string value, std::int64_t count, std::uint64_t hash);
  void index_all();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // by hash, entry + 1; empty while there are few entries
};

}  // namespace levada
