// The units of time that DATEADD and its like take, written as bare words.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace levada {

inline constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> time_units = {{{"DAY", 86'400'000'000},
                                                                                         {"HOUR", 3'600'000'000},
                                                                                         {"MINUTE", 60'000'000},
                                                                                         {"SECOND", 1'000'000},
                                                                                         {"MILLISECOND", 1'000},
                                                                                         {"MICROSECOND", 1}}};

// Of DAY or DAYS, …, in any letters.
inline std::optional<std::int64_t> micros_of_unit(std::string_view name) {
  auto same = [](std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if ((a[i] >= 'a' && a[i] <= 'z' ? a[i] - 32 : a[i]) != b[i]) return false;
    return true;
  };
  if (!name.empty() && (name.back() | 32) == 's') name.remove_suffix(1);
  for (auto [unit, micros] : time_units)
    if (same(name, unit)) return micros;
  return std::nullopt;
}

}  // namespace levada
