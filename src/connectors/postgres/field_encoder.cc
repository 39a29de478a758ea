#include "connectors/postgres/field_encoder.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "batch/number_text.h"
#include "connectors/postgres/nested_text.h"
#include "connectors/postgres/numeric.h"

namespace levada {
namespace {

constexpr std::int64_t epoch_days = 10'957;  // 2000-01-01, where the server counts from
constexpr std::int64_t epoch_micros = epoch_days * micros_per_day;

void put_null(FieldValues& out) {
  store_big(out.bytes.room(4), std::int32_t{-1});
  out.bytes.resize(out.bytes.size() + 4);
  out.ends.push_back(out.bytes.size());
}

// ---- values of at most `size` bytes, written by put(p, value), which gives their end, or nullptr for a failure ----

template <class T, std::size_t size, class Put>
class ShortEncoder : public FieldEncoder {
 public:
  ShortEncoder(Put put, std::string failure) : put_(put), failure_(std::move(failure)) {}

  void encode(const Column& column, Rows rows, FieldValues& out, RowFailures& failures) override {
    const T* values = column.values<T>();
    out.bytes.reserve(out.bytes.size() + rows.size() * (size + 4));
    out.ends.reserve(out.ends.size() + rows.size());
    rows.for_each([&](std::uint32_t row) {
      if (column.is_null(row)) return put_null(out);
      char* p = out.bytes.room(4 + size);
      const char* end = put_(p + 4, values[row]);
      if (!end) [[unlikely]] {
        failures.push_back({row, failure_});
        return put_null(out);
      }
      store_big(p, static_cast<std::int32_t>(end - p - 4));
      out.bytes.commit(end);
      out.ends.push_back(out.bytes.size());
    });
  }

 private:
  const Put put_;
  const std::string failure_;
};

template <class T, std::size_t size, class Put>
std::unique_ptr<FieldEncoder> short_encoder(Put put, std::string failure = {}) {
  return std::make_unique<ShortEncoder<T, size, Put>>(put, std::move(failure));
}

template <class To, class T>
char* put_as(char* p, T value) {
  store_big(p, static_cast<To>(value));
  return p + sizeof(To);
}

template <class To, class From>
std::unique_ptr<FieldEncoder> integer_encoder(const std::string& failure) {
  return short_encoder<From, sizeof(To)>(
      [](char* p, From v) -> char* { return static_cast<From>(static_cast<To>(v)) == v ? put_as<To>(p, v) : nullptr; },
      failure);
}

char* put_float8(char* p, double v) {
  std::uint64_t bits;
  std::memcpy(&bits, &v, 8);
  return put_as<std::uint64_t>(p, bits);
}

char* put_float4(char* p, double v) {
  auto narrow = static_cast<float>(v);
  if (std::isinf(narrow) && !std::isinf(v)) return nullptr;
  std::uint32_t bits;
  std::memcpy(&bits, &narrow, 4);
  return put_as<std::uint32_t>(p, bits);
}

// The lowest and the highest number mean -infinity and infinity, to the server as in captured columns.
template <class T>
bool is_infinite(T v) {
  return v == std::numeric_limits<T>::min() || v == std::numeric_limits<T>::max();
}

char* put_date(char* p, std::int32_t days) {
  if (is_infinite(days)) return put_as<std::int32_t>(p, days);
  std::int64_t v = days - epoch_days;
  if (v <= INT32_MIN) return nullptr;
  return put_as<std::int32_t>(p, v);
}

char* put_timestamp(char* p, std::int64_t micros) {
  if (is_infinite(micros)) return put_as<std::int64_t>(p, micros);
  std::int64_t v;
  if (__builtin_sub_overflow(micros, epoch_micros, &v) || v == INT64_MIN) return nullptr;
  return put_as<std::int64_t>(p, v);
}

char* put_midnight(char* p, std::int32_t days) {
  if (is_infinite(days)) return put_as<std::int64_t>(p, days < 0 ? INT64_MIN : INT64_MAX);
  std::int64_t micros;
  return __builtin_mul_overflow(std::int64_t{days}, micros_per_day, &micros) ? nullptr : put_timestamp(p, micros);
}

// 32 hexadecimal digits; dashes and braces around and between them are for people.
bool put_uuid(char* p, std::string_view text) {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '-' && digits % 4 == 0 && digits > 0 && digits < 32 && text[i - 1] != '-') continue;
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0 || digits == 32) return false;
    p[digits / 2] = static_cast<char>(digits % 2 == 0 ? digit << 4 : p[digits / 2] | digit);
    ++digits;
  }
  return digits == 32;
}

