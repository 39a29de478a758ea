#include "functions/md5.h"

#include <bit>
#include <cmath>
#include <string>

#include "base/bytes.h"

namespace levada {
namespace {

using State = std::array<std::uint32_t, 4>;

// floor(2^32 * |sin(i + 1)|), the RFC's table.
const std::array<std::uint32_t, 64>& sines() {
  static const auto table = [] {
    std::array<std::uint32_t, 64> t{};
    for (std::size_t i = 0; i < 64; ++i)
      t[i] = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 4294967296.0));
    return t;
  }();
  return table;
}

void add_block(State& state, const char* block) {
  static constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    std::uint32_t f;
    std::size_t word;
    switch (i / 16) {
      case 0: f = (b & c) | (~b & d), word = i; break;
      case 1: f = (d & b) | (~d & c), word = (5 * i + 1) % 16; break;
      case 2: f = b ^ c ^ d, word = (3 * i + 5) % 16; break;
      default: f = c ^ (b | ~d), word = 7 * i % 16; break;
    }
    std::uint32_t sum = a + f + sines()[i] + load<std::uint32_t>(block + 4 * word);
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, shifts[i / 16][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

std::array<std::uint8_t, 16> md5(std::string_view bytes) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::size_t whole = bytes.size() / 64 * 64;
  for (std::size_t at = 0; at < whole; at += 64) add_block(state, bytes.data() + at);
  // The rest, a bit that is 1, zeros, and the length in bits.
  std::string tail(bytes.substr(whole));
  tail += '\x80';
  tail.resize(tail.size() <= 56 ? 56 : 120, '\0');
  std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  tail.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  for (std::size_t at = 0; at < tail.size(); at += 64) add_block(state, tail.data() + at);
  std::array<std::uint8_t, 16> digest;
  std::memcpy(digest.data(), state.data(), digest.size());
  return digest;
}

}  // namespace levada
