#include "batch/value.h"

#include <array>
#include <charconv>

#include "batch/decimal.h"
#include "batch/number_text.h"

namespace levada {
namespace {

std::string base64(std::string_view bytes) {
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= n ? letters[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string hexadecimal(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "0x";
  for (unsigned char c : bytes) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

std::string double_text(double v) {
  std::array<char, max_double_text> text;
  return std::string(text.data(), put_double(text.data(), v));
}

// A fixed number of digits; nullopt if one is missing.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int v = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    v = v * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return v;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  bool negative = take_char(text, '-');
  if (!negative) take_char(text, '+');
  std::size_t year_digits = std::min(text.find('-'), text.size());
  if (year_digits < 4 || year_digits > 6) return std::nullopt;
  auto year = take_digits(text, year_digits);
  if (!year || !take_char(text, '-')) return std::nullopt;
  auto month = take_digits(text, 2);
  if (!month || *month < 1 || *month > 12 || !take_char(text, '-')) return std::nullopt;
  auto day = take_digits(text, 2);
  std::int64_t y = negative ? -*year : *year;
  if (!day || *day < 1 || *day > days_in_month(y, *month)) return std::nullopt;
  return days_from_civil(y, *month, *day);
}

std::optional<std::int64_t> take_time(std::string_view& text) {
  auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t seconds = (*hour * 60 + *minute) * 60, fraction = 0;
  if (take_char(text, ':')) {
    auto second = take_digits(text, 2);
    if (!second || *second > 59) return std::nullopt;
    seconds += *second;
    if (take_char(text, '.')) {
      std::size_t n = 0;
      for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++n, text.remove_prefix(1))
        if (n < 6) fraction = fraction * 10 + (text[0] - '0');
      if (n == 0) return std::nullopt;
      for (; n < 6; ++n) fraction *= 10;
    }
  }
  return seconds * 1'000'000 + fraction;
}

}  // namespace

std::string text_of(const Value& value, const Type& type) {
  if (value.is_null()) return "null";
  switch (type.kind()) {
    case TypeKind::boolean: return std::get<bool>(value) ? "true" : "false";
    case TypeKind::int32:
    case TypeKind::int64: return std::to_string(std::get<std::int64_t>(value));
    case TypeKind::float64: return double_text(std::get<double>(value));
    case TypeKind::decimal: return decimal_text(std::get<Int128>(value), type.scale());
    case TypeKind::string: return std::get<std::string>(value);
    case TypeKind::bytes: return hexadecimal(std::get<std::string>(value));
    case TypeKind::date: return date_text(std::get<std::int64_t>(value));
    case TypeKind::time: return time_text(std::get<std::int64_t>(value));
    case TypeKind::timestamp: return timestamp_text(std::get<std::int64_t>(value));
    default: return json_of(value, type).text();
  }
}

Json json_of(const Value& value, const Type& type) {
  if (value.is_null()) return nullptr;
  switch (type.kind()) {
    case TypeKind::boolean: return std::get<bool>(value);
    case TypeKind::int32:
    case TypeKind::int64: return std::get<std::int64_t>(value);
    case TypeKind::float64: {
      std::string text = double_text(std::get<double>(value));
      if (text.find_first_of("Ny") != std::string::npos) return text;  // NaN, Infinity: JSON has no such numbers
      return JsonNumber{std::move(text)};
    }
    case TypeKind::decimal: return JsonNumber{text_of(value, type)};
    case TypeKind::bytes: return base64(std::get<std::string>(value));
    case TypeKind::array: {
      Json::Array items;
      for (const Value& item : std::get<ValueList>(value)) items.push_back(json_of(item, type.element()));
      return items;
    }
    case TypeKind::map: {
      Json::Object members;
      const auto& items = std::get<ValueList>(value);
      for (std::size_t i = 0; i + 1 < items.size(); i += 2)
        members.emplace_back(text_of(items[i], type.key()), json_of(items[i + 1], type.value()));
      return members;
    }
    case TypeKind::structure: {
      Json::Object members;
      const auto& fields = std::get<ValueList>(value);
      for (std::size_t i = 0; i < fields.size(); ++i)
        members.emplace_back(type.fields()[i].name, json_of(fields[i], type.fields()[i].type));
      return members;
    }
    default: return text_of(value, type);
  }
}

// ---- times ----

std::string date_text(std::int64_t days) {
  CivilDate d = civil_from_days(days);
  std::array<char, 32> text;
  char* p = text.data();
  if (d.year < 0) *p++ = '-';
  std::uint64_t year = static_cast<std::uint64_t>(d.year < 0 ? -d.year : d.year);
  if (year > 9999 && d.year > 0) *p++ = '+';
  p = year > 9999 ? put_unsigned(p, year) : put_padded_number(p, year, 4);
  *p++ = '-';
  p = put_padded_number(p, static_cast<std::uint64_t>(d.month), 2);
  *p++ = '-';
  p = put_padded_number(p, static_cast<std::uint64_t>(d.day), 2);
  return std::string(text.data(), p);
}

static std::string clock_text(std::int64_t micros, bool always_millis) {
  auto us = static_cast<std::uint64_t>(micros);
  std::array<char, 24> text;
  char* p = put_padded_number(text.data(), us / 3'600'000'000u, 2);
  *p++ = ':';
  p = put_padded_number(p, us / 60'000'000 % 60, 2);
  *p++ = ':';
  p = put_padded_number(p, us / 1'000'000 % 60, 2);
  std::uint64_t fraction = us % 1'000'000;
  if (fraction != 0 || always_millis) {
    *p++ = '.';
    p = fraction % 1000 != 0 ? put_padded_number(p, fraction, 6) : put_padded_number(p, fraction / 1000, 3);
  }
  return std::string(text.data(), p);
}

std::string time_text(std::int64_t micros) { return clock_text(micros, false); }

std::string timestamp_text(std::int64_t micros) {
  std::int64_t days = micros / micros_per_day - (micros % micros_per_day < 0);
  return date_text(days) + "T" + clock_text(micros - days * micros_per_day, true);
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  auto days = take_date(text);
  if (!text.empty()) return std::nullopt;
  return days;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  auto micros = take_time(text);
  if (!text.empty()) return std::nullopt;
  return micros;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  auto days = take_date(text);
  if (!days) return std::nullopt;
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(*days, micros_per_day, &micros)) return std::nullopt;
  if (text.empty()) return micros;
  if (!take_char(text, 'T') && !take_char(text, ' ')) return std::nullopt;
  auto time = take_time(text);
  if (!time) return std::nullopt;
  if (__builtin_add_overflow(micros, *time, &micros)) return std::nullopt;
  if (text.empty() || text == "Z") return micros;
  bool west = take_char(text, '-');
  if (!west && !take_char(text, '+')) return std::nullopt;
  auto hours = take_digits(text, 2);
  take_char(text, ':');
  auto minutes = text.empty() ? std::optional<int>(0) : take_digits(text, 2);
  if (!hours || !minutes || *hours > 18 || *minutes > 59 || !text.empty()) return std::nullopt;
  std::int64_t offset = (*hours * 60 + *minutes) * std::int64_t{60'000'000};
  if (__builtin_add_overflow(micros, west ? offset : -offset, &micros)) return std::nullopt;
  return micros;
}

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  std::int64_t year_of_era = year - era * 400;
  std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate civil_from_days(std::int64_t days) {
  days += 719'468;
  std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  std::int64_t day_of_era = days - era * 146'097;
  std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2), month,
          static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

int days_in_month(std::int64_t year, int month) {
  static constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap);
}

}  // namespace levada
