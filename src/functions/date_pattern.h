// Patterns for dates and times in text, as Java's DateTimeFormatter writes them: yyyy-MM-dd'T'HH:mm:ss.SSSX.
//
//   u y   year (yy: of 2000 to 2099)     H k K h  hour 0-23, 1-24, 0-11, 1-12   V    zone ("Europe/Paris", as VV)
//   M L   month (MMM: Jan, MMMM: January) m s     minute, second                z    zone name ("PDT", "UTC")
//   d     day of month                    S       fraction, a digit each        O    "GMT+8"
//   D     day of year                     A n N   milliseconds of the day,      X x  offset ("Z", "+08", "+0800",
//   E     weekday (Mon, EEEE: Monday)             nanoseconds of second and day      "+08:00"), x without Z
//   Q q   quarter (QQQ: Q1)               a       AM, PM                        Z    "+0800", ZZZZ, ZZZZZ
//   G     era (AD)                        '…'     text as it is, '' a quote     [ ]  may be missing
//
// Names are English; letter case does not matter when text is read. Weeks (Y w W F e c) and B, p are not there. Other
// than Java a day that its month does not have (February 30) is an error, not the last day of the month.
//
// A pattern is a value; it may be used by any number of threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "functions/time_zone.h"

namespace levada {

// A date, a time of day, or both, as clocks show it somewhere.
struct DateTime {
  std::int64_t days = 0;    // since 1970-01-01
  std::int64_t micros = 0;  // since midnight
  bool has_date = true, has_time = true;
  const TimeZone* zone = nullptr;  // where; null: not said
  // Microseconds since 1970 UTC, where that is known: in autumn an hour comes twice.
  std::optional<std::int64_t> moment = std::nullopt;

  // Microseconds since 1970 UTC, in the zone given where the text said none.
  std::int64_t timestamp(const TimeZone& otherwise) const;
  static DateTime of_timestamp(std::int64_t utc_micros, const TimeZone& zone);
};

class DatePattern {
 public:
  // The error (kind statement) names the letter that is wrong and its place.
  static Result<DatePattern> parse(std::string_view pattern);

  // The whole text, or an error of kind data that says what was expected where. What the pattern does not say is the
  // first of its kind: 1970, January, 1st, midnight.
  Result<DateTime> read(std::string_view text) const;
  // An error of kind data where the pattern wants what the value does not have: an hour of a date.
  Result<std::string> write(const DateTime& value) const;

  const std::string& text() const { return text_; }

 private:
  // One letter's run, or a text between them.
  struct Element {
    char letter = 0;  // 0: literal; '[' and ']': an optional part
    std::size_t count = 0;
    std::string literal;
    // Of numbers: at least and at most so many digits, and how many digits of the numbers right behind must be left.
    int least = 0, most = 0, reserved = 0;
    std::size_t close = 0;  // of '[': where its ']' is
  };
  class Reader;
  class Writer;

  static void set_width(Element& element);
  void reserve_digits();

  std::string text_;
  std::vector<Element> elements_;
};

}  // namespace levada