// ---- texts and bytes as they are, with something in front for jsonb ----

class TextEncoder : public FieldEncoder {
 public:
  explicit TextEncoder(std::string_view front = {}) : front_(front) {}

  void encode(const Column& column, Rows rows, FieldValues& out, RowFailures&) override {
    const StringView* values = column.values<StringView>();
    out.ends.reserve(out.ends.size() + rows.size());
    rows.for_each([&](std::uint32_t row) {
      if (column.is_null(row)) return put_null(out);
      std::string_view text = values[row].view();
      char* p = out.bytes.room(4 + front_.size() + text.size());
      store_big(p, static_cast<std::int32_t>(front_.size() + text.size()));
      std::memcpy(p + 4, front_.data(), front_.size());
      p += 4 + front_.size();
      if (!text.empty()) p = put_padded(p, text.data(), text.size());
      out.bytes.commit(p);
      out.ends.push_back(out.bytes.size());
    });
  }

 private:
  const std::string front_;
};

class UuidEncoder : public FieldEncoder {
 public:
  explicit UuidEncoder(const std::string& where) : behind_("\"" + where + " (SQLSTATE 22P02)") {}

  void encode(const Column& column, Rows rows, FieldValues& out, RowFailures& failures) override {
    rows.for_each([&](std::uint32_t row) {
      if (column.is_null(row)) return put_null(out);
      char* p = out.bytes.room(20);
      store_big(p, std::int32_t{16});
      if (!put_uuid(p + 4, column.string(row))) {
        failures.push_back({row, "invalid input syntax for type uuid: \"" + std::string(column.string(row)) + behind_});
        return put_null(out);
      }
      out.bytes.commit(p + 20);
      out.ends.push_back(out.bytes.size());
    });
  }

 private:
  const std::string behind_;
};

// ---- anything that is first made a text ----

class WrittenEncoder : public FieldEncoder {
 public:
  using Append = void (*)(std::string&, const Column&, std::uint32_t);
  WrittenEncoder(Append append, std::string_view front) : append_(append), front_(front) {}

  void encode(const Column& column, Rows rows, FieldValues& out, RowFailures&) override {
    rows.for_each([&](std::uint32_t row) {
      if (column.is_null(row)) return put_null(out);
      text_ = front_;
      append_(text_, column, row);
      char* p = out.bytes.room(4);
      store_big(p, static_cast<std::int32_t>(text_.size()));
      out.bytes.commit(p + 4);
      out.bytes.append(text_);
      out.ends.push_back(out.bytes.size());
    });
  }

 private:
  const Append append_;
  const std::string front_;
  std::string text_;
};

// ---- which goes where ----

enum class Wire {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  text,
  json,
  jsonb,
  bytea,
  date,
  time,
  timestamp,
  timestamptz,
  uuid,
  array,
  other
};

Wire wire_of(const PostgresType& type) {
  struct Row {
    std::string_view receive;
    Wire wire;
  };
  static constexpr Row rows[] = {
      {"boolrecv", Wire::boolean},
      {"int2recv", Wire::int2},
      {"int4recv", Wire::int4},
      {"int8recv", Wire::int8},
      {"float4recv", Wire::float4},
      {"float8recv", Wire::float8},
      {"numeric_recv", Wire::numeric},
      {"textrecv", Wire::text},
      {"varcharrecv", Wire::text},
      {"bpcharrecv", Wire::text},
      {"citextrecv", Wire::text},
      {"enum_recv", Wire::text},
      {"xml_recv", Wire::text},
      {"json_recv", Wire::json},
      {"jsonb_recv", Wire::jsonb},
      {"bytearecv", Wire::bytea},
      {"date_recv", Wire::date},
      {"time_recv", Wire::time},
      {"timestamp_recv", Wire::timestamp},
      {"timestamptz_recv", Wire::timestamptz},
      {"uuid_recv", Wire::uuid},
      {"array_recv", Wire::array},
  };
  for (const Row& row : rows)
    if (row.receive == type.receive) return row.wire;
  return Wire::other;
}

