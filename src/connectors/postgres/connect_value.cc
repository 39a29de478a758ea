#include "connectors/postgres/connect_value.h"

#include <algorithm>

#include "base/json.h"
#include "batch/decimal.h"
#include "batch/decimal_bytes.h"
#include "batch/value.h"
#include "connectors/postgres/array_text.h"
#include "connectors/postgres/binary_value.h"
#include "connectors/postgres/connect_moment.h"
#include "connectors/postgres/nested_reader.h"
#include "connectors/postgres/row_value.h"
#include "connectors/postgres/scalar_reader.h"
#include "connectors/postgres/server_text.h"
#include "connectors/postgres/structure_reader.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;
using Decimal = ValueModes::Decimal;

ConnectType plain(Kind kind) { return {.kind = kind}; }

ConnectTypeRef shared(ConnectType type, bool optional) {
  type.optional = optional;
  return std::make_shared<const ConnectType>(std::move(type));
}

bool put_string(const FieldText& text, StringView& value, Column&) {
  value = StringView(text.data, text.size);
  return true;
}

ConnectPlan as_text(ConnectType type, const ValueModes& modes) {
  return {std::move(type), scalar_reader<StringView>(put_string, "a text", modes.unavailable)};
}

ConnectPlan plan_decimal(const CapturedType& from, const ValueModes& modes) {
  auto digits = numeric_digits(from);
  if (modes.decimal == Decimal::string) return as_text(plain(Kind::string), modes);
  if (modes.decimal == Decimal::twice) {
    CapturedType float8{.name = "float8", .schema = "pg_catalog"};
    return plan_as_row(plain(Kind::float64), float8);
  }
  if (!digits) return {variable_scale_type(), variable_scale_reader()};
  int scale = digits->scale;
  auto read = [scale](const FieldText& text, StringView& value, Column& column) {
    return put_unscaled(text.view(), scale, column.arena(), value);
  };
  return {semantic_type(
              Kind::bytes, "org.apache.kafka.connect.data.Decimal",
              {{"scale", std::to_string(scale)}, {"connect.decimal.precision", std::to_string(digits->precision)}}),
          scalar_reader<StringView>(read, "a number that a Decimal can hold")};
}

ConnectPlan plan_money(const CapturedType&, const ValueModes& modes) {
  int scale = std::clamp(modes.money_fraction_digits, 0, 18);
  // As text with exactly so many digits, which the others start from.
  auto decimal = [scale](const FieldText& text, Int128& unscaled) {
    std::int64_t value;
    int given;
    if (!read_money(text.view(), value, given)) return false;
    unscaled = value;
    for (; given < scale; ++given) unscaled *= 10;
    for (; given > scale; --given) {
      if (unscaled % 10 != 0) return false;
      unscaled /= 10;
    }
    return true;
  };
  if (modes.decimal == Decimal::twice)
    return {plain(Kind::float64), scalar_reader<double>(
                                      [decimal, scale](const FieldText& text, double& value, Column&) {
                                        Int128 unscaled;
                                        if (!decimal(text, unscaled)) return false;
                                        value = decimal_to_double(unscaled, scale);
                                        return true;
                                      },
                                      "an amount of money")};
  if (modes.decimal == Decimal::string)
    return {plain(Kind::string), scalar_reader<StringView>(
                                     [decimal, scale](const FieldText& text, StringView& value, Column& column) {
                                       Int128 unscaled;
                                       if (!decimal(text, unscaled)) return false;
                                       char digits[48];
                                       char* end = put_decimal(digits, unscaled, scale);
                                       value = column.keep({digits, static_cast<std::size_t>(end - digits)});
                                       return true;
                                     },
                                     "an amount of money")};
  return {semantic_type(Kind::bytes, "org.apache.kafka.connect.data.Decimal", {{"scale", std::to_string(scale)}}),
          scalar_reader<StringView>(
              [decimal](const FieldText& text, StringView& value, Column& column) {
                Int128 unscaled;
                if (!decimal(text, unscaled)) return false;
                char* bytes = column.arena().allocate(16);
                char* end = put_unscaled_bytes(bytes, unscaled);
                value = StringView(bytes, static_cast<std::uint32_t>(end - bytes));
                return true;
              },
              "an amount of money")};
}

