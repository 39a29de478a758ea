#include "connectors/postgres/value_reader.h"

#include <doctest/doctest.h>

#include <array>

#include "base/files.h"
#include "connectors/postgres/captured_samples.h"

namespace levada {
namespace {

std::string column_text(const Column& column, std::uint32_t row) {
  Value value = column.value(row);
  if (const auto* n = std::get_if<std::int64_t>(&value)) {
    // Beyond what calendars and clocks know, the number itself.
    TypeKind kind = column.type().kind();
    if (kind == TypeKind::date && (*n == INT32_MAX || *n == INT32_MIN)) return std::to_string(*n);
    if (kind == TypeKind::timestamp && (*n == INT64_MAX || *n == INT64_MIN)) return std::to_string(*n);
    if (kind == TypeKind::time && *n == micros_per_day) return std::to_string(*n);
  }
  return text_of(value, column.type());
}

// The value as text; "!" and the reason for a failure.
std::string read(const CapturedColumn& from, const FieldText& text, const ValueModes& modes = {}) {
  auto plan = plan_value(from, modes);
  REQUIRE(plan);
  Column column(plan->type);
  RowFailures failures;
  plan->reader->read(&text, 1, 1, column, failures);
  REQUIRE(column.size() == 1);
  if (failures.empty()) return column_text(column, 0);
  return "!" + failures[0].why;
}

std::string read(std::string_view type, std::string_view text) {
  SampleTexts texts;
  return read(captured_column("c", type), texts.text(text));
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("postgres values: TYPES.md says what each type becomes") {
    std::string page = read_file(real_files(), LEVADA_ROOT "/src/connectors/postgres/TYPES.md").value();
    auto rows = table_rows(page, "| PostgreSQL | SQL | text | value |");
    CHECK(rows.size() > 50);
    for (const auto& row : rows) {
      CAPTURE(row[0]);
      CAPTURE(row[2]);
      REQUIRE(row.size() == 4);
      auto plan = plan_value(captured_column("c", row[0]), {});
      REQUIRE(plan);
      CHECK(plan->type.text() == row[1]);
      std::string value = read(row[0], row[2]);
      if (row[3] == "null")
        CHECK(value.starts_with("!"));
      else
        CHECK(value == row[3]);
    }
  }

  TEST_CASE("postgres values: texts that are none of the type are told, with the text") {
    CHECK(read("integer", "2147483648") == "!'2147483648' is not a value of type int4");
    CHECK(read("integer", "").starts_with("!"));
    CHECK(read("smallint", "1.5").starts_with("!"));
    CHECK(read("numeric(5,2)", "NaN") == "!'NaN' is not a number that fits DECIMAL(5, 2)");
    CHECK(read("numeric(5,2)", "1000.00").starts_with("!"));
    CHECK(read("numeric(5,2)", "1.001").starts_with("!"));
    CHECK(read("boolean", "x").starts_with("!"));
    CHECK(read("bytea", "\\x0").starts_with("!"));
    CHECK(read("bytea", "\\x0g").starts_with("!"));
    for (std::string_view date : {"2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-02-29x",
                                  "2024-02-29 BC", "0001-02-30 BC", ""})
      CHECK_MESSAGE(read("date", date).starts_with("!"), date);
    CHECK(read("date", "0005-02-29 BC") == "-0004-02-29");  // the year -4 of the calendar is a leap year
    for (std::string_view time :
         {"24:00:00.000001", "12:60:00", "12:34", "1:2:3", "12:34:56.", "12:34:56.1234567", "-01:00:00"})
      CHECK_MESSAGE(read("time without time zone", time).starts_with("!"), time);
    for (std::string_view timestamp :
         {"2024-02-29", "2024-02-29T12:00:00", "2024-02-29 12:00:00+", "2024-02-29 12:00:00 AD"})
      CHECK_MESSAGE(read("timestamp with time zone", timestamp).starts_with("!"), timestamp);
    for (std::string_view array :
         {"", "{", "}", "{1", "{1,}", "{,1}", "{\"1}", "{1}x", "{1,{2}}", "[0:1]{1,2}", "{1 2}"})
      CHECK_MESSAGE(read("integer[]", array).starts_with("!"), array);
    CHECK(read("integer[]", "{1,x}") == "!element: 'x' is not a value of type int4");
    for (std::string_view array : {"{1}", "{{1},2}", "{{1},{2}"})
      CHECK_MESSAGE(read("integer[][]", array).starts_with("!"), array);
    for (std::string_view hstore : {"a", "\"a\"", "\"a\"=>", "\"a\"=>b", "\"a\"=>\"b\",\"c\"=>\"d\"", "\"a\"=>\"b\", "})
      CHECK_MESSAGE(read("hstore", hstore).starts_with("!"), hstore);
    std::string long_text;
    for (int i = 0; i < 40; ++i) long_text += "ç";
    CHECK(read("date", "x" + long_text).find("ç…' is not") != std::string::npos);
  }

  TEST_CASE("postgres values: many rows at a time, with nulls, unchanged values and failures between") {
    SampleTexts texts;
    CapturedColumn column = captured_column("c", "integer[]");
    auto plan = plan_value(column, {});
    REQUIRE(plan);
    std::vector<FieldText> values = texts.row({"{1,2}", "-", "~", "-", "…", "-", "{}", "-", "{3,x}", "-", "{4}", "-"});
    Column out(plan->type);
    RowFailures failures;
    plan->reader->read(values.data(), 2, 6, out, failures);
    plan->reader->read(values.data() + 10, 2, 1, out, failures);
    REQUIRE(out.size() == 7);
    std::string all;
    for (std::uint32_t row = 0; row < 7; ++row) all += text_of(out.value(row), out.type()) + " ";
    CHECK(all == "[1,2] null null [] [3,null] [4] [4] ");
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].row == 4);
  }

  TEST_CASE("postgres values: a type of the user's own that is called as one of the server's is text") {
    CapturedColumn column = captured_column("c", "integer");
    column.type.schema = "public";
    CHECK(plan_value(column, {})->type == Type(TypeKind::string));
    ValueModes known;
    known.unknown_types = false;
    CHECK_FALSE(plan_value(column, known));
    CHECK_FALSE(plan_value(captured_column("c", "composite"), known));
    CHECK_FALSE(plan_value(captured_column("c", "composite[]"), known));
    CHECK(plan_value(captured_column("c", "enum(a,b)"), known));
  }

  TEST_CASE("postgres values: money of other places and customs") {
    CHECK(read("money", "$1,234.56") == "1234.56");
    CHECK(read("money", "($1,234.56)") == "-1234.56");
    CHECK(read("money", "-1.234,56 €") == "-1234.56");
    CHECK(read("money", "¥1,234") == "1234.00");
    CHECK(read("money", "$").starts_with("!"));
    CHECK(read("money", "$92233720368547758.08").starts_with("!"));
  }

}  // TEST_SUITE

}  // namespace levada
