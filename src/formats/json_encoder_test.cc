#include <doctest/doctest.h>

#include "formats/format_samples.h"
#include "formats/json.h"
#include "formats/json_string.h"

namespace levada {
namespace {

using namespace std::string_literals;

std::string write(const std::vector<Field>& fields, ValueList row, bool wrap_single = true) {
  FormatSpec spec{.format = "JSON", .fields = fields, .wrap_single = wrap_single};
  Texts texts;
  RowFailures failures;
  make_json_encoder(spec)->encode(samples::columns_of(fields, {row}), Rows::all(1), texts, failures);
  if (!failures.empty()) return "! " + failures[0].why + " [" + std::string(texts[0]) + "]";
  return std::string(texts[0]);
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("JSON: members in the order of the fields, nulls written, no blanks") {
    std::vector<Field> fields = {{"B", TypeKind::int32}, {"a \"b\"\n", TypeKind::string}, {"C", TypeKind::boolean}};
    CHECK(write(fields, {std::int64_t{1}, "x"s, true}) == R"({"B":1,"a \"b\"\n":"x","C":true})");
    CHECK(write(fields, {Value(), Value(), Value()}) == R"({"B":null,"a \"b\"\n":null,"C":null})");
    CHECK(write({}, {}) == "{}");
    CHECK(write({{"A_NAME_OF_MORE_THAN_THIRTY_TWO_BYTES_IN_ALL", TypeKind::int64}}, {std::int64_t{-5}}) ==
          R"({"A_NAME_OF_MORE_THAN_THIRTY_TWO_BYTES_IN_ALL":-5})");
  }

  TEST_CASE("JSON: a bare value") {
    CHECK(write({{"A", TypeKind::int32}}, {std::int64_t{17}}, false) == "17");
    CHECK(write({{"A", TypeKind::string}}, {"x"s}, false) == "\"x\"");
    CHECK(write({{"A", TypeKind::string}}, {Value()}, false) == "null");
    CHECK(write({{"A", Type::structure({{"F", TypeKind::int32}})}}, {ValueList{std::int64_t{1}}}, false) ==
          R"({"F":1})");
    CHECK(write({{"A", TypeKind::int32}, {"B", TypeKind::int32}}, {std::int64_t{1}, std::int64_t{2}}, false) ==
          R"({"A":1,"B":2})");
  }

