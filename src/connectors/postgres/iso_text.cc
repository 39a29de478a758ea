#include "connectors/postgres/iso_text.h"

#include <cstring>

#include "batch/number_text.h"
#include "batch/value.h"

namespace levada {
namespace {

char* put_text(char* p, std::string_view text) {
  std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

char* put_date(char* p, std::int64_t days) {
  CivilDate date = civil_from_days(days);
  std::int64_t year = date.year;
  if (year > 9999) *p++ = '+';
  if (year < 0) *p++ = '-', year = -year;
  p = year > 9999 ? put_unsigned(p, static_cast<std::uint64_t>(year))
                  : put_padded_number(p, static_cast<std::uint64_t>(year), 4);
  *p++ = '-';
  p = put_padded_number(p, static_cast<std::uint64_t>(date.month), 2);
  *p++ = '-';
  return put_padded_number(p, static_cast<std::uint64_t>(date.day), 2);
}

char* put_fraction(char* p, std::uint64_t micros, int digits) {
  if (digits == 0 || (digits == as_needed && micros == 0)) return p;
  *p++ = '.';
  char* stop = put_padded_number(p, micros, 6);
  if (digits != as_needed) return p + digits;
  while (stop[-1] == '0') --stop;
  return stop;
}

char* put_time(char* p, std::int64_t micros, int digits) {
  auto seconds = static_cast<std::uint64_t>(micros / 1'000'000);
  p = put_padded_number(p, seconds / 3600, 2);
  *p++ = ':';
  p = put_padded_number(p, seconds / 60 % 60, 2);
  *p++ = ':';
  p = put_padded_number(p, seconds % 60, 2);
  return put_fraction(p, static_cast<std::uint64_t>(micros % 1'000'000), digits);
}

}  // namespace

char* put_iso_date(char* p, std::int32_t days) {
  if (days == infinite_date) return put_text(p, "infinity");
  if (days == minus_infinite_date) return put_text(p, "-infinity");
  p = put_date(p, days);
  *p++ = 'Z';
  return p;
}

char* put_iso_time(char* p, std::int64_t micros) {
  p = put_time(p, micros, as_needed);
  *p++ = 'Z';
  return p;
}

char* put_iso_timestamp(char* p, std::int64_t micros, int fraction_digits) {
  if (micros == infinite_timestamp) return put_text(p, "infinity");
  if (micros == minus_infinite_timestamp) return put_text(p, "-infinity");
  std::int64_t time = micros % micros_per_day;
  if (time < 0) time += micros_per_day;
  p = put_date(p, micros / micros_per_day - (micros % micros_per_day < 0));
  *p++ = 'T';
  p = put_time(p, time, fraction_digits);
  *p++ = 'Z';
  return p;
}

char* put_iso_interval(char* p, const Interval& interval) {
  *p++ = 'P';
  p = put_integer(p, interval.months / 12);
  *p++ = 'Y';
  p = put_integer(p, interval.months % 12);
  *p++ = 'M';
  p = put_integer(p, interval.days);
  p = put_text(p, "DT");
  std::int64_t seconds = interval.micros / 1'000'000, micros = interval.micros % 1'000'000;
  p = put_integer(p, seconds / 3600);
  *p++ = 'H';
  p = put_integer(p, seconds / 60 % 60);
  *p++ = 'M';
  if (micros < 0 && seconds % 60 == 0) *p++ = '-';
  p = put_integer(p, seconds % 60);
  p = put_fraction(p, static_cast<std::uint64_t>(micros < 0 ? -micros : micros), as_needed);
  *p++ = 'S';
  return p;
}

}  // namespace levada
