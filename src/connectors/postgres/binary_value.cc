#include "connectors/postgres/binary_value.h"

#include <algorithm>

#include "formats/base64.h"

namespace levada {

StringView binary_value(std::string_view bytes, ValueModes::Binary mode, Arena& arena) {
  auto size = static_cast<std::uint32_t>(bytes.size());
  if (mode == ValueModes::Binary::bytes) return {bytes.data(), size};
  if (mode == ValueModes::Binary::hex) {
    char* out = arena.allocate(2 * bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      static constexpr char digits[] = "0123456789abcdef";
      out[2 * i] = digits[static_cast<unsigned char>(bytes[i]) >> 4];
      out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return {out, 2 * size};
  }
  char* out = arena.allocate(base64_size(bytes.size()));
  char* end = put_base64(out, bytes);
  if (mode == ValueModes::Binary::base64_url_safe) {
    std::replace(out, end, '+', '-');
    std::replace(out, end, '/', '_');
  }
  return {out, static_cast<std::uint32_t>(end - out)};
}

}  // namespace levada
