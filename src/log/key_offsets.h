// The newest offset of every key that was seen: what compaction goes by. Keys are told apart by 128 bits of hash, of
// which two different keys of one partition share all with no probability worth a name.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "log/log.h"

namespace levada {

class KeyOffsets {
 public:
  KeyOffsets() : slots_(1024) {}

  // Offsets must come ascending.
  void put(std::string_view key, Offset offset);
  // Whether the key was seen at a later offset than this.
  bool superseded(std::string_view key, Offset offset) const;

  std::uint64_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t low = 0, high = 0;
    std::int64_t offset = -1;  // free
  };
  std::size_t find(std::uint64_t low, std::uint64_t high) const;
  void grow();

  std::vector<Slot> slots_;  // open addressing, at most two thirds full
  std::size_t used_ = 0;
};

}  // namespace levada
