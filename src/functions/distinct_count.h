// How many different values there were: exactly while they are few, then by HyperLogLog (Flajolet and others, 2007)
// with an error of about 1.6 %, in 4 KB however many come. Values are told apart by 64 bits of hash.
#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace levada {

class DistinctCount {
 public:
  void add(std::uint64_t hash);
  std::int64_t count() const;

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  static constexpr int bits = 12;  // of the hash choose a register
  static constexpr std::size_t registers = std::size_t{1} << bits;
  static constexpr std::size_t most_exact = registers / sizeof(std::uint64_t);

  void add_to_registers(std::uint64_t hash);

  std::vector<std::uint64_t> hashes_;    // sorted, while there are few
  std::vector<std::uint8_t> registers_;  // then these: the most zeros that a hash ended with, and one more
};

}  // namespace levada
