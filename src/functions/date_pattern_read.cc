// Dates and times out of text, element by element of a pattern.
#include <algorithm>
#include <span>

#include "batch/number_text.h"
#include "batch/value.h"
#include "functions/date_names.h"
#include "functions/date_pattern.h"

namespace levada {
namespace {

// Zones that are known by short names, as Java takes them; standard time and summer time mean the same place.
constexpr std::pair<std::string_view, std::string_view> zone_names[] = {{"AEDT", "Australia/Sydney"},
                                                                        {"AEST", "Australia/Sydney"},
                                                                        {"AKDT", "America/Anchorage"},
                                                                        {"AKST", "America/Anchorage"},
                                                                        {"BST", "Europe/London"},
                                                                        {"CDT", "America/Chicago"},
                                                                        {"CEST", "Europe/Paris"},
                                                                        {"CET", "Europe/Paris"},
                                                                        {"CST", "America/Chicago"},
                                                                        {"EDT", "America/New_York"},
                                                                        {"EEST", "Europe/Bucharest"},
                                                                        {"EET", "Europe/Bucharest"},
                                                                        {"EST", "America/New_York"},
                                                                        {"GMT", "GMT"},
                                                                        {"HST", "Pacific/Honolulu"},
                                                                        {"IST", "Asia/Kolkata"},
                                                                        {"JST", "Asia/Tokyo"},
                                                                        {"KST", "Asia/Seoul"},
                                                                        {"MDT", "America/Denver"},
                                                                        {"MSK", "Europe/Moscow"},
                                                                        {"MST", "America/Denver"},
                                                                        {"NZDT", "Pacific/Auckland"},
                                                                        {"NZST", "Pacific/Auckland"},
                                                                        {"PDT", "America/Los_Angeles"},
                                                                        {"PST", "America/Los_Angeles"},
                                                                        {"SGT", "Asia/Singapore"},
                                                                        {"UTC", "UTC"},
                                                                        {"WEST", "Europe/Lisbon"},
                                                                        {"WET", "Europe/Lisbon"},
                                                                        {"Z", "UTC"}};

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }
bool is_letter(char c) { return small(c) >= 'a' && small(c) <= 'z'; }

bool starts_with_any_case(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), text.begin(),
                                                       [](char a, char b) { return small(a) == small(b); });
}

}  // namespace

class DatePattern::Reader {
 public:
  Reader(const std::vector<Element>& elements, std::string_view text) : elements_(elements), text_(text) {}

  Result<DateTime> read() {
    bool ok = elements(0, elements_.size());
    if (ok && at_ == text_.size()) return resolve();
    if (ok) return wrong("more text than the pattern has, from '" + std::string(text_.substr(at_)) + "' on");
    return wrong(what_ + " expected at character " + std::to_string(at_ + 1));
  }

 private:
  struct Fields {
    std::optional<std::int64_t> year, year_of_era, month, day, day_of_year, weekday;
    std::optional<std::int64_t> hour, hour_of_half, half, minute, second, nanos, millis_of_day, nanos_of_day;
    std::optional<bool> before_christ;
    const TimeZone* zone = nullptr;
  };

  Error wrong(const std::string& why) const {
    return Error(ErrorKind::data, "cannot read '" + std::string(text_) + "' as a date or time").why(why);
  }

