// 128-bit integers: the digits of exact decimals.
#pragma once
#include <array>

namespace levada {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

inline constexpr int max_decimal_digits = 38;

// 10^n for n from 0 to 38.
inline constexpr auto power_of_ten = [] {
  std::array<Int128, max_decimal_digits + 1> powers{};
  Int128 p = 1;
  for (int n = 0; n <= max_decimal_digits; ++n) {
    powers[static_cast<std::size_t>(n)] = p;
    if (n < max_decimal_digits) p *= 10;
  }
  return powers;
}();

}  // namespace levada
