// TimestampConverter: a moment in one form to another: text, a number since 1970, Connect's Date, Time and Timestamp.
#include <array>

#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"
#include "functions/date_pattern.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

enum class Form : std::uint8_t { string, unix_time, date, time, timestamp };
enum class Precision : std::uint8_t { seconds, milliseconds, microseconds, nanoseconds };
constexpr std::string_view form_names[] = {"string", "unix", "Date", "Time", "Timestamp"};
constexpr std::string_view precision_names[] = {"seconds", "milliseconds", "microseconds", "nanoseconds"};
constexpr std::span<const std::string_view> names_of_values(Form) { return form_names; }
constexpr std::span<const std::string_view> names_of_values(Precision) { return precision_names; }

struct TimestampConverterOptions {
  std::string field, format;
  Form target = Form::string;
  Precision precision = Precision::milliseconds;
};

constexpr std::array option_table = {
    Option{.name = "field",
           .field = option<&TimestampConverterOptions::field>,
           .doc = "The field; none given: the whole."},
    Option{.name = "target.type",
           .field = option<&TimestampConverterOptions::target>,
           .doc = "string, unix, Date, Time or Timestamp.",
           .required = true},
    Option{.name = "format",
           .field = option<&TimestampConverterOptions::format>,
           .doc = "The pattern of texts, as yyyy-MM-dd HH:mm:ss."},
    Option{.name = "unix.precision",
           .field = option<&TimestampConverterOptions::precision>,
           .fallback = "milliseconds",
           .doc = "What numbers count."},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

constexpr std::int64_t day_us = 86'400'000'000;
constexpr std::string_view date_name = "org.apache.kafka.connect.data.Date";
constexpr std::string_view time_name = "org.apache.kafka.connect.data.Time";
constexpr std::string_view timestamp_name = "org.apache.kafka.connect.data.Timestamp";

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

class TimestampConverter : public SideTransform {
 public:
  TimestampConverter(Side side, TimestampConverterOptions options, std::optional<DatePattern> pattern)
      : SideTransform(side), options_(std::move(options)), pattern_(std::move(pattern)) {}

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records, RowFailures& failures) override {
    if (options_.field.empty()) {
      column = std::make_shared<const Column>(convert(*type, *column, failures));
      type = types_.of(type, [&](const ConnectTypeRef& from) { return target_type(from->optional); });
      return;
    }
    if (fail_unless_structure(*type, *column, failures)) return;
    auto field = find_field(*type, options_.field);
    if (!field) return fail_all(*column, "there is no field " + options_.field, failures);
    ConnectTypeRef changed = types_.of(type, [&](const ConnectTypeRef& from) {
      ConnectType copy = *from;
      copy.fields[*field].type = target_type(from->fields[*field].type->optional);
      return ConnectTypeRef(std::make_shared<const ConnectType>(std::move(copy)));
    });
    std::vector<Column> columns;
    for (std::size_t i = 0; i < type->fields.size(); ++i) {
      const Column& child = column->child(i);
      columns.push_back(i == *field ? convert(*type->fields[i].type, child, failures)
                                    : copy_of(child, Rows::all(records.size)));
    }
    column = make_structure(physical_type(*changed).fields(), std::move(columns), records.size, column.get());
    type = changed;
  }

  ConnectTypeRef target_type(bool optional) const {
    ConnectType type{.kind = Kind::int64, .optional = optional};
    switch (options_.target) {
      case Form::string: type.kind = Kind::string; break;
      case Form::unix_time: break;
      case Form::date:
        type.kind = Kind::int32;
        type.name = date_name;
        break;
      case Form::time:
        type.kind = Kind::int32;
        type.name = time_name;
        break;
      case Form::timestamp: type.name = timestamp_name; break;
    }
    if (!type.name.empty()) type.version = 1;
    return std::make_shared<const ConnectType>(std::move(type));
  }

  Column convert(const ConnectType& from, const Column& column, RowFailures& failures) const {
    Column out(physical_type(*target_type(true)));
    for (std::uint32_t row = 0; row < column.size(); ++row) {
      if (column.is_null(row)) {
        out.append_null();
        continue;
      }
      std::string why;
      auto moment = read(from, column, row, why);
      if (moment && append(*moment, out, why)) continue;
      out.append_null();
      failures.push_back({row, (options_.field.empty() ? "" : "field " + options_.field + ": ") + why});
    }
    return out;
  }

  // Microseconds since 1970 UTC.
  std::optional<std::int64_t> read(const ConnectType& from, const Column& column, std::uint32_t row,
                                   std::string& why) const {
    std::int64_t us = 0;
    bool fits = true;
    if (from.kind == Kind::string) {
      if (!pattern_) {
        why = "a text needs 'format'";
        return std::nullopt;
      }
      auto read = pattern_->read(column.string(row));
      if (read) return read->timestamp(TimeZone::utc());
      why = read.error().line();
      return std::nullopt;
    }
    if (from.kind == Kind::int32 && from.name == date_name) {
      us = column.values<std::int32_t>()[row] * day_us;
    } else if (from.kind == Kind::int32 && from.name == time_name) {
      us = column.values<std::int32_t>()[row] * std::int64_t{1000};
    } else if (from.kind == Kind::int64) {
      std::int64_t value = column.values<std::int64_t>()[row];
      Precision precision = from.name == timestamp_name ? Precision::milliseconds : options_.precision;
      switch (precision) {
        case Precision::seconds: fits = !__builtin_mul_overflow(value, 1'000'000, &us); break;
        case Precision::milliseconds: fits = !__builtin_mul_overflow(value, 1000, &us); break;
        case Precision::microseconds: us = value; break;
        case Precision::nanoseconds: us = floor_divide(value, 1000); break;
      }
    } else {
      why = "it is no text, number, Date, Time or Timestamp";
      return std::nullopt;
    }
    if (fits) return us;
    why = "it is too far away";
    return std::nullopt;
  }

  bool append(std::int64_t us, Column& out, std::string& why) const {
    switch (options_.target) {
      case Form::string: {
        auto text = pattern_->write(DateTime::of_timestamp(us, TimeZone::utc()));
        if (!text) {
          why = text.error().line();
          return false;
        }
        out.append_string(*text);
        return true;
      }
      case Form::unix_time: {
        std::int64_t value = us;
        bool fits = true;
        switch (options_.precision) {
          case Precision::seconds: value = floor_divide(us, 1'000'000); break;
          case Precision::milliseconds: value = floor_divide(us, 1000); break;
          case Precision::microseconds: break;
          case Precision::nanoseconds: fits = !__builtin_mul_overflow(us, 1000, &value); break;
        }
        if (fits) return out.append(value), true;
        why = "it is too far away";
        return false;
      }
      case Form::date: return out.append(static_cast<std::int32_t>(floor_divide(us, day_us))), true;
      case Form::time:
        return out.append(static_cast<std::int32_t>((us - floor_divide(us, day_us) * day_us) / 1000)), true;
      case Form::timestamp: return out.append(floor_divide(us, 1000)), true;
    }
    LV_UNREACHABLE();
  }

  const TimestampConverterOptions options_;
  const std::optional<DatePattern> pattern_;
  Plans<ConnectTypeRef> types_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  auto options = LV_TRY(parse_options<TimestampConverterOptions>(option_table, properties, &notes));
  std::optional<DatePattern> pattern;
  if (!options.format.empty()) {
    auto parsed = DatePattern::parse(options.format);
    if (!parsed)
      return Error(ErrorKind::usage, "'format': " + parsed.error().what())
          .why(parsed.error().why())
          .where(find_property(properties, "format")->where);
    pattern = *std::move(parsed);
  } else if (options.target == Form::string) {
    return Error(ErrorKind::usage, "property 'format' is missing").remedy(std::string(option_table[2].doc));
  }
  return std::make_unique<TimestampConverter>(side, std::move(options), std::move(pattern));
}

}  // namespace

constinit const TransformKind timestamp_converter{
    .type = "org.apache.kafka.connect.transforms.TimestampConverter",
    .sided = true,
    .doc = "A moment in one form to another.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
