// How the dates and times of a CSV column are written: by a pattern in Java's letters ("dd-MMM-yyyy"), or as ISO 8601.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "connectors/csv/fixed_form.h"
#include "functions/date_pattern.h"

namespace levada {

class TimeFormat {
 public:
  // `time_zone` holds where the text names none: UTC, +01:00, Europe/Lisbon. kind usage.
  static Result<TimeFormat> compile(const std::string& pattern, const std::string& time_zone);
  static Result<TimeFormat> iso(const std::string& time_zone);

  // The whole text, or nullopt.
  std::optional<std::int64_t> date(std::string_view text) const;       // days since 1970
  std::optional<std::int64_t> time(std::string_view text) const;       // microseconds since midnight
  std::optional<std::int64_t> timestamp(std::string_view text) const;  // microseconds since 1970 UTC

  // For messages; empty for ISO.
  std::string_view pattern() const { return pattern_ ? std::string_view(pattern_->text()) : std::string_view(); }

 private:
  TimeFormat(std::optional<DatePattern> pattern, const TimeZone& zone);
  std::optional<DateTime> read(std::string_view text) const;

  std::optional<DatePattern> pattern_;  // none: ISO
  std::optional<FixedForm> fixed_;      // the same, where it has one
  const TimeZone* zone_;
};

}  // namespace levada
