#include "state/group_table.h"

#include <algorithm>
#include <bit>

#include "batch/kernels.h"

namespace levada {

GroupTable::GroupTable(std::uint32_t block_size)
    : group_size_((static_cast<std::uint32_t>(sizeof(Group)) + block_size + 15) / 16 * 16), slots_(64) {}

GroupTable::~GroupTable() = default;

std::uint32_t GroupTable::take_number() {
  if (!free_.empty()) {
    std::uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }
  LV_ASSERT(next_number_ != 0);
  if ((next_number_ - 1) / slab_groups == slabs_.size())
    slabs_.emplace_back(new (std::align_val_t(line)) char[std::size_t{slab_groups} * group_size_]);
  return next_number_++;
}

void GroupTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.size() * 2, Slot());
  std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.group == 0) continue;
    std::size_t i = home(at(slot.group)->hash);
    while (slots_[i].group != 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

// A group of the same tag is nearly always the right one. It is fetched early, and its key when the group has come;
// only where the guess was wrong, or there is no group yet, is there a probe.
void GroupTable::find_or_make(std::span<const std::string_view> keys, std::span<Group*> groups,
                              std::vector<Group*>& made) {
  LV_DEBUG_ASSERT(keys.size() == groups.size());
  while ((size_ + keys.size()) * 2 > slots_.size()) grow();
  hashes_.resize(keys.size());
  for (std::size_t k = 0; k < keys.size(); ++k) {
    hashes_[k] = hash_bytes(keys[k].data(), keys[k].size());
    __builtin_prefetch(&slots_[home(hashes_[k])]);
  }
  std::size_t mask = slots_.size() - 1;
  auto guess = [&](std::size_t k) {
    std::size_t i = home(hashes_[k]);
    while (slots_[i].group != 0 && slots_[i].tag != tag_of(hashes_[k])) i = (i + 1) & mask;
    groups[k] = slots_[i].group == 0 ? nullptr : at(slots_[i].group);
    if (groups[k]) __builtin_prefetch(groups[k], 1);
  };
  for (std::size_t k = 0; k < std::min(ahead, keys.size()); ++k) guess(k);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (k + ahead < keys.size()) guess(k + ahead);
    if (k + ahead / 2 < keys.size() && groups[k + ahead / 2]) __builtin_prefetch(groups[k + ahead / 2]->key_data);
    Group* likely = groups[k];
    if (!likely || likely->hash != hashes_[k] || likely->key() != keys[k])
      groups[k] = probe_or_make(keys[k], hashes_[k], made);
  }
}

GroupTable::Group* GroupTable::probe_or_make(std::string_view key, std::uint64_t hash, std::vector<Group*>& made) {
  std::uint32_t tag = tag_of(hash);
  for (std::size_t i = home(hash);; i = (i + 1) & (slots_.size() - 1)) {
    Slot& slot = slots_[i];
    if (slot.group == 0) {
      slot = {tag, take_number()};
      Group* group = at(slot.group);
      std::string_view kept = keys_.copy(key);
      std::memset(static_cast<void*>(group), 0, group_size_);
      group->hash = hash;
      group->key_data = kept.data();
      group->key_size = static_cast<std::uint32_t>(kept.size());
      group->fresh = true;
      group->timestamp_ms = INT64_MIN;
      ++size_;
      key_bytes_ += kept.size();
      made.push_back(group);
      return group;
    }
    if (slot.tag != tag) continue;
    Group* group = at(slot.group);
    if (group->hash == hash && group->key() == key) return group;
  }
}

GroupTable::Group* GroupTable::find(std::string_view key) {
  std::uint64_t hash = hash_bytes(key.data(), key.size());
  std::uint32_t tag = tag_of(hash);
  for (std::size_t i = home(hash); slots_[i].group != 0; i = (i + 1) & (slots_.size() - 1))
    if (slots_[i].tag == tag && at(slots_[i].group)->key() == key) return at(slots_[i].group);
  return nullptr;
}

void GroupTable::erase(Group* group) {
  if (group->changed) std::erase(changed_, group);
  std::size_t mask = slots_.size() - 1, i = home(group->hash);
  while (at(slots_[i].group) != group) i = (i + 1) & mask;
  free_.push_back(slots_[i].group);
  // Those behind move up, so that no probe ends early: an entry may move into the gap unless its home lies behind the
  // gap.
  std::size_t gap = i;
  for (std::size_t j = (i + 1) & mask; slots_[j].group != 0; j = (j + 1) & mask) {
    std::size_t distance = (j - home(at(slots_[j].group)->hash)) & mask;
    if (distance >= ((j - gap) & mask)) {
      slots_[gap] = slots_[j];
      gap = j;
    }
  }
  slots_[gap] = Slot();
  --size_;
  key_bytes_ -= group->key_size;
}

void GroupTable::clear() {
  slots_.assign(64, Slot());
  slabs_.clear();
  free_.clear();
  changed_.clear();
  next_number_ = 1;
  size_ = key_bytes_ = 0;
  keys_ = Arena();
}

std::uint64_t GroupTable::bytes() const {
  return slots_.size() * sizeof(Slot) + slabs_.size() * slab_groups * std::uint64_t{group_size_} + key_bytes_;
}

}  // namespace levada
