#include "formats/scalar_text.h"

#include <simdjson.h>

#include <limits>

#include "base/utf8.h"
#include "batch/decimal.h"
#include "batch/number_text.h"
#include "formats/base64.h"

namespace levada {
namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != lower[i]) return false;
  return true;
}

bool put_boolean(Column& column, std::uint32_t row, std::string_view text) {
  bool is_true = equals_ignoring_case(text, "true");
  column.values<std::uint8_t>()[row] = is_true;
  return is_true || equals_ignoring_case(text, "false");
}

bool put_decimal(Column& column, std::uint32_t row, std::string_view text) {
  auto parsed = parse_decimal(text);
  if (!parsed) return false;
  auto fitted = fit_decimal(parsed->unscaled, parsed->scale, column.type());
  if (fitted) column.values<Int128>()[row] = *fitted;
  return fitted.has_value();
}

bool put_bytes(Column& column, std::uint32_t row, std::string_view text) {
  char* bytes = column.arena().allocate(base64_room(text.size()));
  const char* end = get_base64(bytes, text);
  if (end) column.values<StringView>()[row] = StringView(bytes, static_cast<std::uint32_t>(end - bytes));
  return end != nullptr;
}

template <class T>
bool put_optional(Column& column, std::uint32_t row, std::optional<std::int64_t> value) {
  if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max()) return false;
  column.values<T>()[row] = static_cast<T>(*value);
  return true;
}

// Digits first, as ksqlDB does; then what people write.
bool put_moment(Column& column, std::uint32_t row, std::string_view text) {
  if (auto number = parse_integer(text)) return put_integer(column, row, *number);
  switch (column.type().kind()) {
    case TypeKind::date: return put_optional<std::int32_t>(column, row, parse_date(text));
    case TypeKind::time: return put_optional<std::int64_t>(column, row, parse_time(text));
    default: return put_optional<std::int64_t>(column, row, parse_timestamp(text));
  }
}

}  // namespace

std::optional<std::int64_t> time_from_ms(std::int64_t ms) {
  if (ms < 0 || ms >= micros_per_day / 1000) return std::nullopt;
  return ms * 1000;
}

std::optional<std::int64_t> timestamp_from_ms(std::int64_t ms) {
  std::int64_t us;
  if (__builtin_mul_overflow(ms, 1000, &us)) return std::nullopt;
  return us;
}

std::optional<Int128> fit_decimal(Int128 unscaled, int scale, const Type& type) {
  auto fitted = rescale(unscaled, scale, type.scale());
  if (!fitted || !fits_precision(*fitted, type.precision())) return std::nullopt;
  if (scale > type.scale() && rescale(*fitted, type.scale(), scale) != unscaled) return std::nullopt;
  return fitted;
}

bool put_integer(Column& column, std::uint32_t row, std::int64_t value) {
  switch (column.type().kind()) {
    case TypeKind::int32:
    case TypeKind::date: return put_optional<std::int32_t>(column, row, value);
    case TypeKind::int64: return put_optional<std::int64_t>(column, row, value);
    case TypeKind::time: return put_optional<std::int64_t>(column, row, time_from_ms(value));
    case TypeKind::timestamp: return put_optional<std::int64_t>(column, row, timestamp_from_ms(value));
    default: LV_UNREACHABLE();
  }
}

bool put_text(Column& column, std::uint32_t row, std::string_view text) {
  switch (column.type().kind()) {
    case TypeKind::boolean: return put_boolean(column, row, text);
    case TypeKind::int32:
    case TypeKind::int64: {
      auto value = parse_integer(text);
      return value && put_integer(column, row, *value);
    }
    case TypeKind::float64: {
      auto value = parse_double(text);
      if (value) column.values<double>()[row] = *value;
      return value.has_value();
    }
    case TypeKind::decimal: return put_decimal(column, row, text);
    case TypeKind::string:
      column.values<StringView>()[row] = StringView(text.data(), static_cast<std::uint32_t>(text.size()));
      return true;
    case TypeKind::bytes: return put_bytes(column, row, text);
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp: return put_moment(column, row, text);
    default: return false;
  }
}

void put_null(Column& column, std::uint32_t row) {
  switch (column.type().kind()) {
    case TypeKind::array:
    case TypeKind::map:
      column.offsets()[row + 1] = column.offsets()[row];
      column.set_null(row);
      return;
    case TypeKind::structure:
      column.mutable_validity().reset(row);
      for (std::size_t i = 0; i < column.type().children().size(); ++i) put_null(column.child(i), row);
      return;
    default: column.set_null(row);
  }
}

void hold_memory(Column& column, const std::shared_ptr<const void>& memory) {
  if (column.type().textual()) column.hold(memory);
  if (column.type().nested())
    for (std::size_t i = 0; i < column.type().children().size(); ++i) hold_memory(column.child(i), memory);
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::size_t utf8_fault(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    CodePoint next = first_code_point(text.substr(at));
    if (!next.valid) break;
    at += next.size;
  }
  return at;
}

}  // namespace levada
