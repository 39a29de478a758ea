// Random numbers from one seed: the same seed gives the same run. xoshiro256** (Blackman and Vigna, 2018), seeded by
// splitmix64. Not for secrets. A value: copy it to repeat a sequence. One thread at a time.
#pragma once
#include <array>
#include <cstdint>

namespace levada {

class Random {
 public:
  using result_type = std::uint64_t;  // fits the standard library's distributions and shuffle
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~std::uint64_t{0}; }

  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& s : state_) s = split_mix(seed);
  }

  std::uint64_t operator()() {
    std::uint64_t result = rotate(state_[1] * 5, 7) * 9, t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // Evenly in [0, n); n > 0. The bias of 2^-64 * n is accepted.
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>((*this)()) * n) >> 64);
  }
  // Evenly in [0, 1).
  double fraction() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  static std::uint64_t rotate(std::uint64_t v, int by) { return (v << by) | (v >> (64 - by)); }
  static std::uint64_t split_mix(std::uint64_t& seed) {
    std::uint64_t z = (seed += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::array<std::uint64_t, 4> state_;
};

// A seed from the operating system, for those who want no fixed one.
std::uint64_t random_seed();

}  // namespace levada
