#include "connectors/csv/fixed_form.h"

#include <algorithm>

#include "batch/value.h"

namespace levada {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Two digits, or a number that is in no range.
int two(const char* p) {
  auto a = static_cast<unsigned char>(p[0] - '0'), b = static_cast<unsigned char>(p[1] - '0');
  return a <= 9 && b <= 9 ? a * 10 + b : 1000;
}

int month_named(const char* p) {
  static constexpr char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (int month = 1; month <= 12; ++month) {
    const char* name = names + 3 * (month - 1);
    if ((p[0] | 32) == name[0] && (p[1] | 32) == name[1] && (p[2] | 32) == name[2]) return month;
  }
  return 1000;
}

}  // namespace

std::optional<FixedForm> FixedForm::of(std::string_view pattern) {
  FixedForm form;
  for (std::size_t i = 0; i < pattern.size();) {
    char c = pattern[i];
    if (c == '\'') {
      std::size_t close = pattern.find('\'', i + 1);
      if (close == std::string_view::npos || close == i + 1) return std::nullopt;
      form.literal_ += pattern.substr(i + 1, close - i - 1);
      i = close + 1;
      if (i < pattern.size() && pattern[i] == '\'') return std::nullopt;  // a doubled quote
    } else if (is_letter(c)) {
      std::size_t n = std::min(pattern.find_first_not_of(c, i), pattern.size()) - i;
      bool name = c == 'M' && n == 3, year = (c == 'y' || c == 'u') && n == 4;
      bool pair = n == 2 && std::string_view("MdHms").find(c) != std::string_view::npos;
      char letter = name ? 'L' : year ? 'y' : c;
      if ((!name && !year && !pair) || form.literal_.size() > 200) return std::nullopt;
      if (std::ranges::any_of(form.parts_, [&](const Part& p) { return p.letter == letter; })) return std::nullopt;
      form.parts_.push_back({letter, static_cast<std::uint8_t>(form.literal_.size())});
      form.literal_.append(n, '\0');
      i += n;
    } else if (c == '[' || c == ']' || c == '{' || c == '}' || c == '#' || c == '\0') {
      return std::nullopt;
    } else {
      form.literal_ += c;
      ++i;
    }
  }
  auto has = [&](char letter) { return std::ranges::find(form.parts_, letter, &Part::letter) != form.parts_.end(); };
  bool date = has('y') && (has('M') != has('L')) && has('d'),
       no_date = !has('y') && !has('M') && !has('L') && !has('d');
  if (form.parts_.empty() || (!date && !no_date)) return std::nullopt;
  return form;
}

std::optional<FixedForm::Moment> FixedForm::read(std::string_view text) const {
  if (text.size() != literal_.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (literal_[i] != '\0' && literal_[i] != text[i]) return std::nullopt;
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  for (const Part& part : parts_) {
    const char* p = text.data() + part.at;
    switch (part.letter) {
      case 'y': year = two(p) < 100 && two(p + 2) < 100 ? two(p) * 100 + two(p + 2) : -1; break;
      case 'M': month = two(p); break;
      case 'L': month = month_named(p); break;
      case 'd': day = two(p); break;
      case 'H': hour = two(p); break;
      case 'm': minute = two(p); break;
      default: second = two(p);
    }
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 ||
      second > 59)
    return std::nullopt;
  return Moment{days_from_civil(year, month, day), ((hour * 60 + minute) * 60 + second) * std::int64_t{1'000'000}};
}

}  // namespace levada
