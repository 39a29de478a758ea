#include "formats/json_decoder.h"

#include <doctest/doctest.h>

#include "formats/format_samples.h"

namespace levada {
namespace {

using samples::PaddedTexts;
using namespace std::string_literals;

// One text, decoded; "null" and text_of() for values, "! …" for failures. Read twice, by shape and one by one, and with
// enough equal texts in front for the shape to be known: both must agree.
std::string read(const std::vector<Field>& fields, std::string_view text, bool wrap_single = true) {
  FormatSpec spec{.format = "JSON", .fields = fields, .wrap_single = wrap_single};
  std::string results[2];
  for (bool shapes : {false, true}) {
    JsonDecoder decoder(spec);
    decoder.use_shapes(shapes);
    PaddedTexts texts;
    for (int i = 0; i < 70; ++i) texts.add(text);
    samples::Decoded decoded = samples::decode(decoder, fields, texts);
    std::string& result = results[shapes];
    if (!decoded.failures.empty()) {
      CHECK(decoded.failures.size() == 70);
      CHECK(decoded.failures.back().row == 69);
      result = "! " + decoded.failures.back().why;
      for (std::size_t i = 0; i < fields.size(); ++i) CHECK(decoded.columns[i]->is_null(69));
      continue;
    }
    for (std::size_t i = 0; i < fields.size(); ++i)
      result += (i > 0 ? " " : "") + text_of(decoded.at(i, 69), fields[i].type);
  }
  CHECK(results[0] == results[1]);
  return results[0];
}

// The value of one field of this type.
std::string value(const Type& type, std::string_view json) {
  return read({{"A", type}}, "{\"A\":" + std::string(json) + "}");
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("JSON: whole numbers are read from numbers and their text, in range, without their fraction") {
    CHECK(value(TypeKind::int32, "1") == "1");
    CHECK(value(TypeKind::int32, "-2147483648") == "-2147483648");
    CHECK(value(TypeKind::int32, "2147483648").starts_with("! field A: expected INTEGER, found 2147483648 at byte 5"));
    CHECK(value(TypeKind::int32, "\"12\"") == "12");
    CHECK(value(TypeKind::int32, "\"1.5\"").starts_with("! field A: expected INTEGER, found \"1.5\" at byte 5"));
    CHECK(value(TypeKind::int32, "\"x\"").starts_with("! field A"));
    CHECK(value(TypeKind::int32, "-1.7") == "-1");
    CHECK(value(TypeKind::int32, "-0.9") == "0");
    CHECK(value(TypeKind::int32, "2e3") == "2000");
    CHECK(value(TypeKind::int32, "1.25e1") == "12");
    CHECK(value(TypeKind::int32, "1e99").starts_with("! field A"));
    CHECK(value(TypeKind::int32, "true").starts_with("! field A: expected INTEGER, found true"));
    CHECK(value(TypeKind::int32, "[1]").starts_with("! field A: expected INTEGER, found an array"));
    CHECK(value(TypeKind::int32, "{}").starts_with("! field A: expected INTEGER, found an object"));
    CHECK(value(TypeKind::int64, "9223372036854775807") == "9223372036854775807");
    CHECK(value(TypeKind::int64, "-9223372036854775808") == "-9223372036854775808");
    CHECK(value(TypeKind::int64, "9223372036854775808").starts_with("! field A: expected BIGINT"));
    CHECK(value(TypeKind::int64, "123456789012345678") == "123456789012345678");
    CHECK(value(TypeKind::int64, "1234567890123456789") == "1234567890123456789");
    CHECK(value(TypeKind::int64, "12345678901234567.5") == "12345678901234567");
    CHECK(value(TypeKind::int64, "\"-5\"") == "-5");
    CHECK(value(TypeKind::int64, "null") == "null");
  }

  TEST_CASE("JSON: doubles, booleans") {
    CHECK(value(TypeKind::float64, "2800.50") == "2800.5");
    CHECK(value(TypeKind::float64, "-0") == "-0.0");
    CHECK(value(TypeKind::float64, "1e400") == "Infinity");
    CHECK(value(TypeKind::float64, "0.1") == "0.1");
    CHECK(value(TypeKind::float64, "9007199254740993") == "9.007199254740992E15");
    CHECK(value(TypeKind::float64, "\"1.5\"") == "1.5");
    CHECK(value(TypeKind::float64, "\"NaN\"") == "NaN");
    CHECK(value(TypeKind::float64, "\"-Infinity\"") == "-Infinity");
    CHECK(value(TypeKind::float64, "NaN").starts_with("! not JSON"));
    CHECK(value(TypeKind::float64, "\"\"").starts_with("! field A: expected DOUBLE, found \"\""));
    CHECK(value(TypeKind::float64, "false").starts_with("! field A"));
    CHECK(value(TypeKind::boolean, "true") == "true");
    CHECK(value(TypeKind::boolean, "false") == "false");
    CHECK(value(TypeKind::boolean, "\"true\"").starts_with("! field A: expected BOOLEAN, found \"true\""));
    CHECK(value(TypeKind::boolean, "1").starts_with("! field A"));
    CHECK(value(TypeKind::boolean, "null") == "null");
  }

  TEST_CASE("JSON: decimals are exact or an error") {
    CHECK(value(Type::decimal(6, 4), "10") == "10.0000");
    CHECK(value(Type::decimal(6, 4), "10.0") == "10.0000");
    CHECK(value(Type::decimal(6, 4), "\"0.0001\"") == "0.0001");
    CHECK(value(Type::decimal(4, 2), "1.230") == "1.23");
    CHECK(value(Type::decimal(4, 2), "1.234").starts_with("! field A: expected DECIMAL(4, 2), found 1.234 at byte 5"));
    CHECK(value(Type::decimal(4, 2), "100").starts_with("! field A"));
    CHECK(value(Type::decimal(4, 2), "-99.99") == "-99.99");
    CHECK(value(Type::decimal(21, 19), "10.1234512345123451234") == "10.1234512345123451234");
    CHECK(value(Type::decimal(38, 38), "0.12345678901234567890123456789012345678") ==
          "0.12345678901234567890123456789012345678");
    CHECK(value(Type::decimal(38, 30), "12345678") == "12345678.000000000000000000000000000000");
    CHECK(value(Type::decimal(5, 0), "1e3") == "1000");
    CHECK(value(Type::decimal(5, 0), "\"x\"").starts_with("! field A"));
  }

  TEST_CASE("JSON: a string takes any value by its text") {
    CHECK(value(TypeKind::string, "\"x\"") == "x");
    CHECK(value(TypeKind::string, "\"\"") == "");
    CHECK(value(TypeKind::string, "10.10") == "10.10");
    CHECK(value(TypeKind::string, "1E5") == "1E5");
    CHECK(value(TypeKind::string, "true") == "true");
    CHECK(value(TypeKind::string, "01").starts_with("! not JSON"));
    CHECK(value(TypeKind::string, R"({ "B" : [ 1 , "x\ty" ] , "C" : {} })") == R"({"B":[1,"x\ty"],"C":{}})");
    CHECK(value(TypeKind::string, R"([ 1, null ])") == "[1,null]");
    CHECK(value(TypeKind::string, R"({"B":tru})").starts_with("! not JSON"));
    CHECK(value(TypeKind::string, R"("\u00e9\n\"\\\/\ud83d\ude00")") == "é\n\"\\/😀");
    CHECK(value(TypeKind::string, R"("\ud83d")").starts_with("! not JSON: expected a string with escapes that mean"));
    CHECK(value(TypeKind::string, R"("\x")").starts_with("! not JSON"));
    CHECK(value(TypeKind::string, "\"é😀\"") == "é😀");
    CHECK(value(TypeKind::string, "\"a\x01\"").starts_with("! not JSON: a control character in a string at byte 7"));
    CHECK(value(TypeKind::string, "\"\xc3\"").starts_with("! not JSON: the text is not UTF-8 at byte 6"));
    CHECK(value(TypeKind::string, "\"\xed\xa0\x80\"").starts_with("! not JSON: the text is not UTF-8"));
  }

  TEST_CASE("JSON: bytes and times") {
    CHECK(value(TypeKind::bytes, "\"AQI=\"") == "0x0102");
    CHECK(value(TypeKind::bytes, "\"\"") == "0x");
    CHECK(value(TypeKind::bytes, "\"AQ\"").starts_with("! field A: expected BYTES, found \"AQ\""));
    CHECK(value(TypeKind::bytes, "1").starts_with("! field A"));
    CHECK(value(TypeKind::date, "10") == "1970-01-11");
    CHECK(value(TypeKind::date, "-10") == "1969-12-22");
    CHECK(value(TypeKind::date, "\"10\"") == "1970-01-11");
    CHECK(value(TypeKind::date, "\"2024-02-29\"") == "2024-02-29");
    CHECK(value(TypeKind::date, "\"2024-02-30\"").starts_with("! field A: expected DATE"));
    CHECK(value(TypeKind::time, "5000") == "00:00:05");
    CHECK(value(TypeKind::time, "86399999") == "23:59:59.999");
    CHECK(value(TypeKind::time, "86400000").starts_with("! field A: expected TIME"));
    CHECK(value(TypeKind::time, "-1").starts_with("! field A"));
    CHECK(value(TypeKind::timestamp, "10") == "1970-01-01T00:00:00.010");
    CHECK(value(TypeKind::timestamp, "\"10\"") == "1970-01-01T00:00:00.010");
    CHECK(value(TypeKind::timestamp, "-1") == "1969-12-31T23:59:59.999");
    CHECK(value(TypeKind::timestamp, "\"2024-02-29T01:02:03Z\"") == "2024-02-29T01:02:03.000");
    CHECK(value(TypeKind::timestamp, "9223372036854776").starts_with("! field A: expected TIMESTAMP"));
  }

  TEST_CASE("JSON: arrays, maps and structures") {
    Type ints = Type::array(TypeKind::int32), map = Type::map(TypeKind::string, TypeKind::int32);
    Type record = Type::structure({{"F", TypeKind::int32}, {"G", Type::array(TypeKind::string)}});
    CHECK(value(ints, "[1, 2,null,\"4\"]") == "[1,2,null,4]");
    CHECK(value(ints, "[]") == "[]");
    CHECK(value(ints, "null") == "null");
    CHECK(value(ints, "[1,]").starts_with("! not JSON: expected a value at byte 8, found ]"));
    CHECK(value(ints, "[1 2]").starts_with("! not JSON: expected , or ] at byte 8, found 2"));
    CHECK(value(ints, "[1,[2]]").starts_with("! field A[2]: expected INTEGER, found an array"));
    CHECK(value(ints, "{}").starts_with("! field A: expected ARRAY<INTEGER>, found an object"));
    CHECK(value(map, R"({"x":1,"y":null,"\u0041":3})") == R"({"x":1,"y":null,"A":3})");
    CHECK(value(map, R"({"x":1,"y":2,"x":3})") == R"({"y":2,"x":3})");
    CHECK(value(map, R"({"x":"y"})").starts_with("! field A['x']: expected INTEGER, found \"y\" at byte 10"));
    CHECK(value(record, R"({"f":1,"G":["a"]})") == R"({"F":1,"G":["a"]})");
    CHECK(value(record, "{}") == R"({"F":null,"G":null})");
    CHECK(value(record, R"({"F":1,"G":["a",{"x" : 1}]})") == R"({"F":1,"G":["a","{\"x\":1}"]})");
    CHECK(value(record, R"({"F":true})").starts_with("! field A.F: expected INTEGER, found true"));
    Type deep = Type::array(Type::structure({{"M", Type::map(TypeKind::string, record)}}));
    CHECK(value(deep, R"([{"M":{"k":{"F":7,"G":[]}}},null,{}])") == R"([{"M":{"k":{"F":7,"G":[]}}},null,{"M":null}])");
    CHECK(value(deep, R"([{"M":{"k":{"F":"x"}}}])").starts_with("! field A[1].M['k'].F: expected INTEGER"));
  }

