// Dates, times and intervals as Java's ISO 8601 formats write them, at p, where there is room for max_iso_text.
// The end is returned. Infinite dates and timestamps (server_text.h) are "infinity" and "-infinity".
#pragma once
#include <cstdint>

#include "connectors/postgres/server_text.h"

namespace levada {

inline constexpr std::size_t max_iso_text = 96;

inline constexpr int as_needed = -1;  // digits of a fraction: as many as are not 0, none without a point

char* put_iso_date(char* p, std::int32_t days);                              // "-0043-03-15Z"
char* put_iso_time(char* p, std::int64_t micros);                            // "12:34:56.789Z", "24:00:00Z"
char* put_iso_timestamp(char* p, std::int64_t micros, int fraction_digits);  // "2024-02-29T10:34:56.500Z"
char* put_iso_interval(char* p, const Interval& interval);                   // "P1Y2M3DT4H5M6.789S"

}  // namespace levada
