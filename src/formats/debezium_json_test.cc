#include "formats/debezium_json.h"

#include <doctest/doctest.h>

#include "formats/connect_schema_json.h"
#include "formats/format_samples.h"
#include "tests/debezium_events.h"

namespace levada {
namespace {

// The rows as text, one a line: "value value", "deleted", "emptied", "no row", "unchanged" for absent values; then what
// was wrong.
std::string decoded(const std::vector<Field>& fields, const std::vector<std::string>& texts, Side side = Side::value,
                    const std::vector<bool>& wanted = {}) {
  FormatSpec spec{.format = "DEBEZIUM_JSON", .side = side, .fields = fields, .wrap_single = side == Side::value};
  samples::PaddedTexts padded;
  for (const std::string& text : texts) padded.add(text);
  auto decoder = make_debezium_json_decoder(spec);
  samples::Decoded rows = samples::decode(*decoder, fields, padded, wanted);
  std::string out;
  for (std::uint32_t row = 0; row < texts.size(); ++row) {
    auto is = [&](const Bits* bits) { return bits && (*bits)[row]; };
    if (is(decoder->deletions())) out += "deleted ";
    if (is(decoder->truncations())) out += "emptied ";
    if (is(decoder->passed_over())) out += "no row ";
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (!rows.columns[f]) continue;
      CHECK(rows.columns[f]->size() == texts.size());
      bool absent = decoder->absent() && !(*decoder->absent())[f].empty() && (*decoder->absent())[f][row];
      out += absent ? "unchanged" : text_of(rows.at(f, row), fields[f].type);
      out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
  for (const RowFailure& failure : rows.failures) out += std::to_string(failure.row) + ": " + failure.why + "\n";
  return out;
}

std::string envelope(std::string_view op, std::string_view after, std::string_view before = "null") {
  return R"({"before":)" + std::string(before) + R"(,"after":)" + std::string(after) +
         R"(,"source":{"version":"3.5.0.Final","table":"t"},"transaction":null,"op":")" + std::string(op) +
         R"(","ts_ms":1})";
}
// With the schema of one field.
std::string with_schema(std::string_view type, std::string_view value) {
  return R"({"schema":{"type":"struct","fields":[{"type":"struct","fields":[{)" + std::string(type) +
         R"(,"optional":true,"field":"v"}],"optional":true,"name":"t.Value","field":"after"},{"type":"string","optional":false,"field":"op"}],"optional":false,"name":"t.Envelope"},"payload":{"after":{"v":)" +
         std::string(value) + R"(},"op":"c"}})";
}
std::string one(const Type& type, std::string_view schema, std::string_view value) {
  std::string line = decoded({{"V", type}}, {with_schema(schema, value)});
  return line.substr(0, line.size() - 1);
}
std::string plain(const Type& type, std::string_view value) {
  std::string line = decoded({{"V", type}}, {envelope("u", R"({"v":)" + std::string(value) + "}")});
  return line.substr(0, line.size() - 1);
}

