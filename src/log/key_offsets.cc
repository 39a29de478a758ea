#include "log/key_offsets.h"

#include <xxhash.h>

namespace levada {

std::size_t KeyOffsets::find(std::uint64_t low, std::uint64_t high) const {
  std::size_t mask = slots_.size() - 1, i = low & mask;
  while (slots_[i].offset >= 0 && (slots_[i].low != low || slots_[i].high != high)) i = (i + 1) & mask;
  return i;
}

void KeyOffsets::put(std::string_view key, Offset offset) {
  if (used_ * 3 >= slots_.size() * 2) grow();
  XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  Slot& slot = slots_[find(hash.low64, hash.high64)];
  if (slot.offset < 0) ++used_;
  slot = {hash.low64, hash.high64, offset.value()};
}

bool KeyOffsets::superseded(std::string_view key, Offset offset) const {
  XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return slots_[find(hash.low64, hash.high64)].offset > offset.value();
}

void KeyOffsets::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.size() * 2, Slot());
  for (const Slot& slot : old)
    if (slot.offset >= 0) slots_[find(slot.low, slot.high)] = slot;
}

}  // namespace levada
