// The server's texts of single values to numbers, as the settings in text_settings make it write them. Every function
// takes the whole text; false: it is no such text, and the result is undefined.
#pragma once
#include <cstdint>
#include <string_view>

#include "batch/column.h"

namespace levada {

// What stands for PostgreSQL's infinities in dates and timestamps: what the server itself keeps.
inline constexpr std::int32_t infinite_date = INT32_MAX, minus_infinite_date = INT32_MIN;
inline constexpr std::int64_t infinite_timestamp = INT64_MAX, minus_infinite_timestamp = INT64_MIN;

bool read_boolean(std::string_view text, bool& value);        // t, f, true, false
bool read_date(std::string_view text, std::int32_t& days);    // since 1970-01-01: "0044-03-15 BC", "infinity"
bool read_time(std::string_view text, std::int64_t& micros);  // "24:00:00" too
// "12:34:56.5+02:30": the time where it was meant, and how far east of UTC that is.
bool read_zoned_time(std::string_view text, std::int64_t& micros, std::int32_t& offset_seconds);
// With or without a zone; microseconds since 1970-01-01 UTC. Beyond 64 bits (the year 294247) is false.
bool read_timestamp(std::string_view text, std::int64_t& micros);

struct Interval {
  std::int32_t months = 0, days = 0;
  std::int64_t micros = 0;
};
bool read_interval(std::string_view text, Interval& value);  // "-1 years +2 mons 3 days -04:05:06.789"

// "\x00ff" into memory of the arena.
bool read_bytea(std::string_view text, Arena& arena, StringView& value);

// "-$1,234.56" in whatever currency and custom: its digits, as unscaled / 10^scale.
bool read_money(std::string_view text, std::int64_t& unscaled, int& scale);

}  // namespace levada
