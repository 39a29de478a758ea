#include "formats/delimited.h"

#include <doctest/doctest.h>

#include "formats/format_samples.h"

namespace levada {
namespace {

using namespace std::string_literals;

std::string read(const std::vector<Field>& fields, std::string_view text, std::string delimiter = ",") {
  FormatSpec spec{.format = "DELIMITED", .fields = fields, .delimiter = std::move(delimiter)};
  auto decoder = make_delimited_decoder(spec);
  samples::Decoded decoded = samples::decode(*decoder, fields, samples::padded({text}));
  if (!decoded.failures.empty()) {
    for (std::size_t i = 0; i < fields.size(); ++i) CHECK(decoded.columns[i]->is_null(0));
    return "! " + decoded.failures[0].why;
  }
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) row += (i > 0 ? "|" : "") + text_of(decoded.at(i, 0), fields[i].type);
  return row;
}

std::string write(const std::vector<Field>& fields, const ValueList& row, std::string delimiter = ",") {
  Texts texts;
  RowFailures failures;
  FormatSpec spec{.format = "DELIMITED", .fields = fields, .delimiter = std::move(delimiter)};
  make_delimited_encoder(spec)->encode(samples::columns_of(fields, {row}), Rows::all(1), texts, failures);
  CHECK(failures.empty());
  return std::string(texts[0]);
}

const std::vector<Field> one = {{"A", TypeKind::string}};
const std::vector<Field> two = {{"A", TypeKind::string}, {"B", TypeKind::string}};

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("DELIMITED: a delimiter is one printable character of ASCII, SPACE or TAB") {
    CHECK(*delimiter_byte(",") == ',');
    CHECK(*delimiter_byte("SPACE") == ' ');
    CHECK(*delimiter_byte("TAB") == '\t');
    for (std::string_view bad : {"", " ", "\t", "<~>", "\"", "\n", "€", "\xff"})
      CHECK(!delimiter_byte(bad).has_value());
    CHECK(delimiter_byte(" ").error().remedy().find("SPACE") != std::string::npos);
    CHECK(!check_delimited({.format = "DELIMITED", .fields = one, .delimiter = "--"}).has_value());
  }

  TEST_CASE("DELIMITED: fields are parted, quotes taken off") {
    CHECK(read(two, "a,b") == "a|b");
    CHECK(read(two, "foo,bar;baz", ";") == "foo,bar|baz");
    CHECK(read(two, "a b", "SPACE") == "a|b");
    CHECK(read(two, "a\tb", "TAB") == "a|b");
    CHECK(read(two, "\"a,b\",\"c\"\"d\"") == "a,b|c\"d");
    CHECK(read(two, "\"\"\"\",\"\"\"x\"\"\"") == "\"|\"x\"");
    CHECK(read(two, "\"a\nb\",c") == "a\nb|c");
    CHECK(read(two, "\"a\"  ,b") == "a|b");
    CHECK(read(two, "a\"b,c\"") == "a\"b|c\"");
    CHECK(read(two, " a , b ") == " a | b ");
    CHECK(read(two, "a,") == "a|null");
    CHECK(read(two, ",") == "null|null");
    CHECK(read(two, "\"\",b") == "null|b");
    CHECK(read(two, "a,b\r\n") == "a|b");
    CHECK(read(two, "\n\na,b\n\n") == "a|b");
    CHECK(read(one, "") == "null");
    CHECK(read(one, "ünïcödé€") == "ünïcödé€");
    std::string longer(1000, 'x');
    CHECK(read(two, longer + "," + longer) == longer + "|" + longer);
  }

  TEST_CASE("DELIMITED: what is no row says why") {
    CHECK(read(two, "a") == "! expected 2 fields, found 1");
    CHECK(read(two, "") == "! expected 2 fields, found 1");
    CHECK(read(two, "a,b,c") == "! expected 2 fields, found 3");
    CHECK(read(two, "a,\"b") == "! a quote at byte 2 is not closed");
    CHECK(read(two, "\"a\"b,c") == "! expected the delimiter behind a closing quote at byte 3");
    CHECK(read(two, "a,b\nc,d") == "! expected one row, found another at byte 4");
    CHECK(read(two, "a,\xff") == "! the text is not UTF-8 at byte 2");
    CHECK(read(two, "a,\"\xc3\"") == "! the text is not UTF-8 at byte 3");
  }

