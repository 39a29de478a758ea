// The keys of a table that have changed since its snapshot: rows of the snapshot with such a key come too late.
//
// A key is the bytes of its columns as the server writes them. Two keys that the server holds for equal may differ
// there (1.0 and 1.00, letters under some collations); such a change of a key is logged with both forms, so both are
// here.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "connectors/postgres/change_collector.h"

namespace levada {

// Strings, each once. Never forgets one.
class KeySet {
 public:
  void insert(std::string_view key);
  bool contains(std::string_view key) const;
  std::size_t size() const { return ends_.size(); }
  std::size_t bytes() const { return keys_.capacity() + ends_.capacity() * sizeof(ends_[0]) + slots_.size() * 8; }

 private:
  // The slot of the key, or the free one where it would stand.
  std::size_t find(std::string_view key, std::uint64_t hash) const;
  std::string_view key(std::size_t index) const;
  void grow();

  Buffer keys_;  // one behind the other
  std::vector<std::uint64_t> ends_;
  std::vector<std::uint64_t> slots_;  // upper half: of the hash; lower half: index + 1; 0: free
};

class ChunkFilter {
 public:
  // `identity`: the columns that tell rows apart, as positions in the table's columns.
  explicit ChunkFilter(std::vector<std::size_t> identity) : identity_(std::move(identity)) {}

  // Remembers the keys before and after an insertion, update or deletion. False: it has none that is whole.
  bool add(const RowChange& change) { return add(change, changed_); }
  // The same of a change that the snapshot has: rows with these keys need not come.
  bool add_seen(const RowChange& change) { return add(change, seen_); }
  // Of a later change that the snapshot has, too: the row with the key behind it must come.
  void want(const RowChange& change) {
    if (make_key(change.after)) wanted_.insert(key_.view());
  }
  // Whether no row with the key of this one will come.
  bool drops(std::span<const FieldText> row) {
    return make_key(row) &&
           (changed_.contains(key_.view()) || (seen_.contains(key_.view()) && !wanted_.contains(key_.view())));
  }
  bool empty() const { return changed_.size() == 0 && seen_.size() == 0; }
  std::size_t bytes() const { return changed_.bytes() + seen_.bytes() + wanted_.bytes(); }
  // Moves the values of the rows that have not changed to the front; returns how many there are.
  std::uint32_t keep(std::vector<FieldText>& values, std::size_t columns, std::uint32_t rows);

 private:
  // False: a column of it is null or unchanged, or the row is not there.
  bool make_key(std::span<const FieldText> row);
  bool add(const RowChange& change, KeySet& to);

  std::vector<std::size_t> identity_;
  KeySet changed_, seen_, wanted_;
  Buffer key_;
};

}  // namespace levada
