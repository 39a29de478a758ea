#include "functions/time_zone.h"

#include <date/tz.h>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

#include "base/assert.h"
#include "batch/number_text.h"

namespace levada {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

class Fixed : public TimeZone {
 public:
  Fixed(std::string name, int offset) : TimeZone(std::move(name)), offset_(offset) {}
  int offset_seconds(std::int64_t) const override { return offset_; }
  std::string abbreviation(std::int64_t) const override { return name(); }
  std::int64_t to_utc(std::int64_t local) const override { return local - std::int64_t{offset_} * 1'000'000; }

 private:
  int offset_;
};

class Region : public TimeZone {
 public:
  explicit Region(const date::time_zone* zone) : TimeZone(zone->name()), zone_(zone) {}
  int offset_seconds(std::int64_t utc) const override { return static_cast<int>(info(utc).offset.count()); }
  std::string abbreviation(std::int64_t utc) const override { return info(utc).abbrev; }
  std::int64_t to_utc(std::int64_t local) const override {
    auto at = date::local_time<seconds>(std::chrono::floor<seconds>(microseconds(local)));
    date::local_info info = zone_->get_info(at);
    // Before the change in both odd cases: the earlier of two moments, and in a gap the clock as if not put forward.
    return local - std::int64_t{info.first.offset.count()} * 1'000'000;
  }

 private:
  date::sys_info info(std::int64_t utc) const {
    return zone_->get_info(date::sys_time<seconds>(std::chrono::floor<seconds>(microseconds(utc))));
  }
  const date::time_zone* zone_;
};

// [+-]H[H][[:]MM[[:]SS]]
std::optional<int> parse_offset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  auto number = [&](std::size_t digits) -> std::optional<int> {
    if (text.size() < digits) return std::nullopt;
    auto v = parse_integer(text.substr(0, digits));
    if (!v || text[0] < '0' || text[0] > '9') return std::nullopt;
    text.remove_prefix(digits);
    return static_cast<int>(*v);
  };
  bool short_hour = text.size() == 1 || (text.size() > 1 && text[1] == ':');
  auto hours = number(short_hour ? 1 : 2);
  if (!hours) return std::nullopt;
  int parts[2] = {0, 0};
  for (int& part : parts) {
    if (text.empty()) break;
    if (text[0] == ':') text.remove_prefix(1);
    auto n = number(2);
    if (!n || *n > 59) return std::nullopt;
    part = *n;
  }
  int offset = *hours * 3600 + parts[0] * 60 + parts[1];
  if (!text.empty() || offset > 18 * 3600) return std::nullopt;
  return sign * offset;
}

std::unique_ptr<TimeZone> make_zone(std::string_view name) {
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT")
    return std::make_unique<Fixed>(name == "Z" ? "Z" : std::string(name), 0);
  if (auto offset = parse_offset(name)) return std::make_unique<Fixed>(offset_text(*offset), *offset);
  for (std::string_view base : {"UTC", "GMT", "UT"})
    if (name.starts_with(base))
      if (auto offset = parse_offset(name.substr(base.size())))
        return std::make_unique<Fixed>(std::string(base) + (*offset == 0 ? "" : offset_text(*offset)), *offset);
  try {
    return std::make_unique<Region>(date::locate_zone(name));
  } catch (const std::exception&) {
    return nullptr;  // not in the database, or there is no database
  }
}

}  // namespace

const TimeZone* TimeZone::find(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<TimeZone>, std::less<>> zones;
  std::lock_guard lock(mutex);
  auto it = zones.find(name);
  if (it != zones.end()) return it->second.get();
  std::unique_ptr<TimeZone> zone = make_zone(name);
  if (!zone) return nullptr;  // wrong names are not kept: there is no end of them
  return zones.emplace(std::string(name), std::move(zone)).first->second.get();
}

const TimeZone& TimeZone::utc() {
  static const Fixed utc("UTC", 0);
  return utc;
}

const TimeZone& TimeZone::fixed(int offset_seconds) {
  const TimeZone* zone = find(offset_text(offset_seconds));
  LV_ASSERT(zone != nullptr);
  return *zone;
}

std::string offset_text(int offset) {
  if (offset == 0) return "Z";
  std::string text(1, offset < 0 ? '-' : '+');
  if (offset < 0) offset = -offset;
  char digits[2];
  auto two = [&](int n) { text.append(digits, put_padded_number(digits, static_cast<std::uint64_t>(n), 2)); };
  two(offset / 3600);
  text += ':';
  two(offset / 60 % 60);
  if (offset % 60 != 0) {
    text += ':';
    two(offset % 60);
  }
  return text;
}

}  // namespace levada