  TEST_CASE("JSON: numbers as ksqlDB writes them") {
    auto number = [](Type type, Value v) { return write({{"A", type}}, {v}, false); };
    CHECK(number(TypeKind::float64, 1.0) == "1.0");
    CHECK(number(TypeKind::float64, 1e10) == "1.0E10");
    CHECK(number(TypeKind::float64, -0.0) == "-0.0");
    CHECK(number(TypeKind::float64, NAN) == "\"NaN\"");
    CHECK(number(TypeKind::float64, INFINITY) == "\"Infinity\"");
    CHECK(number(TypeKind::float64, -INFINITY) == "\"-Infinity\"");
    CHECK(number(Type::decimal(6, 4), Int128(100000)) == "10.0000");
    CHECK(number(Type::decimal(38, 0), power_of_ten[38] - 1) == std::string(38, '9'));
    CHECK(number(Type::decimal(38, 38), 1 - power_of_ten[38]) == "-0." + std::string(38, '9'));
    CHECK(number(TypeKind::timestamp, std::int64_t{-1}) == "-1");
    CHECK(number(TypeKind::timestamp, std::int64_t{1'999}) == "1");
    CHECK(number(TypeKind::time, std::int64_t{5'000'000}) == "5000");
    CHECK(number(TypeKind::date, std::int64_t{-10}) == "-10");
    CHECK(number(TypeKind::bytes, "\x01\x02"s) == "\"AQI=\"");
  }

  TEST_CASE("JSON: strings are escaped where they must be, at every place of every length") {
    for (std::size_t size = 0; size < 70; ++size)
      for (std::size_t at = 0; at < size; ++at)
        for (char c : {'"', '\\', '\n', '\x01', '\x1f', ' ', '\x7f', '\xe9'}) {
          std::string text(size, 'a');
          text[at] = c;
          std::string escaped = c == '"'      ? "\\\""
                                : c == '\\'   ? "\\\\"
                                : c == '\n'   ? "\\n"
                                : c == '\x01' ? "\\u0001"
                                : c == '\x1f' ? "\\u001F"
                                              : std::string(1, c);
          std::string expected = "\"" + text.substr(0, at) + escaped + text.substr(at + 1) + "\"";
          std::vector<char> source(size + 16, '"'), target(json_string_room(size));
          std::memcpy(source.data(), text.data(), size);
          const char* end = put_json_string(target.data(), {source.data(), size});
          CHECK(std::string_view(target.data(), end) == expected);
        }
    std::string all, expected = "\"";
    all.assign(16, '\0');
    for (int i = 0; i < 16; ++i) expected += "\\u0000";
    std::vector<char> source(32), target(json_string_room(16));
    CHECK(std::string_view(target.data(), put_json_string(target.data(), {source.data(), 16})) == expected + "\"");
    CHECK(write({{"A", TypeKind::string}}, {"\b\f\r\t/"s}, false) == R"("\b\f\r\t/")");
  }

  TEST_CASE("JSON: a null key in a map fails its row alone") {
    Type map = Type::map(TypeKind::string, TypeKind::int32);
    std::vector<Field> fields = {{"M", map}, {"N", map}, {"B", TypeKind::int32}};
    Columns columns = samples::columns_of(
        fields, {{ValueList{"a"s, std::int64_t{1}}, Value(), std::int64_t{1}},
                 {ValueList{Value(), std::int64_t{1}}, ValueList{Value(), Value()}, std::int64_t{2}},
                 {ValueList{}, ValueList{"b"s, Value()}, std::int64_t{3}}});
    Texts texts;
    RowFailures failures;
    make_json_encoder({.format = "JSON", .fields = fields})->encode(columns, Rows::all(3), texts, failures);
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].row == 1);
    CHECK(failures[0].why == "field M: JSON has no null keys in a map");
    CHECK(texts[0] == R"({"M":{"a":1},"N":null,"B":1})");
    CHECK(texts[1].empty());
    CHECK(texts[2] == R"({"M":{},"N":{"b":null},"B":3})");
  }

  TEST_CASE("JSON: texts are appended, for the rows that are asked for") {
    std::vector<Field> fields = {{"A", TypeKind::int32}, {"B", TypeKind::string}};
    std::vector<ValueList> rows;
    for (int i = 0; i < 300; ++i)
      rows.push_back({std::int64_t{i}, i % 7 == 0 ? Value() : Value(std::string(static_cast<std::size_t>(i), 'x'))});
    Columns columns = samples::columns_of(fields, rows);
    auto encoder = make_json_encoder({.format = "JSON", .fields = fields});
    Texts texts;
    RowFailures failures;
    std::vector<std::uint32_t> odd;
    for (std::uint32_t i = 1; i < 300; i += 2) odd.push_back(i);
    encoder->encode(columns, Rows::all(300), texts, failures);
    encoder->encode(columns, Rows(odd), texts, failures);
    REQUIRE(texts.size() == 450);
    auto expected = [&](std::uint32_t i) {
      return "{\"A\":" + std::to_string(i) + ",\"B\":" + (i % 7 == 0 ? "null" : "\"" + std::string(i, 'x') + "\"") +
             "}";
    };
    for (std::uint32_t i = 0; i < 300; ++i) CHECK(texts[i] == expected(i));
    for (std::uint32_t i = 0; i < 150; ++i) CHECK(texts[300 + i] == expected(2 * i + 1));
  }
}

}  // namespace levada
