#include "connectors/postgres/row_value.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "connectors/postgres/nested_reader.h"
#include "connectors/postgres/scalar_reader.h"
#include "connectors/postgres/server_text.h"
#include "formats/plain_number.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

// ---- text to value, as scalar_reader() wants it ----

template <class T>
bool put_integer(const FieldText& text, T& value, Column&) {
  std::int64_t wide;
  if (!plain_integer(text.data, text.size, wide)) {
    auto parsed = parse_integer(text.view());
    if (!parsed) return false;
    wide = *parsed;
  }
  value = static_cast<T>(wide);
  return value == wide;
}

bool put_double(const FieldText& text, double& value, Column&) {
  if (plain_double(text.data, text.size, value)) return true;
  auto parsed = parse_double(text.view());
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool put_boolean(const FieldText& text, std::uint8_t& value, Column&) {
  bool truth;
  if (!read_boolean(text.view(), truth)) return false;
  value = truth;
  return true;
}

bool put_string(const FieldText& text, StringView& value, Column&) {
  value = StringView(text.data, text.size);
  return true;
}

bool put_bytes(const FieldText& text, StringView& value, Column& column) {
  return read_bytea(text.view(), column.arena(), value);
}

bool put_decimal(const FieldText& text, Int128& value, Column& column) {
  PlainDecimal plain;
  bool negative;
  if (plain_decimal(text.data, text.size, plain, negative) && plain.scale == column.type().scale()) {
    value = plain.mantissa;
    return fits_precision(value, column.type().precision());
  }
  auto parsed = parse_decimal(text.view());
  if (!parsed) return false;
  auto fitted = fit_decimal(parsed->unscaled, parsed->scale, column.type());
  if (fitted) value = *fitted;
  return fitted.has_value();
}

bool put_money(const FieldText& text, Int128& value, Column& column) {
  std::int64_t unscaled;
  int scale;
  if (!read_money(text.view(), unscaled, scale)) return false;
  auto fitted = fit_decimal(unscaled, scale, column.type());
  if (fitted) value = *fitted;
  return fitted.has_value();
}

bool put_date(const FieldText& text, std::int32_t& value, Column&) { return read_date(text.view(), value); }
bool put_time(const FieldText& text, std::int64_t& value, Column&) { return read_time(text.view(), value); }
bool put_timestamp(const FieldText& text, std::int64_t& value, Column&) { return read_timestamp(text.view(), value); }

// ---- plans ----

// A function as an object of its own type, so that the reader's loop has it inside.
template <class T, auto put>
std::shared_ptr<const ValueReader> reader_of(std::string_view what) {
  return scalar_reader<T>([](const FieldText& text, T& value, Column& column) { return put(text, value, column); },
                          what);
}

ValuePlan plan_text(const CapturedType&, const ValueModes&) {
  return {TypeKind::string, reader_of<StringView, &put_string>("a text"), nullptr};
}

ValuePlan plan_numeric(const CapturedType& type, const ValueModes& modes) {
  auto digits = numeric_digits(type);
  bool exact =
      digits && digits->precision <= Type::max_precision && digits->scale >= 0 && digits->scale <= digits->precision;
  if (!exact) return plan_text(type, modes);
  Type decimal = Type::decimal(digits->precision, digits->scale);
  return {decimal, reader_of<Int128, &put_decimal>("a number that fits " + decimal.text()), nullptr};
}

ValuePlan plan_money(const CapturedType&, const ValueModes& modes) {
  int scale = std::clamp(modes.money_fraction_digits, 0, 19);
  return {Type::decimal(17 + std::max(scale, 2), scale), reader_of<Int128, &put_money>("an amount of money"), nullptr};
}

template <class T, TypeKind kind, auto put>
ValuePlan plan_scalar(const CapturedType& type, const ValueModes&) {
  return {kind, reader_of<T, put>("a value of type " + type.name), nullptr};
}

struct BuiltinType {
  std::string_view name;
  ValuePlan (*plan)(const CapturedType& type, const ValueModes& modes);
};
constexpr BuiltinType builtin_types[] = {
    {"bool", plan_scalar<std::uint8_t, TypeKind::boolean, &put_boolean>},
    {"int2", plan_scalar<std::int32_t, TypeKind::int32, &put_integer<std::int32_t>>},
    {"int4", plan_scalar<std::int32_t, TypeKind::int32, &put_integer<std::int32_t>>},
    {"int8", plan_scalar<std::int64_t, TypeKind::int64, &put_integer<std::int64_t>>},
    {"oid", plan_scalar<std::int64_t, TypeKind::int64, &put_integer<std::int64_t>>},
    {"float4", plan_scalar<double, TypeKind::float64, &put_double>},
    {"float8", plan_scalar<double, TypeKind::float64, &put_double>},
    {"numeric", plan_numeric},
    {"money", plan_money},
    {"bytea", plan_scalar<StringView, TypeKind::bytes, &put_bytes>},
    {"date", plan_scalar<std::int32_t, TypeKind::date, &put_date>},
    {"time", plan_scalar<std::int64_t, TypeKind::time, &put_time>},
    {"timestamp", plan_scalar<std::int64_t, TypeKind::timestamp, &put_timestamp>},
    {"timestamptz", plan_scalar<std::int64_t, TypeKind::timestamp, &put_timestamp>},
};

constexpr std::string_view text_types[] = {
    "text",         "varchar", "bpchar",        "char",        "name",       "uuid",      "json",
    "jsonb",        "xml",     "timetz",        "interval",    "bit",        "varbit",    "inet",
    "cidr",         "macaddr", "macaddr8",      "tsvector",    "tsquery",    "point",     "line",
    "lseg",         "box",     "path",          "polygon",     "circle",     "jsonpath",  "pg_lsn",
    "xid",          "xid8",    "cid",           "tid",         "regclass",   "regtype",   "regproc",
    "regnamespace", "regrole", "txid_snapshot", "pg_snapshot", "int2vector", "oidvector",
};
constexpr std::string_view extension_text_types[] = {"citext", "ltree",  "lquery", "ltxtquery",
                                                     "isbn",   "isbn13", "ean13"};

}  // namespace

