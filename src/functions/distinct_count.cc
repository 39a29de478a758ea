#include "functions/distinct_count.h"

#include <algorithm>
#include <cmath>

namespace levada {

void DistinctCount::add(std::uint64_t hash) {
  if (!registers_.empty()) return add_to_registers(hash);
  auto place = std::ranges::lower_bound(hashes_, hash);
  if (place != hashes_.end() && *place == hash) return;
  hashes_.insert(place, hash);
  if (hashes_.size() <= most_exact) return;
  registers_.assign(registers, 0);
  for (std::uint64_t h : hashes_) add_to_registers(h);
  hashes_ = {};
}

void DistinctCount::add_to_registers(std::uint64_t hash) {
  std::size_t chosen = hash >> (64 - bits);
  // The marker ends the count of zeros where all other bits are 0.
  auto zeros = static_cast<std::uint8_t>(__builtin_ctzll(hash | std::uint64_t{1} << (64 - bits)) + 1);
  registers_[chosen] = std::max(registers_[chosen], zeros);
}

std::int64_t DistinctCount::count() const {
  if (registers_.empty()) return static_cast<std::int64_t>(hashes_.size());
  double sum = 0;
  std::size_t empty = 0;
  for (std::uint8_t r : registers_) {
    sum += std::ldexp(1.0, -r);
    empty += r == 0;
  }
  constexpr auto m = static_cast<double>(registers);
  double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  // While many registers are empty, their number tells more.
  if (estimate <= 2.5 * m && empty > 0) estimate = m * std::log(m / static_cast<double>(empty));
  return std::llround(estimate);
}

void DistinctCount::save(ByteWriter& out) const {
  out.little<std::uint8_t>(!registers_.empty());
  if (!registers_.empty()) return out.bytes({reinterpret_cast<const char*>(registers_.data()), registers_.size()});
  out.unsigned_varint(hashes_.size());
  for (std::uint64_t h : hashes_) out.little(h);
}

bool DistinctCount::load(ByteReader& in) {
  hashes_.clear();
  registers_.clear();
  auto form = in.little<std::uint8_t>();
  if (form == 1) {
    std::string_view bytes = in.bytes(registers);
    registers_.assign(bytes.begin(), bytes.end());
    return in.ok();
  }
  std::uint64_t n = in.unsigned_varint();
  if (form != 0 || n > most_exact) return false;
  for (; n > 0 && in.ok(); --n) hashes_.push_back(in.little<std::uint64_t>());
  return in.ok() && std::ranges::is_sorted(hashes_);
}

}  // namespace levada
