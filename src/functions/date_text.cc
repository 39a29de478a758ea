// Dates and times as text and back, by the patterns of functions/date_pattern.h.
#include "batch/value.h"
#include "functions/date_pattern.h"
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/memo.h"

namespace levada {
namespace {

constexpr std::string_view category = "DATE / TIME";

std::string told(const Error& e) { return e.why().empty() ? e.what() : e.what() + ": " + e.why(); }

// The pattern, or why it is none.
const Result<DatePattern>& pattern_of(std::string_view text) {
  thread_local Memo<std::shared_ptr<const Result<DatePattern>>> memo;
  return *memo.get(
      text, [](std::string_view t) { return std::make_shared<const Result<DatePattern>>(DatePattern::parse(t)); });
}
// nullptr: there is no such zone.
const TimeZone* zone_of(std::string_view name) {
  thread_local Memo<const TimeZone*> memo;
  return memo.get(name, [](std::string_view n) { return TimeZone::find(n); });
}

Computed<std::string> written(const DateTime& value, std::string_view pattern) {
  const auto& p = pattern_of(pattern);
  if (!p) return Computed<std::string>::failure(told(p.error()));
  auto text = p->write(value);
  if (!text) return Computed<std::string>::failure(told(text.error()));
  return *std::move(text);
}

// What was read, handed to `then`.
template <class T, class F>
Computed<T> read(std::string_view text, std::string_view pattern, F then) {
  const auto& p = pattern_of(pattern);
  if (!p) return Computed<T>::failure(told(p.error()));
  auto value = p->read(text);
  if (!value) return Computed<T>::failure(told(value.error()));
  return then(*value);
}

template <class T>
Computed<T> unknown_zone(std::string_view name) {
  return Computed<T>::failure("unknown time zone '" + std::string(name) + "'");
}

// ---- dates and times of day ----

Computed<std::string> format_date(std::int32_t days, std::string_view pattern) {
  return written({.days = days, .has_time = false}, pattern);
}
Computed<std::string> format_time(std::int64_t micros, std::string_view pattern) {
  return written({.micros = micros, .has_date = false}, pattern);
}
Computed<std::int32_t> parse_date_text(std::string_view text, std::string_view pattern) {
  return read<std::int32_t>(text, pattern, [](const DateTime& t) { return static_cast<std::int32_t>(t.days); });
}
Computed<std::int64_t> parse_time_text(std::string_view text, std::string_view pattern) {
  return read<std::int64_t>(text, pattern, [](const DateTime& t) { return t.micros; });
}

// ---- timestamps, in microseconds or, as old functions have them, in milliseconds ----

Computed<std::string> format_timestamp(std::int64_t micros, std::string_view pattern, std::string_view zone) {
  const TimeZone* z = zone_of(zone);
  if (!z) return unknown_zone<std::string>(zone);
  return written(DateTime::of_timestamp(micros, *z), pattern);
}
Computed<std::string> format_timestamp_here(const Surroundings& s, std::int64_t micros, std::string_view pattern) {
  return format_timestamp(micros, pattern, s.time_zone);
}
Computed<std::int64_t> parse_timestamp_text(std::string_view text, std::string_view pattern, std::string_view zone) {
  const TimeZone* z = zone_of(zone);
  if (!z) return unknown_zone<std::int64_t>(zone);
  return read<std::int64_t>(text, pattern, [&](const DateTime& t) { return t.timestamp(*z); });
}
Computed<std::int64_t> parse_timestamp_here(const Surroundings& s, std::string_view text, std::string_view pattern) {
  return parse_timestamp_text(text, pattern, s.time_zone);
}

Computed<std::string> format_millis(std::int64_t millis, std::string_view pattern, std::string_view zone) {
  std::int64_t micros;
  if (__builtin_mul_overflow(millis, 1000, &micros))
    return Computed<std::string>::failure("a timestamp so far away cannot be told");
  return format_timestamp(micros, pattern, zone);
}
Computed<std::string> format_millis_here(const Surroundings& s, std::int64_t millis, std::string_view pattern) {
  return format_millis(millis, pattern, s.time_zone);
}
Computed<std::int64_t> parse_millis(std::string_view text, std::string_view pattern, std::string_view zone) {
  Computed<std::int64_t> micros = parse_timestamp_text(text, pattern, zone);
  micros.value = micros.value / 1000 - (micros.value % 1000 < 0);
  return micros;
}
Computed<std::int64_t> parse_millis_here(const Surroundings& s, std::string_view text, std::string_view pattern) {
  return parse_millis(text, pattern, s.time_zone);
}

}  // namespace

std::span<const Function> date_text_functions() {
  static const Function table[] = {
      {.name = "DATETOSTRING",
       .category = category,
       .overloads = {{"(INT, STRING) STRING", map<format_date>}},
       .doc = "Days since 1970-01-01 as text by a pattern. FORMAT_DATE does it for a DATE.",
       .examples = {{"DATETOSTRING(18027, 'dd/MM/yyyy')", "11/05/2019"}}},
      {.name = "FORMAT_DATE",
       .category = category,
       .overloads = {{"(DATE, STRING) STRING", map<format_date>}},
       .doc = "A date as text by a pattern.",
       .examples = {{"FORMAT_DATE(DATE '2022-01-01', 'dd-MMM-yyyy')", "01-Jan-2022"}}},
      {.name = "FORMAT_TIME",
       .category = category,
       .overloads = {{"(TIME, STRING) STRING", map<format_time>}},
       .doc = "A time of day as text by a pattern.",
       .examples = {{"FORMAT_TIME(TIME '14:05:00', 'h:mm a')", "2:05 PM"}}},
      {.name = "FORMAT_TIMESTAMP",
       .category = category,
       .overloads = {{"(TIMESTAMP, STRING) STRING", map<format_timestamp_here>},
                     {"(TIMESTAMP, STRING, STRING) STRING", map<format_timestamp>}},
       .doc = "A timestamp as text by a pattern, in UTC or another time zone.",
       .examples = {{"FORMAT_TIMESTAMP(TIMESTAMP '2018-05-11T21:58:33', 'yyyy-MM-dd HH:mm:ss')", "2018-05-11 21:58:33"},
                    {"FORMAT_TIMESTAMP(TIMESTAMP '2018-05-11T21:58:33', 'HH:mm zzz', 'America/Los_Angeles')",
                     "14:58 PDT"}}},
      {.name = "PARSE_DATE",
       .category = category,
       .overloads = {{"(STRING, STRING) DATE", map<parse_date_text>}},
       .doc = "The date that a text says, read by a pattern.",
       .examples = {{"PARSE_DATE('01-JAN-2022', 'dd-MMM-yyyy')", "2022-01-01"}}},
      {.name = "PARSE_TIME",
       .category = category,
       .overloads = {{"(STRING, STRING) TIME", map<parse_time_text>}},
       .doc = "The time of day that a text says, read by a pattern.",
       .examples = {{"PARSE_TIME('2:05 PM', 'h:mm a')", "14:05:00"}}},
      {.name = "PARSE_TIMESTAMP",
       .category = category,
       .overloads = {{"(STRING, STRING) TIMESTAMP", map<parse_timestamp_here>},
                     {"(STRING, STRING, STRING) TIMESTAMP", map<parse_timestamp_text>}},
       .doc =
           "The timestamp that a text says, read by a pattern, in UTC or another time zone where the text names none.",
       .examples = {{"PARSE_TIMESTAMP('2018-05-11 21:58:33', 'yyyy-MM-dd HH:mm:ss')", "2018-05-11T21:58:33.000"},
                    {"PARSE_TIMESTAMP('2018-05-11 21:58:33', 'yyyy-MM-dd HH:mm:ss', '+02:00')",
                     "2018-05-11T19:58:33.000"}}},
      {.name = "STRINGTODATE",
       .category = category,
       .overloads = {{"(STRING, STRING) INT", map<parse_date_text>}},
       .doc = "Days since 1970-01-01 to the date that a text says. PARSE_DATE gives a DATE.",
       .examples = {{"STRINGTODATE('11/05/2019', 'dd/MM/yyyy')", "18027"}}},
      {.name = "STRINGTOTIMESTAMP",
       .category = category,
       .overloads = {{"(STRING, STRING) BIGINT", map<parse_millis_here>},
                     {"(STRING, STRING, STRING) BIGINT", map<parse_millis>}},
       .doc = "Milliseconds since 1970-01-01 UTC to the timestamp that a text says. PARSE_TIMESTAMP gives a TIMESTAMP.",
       .examples = {{"STRINGTOTIMESTAMP('1970-01-01 00:00:01', 'yyyy-MM-dd HH:mm:ss')", "1000"}}},
      {.name = "TIMESTAMPTOSTRING",
       .category = category,
       .overloads = {{"(BIGINT, STRING) STRING", map<format_millis_here>},
                     {"(BIGINT, STRING, STRING) STRING", map<format_millis>}},
       .doc = "Milliseconds since 1970-01-01 UTC as text by a pattern. FORMAT_TIMESTAMP does it for a TIMESTAMP.",
       .examples = {{"TIMESTAMPTOSTRING(1000, 'HH:mm:ss')", "00:00:01"}}},
  };
  return table;
}

}  // namespace levada