bool is_word(const PostgresType& type) { return type.receive != "enum_recv" && type.receive != "xml_recv"; }

// A column of whole numbers: T is what holds ours.
template <class T>
std::unique_ptr<FieldEncoder> whole_number(Wire wire, const std::string& where) {
  switch (wire) {
    case Wire::int2: return integer_encoder<std::int16_t, T>("smallint out of range" + where + " (SQLSTATE 22003)");
    case Wire::int4: return integer_encoder<std::int32_t, T>("integer out of range" + where + " (SQLSTATE 22003)");
    case Wire::int8: return integer_encoder<std::int64_t, T>("bigint out of range" + where + " (SQLSTATE 22003)");
    default: return nullptr;
  }
}

std::unique_ptr<FieldEncoder> number(const Type& type, Wire wire, const std::string& where) {
  switch (type.kind()) {
    case TypeKind::boolean:
      if (wire == Wire::boolean)
        return short_encoder<std::uint8_t, 1>([](char* p, std::uint8_t v) { return put_as<std::uint8_t>(p, v); });
      if (wire == Wire::int2)
        return short_encoder<std::uint8_t, 2>([](char* p, std::uint8_t v) { return put_as<std::int16_t>(p, v); });
      if (wire == Wire::int4)
        return short_encoder<std::uint8_t, 4>([](char* p, std::uint8_t v) { return put_as<std::int32_t>(p, v); });
      if (wire == Wire::int8)
        return short_encoder<std::uint8_t, 8>([](char* p, std::uint8_t v) { return put_as<std::int64_t>(p, v); });
      return nullptr;
    case TypeKind::int32:
      if (wire == Wire::float8)
        return short_encoder<std::int32_t, 8>([](char* p, std::int32_t v) { return put_float8(p, v); });
      if (wire == Wire::numeric)
        return short_encoder<std::int32_t, max_numeric_size>(
            [](char* p, std::int32_t v) { return put_numeric(p, v, 0); });
      return whole_number<std::int32_t>(wire, where);
    case TypeKind::int64:
      if (wire == Wire::numeric)
        return short_encoder<std::int64_t, max_numeric_size>(
            [](char* p, std::int64_t v) { return put_numeric(p, v, 0); });
      return whole_number<std::int64_t>(wire, where);
    case TypeKind::float64:
      if (wire == Wire::float8) return short_encoder<double, 8>(put_float8);
      if (wire == Wire::float4)
        return short_encoder<double, 4>(put_float4, "value out of range: overflow" + where + " (SQLSTATE 22003)");
      if (wire == Wire::numeric)
        return short_encoder<double, max_numeric_size>([](char* p, double v) { return put_numeric(p, v); });
      return nullptr;
    case TypeKind::decimal:
      if (wire == Wire::numeric)
        return short_encoder<Int128, max_numeric_size>(
            [scale = type.scale()](char* p, Int128 v) { return put_numeric(p, v, scale); });
      return type.scale() == 0 ? whole_number<Int128>(wire, where) : nullptr;
    default: return nullptr;
  }
}

std::unique_ptr<FieldEncoder> moment(const Type& type, Wire wire, const std::string& where) {
  bool stamp = wire == Wire::timestamp || wire == Wire::timestamptz;
  if (type.kind() == TypeKind::date && wire == Wire::date)
    return short_encoder<std::int32_t, 4>(put_date, "date out of range" + where + " (SQLSTATE 22008)");
  if (type.kind() == TypeKind::date && stamp)
    return short_encoder<std::int32_t, 8>(put_midnight, "timestamp out of range" + where + " (SQLSTATE 22008)");
  if (type.kind() == TypeKind::time && wire == Wire::time)
    return short_encoder<std::int64_t, 8>([](char* p, std::int64_t v) { return put_as<std::int64_t>(p, v); });
  if (type.kind() == TypeKind::timestamp && stamp)
    return short_encoder<std::int64_t, 8>(put_timestamp, "timestamp out of range" + where + " (SQLSTATE 22008)");
  return nullptr;
}

