#include "formats/debezium_value.h"

#include <array>
#include <limits>

#include "base/json.h"
#include "batch/decimal.h"
#include "batch/decimal_bytes.h"
#include "batch/number_text.h"
#include "batch/value.h"
#include "formats/base64.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

// What a number of this semantic type counts, as a fraction of microseconds (of days, for dates).
struct Units {
  std::string_view name;
  TypeKind kind;  // what it is a moment of
  std::int64_t multiply, divide;
};
constexpr std::int64_t day_us = 86'400'000'000;
constexpr Units units[] = {
    {"io.debezium.time.Date", TypeKind::date, 1, 1},
    {"org.apache.kafka.connect.data.Date", TypeKind::date, 1, 1},
    {"io.debezium.time.Time", TypeKind::time, 1000, 1},
    {"org.apache.kafka.connect.data.Time", TypeKind::time, 1000, 1},
    {"io.debezium.time.MicroTime", TypeKind::time, 1, 1},
    {"io.debezium.time.NanoTime", TypeKind::time, 1, 1000},
    {"io.debezium.time.Timestamp", TypeKind::timestamp, 1000, 1},
    {"org.apache.kafka.connect.data.Timestamp", TypeKind::timestamp, 1000, 1},
    {"io.debezium.time.MicroTimestamp", TypeKind::timestamp, 1, 1},
    {"io.debezium.time.NanoTimestamp", TypeKind::timestamp, 1, 1000},
};

bool is_moment(TypeKind kind) {
  return kind == TypeKind::date || kind == TypeKind::time || kind == TypeKind::timestamp;
}

constexpr std::string_view unavailable = "__debezium_unavailable_value";
// The same in the forms of binary.handling.mode.
constexpr std::string_view unavailable_base64 = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";
constexpr std::string_view unavailable_hex = "5f5f646562657a69756d5f756e617661696c61626c655f76616c7565";

bool is_unavailable(std::string_view text) {
  return text.size() >= unavailable.size() &&
         (text == unavailable || text == unavailable_base64 || text == unavailable_hex);
}

// An array of Debezium's placeholder: the one text, or the numbers of its bytes.
bool is_unavailable(const Column& elements, std::uint32_t first, std::uint32_t last) {
  if (elements.type().textual()) return last - first == 1 && is_unavailable(elements.string(first));
  if (last - first != unavailable.size()) return false;
  for (std::uint32_t i = first; i < last; ++i) {
    std::int64_t v = 0;
    switch (elements.type().kind()) {
      case TypeKind::int32: v = elements.values<std::int32_t>()[i]; break;
      case TypeKind::int64: v = elements.values<std::int64_t>()[i]; break;
      case TypeKind::float64: v = static_cast<std::int64_t>(elements.values<double>()[i]); break;
      default: return false;
    }
    if (v != unavailable[i - first]) return false;
  }
  return true;
}

std::string excerpt(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 40)) + "…";
}

}  // namespace

DebeziumValue::DebeziumValue(Type declared, const ConnectType* schema) : declared_(std::move(declared)) {
  TypeKind kind = declared_.kind();
  raw_ = declared_;
  may_be_absent_ = declared_.nested() || declared_.textual() || kind == TypeKind::decimal;
  const bool is_decimal = schema && (schema->name == "org.apache.kafka.connect.data.Decimal" ||
                                     schema->name == "io.debezium.data.VariableScaleDecimal");
  if (is_decimal || kind == TypeKind::decimal) {
    if (declared_.nested() || kind == TypeKind::bytes || kind == TypeKind::boolean || is_moment(kind)) return;
    way_ = Way::decimal;
    raw_ = TypeKind::string;
    scale_ = kind == TypeKind::decimal ? declared_.scale() : 0;
    if (is_decimal) scale_ = static_cast<int>(parse_integer(parameter(*schema, "scale")).value_or(0));
    may_be_absent_ = true;
    return;
  }
  if (is_moment(kind)) {
    way_ = Way::moment_text;
    raw_ = TypeKind::string;
    if (!schema || schema->kind == Kind::string) return;
    for (const Units& unit : units) {
      if (unit.name != schema->name) continue;
      multiply_ = unit.multiply;
      divide_ = unit.divide;
      if (unit.kind == TypeKind::date && kind == TypeKind::timestamp) multiply_ = day_us;
      if (unit.kind == TypeKind::timestamp && kind == TypeKind::date) divide_ *= day_us;
      way_ = Way::moment;
      raw_ = TypeKind::int64;
    }
    return;
  }
  if (kind == TypeKind::boolean && schema && schema->kind <= Kind::int64) {  // MySQL's tinyint(1)
    way_ = Way::truth;
    raw_ = TypeKind::int64;
  }
}