  TEST_CASE("DELIMITED: types are read as ksqlDB reads them") {
    auto value = [](Type type, std::string_view text) { return read({{"A", type}}, text); };
    CHECK(value(TypeKind::int32, "-7") == "-7");
    CHECK(value(TypeKind::int32, "\"22\"") == "22");
    CHECK(value(TypeKind::int32, "007") == "7");
    CHECK(value(TypeKind::int32, "+7") == "7");
    CHECK(value(TypeKind::int32, "2147483648") == "! field A: expected INTEGER, found 2147483648 at byte 0");
    CHECK(value(TypeKind::int32, "1.0") == "! field A: expected INTEGER, found 1.0 at byte 0");
    CHECK(value(TypeKind::int32, " 1") == "! field A: expected INTEGER, found  1 at byte 0");
    CHECK(value(TypeKind::int64, "998877665544332211") == "998877665544332211");
    CHECK(value(TypeKind::float64, "\"123.456\"") == "123.456");
    CHECK(value(TypeKind::float64, "1e3") == "1000.0");
    CHECK(value(TypeKind::float64, "NaN") == "NaN");
    CHECK(value(Type::decimal(33, 16), ".12") == "0.1200000000000000");
    CHECK(value(Type::decimal(33, 16), "12345678987654321.2345678987654321") == "12345678987654321.2345678987654321");
    CHECK(value(Type::decimal(4, 2), "1.234").starts_with("! field A: expected DECIMAL(4, 2), found 1.234"));
    CHECK(value(TypeKind::boolean, "TRUE") == "true");
    CHECK(value(TypeKind::boolean, "false") == "false");
    CHECK(value(TypeKind::boolean, "yes").starts_with("! field A: expected BOOLEAN, found yes"));
    CHECK(value(TypeKind::bytes, "dmFy") == "0x766172");
    CHECK(value(TypeKind::bytes, "dmF").starts_with("! field A"));
    CHECK(value(TypeKind::date, "10") == "1970-01-11");
    CHECK(value(TypeKind::date, "2024-02-29") == "2024-02-29");
    CHECK(value(TypeKind::time, "10") == "00:00:00.010");
    CHECK(value(TypeKind::timestamp, "1589234313000") == "2020-05-11T21:58:33.000");
    CHECK(read({{"A", TypeKind::string}, {"B", TypeKind::int32}}, "\"x\"\"y\",z") ==
          "! field B: expected INTEGER, found z at byte 7");
  }

  TEST_CASE("DELIMITED: quotes are written where ksqlDB writes them") {
    CHECK(write(two, {"a"s, "b"s}) == "a,b");
    CHECK(write(two, {"a,b"s, "c"s}) == "\"a,b\",c");
    CHECK(write(two, {"a,b"s, "c"s}, ";") == "a,b;c");
    CHECK(write(two, {"c"s, "say \"x\""s}) == "c,\"say \"\"x\"\"\"");
    CHECK(write(two, {"a"s, "b\r"s}) == "a,\"b\r\"");
    CHECK(write(two, {"a"s, "x\ny"s}) == "a,\"x\ny\"");
    CHECK(write(two, {Value(), Value()}) == ",");
    CHECK(write(two, {""s, ""s}) == "\"\",");
    CHECK(write(two, {"!"s, "!"s}) == "\"!\",\"!\"");
    CHECK(write(two, {"#"s, "#"s}) == "\"#\",\"#\"");
    CHECK(write(two, {"-x"s, "-x"s}) == "\"-x\",-x");
    CHECK(write(two, {"ü"s, "ü"s}) == "\"ü\",ü");
    CHECK(write(two, {"a "s, "b "s}) == "\"a \",\"b \"");
    CHECK(write(two, {"sixteen and more, "s, "b"s}) == "\"sixteen and more, \",b");
    CHECK(write({{"A", TypeKind::int32}, {"B", TypeKind::int32}}, {std::int64_t{-1}, std::int64_t{-1}}) == "\"-1\",-1");
    CHECK(write({{"A", TypeKind::int32}, {"B", TypeKind::int32}}, {std::int64_t{1}, std::int64_t{-1}}, "-") ==
          "1-\"-1\"");
    CHECK(write({{"A", TypeKind::float64}, {"B", TypeKind::boolean}}, {1e10, true}) == "1.0E10,true");
    CHECK(write({{"A", Type::decimal(6, 4)}}, {Int128(120000)}) == "12.0000");
    CHECK(write({{"A", TypeKind::bytes}}, {"\xff\xff"s}) == "\"//8=\"");
    CHECK(write({{"A", TypeKind::date}}, {std::int64_t{-10}}) == "\"-10\"");
    CHECK(write({{"A", TypeKind::timestamp}}, {std::int64_t{10'000}}) == "10");
  }

  TEST_CASE("DELIMITED: many rows are written as each of them alone") {
    std::vector<Field> fields = {{"A", TypeKind::int64}, {"B", TypeKind::string}, {"C", TypeKind::float64}};
    std::vector<ValueList> rows;
    for (int i = 0; i < 200; ++i)
      rows.push_back({i % 7 == 0 ? Value() : Value(std::int64_t{50 - i}),
                      i % 5 == 0 ? Value() : Value(std::string(static_cast<std::size_t>(i), i % 3 == 0 ? '"' : 'x')),
                      i % 11 == 0 ? Value() : Value(i / 4.0)});
    Texts texts;
    RowFailures failures;
    FormatSpec spec{.format = "DELIMITED", .fields = fields};
    std::vector<std::uint32_t> every_second;
    for (std::uint32_t i = 1; i < 200; i += 2) every_second.push_back(i);
    make_delimited_encoder(spec)->encode(samples::columns_of(fields, rows), Rows(every_second), texts, failures);
    REQUIRE(texts.size() == 100);
    for (std::size_t i = 0; i < 100; ++i) CHECK(texts[i] == write(fields, rows[2 * i + 1]));
  }
}

}  // namespace levada
