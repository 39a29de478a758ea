// Time zones by name: regions of the system's tz database ("Europe/Berlin"), UTC, GMT, and fixed offsets ("+02:00",
// "+0200", "UTC+2").
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace levada {

class TimeZone {
 public:
  virtual ~TimeZone() = default;

  // nullptr if there is no such zone. Zones live as long as the program. Thread safe.
  static const TimeZone* find(std::string_view name);
  static const TimeZone& utc();
  // East of Greenwich; within 18 hours.
  static const TimeZone& fixed(int offset_seconds);

  const std::string& name() const { return name_; }
  // Seconds that are added to UTC at this moment (microseconds since 1970 UTC).
  virtual int offset_seconds(std::int64_t utc_micros) const = 0;
  // "CEST"; an offset as "+02:00".
  virtual std::string abbreviation(std::int64_t utc_micros) const = 0;
  // The moment when clocks there show this date and time. Of two the earlier; a time that was skipped is as much later
  // as clocks were put forward.
  virtual std::int64_t to_utc(std::int64_t local_micros) const = 0;
  std::int64_t to_local(std::int64_t utc_micros) const {
    return utc_micros + std::int64_t{offset_seconds(utc_micros)} * 1'000'000;
  }

 protected:
  explicit TimeZone(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

// "+02:00", "-05:30:15", and "Z" for 0.
std::string offset_text(int offset_seconds);

}  // namespace levada
