#include "functions/partial_time.h"

#include <algorithm>
#include <string>

#include "batch/value.h"

namespace levada {
namespace {

std::string completed_date(std::string_view text) {
  auto dashes = std::ranges::count(text.substr(std::min<std::size_t>(1, text.size())), '-');
  return std::string(text) + (dashes == 0 ? "-01-01" : dashes == 1 ? "-01" : "");
}

// "13", "13Z" and "13+01:00" get their minutes.
std::string completed_time(std::string_view text) {
  std::size_t digits = std::min(text.find_first_of("Zz+-"), text.size());
  std::string time(text.substr(0, digits));
  if (time.size() == 2) time += ":00";
  return time + std::string(text.substr(digits) == "z" ? "Z" : text.substr(digits));
}

}  // namespace

std::optional<std::int64_t> parse_partial_date(std::string_view text) { return parse_date(completed_date(text)); }

std::optional<std::int64_t> parse_partial_timestamp(std::string_view text) {
  std::size_t split = text.find_first_of("Tt ");
  std::string complete = completed_date(text.substr(0, split));
  if (split != std::string_view::npos) complete += "T" + completed_time(text.substr(split + 1));
  return parse_timestamp(complete);
}

}  // namespace levada
