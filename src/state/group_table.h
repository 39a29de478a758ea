// A hash table from key bytes to a block of memory of fixed size: the groups of an aggregation with their accumulators.
//
// Open addressing: an array of (part of the hash, number of the group), at most half full, on the side of it the groups
// in slabs that never move, so that pointers to them stay good until they are erased. A batch of keys is looked up in
// three passes (hash, prefetch, probe) to hide the cost of memory. Groups touched since the last forget_changes() are
// listed, each once.
//
// One thread.
#pragma once
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "batch/column.h"

namespace levada {

class GroupTable {
 public:
  struct Group {
    std::uint64_t hash;
    const char* key_data;
    std::uint32_t key_size;
    bool changed;               // listed in changed()
    bool fresh;                 // set when the group is made; the owner clears it
    bool pending;               // the owner's own mark
    std::int64_t timestamp_ms;  // newest event time seen
    // followed by `block_size` bytes, zeroed at first

    std::string_view key() const { return {key_data, key_size}; }
    char* block() { return reinterpret_cast<char*>(this) + sizeof(Group); }
    const char* block() const { return reinterpret_cast<const char*>(this) + sizeof(Group); }
  };
  static_assert(sizeof(Group) == 32);

  explicit GroupTable(std::uint32_t block_size);
  ~GroupTable();
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // groups[i] is the group of keys[i], made if there is none; made ones are appended to `made`, each once.
  void find_or_make(std::span<const std::string_view> keys, std::span<Group*> groups, std::vector<Group*>& made);
  Group* find(std::string_view key);
  void erase(Group* group);
  void clear();

  // Lists the group as changed if it is not yet.
  void touch(Group* group) {
    if (group->changed) return;
    group->changed = true;
    changed_.push_back(group);
  }
  // f(group) for each listed group; the list is empty then.
  template <class F>
  void take_changed(F f) {
    for_each_ahead(changed_, [&](Group* group) {
      group->changed = false;
      f(group);
    });
    changed_.clear();
  }

  // f(group) for each of them, while those to come are fetched from memory: the group, and when it is there its key.
  template <class F>
  static void for_each_ahead(std::span<Group* const> groups, F f) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i + ahead < groups.size()) __builtin_prefetch(groups[i + ahead], 1);
      if (i + ahead / 2 < groups.size()) __builtin_prefetch(groups[i + ahead / 2]->key_data);
      f(groups[i]);
    }
  }

  std::uint64_t size() const { return size_; }
  std::uint64_t bytes() const;

  template <class F>
  void for_each(F f) const {
    for (const Slot& slot : slots_)
      if (slot.group != 0) f(at(slot.group));
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;    // upper half of the hash
    std::uint32_t group = 0;  // number of the group, from 1; 0: free
  };
  static constexpr std::uint32_t slab_groups = 1024;
  static constexpr std::size_t line = 64;   // bytes that memory gives at once
  static constexpr std::size_t ahead = 16;  // groups that are fetched before they are needed
  struct FreeSlab {
    void operator()(char* slab) const { ::operator delete[](slab, std::align_val_t(line)); }
  };

  Group* at(std::uint32_t number) const {
    return reinterpret_cast<Group*>(slabs_[(number - 1) / slab_groups].get() +
                                    std::size_t{(number - 1) % slab_groups} * group_size_);
  }
  Group* probe_or_make(std::string_view key, std::uint64_t hash, std::vector<Group*>& made);
  std::uint32_t take_number();
  void grow();
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::size_t home(std::uint64_t hash) const { return static_cast<std::size_t>(hash) & (slots_.size() - 1); }

  const std::uint32_t group_size_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<char[], FreeSlab>> slabs_;
  std::vector<std::uint32_t> free_;  // numbers of erased groups
  std::uint32_t next_number_ = 1;
  std::uint64_t size_ = 0, key_bytes_ = 0;
  Arena keys_;
  std::vector<Group*> changed_;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace levada
