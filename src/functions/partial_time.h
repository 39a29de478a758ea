// Dates and timestamps in text that need not be complete, as SQL literals may be written: 2024, 2024-02, 2024-02-29,
// 2024-02-29T13, 2024-02-29T13:30, …; what is missing is the first of its kind. A zone may stand behind a time of day.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace levada {

std::optional<std::int64_t> parse_partial_date(std::string_view text);       // days since 1970
std::optional<std::int64_t> parse_partial_timestamp(std::string_view text);  // microseconds since 1970 UTC

}  // namespace levada
