#include "functions/value_set.h"

#include "batch/kernels.h"

namespace levada {

// So many are searched one after the other.
constexpr std::size_t few = 16;

void ValueSet::add(std::string_view value, std::size_t limit) {
  std::uint64_t hash = hash_bytes(value.data(), value.size());
  std::size_t i = find(value, hash);
  if (i != npos)
    ++entries_[i].count;
  else if (entries_.size() < limit)
    append(std::string(value), 1, hash);
}

void ValueSet::remove(std::string_view value) {
  std::size_t i = find(value, hash_bytes(value.data(), value.size()));
  if (i == npos || --entries_[i].count > 0) return;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  if (!slots_.empty()) index_all();
}

std::size_t ValueSet::find(std::string_view value, std::uint64_t hash) const {
  auto same = [&](const Entry& e) { return e.hash == hash && e.value == value; };
  if (slots_.empty()) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (same(entries_[i])) return i;
    return npos;
  }
  for (std::size_t at = hash % slots_.size(); slots_[at] != 0; at = (at + 1) % slots_.size())
    if (same(entries_[slots_[at] - 1])) return slots_[at] - 1;
  return npos;
}

void ValueSet::append(std::string value, std::int64_t count, std::uint64_t hash) {
  entries_.push_back({std::move(value), count, hash});
  if (entries_.size() <= few) return;
  if (entries_.size() * 2 > slots_.size()) return index_all();
  std::size_t at = hash % slots_.size();
  while (slots_[at] != 0) at = (at + 1) % slots_.size();
  slots_[at] = static_cast<std::uint32_t>(entries_.size());
}

void ValueSet::index_all() {
  slots_.assign(entries_.size() <= few ? 0 : entries_.size() * 4, 0);
  if (slots_.empty()) return;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash % slots_.size();
    while (slots_[at] != 0) at = (at + 1) % slots_.size();
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void ValueSet::save(ByteWriter& out) const {
  out.unsigned_varint(entries_.size());
  for (const Entry& e : entries_) {
    out.sized_bytes(e.value);
    out.varint(e.count);
  }
}

bool ValueSet::load(ByteReader& in) {
  entries_.clear();
  slots_.clear();
  for (std::uint64_t n = in.unsigned_varint(); n > 0 && in.ok(); --n) {
    std::string value(in.sized_bytes());
    std::int64_t count = in.varint();
    std::uint64_t hash = hash_bytes(value.data(), value.size());
    append(std::move(value), count, hash);
  }
  return in.ok();
}

}  // namespace levada
