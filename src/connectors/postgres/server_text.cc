#include "connectors/postgres/server_text.h"

#include "batch/value.h"

namespace levada {
namespace {

constexpr std::string_view before_christ_mark = " BC";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads on from the front of what is left.
struct Cursor {
  std::string_view left;

  bool take(char c) {
    if (left.empty() || left.front() != c) return false;
    left.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!left.starts_with(word)) return false;
    left.remove_prefix(word.size());
    return true;
  }
  // At least `least` and at most `most` digits.
  bool number(std::size_t least, std::size_t most, std::int64_t& value) {
    std::size_t n = 0;
    value = 0;
    while (n < left.size() && n < most && is_digit(left[n])) value = value * 10 + (left[n++] - '0');
    left.remove_prefix(n);
    return n >= least;
  }
  // Two digits: nearly all that is read here.
  bool two(std::int64_t& value) {
    if (left.size() < 2 || !is_digit(left[0]) || !is_digit(left[1])) return false;
    value = (left[0] - '0') * 10 + (left[1] - '0');
    left.remove_prefix(2);
    return true;
  }
  bool year(std::int64_t& value) {
    std::int64_t century, rest;
    if (left.size() < 5 || left[4] != '-') return number(4, 7, value);
    if (!two(century) || !two(rest)) return false;
    value = century * 100 + rest;
    return true;
  }
  bool hours(std::int64_t& value) { return left.size() > 2 && left[2] == ':' ? two(value) : number(1, 10, value); }
  // ".789", if there is one, in microseconds.
  bool fraction(std::int64_t& micros) {
    micros = 0;
    if (!take('.')) return true;
    std::size_t before = left.size();
    if (!number(1, 6, micros)) return false;
    for (std::size_t n = before - left.size(); n < 6; ++n) micros *= 10;
    return true;
  }
  // Days since 1970; `before_christ` is said at the end of the text. The calendar that we count by has a year 0.
  bool date(bool before_christ, std::int64_t& days) {
    std::int64_t y, month, day;
    if (!year(y) || !take('-') || !two(month) || !take('-') || !two(day)) return false;
    if (before_christ) y = 1 - y;
    if (month < 1 || month > 12 || day < 1) return false;
    if (day > 28 && day > days_in_month(y, static_cast<int>(month))) return false;
    days = days_from_civil(y, static_cast<int>(month), static_cast<int>(day));
    return true;
  }
  // Hours beyond a day are for intervals.
  bool time(std::int64_t& micros) {
    std::int64_t h, m, s, f;
    if (!hours(h) || !take(':') || !two(m) || !take(':') || !two(s) || !fraction(f)) return false;
    micros = ((h * 60 + m) * 60 + s) * 1'000'000 + f;
    return m < 60 && s <= 60;
  }
  // "+02", "-03:30", "+00:19:32"
  bool offset(std::int32_t& seconds) {
    bool west = left.starts_with('-');
    if (!west && !left.starts_with('+')) return false;
    left.remove_prefix(1);
    std::int64_t h, m = 0, s = 0;
    if (!two(h)) return false;
    if (take(':') && !two(m)) return false;
    if (take(':') && !two(s)) return false;
    seconds = static_cast<std::int32_t>((h * 60 + m) * 60 + s);
    if (west) seconds = -seconds;
    return true;
  }
};

int hexadecimal(char c) {
  if (is_digit(c)) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool read_boolean(std::string_view text, bool& value) {
  value = text == "t" || text == "true";
  return value || text == "f" || text == "false";
}

bool read_date(std::string_view text, std::int32_t& days) {
  Cursor cursor{text};
  std::int64_t count;
  bool before_christ = text.ends_with(before_christ_mark);
  if (!cursor.date(before_christ, count)) {
    days = text == "infinity" ? infinite_date : minus_infinite_date;
    return text == "infinity" || text == "-infinity";
  }
  if (before_christ) cursor.take(before_christ_mark);
  days = static_cast<std::int32_t>(count);
  return cursor.left.empty() && days == count;
}

bool read_time(std::string_view text, std::int64_t& micros) {
  Cursor cursor{text};
  return cursor.time(micros) && cursor.left.empty() && micros <= micros_per_day;
}

bool read_zoned_time(std::string_view text, std::int64_t& micros, std::int32_t& offset_seconds) {
  Cursor cursor{text};
  return cursor.time(micros) && micros <= micros_per_day && cursor.offset(offset_seconds) && cursor.left.empty();
}

bool read_timestamp(std::string_view text, std::int64_t& micros) {
  Cursor cursor{text};
  std::int64_t days, time;
  std::int32_t offset = 0;
  bool before_christ = text.ends_with(before_christ_mark);
  if (!cursor.date(before_christ, days)) {
    micros = text == "infinity" ? infinite_timestamp : minus_infinite_timestamp;
    return text == "infinity" || text == "-infinity";
  }
  if (!cursor.take(' ') || !cursor.time(time) || time > micros_per_day) return false;
  if (!cursor.left.empty() && cursor.left.front() != ' ' && !cursor.offset(offset)) return false;
  if (before_christ) cursor.take(before_christ_mark);
  time -= offset * std::int64_t{1'000'000};
  return cursor.left.empty() && !__builtin_mul_overflow(days, micros_per_day, &micros) &&
         !__builtin_add_overflow(micros, time, &micros);
}

bool read_interval(std::string_view text, Interval& value) {
  value = {};
  Cursor cursor{text};
  if (text.empty()) return false;
  while (!cursor.left.empty()) {
    cursor.take(' ');
    bool negative = cursor.take('-');
    if (!negative) cursor.take('+');
    std::string_view at = cursor.left;
    std::int64_t n;
    if (!cursor.number(1, 10, n)) return false;
    if (cursor.left.starts_with(':')) {
      cursor.left = at;
      if (!cursor.time(n)) return false;
      value.micros = negative ? -n : n;
      return cursor.left.empty();
    }
    if (negative) n = -n;
    if (!cursor.take(' ')) return false;
    if (cursor.take("year"))
      n *= 12, value.months += static_cast<std::int32_t>(n);
    else if (cursor.take("mon"))
      value.months += static_cast<std::int32_t>(n);
    else if (cursor.take("day"))
      value.days += static_cast<std::int32_t>(n);
    else
      return false;
    cursor.take('s');
    if (!cursor.left.empty() && cursor.left.front() != ' ') return false;
  }
  return true;
}

bool read_bytea(std::string_view text, Arena& arena, StringView& value) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return false;
  text.remove_prefix(2);
  char* bytes = arena.allocate(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = hexadecimal(text[i]), low = hexadecimal(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i / 2] = static_cast<char>(high << 4 | low);
  }
  value = StringView(bytes, static_cast<std::uint32_t>(text.size() / 2));
  return true;
}

bool read_money(std::string_view text, std::int64_t& unscaled, int& scale) {
  bool negative = false;
  std::uint64_t magnitude = 0;
  std::size_t digits = 0, behind = 0;  // digits in all, and since the last point or comma
  bool mark = false;
  for (char c : text) {
    if (is_digit(c)) {
      if (__builtin_mul_overflow(magnitude, 10u, &magnitude) ||
          __builtin_add_overflow(magnitude, static_cast<unsigned>(c - '0'), &magnitude))
        return false;
      ++digits, ++behind;
    } else if (c == '.' || c == ',') {
      mark = true, behind = 0;
    } else if (c == '-' || c == '(') {
      negative = true;
    }
  }
  // Three digits behind a mark are thousands: no setting of lc_monetary that this server is given has three decimals.
  scale = mark && behind < 3 ? static_cast<int>(behind) : 0;
  if (digits == 0 || magnitude > std::uint64_t{INT64_MAX} + negative) return false;
  unscaled = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

}  // namespace levada
