// The names of months and days, for patterns that read and write them.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace levada {

inline constexpr std::array<std::string_view, 12> month_names = {"January",   "February", "March",    "April",
                                                                 "May",       "June",     "July",     "August",
                                                                 "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 7> day_names = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                              "Friday", "Saturday", "Sunday"};

// Of a day counted from 1970-01-01; 1 is Monday.
inline int weekday(std::int64_t days) { return static_cast<int>(((days % 7) + 10) % 7) + 1; }

}  // namespace levada
