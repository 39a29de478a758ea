// murmur2 as in Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2): Austin Appleby's MurmurHash2 of 32
// bits with a fixed seed, so that the same key goes to the same partition whoever writes it.
#include "log/log.h"

namespace levada {

std::uint32_t murmur2(std::string_view key) {
  constexpr std::uint32_t seed = 0x9747b28c, m = 0x5bd1e995;
  std::uint32_t h = seed ^ static_cast<std::uint32_t>(key.size());
  const char* p = key.data();
  std::size_t n = key.size();
  for (; n >= 4; p += 4, n -= 4) {
    auto k = load<std::uint32_t>(p) * m;
    h = h * m ^ (k ^ k >> 24) * m;
  }
  if (n > 0) {
    std::uint32_t rest = 0;
    for (std::size_t i = 0; i < n; ++i) rest |= std::uint32_t{static_cast<unsigned char>(p[i])} << (8 * i);
    h = (h ^ rest) * m;
  }
  h = (h ^ h >> 13) * m;
  return h ^ h >> 15;
}

std::int32_t partition_of(std::string_view key, std::int32_t partitions) {
  LV_DEBUG_ASSERT(partitions > 0);
  return static_cast<std::int32_t>(murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace levada