void DebeziumValue::append(Column&& raw, std::span<const Text> texts, Column& out, Bits& absent,
                           RowFailures& failures) const {
  absent.clear();
  if (may_be_absent_) find_absent(raw, absent);
  if (way_ == Way::same) {
    if (!absent.empty())
      for (std::uint32_t row = 0; row < raw.size(); ++row)
        if (absent[row]) raw.set_null(row);
    if (out.size() == 0)
      out = std::move(raw);
    else
      out.append_from(raw, Rows::all(raw.size()));
    return;
  }
  const std::uint32_t first = out.size();
  out.extend(raw.size());
  for (std::uint32_t i = 0; i < raw.size(); ++i) {
    const std::uint32_t row = first + i;
    if (raw.is_null(i) || (!absent.empty() && absent[i])) {
      out.set_null(row);
      continue;
    }
    bool fits = false;
    switch (way_) {
      case Way::same: break;
      case Way::decimal: {
        // Strings are cut from the text where they can be: then a quote stands in front of what was quoted.
        std::string_view value = raw.string(i);
        const char* begin = texts[i].data;
        bool within = value.data() > begin && value.data() < begin + texts[i].size;
        fits = put_decimal(value, !within || value.data()[-1] == '"', out, row);
        break;
      }
      case Way::moment_text: fits = put_moment(raw.string(i), out, row); break;
      case Way::moment: fits = put_units(raw.values<std::int64_t>()[i], out, row); break;
      case Way::truth:
        out.values<std::uint8_t>()[row] = raw.values<std::int64_t>()[i] != 0;
        fits = true;
        break;
    }
    if (fits) continue;
    std::string found = raw.type().kind() == TypeKind::int64 ? std::to_string(raw.values<std::int64_t>()[i])
                                                             : "\"" + excerpt(raw.string(i)) + "\"";
    failures.push_back({i, "expected " + declared_.text() + ", found " + found});
    out.set_null(row);
  }
}

bool DebeziumValue::put_decimal(std::string_view text, bool quoted, Column& out, std::uint32_t row) const {
  std::string bytes;
  int scale = scale_;
  auto decode = [&](std::string_view base64) {
    bytes.resize(base64_room(base64.size()) + 16);
    const char* end = get_base64(bytes.data(), base64);
    if (!end) return false;
    bytes.resize(static_cast<std::size_t>(end - bytes.data()));
    return !bytes.empty();
  };
  std::string number;
  if (text.starts_with('{')) {  // VariableScaleDecimal
    auto json = Json::parse(text);
    const Json* value = json ? json->find("value") : nullptr;
    const Json* its_scale = json ? json->find("scale") : nullptr;
    if (!value || !value->string() || !its_scale || !its_scale->integer() || !decode(*value->string())) return false;
    scale = static_cast<int>(*its_scale->integer());
    if (scale < -10'000 || scale > 100'000) return false;
  } else if (!quoted || text.find('.') != std::string_view::npos) {
    number = text;
  } else if (!decode(text)) {
    return false;
  }
  if (declared_.kind() == TypeKind::decimal && number.empty()) {
    auto unscaled = unscaled_of_bytes(bytes);
    auto fitted = unscaled ? fit_decimal(*unscaled, scale, declared_) : std::nullopt;
    if (fitted) out.values<Int128>()[row] = *fitted;
    return fitted.has_value();
  }
  if (number.empty()) append_decimal_text(number, bytes, scale);
  if (declared_.kind() == TypeKind::string) {
    out.values<StringView>()[row] = out.keep(number);
    return true;
  }
  return put_text(out, row, number);
}

bool DebeziumValue::put_moment(std::string_view text, Column& out, std::uint32_t row) const {
  if (auto number = parse_integer(text)) return put_units(*number, out, row);
  std::optional<std::int64_t> value;
  switch (declared_.kind()) {
    case TypeKind::date: {
      if (text.ends_with('Z')) text.remove_suffix(1);
      value = parse_date(text);
      if (!value)
        if (auto moment = parse_timestamp(text)) value = *moment / day_us - (*moment % day_us < 0);
      if (!value || *value != static_cast<std::int32_t>(*value)) return false;
      out.values<std::int32_t>()[row] = static_cast<std::int32_t>(*value);
      return true;
    }
    case TypeKind::time:
      if (text.ends_with('Z')) text.remove_suffix(1);
      value = parse_time(text);
      break;
    default: value = parse_timestamp(text); break;
  }
  if (value) out.values<std::int64_t>()[row] = *value;
  return value.has_value();
}

bool DebeziumValue::put_units(std::int64_t count, Column& out, std::uint32_t row) const {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(count, multiply_, &value)) return false;
  value = value / divide_ - (value % divide_ < 0);
  if (declared_.kind() == TypeKind::date) {
    out.values<std::int32_t>()[row] = static_cast<std::int32_t>(value);
    return value == static_cast<std::int32_t>(value);
  }
  if (declared_.kind() == TypeKind::time && (value < 0 || value > day_us)) return false;
  out.values<std::int64_t>()[row] = value;
  return true;
}

void DebeziumValue::find_absent(const Column& raw, Bits& absent) const {
  auto mark = [&](std::uint32_t row) {
    if (absent.empty()) absent.assign(raw.size(), false);
    absent.set(row);
  };
  if (raw.type().textual()) {
    const auto* values = raw.values<StringView>();
    for (std::uint32_t row = 0; row < raw.size(); ++row)
      if (values[row].size() >= unavailable.size() && is_unavailable(values[row].view())) mark(row);
    return;
  }
  TypeKind kind = raw.type().kind();
  if (kind != TypeKind::array && kind != TypeKind::map) return;
  for (std::uint32_t row = 0; row < raw.size(); ++row) {
    std::uint32_t begin = raw.offsets()[row], end = raw.offsets()[row + 1];
    // A map's placeholder has itself for its only key.
    if (begin < end && !raw.child(0).is_null(begin) && is_unavailable(raw.child(0), begin, end)) mark(row);
  }
}

}  // namespace levada
