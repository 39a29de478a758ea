// The calendar and the clock: adding to dates and times, counting from 1970, changing zones.
#include <limits>

#include "batch/value.h"
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/memo.h"
#include "functions/time_unit.h"
#include "functions/time_zone.h"

namespace levada {
namespace {

constexpr std::string_view category = "DATE / TIME";

std::int64_t floor_days(std::int64_t micros) { return micros / micros_per_day - (micros % micros_per_day < 0); }

// ---- adding ----

template <class T>
Computed<T> wrong_unit(std::string_view unit) {
  return Computed<T>::failure("unknown unit of time '" + std::string(unit) +
                              "': it is DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS");
}

// n units, with a sign; false if that is more time than there is.
bool span_of(std::int64_t unit, std::int32_t n, int sign, std::int64_t& micros) {
  return !__builtin_mul_overflow(unit, std::int64_t{n} * sign, &micros);
}

template <int sign>
Computed<std::int32_t> add_to_date(std::string_view unit, std::int32_t n, std::int32_t days) {
  using Result = Computed<std::int32_t>;
  auto u = micros_of_unit(unit);
  if (!u) return wrong_unit<std::int32_t>(unit);
  std::int64_t span;
  if (!span_of(*u, n, sign, span)) return Result::failure("a date so far away cannot be told");
  std::int64_t result = days + floor_days(span);
  if (result != static_cast<std::int32_t>(result)) return Result::failure("a date so far away cannot be told");
  return static_cast<std::int32_t>(result);
}

// Midnight comes round again.
template <int sign>
Computed<std::int64_t> add_to_time(std::string_view unit, std::int32_t n, std::int64_t micros) {
  auto u = micros_of_unit(unit);
  if (!u) return wrong_unit<std::int64_t>(unit);
  std::int64_t span = *u % micros_per_day * n % micros_per_day * sign;
  return (micros + span + micros_per_day) % micros_per_day;
}

template <int sign>
Computed<std::int64_t> add_to_timestamp(std::string_view unit, std::int32_t n, std::int64_t micros) {
  using Result = Computed<std::int64_t>;
  auto u = micros_of_unit(unit);
  if (!u) return wrong_unit<std::int64_t>(unit);
  std::int64_t span, result;
  if (!span_of(*u, n, sign, span) || __builtin_add_overflow(micros, span, &result))
    return Result::failure("a timestamp so far away cannot be told");
  return result;
}

// ---- zones ----

const TimeZone* find_zone(std::string_view name) {
  thread_local Memo<const TimeZone*> memo;
  return memo.get(name, [](std::string_view n) { return TimeZone::find(n); });
}

Computed<std::int64_t> convert_zone(std::int64_t micros, std::string_view from, std::string_view to) {
  using Result = Computed<std::int64_t>;
  const TimeZone *a = find_zone(from), *b = find_zone(to);
  if (!a || !b) return Result::failure("unknown time zone '" + std::string(a ? to : from) + "'");
  return b->to_local(a->to_utc(micros));
}
Computed<std::int64_t> at_time_zone(std::int64_t micros, std::string_view zone) {
  return convert_zone(micros, "UTC", zone);
}

// ---- counting ----

Computed<std::int64_t> from_millis(std::int64_t millis) {
  std::int64_t micros;
  if (__builtin_mul_overflow(millis, 1000, &micros))
    return Computed<std::int64_t>::failure("a timestamp so far away cannot be told");
  return micros;
}
std::int64_t to_millis(std::int64_t micros) { return micros / 1000 - (micros % 1000 < 0); }

}  // namespace

std::span<const Function> date_functions() {
  static const Function table[] = {
      {.name = "AT TIME ZONE",
       .category = "OPERATOR",
       .overloads = {{"(TIMESTAMP, STRING) TIMESTAMP", map<at_time_zone>}},
       .doc = "What clocks in a time zone show at this moment.",
       .examples = {{"TIMESTAMP '2024-07-01T12:00:00' AT TIME ZONE 'Europe/Berlin'", "2024-07-01T14:00:00.000"}}},
      {.name = "CONVERT_TZ",
       .category = category,
       .overloads = {{"(TIMESTAMP, STRING, STRING) TIMESTAMP", map<convert_zone>}},
       .doc = "What clocks in the second zone show when those in the first show this.",
       .examples = {{"CONVERT_TZ(TIMESTAMP '2024-01-01T00:00:00', '+0200', '+0500')", "2024-01-01T03:00:00.000"},
                    {"CONVERT_TZ(TIMESTAMP '2024-01-01T00:00:00', 'America/Los_Angeles', 'America/New_York')",
                     "2024-01-01T03:00:00.000"}}},
      {.name = "DATEADD",
       .category = category,
       .overloads = {{"(STRING, INT, DATE) DATE", map<add_to_date<1>>}},
       .doc = "The date so many units of time later.",
       .examples = {{"DATEADD('DAYS', 10, DATE '2024-02-25')", "2024-03-06"}},
       .takes_unit = true},
      {.name = "DATESUB",
       .category = category,
       .overloads = {{"(STRING, INT, DATE) DATE", map<add_to_date<-1>>}},
       .doc = "The date so many units of time earlier.",
       .examples = {{"DATESUB('DAYS', 10, DATE '2024-03-06')", "2024-02-25"}},
       .takes_unit = true},
      {.name = "FROM_DAYS",
       .category = category,
       .overloads = {{"(INT) DATE", map<[](std::int32_t days) { return days; }>}},
       .doc = "The date so many days after 1970-01-01.",
       .examples = {{"FROM_DAYS(31)", "1970-02-01"}}},
      {.name = "FROM_UNIXTIME",
       .category = category,
       .overloads = {{"(BIGINT) TIMESTAMP", map<from_millis>}},
       .doc = "The timestamp so many milliseconds after 1970-01-01 UTC.",
       .examples = {{"FROM_UNIXTIME(1500)", "1970-01-01T00:00:01.500"}}},
      {.name = "TIMEADD",
       .category = category,
       .overloads = {{"(STRING, INT, TIME) TIME", map<add_to_time<1>>}},
       .doc = "The time of day so many units later; after midnight it begins again.",
       .examples = {{"TIMEADD('HOURS', 3, TIME '22:30:00')", "01:30:00"}},
       .takes_unit = true},
      {.name = "TIMESTAMPADD",
       .category = category,
       .overloads = {{"(STRING, INT, TIMESTAMP) TIMESTAMP", map<add_to_timestamp<1>>}},
       .doc = "The timestamp so many units of time later.",
       .examples = {{"TIMESTAMPADD('MINUTES', 90, TIMESTAMP '2024-01-01T23:00:00')", "2024-01-02T00:30:00.000"}},
       .takes_unit = true},
      {.name = "TIMESTAMPSUB",
       .category = category,
       .overloads = {{"(STRING, INT, TIMESTAMP) TIMESTAMP", map<add_to_timestamp<-1>>}},
       .doc = "The timestamp so many units of time earlier.",
       .examples = {{"TIMESTAMPSUB('SECONDS', 1, TIMESTAMP '2024-01-01T00:00:00')", "2023-12-31T23:59:59.000"}},
       .takes_unit = true},
      {.name = "TIMESUB",
       .category = category,
       .overloads = {{"(STRING, INT, TIME) TIME", map<add_to_time<-1>>}},
       .doc = "The time of day so many units earlier; before midnight it is the end of the day.",
       .examples = {{"TIMESUB('MINUTES', 15, TIME '00:10:00')", "23:55:00"}},
       .takes_unit = true},
      {.name = "UNIX_DATE",
       .category = category,
       .overloads =
           {{"() INT",
             map<[](const Surroundings& s) { return static_cast<std::int32_t>(floor_days(s.clock->now_us())); }>},
            {"(DATE) INT", map<[](std::int32_t days) { return days; }>}},
       .doc = "Days from 1970-01-01 to the date, or to today.",
       .examples = {{"UNIX_DATE(DATE '1970-02-01')", "31"}, {"UNIX_DATE() > 19000", "true"}},
       .volatile_ = true},
      {.name = "UNIX_TIMESTAMP",
       .category = category,
       .overloads = {{"() BIGINT", map<[](const Surroundings& s) { return s.clock->now_ms(); }>},
                     {"(TIMESTAMP) BIGINT", map<to_millis>}},
       .doc = "Milliseconds from 1970-01-01 UTC to the timestamp, or to now.",
       .examples = {{"UNIX_TIMESTAMP(TIMESTAMP '1970-01-01T00:00:01.500')", "1500"},
                    {"UNIX_TIMESTAMP() > 1600000000000", "true"}},
       .volatile_ = true},
  };
  return table;
}

}  // namespace levada