ConnectPlan plan_bytea(const CapturedType&, const ValueModes& modes) {
  ValueModes::Binary mode = modes.binary;
  auto read = [mode](const FieldText& text, StringView& value, Column& column) {
    if (!read_bytea(text.view(), column.arena(), value)) return false;
    value = binary_value(value.view(), mode, column.arena());
    return true;
  };
  return {plain(mode == ValueModes::Binary::bytes ? Kind::bytes : Kind::string),
          scalar_reader<StringView>(read, "a value of type bytea", modes.unavailable)};
}

// ---- others ----

ConnectPlan plan_bits(const CapturedType& from, const ValueModes&) {
  bool varying = from.name == "varbit";
  if (!varying && from.modifier == 1) {
    auto read = [](const FieldText& text, std::uint8_t& value, Column&) {
      value = text.view() == "1";
      return value != 0 || text.view() == "0";
    };
    return {plain(Kind::boolean), scalar_reader<std::uint8_t>(read, "a bit")};
  }
  // Lowest byte first, as java.util.BitSet gives them: without the zeros at the end.
  auto read = [](const FieldText& text, StringView& value, Column& column) {
    std::size_t size = (text.size + 7) / 8;
    char* bytes = column.arena().allocate(size);
    std::fill_n(bytes, size, 0);
    for (std::size_t i = 0; i < text.size; ++i) {
      char c = text.data[text.size - 1 - i];
      if (c != '0' && c != '1') return false;
      bytes[i / 8] = static_cast<char>(bytes[i / 8] | (c - '0') << (i % 8));
    }
    while (size > 0 && bytes[size - 1] == 0) --size;
    value = StringView(bytes, static_cast<std::uint32_t>(size));
    return true;
  };
  std::int32_t length = from.modifier > 0 ? from.modifier : varying ? INT32_MAX : 1;
  return {semantic_type(Kind::bytes, "io.debezium.data.Bits", {{"length", std::to_string(length)}}),
          scalar_reader<StringView>(read, "a string of bits")};
}

ConnectPlan plan_hstore(const ValueModes& modes) {
  if (modes.hstore == ValueModes::Hstore::map) {
    ConnectType type{.kind = Kind::map};
    type.key = shared(plain(Kind::string), false);
    type.element = shared(plain(Kind::string), true);
    return {std::move(type), hstore_reader(modes.unavailable)};
  }
  auto read = [](const FieldText& text, StringView& value, Column& column) {
    std::vector<FieldText> keys, values;
    if (!split_hstore(text.view(), column.arena(), keys, values)) return false;
    std::string json = "{";
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i > 0) json += ',';
      append_json_string(json, keys[i].view());
      json += ':';
      if (values[i].kind == FieldText::Kind::text)
        append_json_string(json, values[i].view());
      else
        json += "null";
    }
    value = column.keep(json + "}");
    return true;
  };
  return {semantic_type(Kind::string, "io.debezium.data.Json"),
          scalar_reader<StringView>(read, "an hstore", modes.unavailable)};
}

ConnectPlan plan_enum(const CapturedType& from, const ValueModes& modes) {
  std::string allowed;
  for (const std::string& label : from.labels) (allowed += allowed.empty() ? "" : ",") += label;
  return as_text(semantic_type(Kind::string, "io.debezium.data.Enum", {{"allowed", allowed}}), modes);
}

template <Kind kind>
ConnectPlan plan_number(const CapturedType& from, const ValueModes&) {
  return plan_as_row(plain(kind), from);
}

ConnectPlan plan_point(const CapturedType&, const ValueModes&) { return {point_type(), point_reader()}; }

