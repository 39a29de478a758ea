#include "connectors/generator/spec_text.h"

#include <algorithm>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "batch/value.h"

namespace levada {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t us;
};
constexpr DurationUnit duration_units[] = {{"us", 1},           {"ms", 1'000},        {"s", 1'000'000},
                                           {"min", 60'000'000}, {"h", 3'600'000'000}, {"d", micros_per_day}};

}  // namespace

SpecText SpecText::before(std::size_t end) const {
  SpecText cut = *this;
  cut.text_ = text_.substr(0, end);
  return cut;
}

Result<SpecText::Bound> SpecText::number() {
  skip_blanks();
  std::size_t begin = at_;
  if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
  while (at_ < text_.size() && (is_digit(text_[at_]) || (text_[at_] == '.' && text_.substr(at_, 2) != ".."))) ++at_;
  auto parsed = parse_decimal(text_.substr(begin, at_ - begin));
  if (!parsed) return wrong(begin, "a number is missing");
  last_ = begin;
  return Bound{parsed->unscaled, parsed->scale, begin};
}

Result<double> SpecText::real() {
  Bound bound = LV_TRY(number());
  return decimal_to_double(bound.unscaled, bound.scale);
}

Result<std::pair<SpecText::Bound, SpecText::Bound>> SpecText::range() {
  Bound low = LV_TRY(number());
  if (!take("..")) return wrong(at_, "'..' and an upper bound are missing");
  Bound high = LV_TRY(number());
  return std::pair(low, high);
}

Result<std::int64_t> SpecText::duration() {
  Bound n = LV_TRY(number());
  std::size_t begin = at_;
  std::string_view unit = take_letters();
  for (const DurationUnit& row : duration_units) {
    if (row.name != unit) continue;
    auto us = decimal_multiply(n.unscaled, n.scale, row.us, 0, 0);
    if (!us || *us > 100'000 * Int128(micros_per_day) || *us < -100'000 * Int128(micros_per_day))
      return wrong(n.at, "a time too long");
    return static_cast<std::int64_t>(*us);
  }
  return wrong(begin, "a unit is missing: us, ms, s, min, h or d");
}

void SpecText::skip_blanks() {
  while (at_ < text_.size() && text_[at_] == ' ') ++at_;
}

bool SpecText::take(std::string_view word) {
  skip_blanks();
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool SpecText::take_word(std::string_view word) {
  skip_blanks();
  std::string_view rest = text_.substr(at_);
  if (!rest.starts_with(word) || (rest.size() > word.size() && is_letter(rest[word.size()]))) return false;
  at_ += word.size();
  return true;
}

std::string_view SpecText::take_letters() {
  std::size_t begin = at_;
  while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string_view SpecText::until(std::string_view stop) {
  std::size_t begin = at_;
  at_ = std::min(text_.find(stop, at_), text_.size());
  return text_.substr(begin, at_ - begin);
}

bool SpecText::at_nulls() const {
  std::string_view rest = text_.substr(at_);
  if (!rest.starts_with(" nulls ")) return false;
  rest.remove_prefix(7);
  return !rest.empty() && rest.find_first_not_of("0123456789. ") == std::string_view::npos;
}

Error SpecText::wrong(std::size_t at, std::string what) const {
  return Error(ErrorKind::usage, std::move(what)).where(std::string(shown_) + "\n" + std::string(at, ' ') + "^");
}

}  // namespace levada