std::unique_ptr<FieldEncoder> bytes_or_text(const Type& type, Wire wire, const std::string& where) {
  if (type.kind() == TypeKind::bytes) return wire == Wire::bytea ? std::make_unique<TextEncoder>() : nullptr;
  if (type.kind() != TypeKind::string) return nullptr;
  if (wire == Wire::text || wire == Wire::json) return std::make_unique<TextEncoder>();
  if (wire == Wire::jsonb) return std::make_unique<TextEncoder>("\x01");
  if (wire == Wire::uuid) return std::make_unique<UuidEncoder>(where);
  return nullptr;
}

PostgresColumn element_of(const PostgresColumn& array) {
  PostgresColumn element;
  element.numeric_scale = array.numeric_scale;
  element.type.name = array.type.element;
  element.type.receive = array.type.element_receive;
  return element;
}

}  // namespace

std::optional<FieldPlan> plan_field(const Type& type, const PostgresColumn& column, const std::string& time_zone,
                                    TimestampMeaning meaning) {
  const std::string where = ", column \"" + column.name + "\"";
  const Wire wire = wire_of(column.type);
  // Digits are not cut off silently: whoever wants that says so in SQL.
  if (type.kind() == TypeKind::decimal && column.numeric_scale && *column.numeric_scale < type.scale())
    return std::nullopt;

  FieldPlan plan;
  plan.wire_type = column.type.name;
  plan.wire_oid = column.type.oid;
  const bool local = meaning == TimestampMeaning::local_time;
  if (type.kind() == TypeKind::timestamp && wire == (local ? Wire::timestamptz : Wire::timestamp) &&
      time_zone != "UTC") {
    plan.encoder = moment(type, wire, where);
    plan.wire_type = local ? "timestamp" : "timestamptz";
    plan.wire_oid = local ? 1114 : 1184;
    plan.copyable = false;
    plan.cast = " AT TIME ZONE " + quote_text(time_zone);
    return plan;
  }
  plan.encoder = type.nested()    ? nullptr
                 : type.textual() ? bytes_or_text(type, wire, where)
                                  : number(type, wire, where);
  if (!plan.encoder) plan.encoder = moment(type, wire, where);
  if (!plan.encoder && wire == Wire::text && is_word(column.type) && type.kind() != TypeKind::bytes)
    plan.encoder = std::make_unique<WrittenEncoder>(append_postgres_text, "");
  if (!plan.encoder && type.nested() && (wire == Wire::json || wire == Wire::jsonb))
    plan.encoder = std::make_unique<WrittenEncoder>(append_postgres_json, wire == Wire::jsonb ? "\x01" : "");
  if (plan.encoder) return plan;

  // The server reads it from a text.
  plan.wire_type = "text";
  plan.wire_oid = 25;
  plan.copyable = false;
  plan.cast = "::" + column.type.name;
  if (type.kind() == TypeKind::array && wire == Wire::array && !type.element().nested() &&
      plan_field(type.element(), element_of(column), "UTC"))
    plan.encoder = std::make_unique<WrittenEncoder>(append_postgres_array, "");
  else if (type.kind() == TypeKind::string)
    plan.encoder = std::make_unique<TextEncoder>();
  else if ((type.kind() == TypeKind::int64 && column.type.receive == "oidrecv") ||
           (type.kind() == TypeKind::decimal && column.type.receive == "cash_recv"))
    plan.encoder = std::make_unique<WrittenEncoder>(append_postgres_text, "");
  else
    return std::nullopt;
  return plan;
}

std::string created_type(const Type& type) {
  switch (type.kind()) {
    case TypeKind::boolean: return "boolean";
    case TypeKind::int32: return "integer";
    case TypeKind::int64: return "bigint";
    case TypeKind::float64: return "double precision";
    case TypeKind::decimal:
      return "numeric(" + std::to_string(type.precision()) + "," + std::to_string(type.scale()) + ")";
    case TypeKind::string: return "text";
    case TypeKind::bytes: return "bytea";
    case TypeKind::date: return "date";
    case TypeKind::time: return "time";
    case TypeKind::timestamp: return "timestamp";
    case TypeKind::array: return type.element().nested() ? "jsonb" : created_type(type.element()) + "[]";
    case TypeKind::map:
    case TypeKind::structure: return "jsonb";
  }
  LV_UNREACHABLE();
}

}  // namespace levada
