#include "base/json.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

namespace levada {
namespace {

std::string again(std::string_view text) {
  auto json = Json::parse(text);
  return json ? json->text() : json.error().line();
}

std::string wrong(std::string_view text) {
  auto json = Json::parse(text);
  if (json) return "valid: " + json->text();
  CHECK(json.error().kind() == ErrorKind::data);
  CHECK(json.error().what().starts_with("not valid JSON: "));
  return json.error().where();
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("JSON comes back as it was, without blanks") {
    for (std::string_view text : {
             "null",
             "true",
             "false",
             "0",
             "-0",
             "\"\"",
             "[]",
             "{}",
             "[[],{},[{}]]",
             R"({"b":1,"a":[true,null,"x"],"":{"c":-1.5e-7}})",
             R"({"a":1,"a":2})",
             R"("\"\\/ \n\r\t\b\f\u0001 ü 漢 😀")",
         })
      CHECK(again(text) == text);
    CHECK(again(" {\r\n \"a\" : [ 1 ,\t2 ] } \n") == R"({"a":[1,2]})");
    CHECK(again(R"("\u00fc\ud83d\ude00\/")") == "\"ü😀/\"");
  }

  TEST_CASE("numbers stay as they were written, however long or big") {
    for (std::string_view text : {
             "12345678901234567890123456789012345678.90",
             "0.1000000000000000055511151231257827021181583404541015625",
             "-9223372036854775808",
             "18446744073709551616",
             "1E+2",
             "1e400",
             "-1e-400",
         }) {
      CHECK(again(text) == text);
      CHECK(again("[" + std::string(text) + ",1]") == "[" + std::string(text) + ",1]");
    }
  }

  TEST_CASE("what is no number is refused") {
    for (std::string_view text : {"01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x10", "NaN", "Infinity", "1_000",
                                  "--1", "1.2.3", "-01"}) {
      CHECK(wrong(text).substr(0, 6) != "valid:");
      CHECK(wrong("[" + std::string(text) + "]").substr(0, 6) != "valid:");
    }
  }

  TEST_CASE("what is no JSON is refused") {
    for (std::string_view text : {
             "",
             " \n ",
             "nul",
             "nulll",
             "truefalse",
             "True",
             "'a'",
             "\"a",
             "\"\\x\"",
             "\"\\u12\"",
             "\"\\ud800\"",
             "\"a\nb\"",
             "\"\x01\"",
             "\"\xff\"",
             "[",
             "]",
             "[1,]",
             "[,1]",
             "[1 2]",
             "[1}",
             "{",
             "{\"a\"}",
             "{\"a\":}",
             "{\"a\":1,}",
             "{a:1}",
             "{1:1}",
             "{\"a\" 1}",
             "{\"a\":1 \"b\":2}",
             "{\"a\":1]",
             "[1][2]",
             "1 2",
             "12 12",
             "\"a\" \"b\"",
             "{} x",
             "null,",
             "[1] ,",
             "// comment\n1",
         }) {
      CAPTURE(text);
      CHECK(wrong(text).substr(0, 6) != "valid:");
    }
  }

  TEST_CASE("an error names line and column") {
    CHECK(wrong("{\n  \"a\": 1,\n  \"b\": nope\n}") == "line 3, column 8");
    CHECK(wrong("[1, x]") == "line 1, column 5");
    CHECK(wrong("[1,\n2") == "line 2, column 2");
    CHECK(wrong("[1] 2") == "line 1, column 5");
  }

  TEST_CASE("512 levels are read, many more are refused, not crashed on") {
    auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    CHECK(again(nested(512)) == nested(512));
    CHECK(wrong(nested(600)).substr(0, 6) != "valid:");
    CHECK(wrong(nested(100'000)).substr(0, 6) != "valid:");
    CHECK(wrong(std::string(100'000, '[')).substr(0, 6) != "valid:");
  }

  TEST_CASE("integers and reals are taken out only where they fit") {
    auto number = [](std::string text) { return Json(JsonNumber{std::move(text)}); };
    CHECK(number("9223372036854775807").integer() == INT64_MAX);
    CHECK_FALSE(number("9223372036854775808").integer());
    CHECK_FALSE(number("1.0").integer());
    CHECK_FALSE(Json("1").integer());
    CHECK(number("1.5").real() == 1.5);
    CHECK(number("-0").real() == 0.0);
    CHECK_FALSE(number("1e400").real());
    CHECK_FALSE(Json("1.5").real());
  }

  TEST_CASE("C++ values become the JSON one expects") {
    CHECK(Json(nullptr).text() == "null");
    CHECK(Json(1.5).text() == "1.5");
    CHECK(Json(0.1).text() == "0.1");
    CHECK(Json(std::numeric_limits<double>::infinity()).text() == "\"Infinity\"");
    CHECK(Json(-std::numeric_limits<double>::infinity()).text() == "\"-Infinity\"");
    CHECK(Json(std::numeric_limits<double>::quiet_NaN()).text() == "\"NaN\"");
    CHECK(Json(UINT64_MAX).text() == "18446744073709551615");
    CHECK(Json("a\"b\\c\x7f\x1f").text() == "\"a\\\"b\\\\c\x7f\\u001f\"");
    CHECK(Json(std::string("\0", 1)).text() == "\"\\u0000\"");
  }

  TEST_CASE("objects keep their order, set replaces, add appends") {
    Json json;
    json.set("b", 1).set("a", Json().add(1).add("x")).set("b", 2);
    CHECK(json.text() == R"({"b":2,"a":[1,"x"]})");
    REQUIRE(json.find("a"));
    CHECK(json.find("a")->array()->size() == 2);
    CHECK(json.find("c") == nullptr);
    CHECK(Json("no object").find("c") == nullptr);
    CHECK(json.text_of("b") == "");
    CHECK(Json().set("t", "text").text_of("t") == "text");
    CHECK(json == *Json::parse(json.pretty()));
  }

  TEST_CASE("the form for people has two blanks a level") {
    CHECK(Json::parse(R"({"a":[1,{"b":null}],"c":[],"d":{}})")->pretty() ==
          "{\n"
          "  \"a\": [\n"
          "    1,\n"
          "    {\n"
          "      \"b\": null\n"
          "    }\n"
          "  ],\n"
          "  \"c\": [],\n"
          "  \"d\": {}\n"
          "}");
  }
}

}  // namespace levada