std::string wrong_text(const FieldText& text, std::string_view what) {
  constexpr std::size_t shown = 60;
  std::string words = "'";
  std::size_t size = std::min<std::size_t>(text.size, shown);
  while (size > 0 && size < text.size && (text.data[size] & 0xc0) == 0x80) --size;
  words += text.view().substr(0, size);
  if (size < text.size) words += "…";
  words += "' is not ";
  words += what;
  return words;
}

std::optional<NumericDigits> numeric_digits(const CapturedType& type) {
  if (type.modifier < 4) return std::nullopt;
  std::int32_t m = type.modifier - 4;
  return NumericDigits{m >> 16 & 0xffff, ((m & 0x7ff) ^ 1024) - 1024};
}

bool is_builtin(const CapturedType& type, std::string_view name) {
  return type.schema == "pg_catalog" && type.name == name;
}

bool is_array(const CapturedType& type) {
  // These two are arrays to the catalogue, and numbers with blanks between to whoever reads their text.
  return type.element && !is_builtin(type, "int2vector") && !is_builtin(type, "oidvector");
}

bool is_text_type(const CapturedType& type) {
  if (type.kind == 'e' || type.kind == 'r' || type.kind == 'm') return true;
  return std::ranges::find(extension_text_types, type.name) != std::end(extension_text_types) ||
         (type.schema == "pg_catalog" && std::ranges::find(text_types, type.name) != std::end(text_types));
}

std::optional<ValuePlan> plan_row_value(const CapturedType& type, int dimensions, const ValueModes& modes) {
  if (is_array(type)) {
    CapturedType element = type.element->resolved();
    if (element.modifier < 0) element.modifier = type.modifier;
    auto plan = plan_row_value(element, 0, modes);
    if (!plan) return std::nullopt;
    for (int i = 0; i < std::max(dimensions, 1); ++i)
      plan = ValuePlan{Type::array(plan->type), array_reader(plan->reader, element.delimiter, i > 0), nullptr};
    return plan;
  }
  for (const BuiltinType& builtin : builtin_types)
    if (is_builtin(type, builtin.name)) return builtin.plan(type, modes);
  if (type.name == "hstore" && type.kind == 'b')
    return ValuePlan{Type::map(TypeKind::string, TypeKind::string), hstore_reader(), nullptr};
  if (is_text_type(type) || modes.unknown_types) return plan_text(type, modes);
  return std::nullopt;
}

}  // namespace levada
