#include "connectors/postgres/field_encoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "connectors/postgres/nested_text.h"

namespace levada {
namespace {

PostgresColumn column(std::string type, std::string receive) {
  PostgresColumn c{.name = "c", .declared = type};
  c.type.name = std::move(type);
  c.type.receive = std::move(receive);
  return c;
}

// The encoded values without their lengths, in hexadecimal; null for nulls; "!" and the reason for failures.
std::string encoded(const Type& type, const PostgresColumn& to, const std::vector<Value>& values,
                    std::vector<std::uint32_t> rows = {}) {
  auto plan = plan_field(type, to, "UTC");
  REQUIRE(plan);
  Column from(type);
  for (const Value& v : values) from.append(v);
  FieldValues out;
  RowFailures failures;
  Rows chosen = rows.empty() ? Rows::all(from.size()) : Rows(rows);
  plan->encoder->encode(from, chosen, out, failures);
  REQUIRE(out.ends.size() == chosen.size());
  std::string text;
  for (std::uint32_t i = 0; i < chosen.size(); ++i) {
    if (i > 0) text += ' ';
    auto failure = std::ranges::find(failures, chosen[i], &RowFailure::row);
    if (failure != failures.end()) CHECK(out.is_null(i));
    if (failure != failures.end()) text += "!" + failure->why;
    if (out.is_null(i)) {
      if (failure == failures.end()) text += "null";
      continue;
    }
    std::string_view v = out[i];
    CHECK(load_big<std::int32_t>(v.data()) == static_cast<std::int32_t>(v.size() - 4));
    for (unsigned char c : v.substr(4)) {
      constexpr const char* digits = "0123456789abcdef";
      text += digits[c >> 4];
      text += digits[c & 15];
    }
  }
  return text;
}

std::string json(const Type& type, const Value& value) {
  Column from(type);
  from.append(value);
  std::string text;
  append_postgres_json(text, from, 0);
  return text;
}

Value number(std::int64_t n) { return n; }
Value text(const char* t) { return std::string(t); }

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("Postgres: values have the server's binary form, nulls a length of -1") {
    CHECK(encoded(TypeKind::boolean, column("boolean", "boolrecv"), {true, Value(), false}) == "01 null 00");
    CHECK(encoded(TypeKind::int32, column("bigint", "int8recv"), {number(-2)}) == "fffffffffffffffe");
    CHECK(encoded(TypeKind::float64, column("double precision", "float8recv"), {1.0, Value()}) ==
          "3ff0000000000000 null");
    CHECK(encoded(TypeKind::float64, column("real", "float4recv"), {1.0}) == "3f800000");
    CHECK(encoded(TypeKind::string, column("text", "textrecv"), {text("ab"), text(""), Value()}) == "6162  null");
    CHECK(encoded(TypeKind::string, column("jsonb", "jsonb_recv"), {text("1")}) == "0131");
    CHECK(encoded(TypeKind::date, column("date", "date_recv"), {number(10'957), number(0)}) == "00000000 ffffd533");
    CHECK(encoded(TypeKind::timestamp, column("timestamp", "timestamp_recv"), {number(946'684'800'000'001)}) ==
          "0000000000000001");
    CHECK(encoded(Type::decimal(5, 2), column("numeric", "numeric_recv"), {Int128{-1'20}}) ==
          "00020000400000020001"
          "07d0");
    CHECK(encoded(TypeKind::string, column("uuid", "uuid_recv"), {text("{00112233-4455-6677-8899-AABBCCDDEEFF}")}) ==
          "00112233445566778899aabbccddeeff");
  }

  TEST_CASE("Postgres: only the chosen rows are encoded, and failures name the row of the batch") {
    CHECK(encoded(TypeKind::int64, column("smallint", "int2recv"),
                  {number(1), number(70'000), number(3), number(-40'000)}, {1, 2, 3}) ==
          "!smallint out of range, column \"c\" (SQLSTATE 22003) 0003 !smallint out of range, column \"c\" (SQLSTATE "
          "22003)");
  }

  TEST_CASE("Postgres: what does not fit the server's type is a failure at every edge") {
    auto fits = [](const Type& type, const PostgresColumn& to, const Value& v) {
      return encoded(type, to, {v})[0] != '!';
    };
    PostgresColumn int2 = column("smallint", "int2recv"), int4 = column("integer", "int4recv"),
                   int8 = column("bigint", "int8recv");
    for (std::int64_t n : {32767, -32768}) CHECK(fits(TypeKind::int64, int2, number(n)));
    for (std::int64_t n : {32768, -32769}) CHECK(!fits(TypeKind::int64, int2, number(n)));
    for (std::int64_t n : {2147483647L, -2147483648L}) CHECK(fits(TypeKind::int64, int4, number(n)));
    for (std::int64_t n : {2147483648L, -2147483649L}) CHECK(!fits(TypeKind::int64, int4, number(n)));
    CHECK(fits(Type::decimal(38, 0), int8, Int128{INT64_MIN}));
    CHECK(!fits(Type::decimal(38, 0), int8, Int128{INT64_MAX} + 1));
    CHECK(fits(TypeKind::float64, column("real", "float4recv"), 3.4e38));
    CHECK(!fits(TypeKind::float64, column("real", "float4recv"), 3.5e38));
    PostgresColumn stamp = column("timestamp", "timestamp_recv");
    CHECK(fits(TypeKind::timestamp, stamp, number(INT64_MAX)));
    CHECK(fits(TypeKind::timestamp, stamp, number(INT64_MIN)));  // is -infinity
    CHECK(!fits(TypeKind::timestamp, stamp, number(INT64_MIN + 1)));
    CHECK(!fits(TypeKind::timestamp, stamp, number(INT64_MIN + 946'684'800'000'000)));  // would be -infinity
    CHECK(!fits(TypeKind::date, stamp, number(INT32_MAX - 1)));
    CHECK(fits(TypeKind::date, column("date", "date_recv"), number(INT32_MIN)));  // is -infinity
    CHECK(!fits(TypeKind::date, column("date", "date_recv"), number(INT32_MIN + 1)));
    CHECK(!fits(TypeKind::date, column("date", "date_recv"), number(INT32_MIN + 10'957)));  // would be -infinity
    PostgresColumn uuid = column("uuid", "uuid_recv");
    for (const char* good : {"00112233445566778899aabbccddeeff", "0011-2233-4455-6677-8899-aabb-ccdd-eeff"})
      CHECK(fits(TypeKind::string, uuid, text(good)));
    for (const char* bad : {"", "{}", "-0112233445566778899aabbccddeeff", "00112233445566778899aabbccddeef",
                            "00112233445566778899aabbccddeeff0", "0011--2233445566778899aabbccddeeff",
                            "00112233445566778899aabbccddeefg", "00112233445566778899aabbccddeeff-"})
      CHECK(!fits(TypeKind::string, uuid, text(bad)));
  }

  TEST_CASE("Postgres: a column that takes no such values is known before the first of them") {
    CHECK(!plan_field(TypeKind::float64, column("integer", "int4recv"), "UTC"));
    CHECK(!plan_field(TypeKind::int64, column("point", "point_recv"), "UTC"));
    CHECK(!plan_field(Type::decimal(5, 1), column("integer", "int4recv"), "UTC"));
    PostgresColumn narrow = column("numeric", "numeric_recv");
    narrow.numeric_scale = 1;
    CHECK(!plan_field(Type::decimal(5, 2), narrow, "UTC"));
    CHECK(plan_field(Type::decimal(5, 1), narrow, "UTC"));
    CHECK(plan_field(TypeKind::string, column("inet", "inet_recv"), "UTC")->cast == "::inet");
    CHECK(!plan_field(TypeKind::string, column("inet", "inet_recv"), "UTC")->copyable);
    CHECK(
        plan_field(TypeKind::timestamp, column("timestamp without time zone", "timestamp_recv"), "Europe/O'x")->cast ==
        " AT TIME ZONE 'Europe/O''x'");
  }

  TEST_CASE("Postgres: nested values are JSON, arrays of scalars what the server's arrays look like") {
    const Type row =
        Type::structure({{"A\"", TypeKind::float64}, {"B", Type::map(TypeKind::string, Type::array(TypeKind::int32))}});
    CHECK(json(row, ValueList{1e10, ValueList{text("k\n"), ValueList{number(1), Value()}, text(""), Value()}}) ==
          R"({"A\"":1.0E10,"B":{"k\n":[1,null],"":null}})");
    CHECK(json(Type::array(TypeKind::float64), ValueList{std::nan(""), -HUGE_VAL}) == R"(["NaN","-Infinity"])");
    CHECK(json(Type::array(TypeKind::bytes), ValueList{text(""), text("a"), text("ab"), text("abc")}) ==
          R"(["","YQ==","YWI=","YWJj"])");
    CHECK(json(Type::array(TypeKind::boolean), ValueList{true, false}) == "[true,false]");
    CHECK(json(Type::array(TypeKind::time), ValueList{number(1)}) == R"(["00:00:00.000001"])");
    CHECK(json(row, Value()) == "null");
    Column strings(Type::array(TypeKind::string));
    strings.append(Value(ValueList{text("a\"b\\"), Value(), text(""), text("NULL")}));
    std::string array;
    append_postgres_array(array, strings, 0);
    CHECK(array == R"({"a\"b\\",NULL,"","NULL"})");
  }
}

}  // namespace levada