  TEST_CASE("JSON: a name matches exactly, or else in upper case") {
    std::vector<Field> fields = {{"ID", TypeKind::int32}, {"name", TypeKind::string}};
    CHECK(read(fields, R"({"id":1,"name":"x"})") == "1 x");
    CHECK(read(fields, R"({"Id":1,"NAME":"x"})") == "1 null");
    CHECK(read(fields, R"({"ID":1,"id":2})") == "1 null");
    CHECK(read(fields, R"({"id":2,"ID":1})") == "1 null");
    CHECK(read(fields, R"({"id":2,"Id":3})") == "3 null");
    CHECK(read(fields, R"({"ID":1,"ID":2})") == "2 null");
    CHECK(read(fields, R"({"\u0049D":4})") == "4 null");
    CHECK(read(fields, R"({"IDX":4,"I":5,"":6})") == "null null");
    CHECK(read({{"foo", TypeKind::int32}, {"FOO", TypeKind::int32}}, R"({"foo":1})") == "1 1");
    CHECK(read({{"foo", TypeKind::int32}, {"FOO", TypeKind::int32}}, R"({"FOO":2,"foo":1})") == "1 2");
    CHECK(read({{"ÄB", TypeKind::int32}}, R"({"Äb":1,"äb":2})") == "1");
    CHECK(read({}, R"({"a":1})") == "");
  }

