#include "connectors/csv/time_format.h"

#include "batch/value.h"

namespace levada {
namespace {

Result<const TimeZone*> find_zone(const std::string& name) {
  const TimeZone* zone = TimeZone::find(name);
  if (zone) return zone;
  return Error(ErrorKind::usage, "time zone '" + name + "' is not known")
      .remedy("Give UTC, an offset such as +01:00, or a region such as Europe/Lisbon.");
}

// "2024-01-01T10:00:00Z", "…+01:00": behind the date stands a letter or a sign.
bool names_zone(std::string_view text) {
  return text.size() > 10 && text.find_first_of("Z+-", 10) != std::string_view::npos;
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(const std::string& pattern, const std::string& time_zone) {
  const TimeZone* zone = LV_TRY(find_zone(time_zone));
  auto parsed = DatePattern::parse(pattern);
  if (parsed) return TimeFormat(*std::move(parsed), *zone);
  const Error& e = parsed.error();
  return Error(ErrorKind::usage, e.what()).where(e.where()).why(e.why()).remedy(e.remedy());
}

Result<TimeFormat> TimeFormat::iso(const std::string& time_zone) {
  return TimeFormat(std::nullopt, *LV_TRY(find_zone(time_zone)));
}

TimeFormat::TimeFormat(std::optional<DatePattern> pattern, const TimeZone& zone)
    : pattern_(std::move(pattern)),
      fixed_(FixedForm::of(pattern_ ? std::string_view(pattern_->text()) : "yyyy-MM-dd'T'HH:mm:ss")),
      zone_(&zone) {}

std::optional<DateTime> TimeFormat::read(std::string_view text) const {
  if (fixed_)
    if (auto moment = fixed_->read(text)) return DateTime{.days = moment->days, .micros = moment->micros};
  if (!pattern_) return std::nullopt;
  auto read = pattern_->read(text);
  if (!read) return std::nullopt;
  return *read;
}

std::optional<std::int64_t> TimeFormat::date(std::string_view text) const {
  if (!pattern_) return parse_date(text);
  auto moment = read(text);
  return moment ? std::optional(moment->days) : std::nullopt;
}

std::optional<std::int64_t> TimeFormat::time(std::string_view text) const {
  if (!pattern_) return parse_time(text);
  auto moment = read(text);
  return moment ? std::optional(moment->micros) : std::nullopt;
}

std::optional<std::int64_t> TimeFormat::timestamp(std::string_view text) const {
  if (auto moment = read(text)) return moment->timestamp(*zone_);
  if (pattern_) return std::nullopt;
  auto micros = parse_timestamp(text);
  if (!micros || names_zone(text)) return micros;
  return zone_->to_utc(*micros);
}

}  // namespace levada
