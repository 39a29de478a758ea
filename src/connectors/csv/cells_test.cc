#include "connectors/csv/cells.h"

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "batch/value.h"
#include "connectors/csv/tokenizer.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

struct Read {
  std::vector<std::string> values;
  std::vector<std::string> failures;
};

// Reads the second of three columns, or the last one; `text` has a cell a line.
Read read(std::vector<std::string> cells, Type type, CsvCellRules rules = {}, std::vector<std::string> formats = {},
          bool last = false) {
  auto buffer = std::make_shared<Buffer>();
  buffer->append(std::string(64, '7'));
  for (const std::string& cell : cells) {
    buffer->append("12345678901234567,");
    buffer->append(cell);
    buffer->append(last ? "\n" : ",7\n");
  }
  buffer->append(std::string(64, '7'));
  std::string_view text = buffer->view().substr(64, buffer->size() - 128);
  CsvFields fields;
  tokenize(text, rules.dialect, fields);
  REQUIRE(fields.rows() == cells.size());
  std::vector<std::uint32_t> first;
  for (std::uint32_t row = 0; row < fields.rows(); ++row) first.push_back(fields.first_field(row));
  std::vector<TimeFormat> compiled;
  for (const std::string& format : formats) compiled.push_back(TimeFormat::compile(format, "UTC").value());
  Column out(type);
  std::vector<CellFailure> failures;
  CellReader(type, rules, compiled)
      .read({text.data(), fields.ends(), first, rules.charset == CsvCharset::utf8 && is_utf8(text), buffer}, 1, last,
            out, failures);
  Read result;
  for (std::uint32_t row = 0; row < out.size(); ++row) result.values.push_back(text_of(out.value(row), type));
  for (const CellFailure& failure : failures)
    result.failures.push_back(std::to_string(failure.row) + " " + failure.why);
  return result;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("csv: whole numbers") {
    Read r = read({"0", "-7", "+7", "007", " 42 ", "\"43\"", "\" 44 \"", "2147483647", "-2147483648", "", "\"\""},
                  TypeKind::int32);
    CHECK(r.values == Strings{"0", "-7", "7", "7", "42", "43", "44", "2147483647", "-2147483648", "null", "null"});
    CHECK(r.failures.empty());
    r = read({"2147483648", "1.0", "abc", "-", "1 2", "0x10", "1e3", "--1"}, TypeKind::int32);
    CHECK(r.failures == Strings{"0 '2147483648' does not fit into INTEGER", "1 '1.0' is not a whole number",
                                "2 'abc' is not a whole number", "3 '-' is not a whole number",
                                "4 '1 2' is not a whole number", "5 '0x10' is not a whole number",
                                "6 '1e3' is not a whole number", "7 '--1' is not a whole number"});
    r = read(
        {"9223372036854775807", "-9223372036854775808", "1234567890123456", "12345678901234567", "9223372036854775808"},
        TypeKind::int64);
    CHECK(r.values[0] == "9223372036854775807");
    CHECK(r.values[1] == "-9223372036854775808");
    CHECK(r.values[2] == "1234567890123456");
    CHECK(r.values[3] == "12345678901234567");
    CHECK(r.failures == Strings{"4 '9223372036854775808' does not fit into BIGINT"});
  }

  TEST_CASE("csv: doubles") {
    Read r =
        read({"59947.94", "-0.5", ".5", "5.", "1e-3", "NaN", "-Infinity", " 1.5 ", "123456789.123456789", "0.1", "-0"},
             TypeKind::float64);
    CHECK(r.values == Strings{"59947.94", "-0.5", "0.5", "5.0", "0.001", "NaN", "-Infinity", "1.5",
                              "1.2345678912345679E8", "0.1", "-0.0"});
    CHECK(r.failures.empty());
    r = read({"1,5", "1.2.3", ".", "inf", "12,345.00"}, TypeKind::float64, {.dialect = {.separator = ','}});
    CHECK(r.failures == Strings{"1 '1.2.3' is not a number", "2 '.' is not a number", "3 'inf' is not a number"});
  }

  TEST_CASE("csv: decimals are exact or refused") {
    Type type = Type::decimal(10, 2);
    Read r = read({"59947.94", "-0.5", "12345678.90", "7", "1.100", "1e2", "\"1.25\"", "-99999999.99"}, type);
    CHECK(r.values == Strings{"59947.94", "-0.50", "12345678.90", "7.00", "1.10", "100.00", "1.25", "-99999999.99"});
    CHECK(r.failures.empty());
    r = read({"1.005", "100000000", "abc", "NaN", "1e8"}, type);
    CHECK(r.failures == Strings{"0 '1.005' does not fit into DECIMAL(10, 2)",
                                "1 '100000000' does not fit into DECIMAL(10, 2)", "2 'abc' is not a number",
                                "3 'NaN' does not fit into DECIMAL(10, 2)",
                                "4 '1e8' does not fit into DECIMAL(10, 2)"});
    r = read({"12345678901234567890123456789012345678", "0.5"}, Type::decimal(38, 0));
    CHECK(r.values[0] == "12345678901234567890123456789012345678");
    CHECK(r.failures == Strings{"1 '0.5' does not fit into DECIMAL(38, 0)"});
    r = read({"0.1234567890123456789012345678901234567", "-0.5"}, Type::decimal(38, 37));
    CHECK(r.values == Strings{"0.1234567890123456789012345678901234567", "-0.5000000000000000000000000000000000000"});
  }

  TEST_CASE("csv: truth in the words people use") {
    Read r = read({"true", "FALSE", "t", "No", "1", "0", "Y", ""}, TypeKind::boolean);
    CHECK(r.values == Strings{"true", "false", "true", "false", "true", "false", "true", "null"});
    r = read({"maybe", "tru", "truex", "2"}, TypeKind::boolean);
    CHECK(r.failures.size() == 4);
    CHECK(r.failures[0] == "0 'maybe' is neither true nor false");
  }

  TEST_CASE("csv: dates and times in ISO form, or in the given ones alone") {
    Read r = read({"2024-02-29", "1969-09-25", "\"2021-12-31\"", " 2000-01-01"}, TypeKind::date);
    CHECK(r.values == Strings{"2024-02-29", "1969-09-25", "2021-12-31", "2000-01-01"});
    r = read({"2023-02-29", "25-Sep-1969", "2024-1-1", "2024-00-10", "20240101"}, TypeKind::date);
    CHECK(r.failures.size() == 5);
    CHECK(r.failures[0] == "0 '2023-02-29' is no date of the form yyyy-MM-dd");
    r = read({"25-Sep-1969", "01/02/2003", "31-Feb-2000", "1969-09-25"}, TypeKind::date, {},
             {"dd-MMM-yyyy", "dd/MM/yyyy"});
    CHECK(r.values[0] == "1969-09-25");
    CHECK(r.values[1] == "2003-02-01");
    CHECK(r.failures == Strings{"2 '31-Feb-2000' is no date of the form dd-MMM-yyyy or dd/MM/yyyy",
                                "3 '1969-09-25' is no date of the form dd-MMM-yyyy or dd/MM/yyyy"});
    r = read({"2024-01-02T03:04:05.678901Z", "2024-01-02 03:04:05", "2024-01-02", "x"}, TypeKind::timestamp);
    CHECK(r.values ==
          Strings{"2024-01-02T03:04:05.678901", "2024-01-02T03:04:05.000", "2024-01-02T00:00:00.000", "null"});
    CHECK(r.failures.size() == 1);
    r = read({"23:59", "24:00:00"}, TypeKind::time);
    CHECK(r.values == Strings{"23:59:00", "null"});
    CHECK(r.failures == Strings{"1 '24:00:00' is no time of the form HH:mm:ss"});
  }

  TEST_CASE("csv: text with and without quotes") {
    Read r = read({"plain", "\"quoted\"", "\"with \"\"quotes\"\"\"", " spaced ", "\"a,b\"", "\"two\nlines\"",
                   " \"padded\" ", "5\" pipe", "\"\"\"\""},
                  TypeKind::string);
    CHECK(r.values ==
          Strings{"plain", "quoted", "with \"quotes\"", " spaced ", "a,b", "two\nlines", "padded", "5\" pipe", "\""});
    CHECK(read({" spaced ", "\" kept \"", "a b", "\t"}, TypeKind::string, {.trim = true}).values ==
          Strings{"spaced", " kept ", "a b", "null"});
    CsvCellRules escape{.dialect = {.escape = '\\'}};
    CHECK(read({"\"a\\\"b\"", "\"c\\\\\"", "\"C:\\temp\"", "C:\\temp"}, TypeKind::string, escape).values ==
          Strings{"a\"b", "c\\", "C:\\temp", "C:\\temp"});
    CsvCellRules only{.dialect = {.only_quoted = true}};
    CHECK(read({"x\"a,b\"y", "\"c\"\"d\"", "bare"}, TypeKind::string, only).values == Strings{"a,b", "c\"d", "null"});
    CsvCellRules none{.dialect = {.quote = '\0'}};
    CHECK(read({"\"a\""}, TypeKind::string, none).values == Strings{"\"a\""});
  }

  TEST_CASE("csv: the carriage return belongs to the line end, unless it is to be kept") {
    CHECK(read({"ab\r", "\"cd\"\r", "\r", "e\rf\r"}, TypeKind::string, {}, {}, true).values ==
          Strings{"ab", "cd", "null", "e\rf"});
    CHECK(read({"12\r"}, TypeKind::int64, {}, {}, true).values == Strings{"12"});
    CHECK(read({"ab\r"}, TypeKind::string, {.dialect = {.keep_carriage_return = true}}, {}, true).values ==
          Strings{"ab\r"});
    CHECK(read({"ab\r"}, TypeKind::string).values == Strings{"ab\r"});
  }

  TEST_CASE("csv: which empty fields are null") {
    auto empty = [](CsvNulls nulls) { return read({"", "\"\""}, TypeKind::string, {.nulls = nulls}).values; };
    CHECK(empty(CsvNulls::empty_separators) == Strings{"null", ""});
    CHECK(empty(CsvNulls::empty_quotes) == Strings{"", "null"});
    CHECK(empty(CsvNulls::both) == Strings{"null", "null"});
    CHECK(empty(CsvNulls::neither) == Strings{"", ""});
    CHECK(read({"NULL", "\"NULL\"", "null", "\\N"}, TypeKind::string, {.null_words = {"NULL", "\\N"}}).values ==
          Strings{"null", "NULL", "null", "null"});
    CHECK(read({"-999", "12", "NA"}, TypeKind::int32, {.null_words = {"-999", "NA"}}).values ==
          Strings{"null", "12", "null"});
  }

  TEST_CASE("csv: bytes that are no text") {
    Read r = read({"ok", "Zo\xc3\xab", "\xff\xfe", "\"\xc3\"", "caf\xe9"}, TypeKind::string);
    CHECK(r.values == Strings{"ok", "Zo\xc3\xab", "null", "null", "null"});
    CHECK(r.failures == Strings{"2 '\\xff\\xfe' is not valid UTF-8", "3 '\\xc3' is not valid UTF-8",
                                "4 'caf\\xe9' is not valid UTF-8"});
    CHECK(read({"caf\xe9", "\"\x80\"", "plain"}, TypeKind::string, {.charset = CsvCharset::latin1}).values ==
          Strings{"caf\xc3\xa9", "\xc2\x80", "plain"});
    CHECK(read({"\x80 5", "\x81"}, TypeKind::string, {.charset = CsvCharset::windows1252}).values ==
          Strings{"\xe2\x82\xac 5", "null"});
    CHECK(read({"\xe9"}, TypeKind::string, {.charset = CsvCharset::ascii}).failures.size() == 1);
    CHECK(read({"aGk=", "", "x"}, TypeKind::bytes).values == Strings{"0x6869", "null", "null"});
  }

  TEST_CASE("csv: a cell in a message is short and printable") {
    CHECK(shown_cell("a\nb\x01\x7f") == "'a\\x0ab\\x01\\x7f'");
    CHECK(shown_cell(std::string(100, 'x')).size() == 64 + 2 + 3);
    std::string umlauts;
    for (int i = 0; i < 50; ++i) umlauts += "\xc3\xa4";
    CHECK(shown_cell("x" + umlauts) == "'x" + umlauts.substr(0, 62) + "…'");
  }

  TEST_CASE("character sets go by many names") {
    CHECK(*find_charset("UTF-8") == CsvCharset::utf8);
    CHECK(*find_charset("iso-8859-1") == CsvCharset::latin1);
    CHECK(*find_charset("Cp1252") == CsvCharset::windows1252);
    CHECK(find_charset("UTF-16").error().kind() == ErrorKind::unsupported);
  }
}

}  // namespace levada
