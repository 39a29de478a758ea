// One value, away from any column: a literal, a constant, a row in a test or on a screen. Its Type says what it means:
//
//   monostate      null
//   bool           boolean
//   std::int64_t   int32, int64, date (days), time and timestamp (microseconds)
//   double         float64
//   Int128         decimal, times 10^scale
//   std::string    string, bytes
//   ValueList      array: its elements; structure: its fields; map: key, value, key, value, …
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "batch/int128.h"
#include "batch/type.h"

namespace levada {

struct Value;
using ValueList = std::vector<Value>;

struct Value : std::variant<std::monostate, bool, std::int64_t, double, Int128, std::string, ValueList> {
  using variant::variant;
  bool is_null() const { return index() == 0; }
};

// For people and tests: text bare, decimals exact, times in ISO form, bytes as 0x…, nested values as JSON; null is
// "null".
std::string text_of(const Value& value, const Type& type);

// For people and tests too, not for topics (that is formats/json.cc): times in ISO form, bytes in base64, NaN as text.
Json json_of(const Value& value, const Type& type);

// ---- text forms of times, shared by casts, formats and screens ----

// "2024-02-29"; years beyond 0 to 9999 carry a sign.
std::string date_text(std::int64_t days);
// "23:59:59", with .mmm or .mmmmmm where there is a fraction.
std::string time_text(std::int64_t micros);
// "2024-02-29T23:59:59.000": milliseconds, as ksqlDB shows it; microseconds where they are not 0.
std::string timestamp_text(std::int64_t micros);

std::optional<std::int64_t> parse_date(std::string_view text);  // days
std::optional<std::int64_t> parse_time(std::string_view text);  // HH:MM[:SS[.f…]], microseconds
// Date, then T or a blank and a time of day, then Z or ±HH:MM; what is missing is 0; without zone it is UTC.
// Microseconds.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

// ---- civil dates (proleptic Gregorian calendar), after H. Hinnant, "chrono-compatible low-level date algorithms" ----

struct CivilDate {
  std::int64_t year;
  int month, day;  // from 1
};
std::int64_t days_from_civil(std::int64_t year, int month, int day);
CivilDate civil_from_days(std::int64_t days);
int days_in_month(std::int64_t year, int month);

inline constexpr std::int64_t micros_per_day = 86'400'000'000;

}  // namespace levada
