// MD5 (RFC 1321): a checksum that old systems still compare by, not a protection against anybody.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace levada {

std::array<std::uint8_t, 16> md5(std::string_view bytes);

}  // namespace levada
