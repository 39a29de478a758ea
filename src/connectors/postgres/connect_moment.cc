#include "connectors/postgres/connect_moment.h"

#include "connectors/postgres/iso_text.h"
#include "connectors/postgres/scalar_reader.h"
#include "connectors/postgres/server_text.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;
using Time = ValueModes::Time;

int fraction_digits(const CapturedType& from) { return from.modifier < 0 || from.modifier > 6 ? 6 : from.modifier; }

template <class Value, auto read, char* (*put)(char*, Value)>
std::shared_ptr<const ValueReader> iso_reader(const CapturedType& from) {
  return scalar_reader<StringView>(
      [](const FieldText& text, StringView& value, Column& column) {
        Value moment;
        if (!read(text.view(), moment)) return false;
        char iso[max_iso_text];
        char* end = put(iso, moment);
        value = column.keep({iso, static_cast<std::size_t>(end - iso)});
        return true;
      },
      "a value of type " + from.name);
}

// Debezium's infinity in microseconds: the end of what the JDBC driver takes for a date.
constexpr std::int64_t infinite_micros = 9'223'372'036'825'200'000, minus_infinite_micros = -9'223'372'036'832'400'000;

char* put_iso_timestamp_as_needed(char* p, std::int64_t micros) { return put_iso_timestamp(p, micros, as_needed); }

char* put_interval(char* p, Interval interval) { return put_iso_interval(p, interval); }

}  // namespace

ConnectPlan plan_date(const CapturedType& from, const ValueModes& modes) {
  if (modes.time == Time::isostring)
    return {semantic_type(Kind::string, "io.debezium.time.IsoDate"),
            iso_reader<std::int32_t, read_date, put_iso_date>(from)};
  std::string_view name = modes.time == Time::connect ? "org.apache.kafka.connect.data.Date" : "io.debezium.time.Date";
  return plan_as_row(semantic_type(Kind::int32, name), from);
}

ConnectPlan plan_time(const CapturedType& from, const ValueModes& modes) {
  if (modes.time == Time::isostring)
    return {semantic_type(Kind::string, "io.debezium.time.IsoTime"),
            iso_reader<std::int64_t, read_time, put_iso_time>(from)};
  bool milliseconds = modes.time == Time::connect || (modes.time == Time::adaptive && fraction_digits(from) <= 3);
  if (milliseconds) {
    auto read = [](const FieldText& text, std::int32_t& value, Column&) {
      std::int64_t micros;
      bool good = read_time(text.view(), micros);
      if (good) value = static_cast<std::int32_t>(micros / 1000);
      return good;
    };
    std::string_view name =
        modes.time == Time::connect ? "org.apache.kafka.connect.data.Time" : "io.debezium.time.Time";
    return {semantic_type(Kind::int32, name), scalar_reader<std::int32_t>(read, "a time")};
  }
  if (modes.time != Time::nanoseconds)
    return plan_as_row(semantic_type(Kind::int64, "io.debezium.time.MicroTime"), from);
  auto read = [](const FieldText& text, std::int64_t& value, Column&) {
    bool good = read_time(text.view(), value);
    if (good) value *= 1000;
    return good;
  };
  return {semantic_type(Kind::int64, "io.debezium.time.NanoTime"), scalar_reader<std::int64_t>(read, "a time")};
}

ConnectPlan plan_timestamp(const CapturedType& from, const ValueModes& modes) {
  if (modes.time == Time::isostring)
    return {semantic_type(Kind::string, "io.debezium.time.IsoTimestamp"),
            iso_reader<std::int64_t, read_timestamp, put_iso_timestamp_as_needed>(from)};
  bool adaptive = modes.time == Time::adaptive || modes.time == Time::adaptive_time_microseconds;
  bool milliseconds = modes.time == Time::connect || (adaptive && fraction_digits(from) <= 3);
  bool nanoseconds = modes.time == Time::nanoseconds;
  std::string_view name = modes.time == Time::connect ? "org.apache.kafka.connect.data.Timestamp"
                          : milliseconds              ? "io.debezium.time.Timestamp"
                          : nanoseconds               ? "io.debezium.time.NanoTimestamp"
                                                      : "io.debezium.time.MicroTimestamp";
  auto read = [milliseconds, nanoseconds](const FieldText& text, std::int64_t& value, Column&) {
    if (!read_timestamp(text.view(), value)) return false;
    bool infinite = value == infinite_timestamp || value == minus_infinite_timestamp;
    if (infinite && nanoseconds) return true;
    if (infinite) value = value > 0 ? infinite_micros : minus_infinite_micros;
    if (milliseconds) value = value / 1000 - (value % 1000 < 0);
    return !nanoseconds || !__builtin_mul_overflow(value, 1000, &value);
  };
  return {semantic_type(Kind::int64, name),
          scalar_reader<std::int64_t>(read, "a timestamp that fits " + std::string(name))};
}

ConnectPlan plan_zoned_timestamp(const CapturedType& from, const ValueModes&) {
  int digits = fraction_digits(from);
  auto read = [digits](const FieldText& text, StringView& value, Column& column) {
    std::int64_t micros;
    if (!read_timestamp(text.view(), micros)) return false;
    char iso[max_iso_text];
    char* end = put_iso_timestamp(iso, micros, digits);
    value = column.keep({iso, static_cast<std::size_t>(end - iso)});
    return true;
  };
  return {semantic_type(Kind::string, "io.debezium.time.ZonedTimestamp"),
          scalar_reader<StringView>(read, "a value of type timestamptz")};
}

ConnectPlan plan_zoned_time(const CapturedType&, const ValueModes&) {
  auto read = [](const FieldText& text, StringView& value, Column& column) {
    std::int64_t micros;
    std::int32_t offset;
    if (!read_zoned_time(text.view(), micros, offset)) return false;
    if (micros != micros_per_day || offset != 0) {
      micros = (micros - offset * std::int64_t{1'000'000}) % micros_per_day;
      if (micros < 0) micros += micros_per_day;
    }
    char iso[max_iso_text];
    char* end = put_iso_time(iso, micros);
    value = column.keep({iso, static_cast<std::size_t>(end - iso)});
    return true;
  };
  return {semantic_type(Kind::string, "io.debezium.time.ZonedTime"),
          scalar_reader<StringView>(read, "a value of type timetz")};
}

ConnectPlan plan_interval(const CapturedType& from, const ValueModes& modes) {
  if (modes.interval == ValueModes::Interval::string)
    return {semantic_type(Kind::string, "io.debezium.time.Interval"),
            iso_reader<Interval, read_interval, put_interval>(from)};
  auto read = [](const FieldText& text, std::int64_t& value, Column&) {
    Interval interval;
    if (!read_interval(text.view(), interval)) return false;
    constexpr std::int64_t month = 2'629'800'000'000;  // a twelfth of 365.25 days
    Int128 micros = Int128{interval.months} * month + Int128{interval.days} * micros_per_day + interval.micros;
    value = static_cast<std::int64_t>(micros);
    return value == micros;
  };
  return {semantic_type(Kind::int64, "io.debezium.time.MicroDuration"),
          scalar_reader<std::int64_t>(read, "an interval of 64 bits of microseconds")};
}

}  // namespace levada