  TEST_CASE("JSON: what no column asks for is passed over") {
    std::vector<Field> fields = {{"B", TypeKind::int32}};
    CHECK(read(fields, R"({"a":{"B":[1,{"B":2}]},"b":3,"c":["]"]})") == "3");
    CHECK(read(fields, R"({"a":"}","b":3})") == "3");
    CHECK(read(fields, R"({"a":-1.5e-3,"b":3,"c":null,"d":true})") == "3");
  }

  TEST_CASE("JSON: what is no JSON, or no object, is said with its place") {
    std::vector<Field> fields = {{"A", TypeKind::int32}};
    CHECK(read(fields, "") == "! not JSON: the text is empty");
    CHECK(read(fields, "  ") == "! not JSON: the text is empty");
    CHECK(read(fields, "{") == "! not JSON: expected a name in quotes at byte 1, found the end");
    CHECK(read(fields, R"({"A")") == "! not JSON: expected : at byte 4, found the end");
    CHECK(read(fields, R"({"A":)") == "! not JSON: expected a value at byte 5, found the end");
    CHECK(read(fields, R"({"A":1)") == "! not JSON: expected , or } at byte 6, found the end");
    CHECK(read(fields, R"({"A":1]})") == "! not JSON: expected , or } at byte 6, found ]");
    CHECK(read(fields, R"({"A":1,})") == "! not JSON: expected a name in quotes at byte 7, found }");
    CHECK(read(fields, R"({"A":1}})") == "! not JSON: expected the end at byte 7, found }");
    CHECK(read(fields, R"({"A":1} x)") == "! not JSON: expected the end at byte 8, found x");
    CHECK(read(fields, R"({"A":1x})") == "! not JSON: expected a value at byte 5, found 1x");
    CHECK(read(fields, R"({"A":"x)") == "! not JSON: the string at byte 5 does not end");
    CHECK(read(fields, R"({"B":[)") == "! not JSON: expected a closing bracket at byte 6, found the end");
    CHECK(read(fields, "[1]") == "! expected an object, found an array at byte 0");
    CHECK(read(fields, "17") == "! expected an object, found 17 at byte 0");
    CHECK(read(fields, "null") == "null");
    CHECK(read(fields, "nullx") == "! expected an object, found nullx at byte 0");
    CHECK(read(fields, R"({"A":")" + std::string(60, 'x') + "\"}") ==
          "! field A: expected INTEGER, found \"" + std::string(39, 'x') + "… at byte 5");
  }

  TEST_CASE("JSON: a bare value stands for its only field") {
    CHECK(read({{"A", TypeKind::int32}}, "17", false) == "17");
    CHECK(read({{"A", TypeKind::int32}}, " 17\n", false) == "17");
    CHECK(read({{"A", TypeKind::string}}, "\"x\"", false) == "x");
    CHECK(read({{"A", TypeKind::string}}, "10", false) == "10");
    CHECK(read({{"A", TypeKind::int32}}, "null", false) == "null");
    CHECK(read({{"A", TypeKind::int32}}, "\"x\"", false) == "! expected INTEGER, found \"x\" at byte 0");
    CHECK(read({{"A", TypeKind::int32}}, "17 18", false) == "! not JSON: expected the end at byte 3, found 18");
    CHECK(read({{"A", Type::array(TypeKind::string)}}, "[1,\"b\"]", false) == R"(["1","b"])");
    CHECK(read({{"A", Type::structure({{"F", TypeKind::string}})}}, R"({"f":"bar"})", false) == R"({"F":"bar"})");
    CHECK(read({{"A", TypeKind::int32}, {"B", TypeKind::int32}}, R"({"A":1,"B":2})", false) == "1 2");
  }

  TEST_CASE("JSON: a failed row leaves the ones around it as they are, in lists too") {
    std::vector<Field> fields = {{"A", Type::array(TypeKind::int32)},
                                 {"S", Type::structure({{"M", Type::map(TypeKind::string, TypeKind::string)}})},
                                 {"B", TypeKind::int32}};
    JsonDecoder decoder({.format = "JSON", .fields = fields});
    PaddedTexts texts =
        samples::padded({R"({"A":[1,2],"S":{"M":{"a":"b"}},"B":1})", R"({"A":[3,4],"S":{"M":{"c":"d"}},"B":"x"})",
                         R"({"A":[5,{}]})", R"({"A":[6],"S":{"M":{"e":"f"}},"B":2})", "x"});
    texts.add_null();
    texts.add(R"({"A":[],"S":null,"B":3})");
    samples::Decoded decoded = samples::decode(decoder, fields, texts);
    REQUIRE(decoded.failures.size() == 3);
    CHECK(decoded.failures[0].row == 1);
    CHECK(decoded.failures[1].row == 2);
    CHECK(decoded.failures[2].row == 4);
    auto row = [&](std::uint32_t i) {
      std::string text;
      for (std::size_t f = 0; f < fields.size(); ++f) text += text_of(decoded.at(f, i), fields[f].type) + " ";
      return text;
    };
    CHECK(row(0) == R"([1,2] {"M":{"a":"b"}} 1 )");
    for (std::uint32_t i : {1u, 2u, 4u, 5u}) CHECK(row(i) == "null null null ");
    CHECK(row(3) == R"([6] {"M":{"e":"f"}} 2 )");
    CHECK(row(6) == "[] null 3 ");
    CHECK(decoded.columns[0]->child(0).size() == 3);
  }

  TEST_CASE("JSON: very deep and very long texts") {
    std::vector<Field> fields = {{"A", TypeKind::string}, {"B", TypeKind::int32}};
    std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    CHECK(read(fields, "{\"x\":" + deep + ",\"B\":1}") == "null 1");
    CHECK(read(fields, "{\"A\":" + deep + "}").starts_with("! not JSON"));
    std::string longer(300'000, 'x');
    CHECK(read(fields, "{\"A\":\"" + longer + "\",\"B\":2}") == longer + " 2");
    std::string many = "{\"B\":7";
    for (int i = 0; i < 5000; ++i) many += ",\"m" + std::to_string(i) + "\":\"" + std::to_string(i) + "\"";
    CHECK(read(fields, many + "}") == "null 7");
  }
}

}  // namespace levada