struct BuiltinType {
  std::string_view name;
  ConnectPlan (*plan)(const CapturedType& from, const ValueModes& modes);
  std::string_view empty;  // empty_text()
};
constexpr BuiltinType builtin_types[] = {
    {"bool", plan_number<Kind::boolean>, "f"},
    {"int2", plan_number<Kind::int16>, "0"},
    {"int4", plan_number<Kind::int32>, "0"},
    {"int8", plan_number<Kind::int64>, "0"},
    {"oid", plan_number<Kind::int64>, "0"},
    {"float4", plan_number<Kind::float32>, "0"},
    {"float8", plan_number<Kind::float64>, "0"},
    {"numeric", plan_decimal, "0"},
    {"money", plan_money, "0"},
    {"bytea", plan_bytea, "\\x"},
    {"date", plan_date, "1970-01-01"},
    {"time", plan_time, "00:00:00"},
    {"timetz", plan_zoned_time, "00:00:00+00"},
    {"timestamp", plan_timestamp, "1970-01-01 00:00:00"},
    {"timestamptz", plan_zoned_timestamp, "1970-01-01 00:00:00+00"},
    {"interval", plan_interval, "00:00:00"},
    {"bit", plan_bits, "0"},
    {"varbit", plan_bits, ""},
    {"point", plan_point, "(0,0)"},
};

// Texts with a name of their own.
struct NamedText {
  std::string_view name, semantic;
};
constexpr NamedText named_texts[] = {
    {"json", "io.debezium.data.Json"}, {"jsonb", "io.debezium.data.Json"},        {"xml", "io.debezium.data.Xml"},
    {"uuid", "io.debezium.data.Uuid"}, {"tsvector", "io.debezium.data.Tsvector"},
};

const BuiltinType* find_builtin(const CapturedType& type) {
  if (type.schema != "pg_catalog") return nullptr;
  const auto* found = std::ranges::find(builtin_types, type.name, &BuiltinType::name);
  return found == std::end(builtin_types) ? nullptr : found;
}

std::optional<ConnectPlan> plan_scalar(const CapturedType& type, const ValueModes& modes) {
  if (const BuiltinType* builtin = find_builtin(type)) return builtin->plan(type, modes);
  if (type.kind == 'e') return plan_enum(type, modes);
  if (type.name == "hstore" && type.kind == 'b') return plan_hstore(modes);
  for (const NamedText& text : named_texts)
    if (is_builtin(type, text.name)) return as_text(semantic_type(Kind::string, text.semantic), modes);
  if (type.name == "ltree") return as_text(semantic_type(Kind::string, "io.debezium.data.Ltree"), modes);
  if (is_text_type(type) || modes.unknown_types) return as_text(plain(Kind::string), modes);
  return std::nullopt;
}

}  // namespace

std::optional<ValuePlan> plan_connect_value(const CapturedType& type, int dimensions, bool optional,
                                            const ValueModes& modes) {
  if (!is_array(type)) {
    auto plan = plan_scalar(type, modes);
    if (!plan) return std::nullopt;
    Type physical = physical_type(plan->type);
    return ValuePlan{std::move(physical), std::move(plan->reader), shared(std::move(plan->type), optional)};
  }
  CapturedType element = type.element->resolved();
  if (element.modifier < 0) element.modifier = type.modifier;
  auto plan = plan_scalar(element, modes);
  if (!plan) return std::nullopt;
  bool texts = plan->type.kind == Kind::string && (plan->type.name.empty() || find_builtin(element) == nullptr);
  // Elements may be null, though Debezium's schema of an enum's array says otherwise.
  ConnectTypeRef connect = shared(std::move(plan->type), true);
  std::shared_ptr<const ValueReader> reader = std::move(plan->reader);
  for (int i = 0; i < std::max(dimensions, 1); ++i) {
    ConnectType array{.kind = Kind::array, .optional = optional || i + 1 < dimensions};
    array.element = connect;
    connect = std::make_shared<const ConnectType>(std::move(array));
    reader = array_reader(std::move(reader), element.delimiter, i > 0, texts && i == 0 ? modes.unavailable : "");
  }
  return ValuePlan{physical_type(*connect), std::move(reader), connect};
}

std::string_view empty_text(const CapturedType& type) {
  if (is_array(type)) return "{}";
  const BuiltinType* builtin = find_builtin(type);
  return builtin ? builtin->empty : "";
}

}  // namespace levada