  bool elements(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const Element& e = elements_[i];
      if (e.letter == '[') {
        Fields before = fields_;
        std::size_t at = at_;
        if (!elements(i + 1, e.close)) {
          fields_ = before;
          at_ = at;
        }
        i = e.close;
      } else if (!element(e)) {
        return false;
      }
    }
    return true;
  }

  bool element(const Element& e) {
    switch (e.letter) {
      case 0: return literal(e.literal);
      case 'u': return e.count == 2 ? two_digit_year(fields_.year) : number(e, fields_.year);
      case 'y': return e.count == 2 ? two_digit_year(fields_.year_of_era) : number(e, fields_.year_of_era);
      case 'M':
      case 'L': return e.most > 0 ? number(e, fields_.month) : name(month_names, e.count == 4, fields_.month);
      case 'd': return number(e, fields_.day);
      case 'D': return number(e, fields_.day_of_year);
      case 'E': return name(day_names, e.count == 4, fields_.weekday);
      case 'Q':
      case 'q': return quarter(e);
      case 'G': return era(e);
      case 'H': return number(e, fields_.hour);
      case 'k': return number(e, fields_.hour) && in_range(fields_.hour, 1, 24) && wrap(fields_.hour, 24);
      case 'K': return number(e, fields_.hour_of_half) && in_range(fields_.hour_of_half, 0, 11);
      case 'h':
        return number(e, fields_.hour_of_half) && in_range(fields_.hour_of_half, 1, 12) &&
               wrap(fields_.hour_of_half, 12);
      case 'a': return half();
      case 'm': return number(e, fields_.minute);
      case 's': return number(e, fields_.second);
      case 'S': return fraction(e);
      case 'A': return number(e, fields_.millis_of_day);
      case 'n': return number(e, fields_.nanos);
      case 'N': return number(e, fields_.nanos_of_day);
      case 'X':
      case 'x': return offset(e.count, e.letter == 'X');
      case 'Z': return e.count == 4 ? localized_offset() : offset(e.count == 5 ? 5 : 2, e.count == 5);
      case 'O': return localized_offset();
      default: return zone();
    }
  }

  bool expected(std::string what) {
    what_ = std::move(what);
    return false;
  }
  std::string_view rest() const { return text_.substr(at_); }
  bool literal(std::string_view text) {
    if (!starts_with_any_case(rest(), text)) return expected("'" + std::string(text) + "'");
    at_ += text.size();
    return true;
  }

  int digits_here(int most) const {
    int n = 0;
    while (n < most && at_ + static_cast<std::size_t>(n) < text_.size()) {
      char c = text_[at_ + static_cast<std::size_t>(n)];
      if (c < '0' || c > '9') break;
      ++n;
    }
    return n;
  }
  std::int64_t take_digits(int n) {
    std::int64_t v = *parse_integer(text_.substr(at_, static_cast<std::size_t>(n)));
    at_ += static_cast<std::size_t>(n);
    return v;
  }

  // A sign may stand before numbers of no fixed width; a year of more digits than the pattern has needs its plus.
  bool number(const Element& e, std::optional<std::int64_t>& field) {
    bool variable = e.least != e.most, year = e.letter == 'u' || e.letter == 'y';
    bool minus = variable && rest().starts_with('-');
    bool plus = variable && year && e.count >= 4 && rest().starts_with('+');
    if (minus || plus) ++at_;
    int there = digits_here(18 + e.reserved);
    int n = std::min(std::max(e.least, there - e.reserved), std::min(e.most, 18));
    if (there < n || n < e.least)
      return expected(e.count == 1 ? "a number" : "a number of " + std::to_string(e.least) + " digits");
    if (year && e.count >= 4 && !minus && plus != (n > e.least))
      return expected("a year of " + std::to_string(e.least) + " digits");
    std::int64_t v = take_digits(n);
    return set(field, minus ? -v : v);
  }
  bool set(std::optional<std::int64_t>& field, std::int64_t v) {
    if (field && *field != v) return expected("the same value as before");
    field = v;
    return true;
  }
  bool two_digit_year(std::optional<std::int64_t>& field) {
    if (digits_here(2) < 2) return expected("a year of two digits");
    return set(field, 2000 + take_digits(2));
  }
  bool in_range(const std::optional<std::int64_t>& field, std::int64_t least, std::int64_t most) {
    if (*field >= least && *field <= most) return true;
    return expected("a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  static bool wrap(std::optional<std::int64_t>& field, std::int64_t at) {
    if (*field == at) field = 0;
    return true;
  }

  bool name(std::span<const std::string_view> names, bool full, std::optional<std::int64_t>& field) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string_view wanted = full ? names[i] : names[i].substr(0, 3);
      if (!starts_with_any_case(rest(), wanted)) continue;
      at_ += wanted.size();
      return set(field, static_cast<std::int64_t>(i) + 1);
    }
    return expected("a name like " + std::string(full ? names[0] : names[0].substr(0, 3)));
  }
  bool quarter(const Element& e) {  // says nothing that a date needs
    if (e.most == 0 && !literal("Q")) return false;
    if (digits_here(1) == 0) return expected("a quarter");
    std::int64_t q = take_digits(e.count == 2 && digits_here(2) == 2 ? 2 : 1);
    return q >= 1 && q <= 4 ? true : expected("a quarter");
  }
  bool era(const Element& e) {
    std::string_view names[] = {e.count == 4   ? "Anno Domini"
                                : e.count == 5 ? "A"
                                               : "AD",
                                e.count == 4   ? "Before Christ"
                                : e.count == 5 ? "B"
                                               : "BC"};
    for (int i = 0; i < 2; ++i)
      if (starts_with_any_case(rest(), names[i])) {
        at_ += names[i].size();
        fields_.before_christ = i == 1;
        return true;
      }
    return expected("AD or BC");
  }
  bool half() {
    bool pm = starts_with_any_case(rest(), "PM");
    if (!pm && !starts_with_any_case(rest(), "AM")) return expected("AM or PM");
    at_ += 2;
    return set(fields_.half, pm);
  }
  bool fraction(const Element& e) {
    if (digits_here(e.least) < e.least) return expected(std::to_string(e.least) + " digits");
    std::int64_t v = take_digits(e.least);
    for (int n = e.least; n < 9; ++n) v *= 10;
    return set(fields_.nanos, v);
  }

  // Forms 1 +HH[MM], 2 +HHMM, 3 +HH:MM, 4 +HHMM[SS], 5 +HH:MM[:SS]; Z where that is allowed.
  bool offset(std::size_t form, bool z) {
    if (z && starts_with_any_case(rest(), "Z")) {
      ++at_;
      return set_zone(TimeZone::utc());
    }
    bool minus = rest().starts_with('-');
    if (!minus && !rest().starts_with('+')) return expected("an offset");
    ++at_;
    bool colons = form == 3 || form == 5;
    if (digits_here(2) < 2) return expected("an offset");
    std::int64_t seconds = take_digits(2) * 3600;
    bool minutes = form > 1 || digits_here(2) == 2;
    if (minutes) {
      if (colons && !literal(":")) return false;
      if (digits_here(2) < 2) return expected("an offset");
      seconds += take_digits(2) * 60;
      bool more = form >= 4 && (colons ? rest().starts_with(':') : digits_here(2) == 2);
      if (more) {
        if (colons) ++at_;
        if (digits_here(2) < 2) return expected("an offset");
        seconds += take_digits(2);
      }
    }
    if (seconds > 18 * 3600) return expected("an offset of at most 18 hours");
    return set_zone(TimeZone::fixed(static_cast<int>(minus ? -seconds : seconds)));
  }
  // GMT, GMT+8, GMT+08:30
  bool localized_offset() {
    if (!literal("GMT")) return false;
    std::size_t end = at_;
    while (end < text_.size() &&
           (text_[end] == '+' || text_[end] == '-' || text_[end] == ':' || (text_[end] >= '0' && text_[end] <= '9')))
      ++end;
    const TimeZone* zone = end == at_ ? &TimeZone::utc() : TimeZone::find(text_.substr(at_, end - at_));
    if (!zone) return expected("an offset");
    at_ = end;
    return set_zone(*zone);
  }
  // A zone's id or short name: the longest run of letters that is one.
  bool zone() {
    std::size_t end = at_;
    auto part = [](char c) {
      return is_letter(c) || (c >= '0' && c <= '9') || std::string_view("/_+-:").find(c) != std::string_view::npos;
    };
    while (end < text_.size() && part(text_[end])) ++end;
    for (; end > at_; --end) {
      std::string_view id = text_.substr(at_, end - at_);
      const TimeZone* found = nullptr;
      for (auto [name, place] : zone_names)
        if (name.size() == id.size() && starts_with_any_case(id, name)) found = TimeZone::find(place);
      if (!found) found = TimeZone::find(id);
      if (!found) continue;
      at_ = end;
      return set_zone(*found);
    }
    return expected("a time zone");
  }
  bool set_zone(const TimeZone& zone) {
    fields_.zone = &zone;
    return true;
  }

  // What the fields say together.
  Result<DateTime> resolve() {
    const Fields& f = fields_;
    std::int64_t year = f.year.value_or(1970);
    if (f.year_of_era) {
      if (*f.year_of_era < 1) return wrong("there is no year " + std::to_string(*f.year_of_era));
      year = f.before_christ.value_or(false) ? 1 - *f.year_of_era : *f.year_of_era;
    }
    if (year < -290'000 || year > 290'000) return wrong("the year " + std::to_string(year) + " is too far away");
    std::int64_t month = f.month.value_or(1), day = f.day.value_or(1);
    if (month < 1 || month > 12) return wrong("there is no month " + std::to_string(month));
    if (day < 1 || day > days_in_month(year, static_cast<int>(month)))
      return wrong("there is no day " + std::to_string(day) + " in " +
                   std::string(month_names[static_cast<std::size_t>(month) - 1]) + " " + std::to_string(year));
    std::int64_t days = days_from_civil(year, static_cast<int>(month), static_cast<int>(day));
    if (f.day_of_year && !f.month) {
      std::int64_t first = days_from_civil(year, 1, 1), length = days_from_civil(year + 1, 1, 1) - first;
      if (*f.day_of_year < 1 || *f.day_of_year > length)
        return wrong("there is no day " + std::to_string(*f.day_of_year) + " in " + std::to_string(year));
      days = first + *f.day_of_year - 1;
    }
    bool full = (f.year || f.year_of_era) && ((f.month && f.day) || f.day_of_year);
    if (full && f.weekday && *f.weekday != weekday(days))
      return wrong(date_text(days) + " is a " + std::string(day_names[static_cast<std::size_t>(weekday(days)) - 1]));
    auto micros = time_of_day();
    if (!micros) return std::move(micros).error();
    return DateTime{.days = days, .micros = *micros, .zone = f.zone};
  }

  Result<std::int64_t> time_of_day() const {
    const Fields& f = fields_;
    if (f.millis_of_day || f.nanos_of_day) {
      std::int64_t micros = f.millis_of_day ? *f.millis_of_day * 1000 : *f.nanos_of_day / 1000;
      if (micros < 0 || micros >= micros_per_day) return wrong("a day is not that long");
      return micros;
    }
    std::int64_t hour = f.hour ? *f.hour : f.hour_of_half.value_or(0) + 12 * f.half.value_or(0);
    std::int64_t minute = f.minute.value_or(0), second = f.second.value_or(0), nanos = f.nanos.value_or(0);
    if (hour < 0 || hour > 23) return wrong("there is no hour " + std::to_string(hour));
    if (minute < 0 || minute > 59) return wrong("there is no minute " + std::to_string(minute));
    if (second < 0 || second > 59) return wrong("there is no second " + std::to_string(second));
    if (nanos < 0 || nanos > 999'999'999) return wrong("a second has no so many nanoseconds");
    return ((hour * 60 + minute) * 60 + second) * 1'000'000 + nanos / 1000;
  }

  const std::vector<Element>& elements_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::string what_;
  Fields fields_;
};

Result<DateTime> DatePattern::read(std::string_view text) const { return Reader(elements_, text).read(); }

}  // namespace levada
