#include "functions/date_pattern.h"

#include "batch/value.h"

namespace levada {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_numeric(char letter, std::size_t count) {
  constexpr std::string_view always = "uydDHkKhmsSAnN";
  return always.find(letter) != std::string_view::npos ||
         (std::string_view("MLQq").find(letter) != std::string_view::npos && count <= 2);
}

}  // namespace

std::int64_t DateTime::timestamp(const TimeZone& otherwise) const {
  return moment ? *moment : (zone ? *zone : otherwise).to_utc(days * micros_per_day + micros);
}

DateTime DateTime::of_timestamp(std::int64_t utc_micros, const TimeZone& zone) {
  std::int64_t local = zone.to_local(utc_micros);
  std::int64_t days = local / micros_per_day - (local % micros_per_day < 0);
  return {days, local - days * micros_per_day, true, true, &zone, utc_micros};
}

// ---- the pattern ----

Result<DatePattern> DatePattern::parse(std::string_view pattern) {
  DatePattern result;
  result.text_ = pattern;
  std::vector<std::size_t> open;
  auto wrong = [&](std::size_t at, const std::string& what) {
    return Error(ErrorKind::statement, "'" + std::string(pattern) + "' is no date pattern: " + what + " at character " +
                                           std::to_string(at + 1));
  };
  auto literal = [&](std::string_view text) {
    if (result.elements_.empty() || result.elements_.back().letter != 0) result.elements_.push_back({});
    result.elements_.back().literal += text;
  };
  for (std::size_t i = 0; i < pattern.size();) {
    char c = pattern[i];
    if (c == '\'') {
      std::size_t end = i + 1;
      std::string quoted;
      for (;; ++end) {
        if (end >= pattern.size()) return wrong(i, "a quote is not closed");
        if (pattern[end] != '\'') {
          quoted += pattern[end];
        } else if (end + 1 < pattern.size() && pattern[end + 1] == '\'') {
          quoted += pattern[++end];
        } else {
          break;
        }
      }
      literal(end == i + 1 ? "'" : quoted);
      i = end + 1;
    } else if (c == '[' || c == ']') {
      if (c == ']' && open.empty()) return wrong(i, "']' without '['");
      result.elements_.push_back({.letter = c});
      if (c == '[') {
        open.push_back(result.elements_.size() - 1);
      } else {
        result.elements_[open.back()].close = result.elements_.size() - 1;
        open.pop_back();
      }
      ++i;
    } else if (is_letter(c)) {
      std::size_t count = 1;
      while (i + count < pattern.size() && pattern[i + count] == c) ++count;
      std::size_t most =
          c == 'V' || c == 'a' || c == 'd' || c == 'H' || c == 'k' || c == 'K' || c == 'h' || c == 'm' || c == 's'   ? 2
          : c == 'D'                                                                                                 ? 3
          : c == 'z' || c == 'O'                                                                                     ? 4
          : c == 'X' || c == 'x' || c == 'Z' || c == 'M' || c == 'L' || c == 'E' || c == 'Q' || c == 'q' || c == 'G' ? 5
          : c == 'S'                                                                                                 ? 9
          : c == 'u' || c == 'y' || c == 'A' || c == 'n' || c == 'N' ? 19
                                                                     : 0;
      if (most == 0) return wrong(i, std::string("the letter ") + c + " means nothing here");
      if (count > most || (c == 'V' && count != 2) || (c == 'a' && count != 1) ||
          (c == 'O' && count != 1 && count != 4))
        return wrong(i, "the letter " + std::string(1, c) + " stands " + std::to_string(count) + " times");
      result.elements_.push_back({.letter = c, .count = count});
      set_width(result.elements_.back());
      i += count;
    } else if (c == '{' || c == '}' || c == '#') {
      return wrong(i, std::string("a reserved character ") + c);
    } else {
      literal(pattern.substr(i, 1));
      ++i;
    }
  }
  if (!open.empty()) return wrong(pattern.size() - 1, "'[' without ']'");
  result.reserve_digits();
  return result;
}

// How many digits a number has, as Java reads and writes it.
void DatePattern::set_width(Element& e) {
  auto count = static_cast<int>(e.count);
  if (!is_numeric(e.letter, e.count)) return;
  switch (e.letter) {
    case 'u':
    case 'y':
      e.least = count;
      e.most = count == 2 ? 2 : 19;
      break;
    case 'D':
      e.least = count;
      e.most = count == 1 ? 19 : 3;
      break;
    case 'S': e.least = e.most = count; break;
    case 'A':
    case 'n':
    case 'N':
      e.least = count;
      e.most = 19;
      break;
    default: e.least = count; e.most = count == 1 ? 19 : count;
  }
}

// Where numbers stand side by side (yyyyMMdd), the first leaves to the others the digits they need.
void DatePattern::reserve_digits() {
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    if (elements_[i].most == 0 || elements_[i].least == elements_[i].most) continue;
    for (std::size_t j = i + 1; j < elements_.size() && elements_[j].most > 0; ++j) {
      if (elements_[j].least != elements_[j].most) break;
      elements_[i].reserved += elements_[j].most;
    }
  }
}

}  // namespace levada
