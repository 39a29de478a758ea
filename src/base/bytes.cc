#include "base/bytes.h"

#include <nmmintrin.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>

namespace levada {

// ---- CRC32C ----
//
// The crc32 instruction has a latency of three cycles and can start one a cycle, so long inputs go in three lanes side
// by side. A lane's remainder is moved over the zero bytes that stand for the next lane by a table, since CRC is
// linear: crc(a ++ b) = shift(crc(a), len b) ^ crc(b).

namespace {

constexpr std::size_t lane = 1024;

struct LaneShift {
  std::array<std::array<std::uint32_t, 256>, 4> table;
  LaneShift() {
    for (unsigned byte = 0; byte < 4; ++byte)
      for (unsigned v = 0; v < 256; ++v) {
        std::uint64_t crc = static_cast<std::uint64_t>(v) << (8 * byte);
        for (std::size_t i = 0; i < lane; i += 8) crc = _mm_crc32_u64(crc, 0);
        table[byte][v] = static_cast<std::uint32_t>(crc);
      }
  }
  std::uint32_t operator()(std::uint64_t crc) const {
    return table[0][crc & 255] ^ table[1][(crc >> 8) & 255] ^ table[2][(crc >> 16) & 255] ^ table[3][(crc >> 24) & 255];
  }
};

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
  static const LaneShift shift;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t a = crc ^ 0xffffffffu;
  for (; n >= 3 * lane; p += 3 * lane, n -= 3 * lane) {
    std::uint64_t b = 0, c = 0;
    for (std::size_t i = 0; i < lane; i += 8) {
      a = _mm_crc32_u64(a, load<std::uint64_t>(p + i));
      b = _mm_crc32_u64(b, load<std::uint64_t>(p + lane + i));
      c = _mm_crc32_u64(c, load<std::uint64_t>(p + 2 * lane + i));
    }
    a = shift(shift(a) ^ b) ^ c;
  }
  for (; n >= 8; p += 8, n -= 8) a = _mm_crc32_u64(a, load<std::uint64_t>(p));
  for (; n > 0; ++p, --n) a = _mm_crc32_u8(static_cast<std::uint32_t>(a), static_cast<unsigned char>(*p));
  return static_cast<std::uint32_t>(a) ^ 0xffffffffu;
}

// ---- Buffer ----

Buffer::~Buffer() { std::free(data_); }

void Buffer::grow(std::size_t capacity) {
  capacity = std::max(capacity, capacity_ + capacity_ / 2);
  void* p = std::realloc(data_, capacity + padding);
  if (!p) throw std::bad_alloc();
  data_ = static_cast<char*>(p);
  capacity_ = capacity;
}

void Buffer::remove_front(std::size_t n) {
  LV_ASSERT(n <= size_);
  if (n == 0) return;
  std::memmove(data_, data_ + n, size_ - n);
  size_ -= n;
}

}  // namespace levada