TEST_SUITE("formats") {
  TEST_CASE("Debezium's operations are rows, deletions, truncations and nothing") {
    std::vector<Field> fields = {{"ID", TypeKind::int32}, {"NAME", TypeKind::string}};
    CHECK(
        decoded(fields, {envelope("c", R"({"id":1,"name":"a"})"), envelope("u", R"({"name":null,"id":1})"),
                         envelope("r", R"({"id":2})"), envelope("d", "null", R"({"id":1,"name":"a"})"),
                         envelope("t", "null"), envelope("m", "null"), "null", R"({"schema":null,"payload":null})"}) ==
        "1 a\n1 null\n2 null\ndeleted null null\nemptied null null\nno row null null\ndeleted null null\ndeleted null "
        "null\n");
    CHECK(decoded(fields, {envelope("d", "null"), envelope("c", R"({"id":1})")}, Side::value, {false, false}) ==
          "deleted\n\n");
  }

  TEST_CASE("what is no envelope is told") {
    std::vector<Field> fields = {{"ID", TypeKind::int32}};
    CHECK(decoded(fields, {R"({"id":1})", envelope("c", "null"), envelope("x", R"({"id":1})"), "1", "{",
                           R"({"schema":{"type":"what"},"payload":{}})", envelope("c", R"({"id":"x"})"),
                           envelope("c", R"({"id":7})")}) ==
          "null\nnull\nnull\nnull\nnull\nnull\nnull\n7\n"
          "5: the schema is none of Connect's: there is no type 'what'\n"
          "3: expected an object, found 1 at byte 0\n"
          "4: not JSON: expected a name in quotes at byte 1, found the end\n"
          "6: field after.ID: expected INTEGER, found \"x\" at byte 29\n"
          "0: this is no envelope of Debezium: it has no op\n"
          "1: the envelope of operation c has no after\n"
          "2: there is no operation \"x\"\n");
  }

  TEST_CASE("without schemas the declared type says what a value means") {
    CHECK(plain(Type::decimal(10, 2), "\"AJY=\"") == "1.50");
    CHECK(plain(Type::decimal(10, 2), "\"1.5\"") == "1.50");
    CHECK(plain(Type::decimal(10, 2), "1234") == "1234.00");
    CHECK(plain(Type::decimal(10, 2), "1.505") == "null\n0: field V: expected DECIMAL(10, 2), found \"1.505\"");
    CHECK(plain(Type::decimal(10, 2), "\"x\"") == "null\n0: field V: expected DECIMAL(10, 2), found \"x\"");
    CHECK(plain(Type::decimal(10, 2), R"({"scale":1,"value":"DA=="})") == "1.20");
    CHECK(plain(TypeKind::date, "18321") == "2020-02-29");
    CHECK(plain(TypeKind::date, "\"2020-02-29Z\"") == "2020-02-29");
    CHECK(plain(TypeKind::time, "3723000004") == "01:02:03.000004");
    CHECK(plain(TypeKind::time, "\"01:02:03.5Z\"") == "01:02:03.500");
    CHECK(plain(TypeKind::timestamp, "1582979696789012") == "2020-02-29T12:34:56.789012");
    CHECK(plain(TypeKind::timestamp, "-1") == "1969-12-31T23:59:59.999999");
    CHECK(plain(TypeKind::timestamp, "\"2020-02-29T12:34:56.789+01:00\"") == "2020-02-29T11:34:56.789");
    CHECK(plain(TypeKind::timestamp, "\"infinity\"") == "null\n0: field V: expected TIMESTAMP, found \"infinity\"");
    CHECK(plain(TypeKind::bytes, "\"AAE=\"") == "0x0001");
    CHECK(plain(TypeKind::float64, "\"NaN\"") == "NaN");
    CHECK(plain(Type::array(TypeKind::int32), "[1,null]") == "[1,null]");
    CHECK(plain(TypeKind::string, R"({"x":1.50,"y":2.0})") == R"({"x":1.50,"y":2.0})");
  }

  TEST_CASE("with schemas their semantic names do") {
    constexpr std::string_view decimal =
        R"("type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"})";
    CHECK(one(Type::decimal(10, 3), decimal, "\"AJY=\"") == "1.500");
    CHECK(one(Type::decimal(10, 3), decimal, "1.5") == "1.500");
    CHECK(one(TypeKind::string, decimal, "\"AJY=\"") == "1.50");
    CHECK(one(TypeKind::float64, decimal, "\"AJY=\"") == "1.5");
    CHECK(one(TypeKind::int64, decimal, "\"AMg=\"").starts_with("null\n0: field V: expected BIGINT"));
    CHECK(one(Type::decimal(2, 2), decimal, "\"AJY=\"").starts_with("null\n0: field V: expected DECIMAL(2, 2)"));
    CHECK(
        one(Type::decimal(10, 3),
            R"("type":"struct","fields":[{"type":"int32","optional":false,"field":"scale"},{"type":"bytes","optional":false,"field":"value"}],"name":"io.debezium.data.VariableScaleDecimal","version":1)",
            R"({"scale":1,"value":"DA=="})") == "1.200");

    auto named = [](std::string_view type, std::string_view name) {
      return R"("type":")" + std::string(type) + R"(","name":")" + std::string(name) + R"(","version":1)";
    };
    CHECK(one(TypeKind::date, named("int32", "io.debezium.time.Date"), "18321") == "2020-02-29");
    CHECK(one(TypeKind::timestamp, named("int32", "io.debezium.time.Date"), "1") == "1970-01-02T00:00:00.000");
    CHECK(one(TypeKind::time, named("int32", "io.debezium.time.Time"), "5000") == "00:00:05");
    CHECK(one(TypeKind::time, named("int64", "io.debezium.time.MicroTime"), "5000000") == "00:00:05");
    CHECK(one(TypeKind::time, named("int64", "io.debezium.time.MicroTime"), "-1").starts_with("null\n0: field V"));
    CHECK(one(TypeKind::timestamp, named("int64", "io.debezium.time.Timestamp"), "1582979696789") ==
          "2020-02-29T12:34:56.789");
    CHECK(one(TypeKind::timestamp, named("int64", "org.apache.kafka.connect.data.Timestamp"), "-1") ==
          "1969-12-31T23:59:59.999");
    CHECK(one(TypeKind::timestamp, named("int64", "io.debezium.time.MicroTimestamp"), "1582979696789012") ==
          "2020-02-29T12:34:56.789012");
    CHECK(one(TypeKind::timestamp, named("int64", "io.debezium.time.NanoTimestamp"), "-1") ==
          "1969-12-31T23:59:59.999999");
    CHECK(one(TypeKind::date, named("int64", "io.debezium.time.Timestamp"), "-1") == "1969-12-31");
    CHECK(one(TypeKind::timestamp, named("string", "io.debezium.time.ZonedTimestamp"), "\"2020-02-29T10:34:56Z\"") ==
          "2020-02-29T10:34:56.000");
    CHECK(one(TypeKind::timestamp, named("int64", "io.debezium.time.Timestamp"), "9223372036825200000")
              .starts_with("null\n0: field V: expected TIMESTAMP, found 9223372036825200000"));
    CHECK(one(TypeKind::boolean, R"("type":"int16")", "1") == "true");
    CHECK(one(TypeKind::string, named("string", "io.debezium.data.Uuid"), "\"a0ee\"") == "a0ee");
    // A schema that changes in the middle, and texts that have none.
    std::string ms = named("int64", "io.debezium.time.Timestamp"),
                us = named("int64", "io.debezium.time.MicroTimestamp");
    CHECK(decoded({{"V", TypeKind::timestamp}},
                  {with_schema(ms, "1000"), with_schema(us, "1000"), envelope("c", R"({"v":2000})"),
                   with_schema(ms, "3000"), with_schema(R"("type":"int32")", "null")}) ==
          "1970-01-01T00:00:01.000\n1970-01-01T00:00:00.001\n1970-01-01T00:00:00.002\n1970-01-01T00:00:03.000\nnull\n");
  }

  TEST_CASE("a value that Debezium did not know is absent") {
    std::string text = R"("__debezium_unavailable_value")", bytes = R"("X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==")";
    CHECK(plain(TypeKind::string, text) == "unchanged");
    CHECK(plain(TypeKind::string, bytes) == "unchanged");
    CHECK(plain(TypeKind::bytes, bytes) == "unchanged");
    CHECK(plain(Type::decimal(30, 2), bytes) == "unchanged");
    CHECK(plain(Type::array(TypeKind::string), "[" + text + "]") == "unchanged");
    CHECK(plain(Type::array(TypeKind::string), "[" + text + ",null]") != "unchanged");
    std::string numbers;
    for (char c : std::string_view("__debezium_unavailable_value"))
      numbers += (numbers.empty() ? "" : ",") + std::to_string(c);
    CHECK(plain(Type::array(TypeKind::int64), "[" + numbers + "]") == "unchanged");
    CHECK(plain(Type::map(TypeKind::string, TypeKind::string), "{" + text + ":" + text + "}") == "unchanged");
    CHECK(plain(TypeKind::string, "\"__debezium_unavailable_value2\"") == "__debezium_unavailable_value2");
    CHECK(decoded({{"A", TypeKind::string}, {"B", TypeKind::string}},
                  {envelope("u", R"({"a":"x","b":)" + text + "}"), with_schema(R"("type":"int32")", "1"),
                   envelope("u", R"({"a":)" + text + R"(,"b":"y"})")}) == "x unchanged\nnull null\nunchanged y\n");
  }

  TEST_CASE("keys are structures or bare, with schemas or without") {
    std::string schema =
        R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":false,"name":"t.Key"},"payload":{"id":4}})";
    CHECK(decoded({{"ID", TypeKind::int64}},
                  {R"({"id":3})", schema, "5", R"({"schema":{"type":"int32"},"payload":6})", "\"7\""},
                  Side::key) == "3\n4\n5\n6\n7\n");
    CHECK(decoded({{"A", TypeKind::int64}, {"B", TypeKind::date}}, {R"({"b":1,"a":3})", "5"}, Side::key) ==
          "3 1970-01-02\nnull null\n1: expected an object, found 5 at byte 0\n");
    CHECK(decoded({{"SCHEMA", TypeKind::string}, {"PAYLOAD", TypeKind::string}},
                  {R"({"schema":"public","payload":"x"})"}, Side::key) == "public x\n");
  }

  TEST_CASE("what is written is an envelope of a row") {
    FormatSpec spec{.format = "DEBEZIUM_JSON",
                    .fields = {{"ID", TypeKind::int32}, {"PRICE", Type::decimal(6, 2)}, {"AT", TypeKind::timestamp}}};
    Columns columns = samples::columns_of(
        spec.fields, {{std::int64_t{1}, Int128(150), std::int64_t{1'000'001}}, {Value(), Value(), Value()}});
    Texts out;
    RowFailures failures;
    make_debezium_json_encoder(spec)->encode(columns, Rows::all(2), out, failures);
    CHECK(out[0] == R"({"before":null,"after":{"ID":1,"PRICE":"AJY=","AT":1000001},"op":"c"})");
    CHECK(out[1] == R"({"before":null,"after":{"ID":null,"PRICE":null,"AT":null},"op":"c"})");
    spec.side = Side::key;
    out.clear();
    make_debezium_json_encoder(spec)->encode(columns, Rows::all(1), out, failures);
    CHECK(out[0] == R"({"ID":1,"PRICE":"AJY=","AT":1000001})");
  }

  TEST_CASE("every envelope that Debezium recorded is read, with its schema and without") {
    std::size_t rows = 0;
    for (std::string file :
         {"postgres-default", "postgres-string", "postgres-options", "mariadb-default", "mysql-default"}) {
      auto events = read_debezium_events(file);
      if (!events) return skip_debezium_events();
      for (const DebeziumEvent& event : *events) {
        if (event.value.is_null()) continue;
        const Json& payload = *event.value.find("payload");
        auto type = read_connect_schema(*event.value.find("schema")).value();
        auto after = find_field(*type, "after");
        if (!after || !type->name.ends_with(".Envelope")) continue;
        std::vector<Field> fields;
        for (const ConnectField& field : type->fields[*after].type->fields)
          fields.push_back({field.name, TypeKind::string});
        if (fields.empty()) continue;
        std::string op = payload.text_of("op");
        for (const std::string& text : {event.value.text(), payload.text()}) {
          std::string said = decoded(fields, {text});
          if (op == "d")
            CHECK(said.starts_with("deleted"));
          else if (op == "t")
            CHECK(said.starts_with("emptied"));
          else
            CHECK_MESSAGE(said.find("\n0: ") == std::string::npos, said);
        }
        ++rows;
      }
    }
    CHECK(rows > 500);
  }
}

}  // namespace
}  // namespace levada
