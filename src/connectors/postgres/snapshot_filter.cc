#include "connectors/postgres/snapshot_filter.h"

#include <algorithm>

#include "batch/kernels.h"

namespace levada {

// ---- KeySet ----

static std::uint64_t hash_of(std::string_view key) { return hash_bytes(key.data(), key.size()); }

std::string_view KeySet::key(std::size_t index) const {
  std::uint64_t start = index == 0 ? 0 : ends_[index - 1];
  return keys_.view().substr(start, ends_[index] - start);
}

std::size_t KeySet::find(std::string_view wanted, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    std::uint64_t found = slots_[slot];
    if (found == 0) return slot;
    if ((found ^ hash) >> 32 == 0 && key((found & 0xffff'ffff) - 1) == wanted) return slot;
  }
}

void KeySet::grow() {
  slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), 0);
  for (std::size_t index = 0; index < ends_.size(); ++index) {
    std::uint64_t hash = hash_of(key(index));
    slots_[find(key(index), hash)] = (hash & ~std::uint64_t{0xffff'ffff}) | (index + 1);
  }
}

void KeySet::insert(std::string_view key) {
  if ((ends_.size() + 1) * 2 > slots_.size()) grow();
  std::uint64_t hash = hash_of(key);
  std::size_t slot = find(key, hash);
  if (slots_[slot] != 0) return;
  keys_.append(key);
  ends_.push_back(keys_.size());
  slots_[slot] = (hash & ~std::uint64_t{0xffff'ffff}) | ends_.size();
}

bool KeySet::contains(std::string_view key) const { return !slots_.empty() && slots_[find(key, hash_of(key))] != 0; }

// ---- ChunkFilter ----

bool ChunkFilter::make_key(std::span<const FieldText> row) {
  key_.clear();
  if (row.empty()) return false;
  for (std::size_t column : identity_) {
    const FieldText& value = row[column];
    if (value.kind != FieldText::Kind::text) return false;
    store(key_.room(4), value.size);
    key_.commit(key_.data() + key_.size() + 4);
    key_.append(value.view());
  }
  return !identity_.empty();
}

bool ChunkFilter::add(const RowChange& change, KeySet& to) {
  bool before = make_key(change.before);
  if (before) to.insert(key_.view());
  if (change.after.empty()) return before;
  if (make_key(change.after)) {
    to.insert(key_.view());
    return true;
  }
  // A large key that has not changed is not sent again, but stands in `before`.
  return before && std::ranges::none_of(identity_, [&](std::size_t column) {
           return change.after[column].kind == FieldText::Kind::null ||
                  (change.after[column].kind == FieldText::Kind::text &&
                   change.after[column].view() != change.before[column].view());
         });
}

std::uint32_t ChunkFilter::keep(std::vector<FieldText>& values, std::size_t columns, std::uint32_t rows) {
  if (empty()) return rows;
  FieldText* to = values.data();
  std::uint32_t kept = 0;
  for (std::uint32_t r = 0; r < rows; ++r) {
    const FieldText* from = values.data() + r * columns;
    if (drops({from, columns})) continue;
    if (to != from) std::copy(from, from + columns, to);
    to += columns;
    ++kept;
  }
  return kept;
}

}  // namespace levada
