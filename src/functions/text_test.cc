// Text, bytes, JSON, URLs, numbers and times where they are easily got wrong: beyond ASCII, beyond the ends, nothing at
// all.
#include <doctest/doctest.h>

#include <string>

#include "functions/characters.h"
#include "functions/example_reader.h"
#include "functions/md5.h"

namespace levada {
namespace {

void check_values(std::initializer_list<std::pair<const char*, const char*>> cases) {
  for (auto [call, value] : cases) {
    CAPTURE(std::string(call));
    CHECK(value_of_example(call) == std::string(value));
  }
}
void check_failures(std::initializer_list<const char*> cases) {
  for (const char* call : cases) {
    CAPTURE(std::string(call));
    CHECK(value_of_example(call).starts_with("failed: "));
  }
}

TEST_SUITE("functions") {
  TEST_CASE("characters are found in UTF-8, and broken bytes count one each") {
    std::string_view text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    CHECK(count_characters(text) == 5);
    CHECK(character_at(text, 2) == 3);
    CHECK(character_at(text, 9) == text.size());
    CHECK(previous_character(text, text.size() - 1) == 6);
    CHECK(count_characters("\xff\x80\xc3") == 3);
    CHECK(count_characters("") == 0);
    for (char32_t c : {U'a', U'\u00e4', U'\u20ac', U'\U0001f600', U'\U0010ffff'}) {
      char buffer[4];
      auto size = static_cast<std::size_t>(put_character(buffer, c) - buffer);
      CHECK(character_size({buffer, size}, 0) == size);
    }
  }

  TEST_CASE("parts of text count characters, also beyond the ends") {
    check_values({{"SUBSTRING('some_string', 6)", "string"},
                  {"SUBSTRING('short', 6)", ""},
                  {"SUBSTRING('short', 60)", ""},
                  {"SUBSTRING('short', 0, 2)", "sh"},
                  {"SUBSTRING('short', 1, 0)", ""},
                  {"SUBSTRING('short', 2, -1)", ""},
                  {"SUBSTRING('short', 2, 2147483647)", "hort"},
                  {"SUBSTRING('short', CAST(-2147483648 AS INT))", "short"},
                  {"SUBSTRING('short', -3, 2)", "or"},
                  {"SUBSTRING('äöü€😀', 2, 3)", "öü€"},
                  {"SUBSTRING('äöü€😀', -2)", "€😀"},
                  {"SUBSTRING('abc', NULL)", "null"},
                  {"SUBSTRING(TO_BYTES('äb', 'utf8'), 2)", "0xa462"},
                  {"LEN('äöü€😀')", "5"},
                  {"LEN('')", "0"}});
  }

  TEST_CASE("padding fills with whole and cut copies") {
    check_values({{"LPAD('foo', 5, 'Bar')", "Bafoo"},
                  {"LPAD('foo', 3, 'x')", "foo"},
                  {"LPAD('foo', 0, 'x')", ""},
                  {"LPAD('foo', -1, 'x')", "null"},
                  {"LPAD('', 7, 'Bar')", "BarBarB"},
                  {"LPAD('x', 4, 'äö')", "äöäx"},
                  {"RPAD('äöü', 2, 'x')", "äö"},
                  {"RPAD('x', 4, 'äö')", "xäöä"},
                  {"LPAD(TO_BYTES('79', 'hex'), 4, TO_BYTES('6E6F', 'hex'))", "0x6e6f6e79"}});
    check_failures({"LPAD('x', 2000000000, 'y')", "RPAD('x', 16000000, '😀😀')"});
  }

  TEST_CASE("searching forwards and backwards") {
    check_values({{"INSTR('corporate floor', 'or', 4)", "5"},
                  {"INSTR('corporate floor', 'or', 4, 2)", "14"},
                  {"INSTR('corporate floor', 'or', -4, 2)", "2"},
                  {"INSTR('corporate floor', 'or', -4, 3)", "0"},
                  {"INSTR('short', 'or', 4)", "0"},
                  {"INSTR('short', 'or', -4, 2)", "0"},
                  {"INSTR('aaa', 'aa', 1, 2)", "2"},
                  {"INSTR('abc', 'a', 0)", "0"},
                  {"INSTR('abc', 'a', 1, 0)", "0"},
                  {"INSTR('abc', 'a', 9)", "0"},
                  {"INSTR('abc', 'a', -9)", "0"},
                  {"INSTR('äöü', 'ü')", "3"},
                  {"INSTR('äöü', 'ä', -3)", "1"},
                  {"REPLACE('aaa', 'aa', 'b')", "ba"},
                  {"REPLACE('aö', '', '-')", "-a-ö-"},
                  {"REPLACE('abc', 'x', 'y')", "abc"},
                  {"REPLACE('abc', 'abc', '')", ""},
                  {"FIELD(NULL, 'a')", "0"},
                  {"ELT(0, 'a')", "null"},
                  {"ELT(NULL, 'a')", "null"},
                  {"ELT(2, 'a', NULL)", "null"}});
  }

  TEST_CASE("letters of all scripts change their case") {
    check_values({{"UCASE('äÖß ŉ ﬁ')", "ÄÖSS ʼN FI"},
                  {"LCASE('ÄÖİ')", "äöi̇"},
                  {"UCASE('')", ""},
                  {"INITCAP('  hello   WORLD  ')", "  Hello   World  "},
                  {"INITCAP('élan VITAL')", "Élan Vital"},
                  {"INITCAP('o''neil x-ray')", "O'neil X-ray"},
                  {"TRIM('')", ""},
                  {"TRIM('   ')", ""},
                  {"CHR(8364)", "€"},
                  {"CHR(99000)", "𘊸"},
                  {"CHR(55296)", "null"},
                  {"CHR(1114112)", "null"},
                  {"CHR('\\ud820\\udeb8')", "𘊸"},
                  {"CHR('\\ud820')", "null"},
                  {"CHR('\\udeb8')", "null"},
                  {"CHR('75')", "null"},
                  {"CHR('')", "null"},
                  {"CHR('\\u00zz')", "null"}});
  }

  TEST_CASE("joining and splitting leave nothing out but nulls") {
    check_values({{"CONCAT(NULL, CAST(NULL AS STRING))", ""},
                  {"CONCAT('a')", "a"},
                  {"CONCAT_WS('', 'a', 'b')", "ab"},
                  {"CONCAT_WS('-', NULL, NULL)", ""},
                  {"CONCAT_WS('-', CAST(NULL AS STRING), NULL, 'x', '', 'y')", "x--y"},
                  {"SPLIT('', '.')", "[\"\"]"},
                  {"SPLIT('..a..', '.')", "[\"\",\"\",\"a\",\"\",\"\"]"},
                  {"SPLIT('äö', '')", "[\"ä\",\"ö\"]"},
                  {"SPLIT('abc', 'abcd')", "[\"abc\"]"},
                  {"SPLIT(TO_BYTES('612E62', 'hex'), TO_BYTES('.', 'utf8'))[2]", "0x62"},
                  {"SPLIT_TO_MAP('apple:green/banana:yellow', '&&', ':')", "{\"apple\":\"green/banana\"}"},
                  {"SPLIT_TO_MAP('a:1//b:2/', '/', ':')", "{\"a\":\"1\",\"b\":\"2\"}"},
                  {"SPLIT_TO_MAP('a:1/b', '/', ':')", "{\"a\":\"1\"}"},
                  {"SPLIT_TO_MAP('a:1/a:2', '/', ':')", "{\"a\":\"2\"}"},
                  {"SPLIT_TO_MAP('a:1', '', ':')", "null"},
                  {"SPLIT_TO_MAP('a:1', '/', '')", "null"},
                  {"SPLIT_TO_MAP('', '/', ':')", "{}"}});
    // Long enough to be copied in several steps.
    CHECK(value_of_example(
              "LEN(CONCAT('0123456789abcdef', '0123456789abcdef0', '0123456789abcdef0123456789abcdef0'))") == "66");
    CHECK(value_of_example(
              "CONCAT('0123456789abcdef', '|', '0123456789abcdef0', '|', '0123456789abcdef0123456789abcdef0', '|')") ==
          "0123456789abcdef|0123456789abcdef0|0123456789abcdef0123456789abcdef0|");
  }

  TEST_CASE("masks know letters, digits and the rest, and any marks") {
    check_values({{"MASK('AbÄ1 😀')", "Xx-n--"},
                  {"MASK('aB1-', 'U', 'l', 'd', 'o')", "lUdo"},
                  {"MASK('aB1-', NULL, NULL, NULL, NULL)", "aB1-"},
                  {"MASK(NULL)", "null"},
                  {"MASK_LEFT('abc', 9)", "xxx"},
                  {"MASK_LEFT('abc', 0)", "abc"},
                  {"MASK_KEEP_RIGHT('a😀c', 2)", "x😀c"},
                  {"MASK_RIGHT('abc', 1, 'X', '*', 'n', '-')", "ab*"}});
    check_failures({"MASK_LEFT('abc', -1)", "MASK('abc', 'XX', 'x', 'n', '-')"});
  }

  TEST_CASE("bytes as text and back, in all forms") {
    check_values({{"ENCODE('Ελλάδα', 'ascii', 'hex')", "3f3f3f3f3f3f"},
                  {"ENCODE('zpXOu867zqzOtM6x', 'base64', 'utf8')", "Ελλάδα"},
                  {"ENCODE('Example!', 'utf8', 'base64')", "RXhhbXBsZSE="},
                  {"LEN(ENCODE('zpU=', 'base64', 'ascii'))", "2"},
                  {"TO_BYTES('0xAbC', 'hex')", "0x0abc"},
                  {"TO_BYTES('X''AB''', 'hex')", "0xab"},
                  {"TO_BYTES('', 'base64')", "0x"},
                  {"TO_BYTES('YQ==', 'BASE64')", "0x61"},
                  {"TO_BYTES('YWJjZA', 'base64')", "0x61626364"},
                  {"FROM_BYTES(TO_BYTES('ff61', 'hex'), 'utf8')",
                   "\xef\xbf\xbd"
                   "a"},
                  {"FROM_BYTES(TO_BYTES('eda080', 'hex'), 'utf8')", "\xef\xbf\xbd"},
                  {"FROM_BYTES(TO_BYTES('1aB2', 'hex'), 'hex')", "1AB2"},
                  {"MD5('')", "d41d8cd98f00b204e9800998ecf8427e"},
                  {"BIGINT_FROM_BYTES(TO_BYTES('00F2052A01000000', 'hex'), 'LITTLE_ENDIAN')", "5000000000"},
                  {"DOUBLE_FROM_BYTES(TO_BYTES('82F5C99BFDA68040', 'hex'), 'LITTLE_ENDIAN')", "532.8738323"}});
    check_failures({"TO_BYTES('xyz', 'hex')", "TO_BYTES('a', 'base64')", "TO_BYTES('!!!!', 'base64')",
                    "TO_BYTES('a', 'utf16')", "ENCODE('a', 'null', 'hex')", "ENCODE('a', 'hex', 'null')",
                    "INT_FROM_BYTES(TO_BYTES('00', 'hex'))", "INT_FROM_BYTES(TO_BYTES('00000000', 'hex'), 'MIDDLE')",
                    "UUID(TO_BYTES('00', 'hex'))"});
  }

  TEST_CASE("MD5 is right at the edges of its blocks") {
    auto hex = [](const std::string& s) {
      std::string out;
      for (unsigned char c : md5(s)) {
        out += "0123456789abcdef"[c >> 4];
        out += "0123456789abcdef"[c & 15];
      }
      return out;
    };
    CHECK(hex(std::string(55, 'a')) == "ef1772b6dff9a122358552954ad0df65");
    CHECK(hex(std::string(56, 'a')) == "3b0c8ac703f828b04c6c197006d17218");
    CHECK(hex(std::string(63, 'a')) == "b06521f39153d618550606be297466d5");
    CHECK(hex(std::string(64, 'a')) == "014842d480b571495a4a0363793f7367");
    CHECK(hex(std::string(119, 'a')) == "8a7bd0732ed6a28ce75f6dabc90e1613");
    CHECK(hex(std::string(1000, 'a')) == "cabe45dcc9ae5b66ba86600cca6b8ba8");
  }

  TEST_CASE("paths into JSON") {
    check_values({{"EXTRACTJSONFIELD('{\"a\":{\"b\":[10,{\"c\":\"x\"}]}}', '$.a.b[1].c')", "x"},
                  {"EXTRACTJSONFIELD('{\"a\":[1,2]}', '$.a')", "[1,2]"},
                  {"EXTRACTJSONFIELD('{\"a\": [ 1 , {\"b\" : \"x y\"} ] }', '$.a')", "[1,{\"b\":\"x y\"}]"},
                  {"EXTRACTJSONFIELD('{\"a\":1.23450}', '$.a')", "1.23450"},
                  {"EXTRACTJSONFIELD('{\"a\":12345678901234567890123}', '$.a')", "12345678901234567890123"},
                  {"EXTRACTJSONFIELD('{\"a\":true}', '$.a')", "true"},
                  {"EXTRACTJSONFIELD('{\"a\":null}', '$.a')", "null"},
                  {"EXTRACTJSONFIELD('{\"a\":1}', '$.b')", "null"},
                  {"EXTRACTJSONFIELD('{\"a\":1}', '$.a.b')", "null"},
                  {"EXTRACTJSONFIELD('{\"a\":[1]}', '$.a[1]')", "null"},
                  {"EXTRACTJSONFIELD('{\"a\":[1]}', '$.a[-1]')", "null"},
                  {"EXTRACTJSONFIELD('{\"a b\":1}', '$[''a b'']')", "1"},
                  {"EXTRACTJSONFIELD('{\"a.b\":1}', '$[\"a.b\"]')", "1"},
                  {"EXTRACTJSONFIELD('[[1,2],[3]]', '$[1][0]')", "3"},
                  {"EXTRACTJSONFIELD('{\"a\":\"x\\n\\u00e4\"}', '$.a')", "x\nä"},
                  {"EXTRACTJSONFIELD('5', '$')", "5"},
                  {"EXTRACTJSONFIELD('\"x\"', '$')", "x"},
                  {"EXTRACTJSONFIELD('{\"a\":1}', '$')", "{\"a\":1}"},
                  {"EXTRACTJSONFIELD('5', '$.a')", "null"},
                  {"EXTRACTJSONFIELD('{\"name\":\"cdd\",\"version\":\"2\"}}', '$.version')", "2"},
                  {"EXTRACTJSONFIELD(NULL, '$.a')", "null"}});
    check_failures({"EXTRACTJSONFIELD('', '$.a')", "EXTRACTJSONFIELD('{\"a\":', '$.a')", "EXTRACTJSONFIELD('{}', 'a')",
                    "EXTRACTJSONFIELD('{}', '$a')", "EXTRACTJSONFIELD('{}', '$.')", "EXTRACTJSONFIELD('{}', '$[')",
                    "EXTRACTJSONFIELD('{}', '$[x]')", "EXTRACTJSONFIELD('{}', '$[''a]')"});
  }

  TEST_CASE("JSON is taken apart and put together") {
    check_values({{"JSON_CONCAT('{\"a\":{\"5\":6}}', '{\"a\":{\"3\":4}}')", "{\"a\":{\"3\":4}}"},
                  {"JSON_CONCAT('null', 'null')", "[null,null]"},
                  {"JSON_CONCAT('[1, 2]', '{\"a\":1}', '4')", "[1,2,{\"a\":1},4]"},
                  {"JSON_CONCAT('1', '')", "null"},
                  {"JSON_CONCAT('1', NULL)", "null"},
                  {"JSON_ITEMS('{}')", "null"},
                  {"JSON_ITEMS('[\"a\", [1]]')", "[\"a\",\"[1]\"]"},
                  {"JSON_KEYS('[]')", "null"},
                  {"JSON_RECORDS('{\"a\":null}')", "{\"a\":\"null\"}"},
                  {"JSON_ARRAY_LENGTH('[]')", "0"},
                  {"JSON_ARRAY_CONTAINS('[\"Pink\", null]', 'Pink')", "true"},
                  {"JSON_ARRAY_CONTAINS('[1.0]', 1)", "false"},
                  {"JSON_ARRAY_CONTAINS('[1.0]', 1e0)", "true"},
                  {"JSON_ARRAY_CONTAINS('[1, null]', NULL)", "true"},
                  {"JSON_ARRAY_CONTAINS('{}', 1)", "false"},
                  {"JSON_ARRAY_CONTAINS('x', 1)", "false"},
                  {"IS_JSON_STRING('')", "false"},
                  {"IS_JSON_STRING('1 2')", "false"},
                  {"TO_JSON_STRING(DATE '1972-09-27')", "\"1972-09-27\""},
                  {"TO_JSON_STRING(MAP('id' := ARRAY[1, 2]))", "{\"id\":[1,2]}"},
                  {"TO_JSON_STRING(TO_BYTES('21', 'hex'))", "\"IQ==\""},
                  {"TO_JSON_STRING(123.450)", "123.450"}});
    check_failures({"JSON_ITEMS('[1')", "JSON_KEYS('')", "JSON_ARRAY_LENGTH('x')"});
  }

  TEST_CASE("URLs") {
    check_values({{"URL_EXTRACT_PATH('http://www.test.com?query#fragment')", ""},
                  {"URL_EXTRACT_PATH('http://a.org/a%20b')", "/a b"},
                  {"URL_EXTRACT_HOST('a.org')", "null"},
                  {"URL_EXTRACT_HOST('http://[::1]:80/')", "[::1]"},
                  {"URL_EXTRACT_PORT('http://[::1]:80/')", "80"},
                  {"URL_EXTRACT_PORT('http://a.org:/x')", "null"},
                  {"URL_EXTRACT_PROTOCOL('mailto:me@a.org')", "mailto"},
                  {"URL_EXTRACT_PATH('mailto:me@a.org')", "null"},
                  {"URL_EXTRACT_QUERY('http://a.org/path?q1&q2')", "q1&q2"},
                  {"URL_EXTRACT_QUERY('http://a.org')", "null"},
                  {"URL_EXTRACT_FRAGMENT('http://a.org')", "null"},
                  {"URL_EXTRACT_PARAMETER('http://a.org?one=a&two=b&three', 'three')", ""},
                  {"URL_EXTRACT_PARAMETER('http://a.org?one=a=b', 'one')", "a=b"},
                  {"URL_DECODE_PARAM('nothing')", "nothing"},
                  {"URL_DECODE_PARAM('%E2%82%AC')", "€"},
                  {"URL_ENCODE_PARAM('€ a*b')", "%E2%82%AC+a*b"}});
    check_failures({"URL_EXTRACT_HOST('http://a b.org')", "URL_EXTRACT_HOST('')",
                    "URL_EXTRACT_HOST('http://a.org/%zz')", "URL_EXTRACT_PORT('http://a.org:x')",
                    "URL_DECODE_PARAM('100%')", "URL_EXTRACT_HOST('1http://a')"});
  }

  TEST_CASE("rounding in all directions") {
    check_values({{"ROUND(-1.5)", "-1"},
                  {"ROUND(-1.51)", "-2"},
                  {"ROUND(-2.5e0)", "-2"},
                  {"ROUND(2.5e0)", "3"},
                  {"ROUND(0.49999999999999994e0)", "0"},
                  {"ROUND(1e300)", "9223372036854775807"},
                  {"ROUND(LN(-1))", "0"},
                  {"ROUND(CAST('12345678987654321.2345678987654321' AS DECIMAL(33,16)))", "12345678987654321"},
                  {"ROUND(CAST('12345678987654321.2345678987654321' AS DECIMAL(33,16)), -2)",
                   "12345678987654300.0000000000000000"},
                  {"ROUND(CAST('12345678987654321.2345678987654321' AS DECIMAL(33,16)), 10)",
                   "12345678987654321.2345678988000000"},
                  {"ROUND(1.5, 9)", "1.5"},
                  {"ROUND(15, -100)", "0"},
                  {"ROUND(-1.25e0, 1)", "-1.2"},
                  {"ROUND(1e-300, 2)", "0.0"},
                  {"ROUND(LN(0), 2)", "-Infinity"},
                  {"ROUND(1234.5e0, -2)", "1200.0"},
                  {"TRUNC(-1.7e0)", "-1"},
                  {"TRUNC(-12345.678, -2)", "-12300.000"},
                  {"TRUNC(0.99)", "0"},
                  {"CEIL(-1.5)", "-1.0"},
                  {"ABS(-2147483648 - 0)", "2147483648"},
                  {"SIGN(-0.0)", "0"},
                  {"CBRT(-8)", "-2.0"},
                  {"POWER(0, -1)", "Infinity"},
                  {"LOG(15, 13)", "0.9471572411831843"},
                  {"LOG(13)", "2.5649493574615367"},
                  {"LOG(0, 13)", "NaN"},
                  {"LOG(15, 0)", "-Infinity"},
                  {"LOG(15, -13)", "NaN"},
                  {"GREATEST(1, NULL)", "1"},
                  {"LEAST(1.5, 2e0)", "1.5"},
                  {"GEO_DISTANCE(37.4439, -122.1663, 51, 0)", "8682.459061368269"}});
    check_failures({"ROUND(99.9)", "CEIL(9.9)", "CEIL(0.1)", "GEO_DISTANCE(91, 0, 0, 0)", "GEO_DISTANCE(0, 0, 0, 181)",
                    "GEO_DISTANCE(0, 0, 0, 0, 'FT')"});
  }

  TEST_CASE("times add up, round the clock and not beyond what there is") {
    check_values(
        {{"DATEADD('HOURS', 47, DATE '2024-02-28')", "2024-02-29"},
         {"DATEADD('HOURS', -1, DATE '2024-03-01')", "2024-02-29"},
         {"DATESUB('days', 5, DATE '1970-01-06')", "1970-01-01"},
         {"TIMEADD('MILLISECONDS', 10, TIME '23:59:59.995')", "00:00:00.005"},
         {"TIMEADD('MILLISECONDS', -5, TIME '00:00:00.002')", "23:59:59.997"},
         {"TIMEADD('DAYS', 2147483647, TIME '10:00:00')", "10:00:00"},
         {"TIMESUB('HOURS', 2147483647, TIME '10:00:00')", "03:00:00"},
         {"TIMESTAMPSUB('MILLISECONDS', -5, TIMESTAMP '1969-12-31T23:59:59.999')", "1970-01-01T00:00:00.004"},
         {"DATEADD('DAYS', NULL, DATE '2024-01-01')", "null"},
         {"UNIX_TIMESTAMP(TIMESTAMP '1969-12-31T23:59:59.999')", "-1"},
         {"PARSE_DATE('JAN-2022', 'MMM-yyyy')", "2022-01-01"},
         {"PARSE_TIMESTAMP('2018-05-11T21:58:33 PST', 'yyyy-MM-dd''T''HH:mm:ss zzz')", "2018-05-12T04:58:33.000"},
         {"STRINGTOTIMESTAMP('2019-08-27T13:31:09.2+0000', 'yyyy-MM-dd''T''HH:mm:ss.SX')", "1566912669200"},
         {"TIMESTAMPTOSTRING(-1, 'yyyy-MM-dd HH:mm:ss.SSS')", "1969-12-31 23:59:59.999"},
         {"FORMAT_DATE(DATE '1969-12-31', 'dd-MM-yyyy''Sophia''')", "31-12-1969Sophia"},
         {"CONVERT_TZ(TIMESTAMP '2024-07-01T00:00', 'UTC', 'Asia/Kolkata')", "2024-07-01T05:30:00.000"}});
    check_failures({"DATEADD('FORTNIGHTS', 1, DATE '2024-01-01')", "DATEADD('DAYS', 2147483647, DATE '2024-01-01')",
                    "TIMESTAMPADD('DAYS', 2147483647, TIMESTAMP '2024-01-01T00:00')",
                    "FROM_UNIXTIME(9223372036854775807)", "CONVERT_TZ(TIMESTAMP '2024-07-01T00:00', 'UTC', 'Nowhere')",
                    "FORMAT_DATE(DATE '2024-01-01', 'HH')", "FORMAT_DATE(DATE '2024-01-01', 'bb')",
                    "PARSE_DATE('2024', 'yyyy-MM')",
                    "FORMAT_TIMESTAMP(TIMESTAMP '2024-07-01T00:00', 'HH', 'Nowhere')"});
  }

  TEST_CASE("lists at their ends") {
    check_values({{"SLICE(ARRAY[1, 2], 2, 9)", "[2]"},
                  {"SLICE(ARRAY[1, 2], 3, 9)", "[]"},
                  {"SLICE(ARRAY[1, 2], 2, 1)", "[]"},
                  {"SLICE(NULL, 1, CAST(NULL AS INT))",
                   "error: function 'SLICE' does not accept parameters (NULL, INTEGER, INTEGER)"},
                  {"GENERATE_SERIES(4, 3)", "[4,3]"},
                  {"GENERATE_SERIES(1, -2, -2)", "[1,-1]"},
                  {"GENERATE_SERIES(3000000000, 3000000001)", "[3000000000,3000000001]"},
                  {"GENERATE_SERIES(2147483646, 2147483647)", "[2147483646,2147483647]"},
                  {"ARRAY_SORT(ARRAY['b', NULL, 'a'], 'desc')", "[\"b\",\"a\",null]"},
                  {"ARRAY_SORT(ARRAY[1], 'sideways')", "null"},
                  {"ARRAY_MAX(CAST(ARRAY[NULL, 'x'] AS ARRAY<STRING>))", "x"},
                  {"ARRAY_REMOVE(ARRAY[1, NULL], NULL)", "[1]"},
                  {"ARRAY_CONTAINS(CAST(NULL AS ARRAY<INT>), 1)", "false"},
                  {"ARRAY_DISTINCT(ARRAY[MAP('a' := 1, 'b' := 2), MAP('b' := 2, 'a' := 1)])", "[{\"a\":1,\"b\":2}]"},
                  {"ARRAY_LENGTH(ARRAY_DISTINCT(GENERATE_SERIES(1, 1000)))", "1000"},
                  {"ARRAY_LENGTH(ARRAY_UNION(GENERATE_SERIES(1, 100), GENERATE_SERIES(50, 150)))", "150"},
                  {"ARRAY_JOIN(ARRAY['a', 'b'], NULL)", "ab"},
                  {"ARRAY_JOIN(CAST(NULL AS ARRAY<INT>))", "null"},
                  {"ENTRIES(MAP('b' := 1, 'a' := 2), false)[1]->K", "b"},
                  {"MAP_UNION(NULL, MAP('a' := 1))", "{\"a\":1}"},
                  {"AS_MAP(ARRAY['a', 'b', 'a'], ARRAY[1, 2, 3])", "{\"a\":3,\"b\":2}"},
                  {"MAP(CAST(NULL AS STRING) := 1)", "{\"null\":1}"},
                  {"ARRAY[ARRAY[1, 2], ARRAY[3]][1][2]", "2"},
                  {"ARRAY[1, 2][0]", "null"},
                  {"ARRAY[1, 2][-3]", "null"},
                  {"ARRAY[STRUCT(A := 1)][1]->A", "1"}});
    check_failures({"SLICE(ARRAY[1, 2], 0, 1)", "SLICE(ARRAY[1, 2], 4, 5)", "GENERATE_SERIES(1, 5, 0)",
                    "GENERATE_SERIES(1, 5, -1)", "GENERATE_SERIES(1, 2000000000)"});
  }
}

}  // namespace
}  // namespace levada
