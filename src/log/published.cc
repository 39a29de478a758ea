#include "log/published.h"

#include <array>

#include "base/bytes.h"

namespace levada {

static constexpr std::uint32_t magic = 0x3150564c;  // "LVP1"
static constexpr std::size_t published_size = 36;

Result<void> write_published(File& file, const Published& published) {
  std::array<char, published_size> bytes;
  char* p = bytes.data();
  store(p, magic);
  store(p + 8, published.place.generation);
  store(p + 16, published.place.position);
  store(p + 24, published.place.number);
  store(p + 32, std::uint32_t{published.closed_well});
  store(p + 4, crc32c({p + 8, published_size - 8}));
  return file.write_at(0, std::string_view(p, published_size));
}

Result<std::optional<Published>> read_published(const File& file) {
  std::array<char, published_size> bytes;
  // Once more if a write was going on.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (LV_TRY(file.read_at(0, bytes)) < published_size) return std::nullopt;
    const char* p = bytes.data();
    if (load<std::uint32_t>(p) != magic || load<std::uint32_t>(p + 4) != crc32c({p + 8, published_size - 8})) continue;
    return Published{{load<std::uint64_t>(p + 8), load<std::uint64_t>(p + 16), load<std::uint64_t>(p + 24)},
                     load<std::uint32_t>(p + 32) == 1};
  }
  return std::nullopt;
}

}  // namespace levada
