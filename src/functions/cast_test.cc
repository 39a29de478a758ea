#include <doctest/doctest.h>

#include <cmath>

#include "functions/builder.h"
#include "functions/example_reader.h"
#include "functions/functions.h"

namespace levada {
namespace {

// CAST(value AS type) as text; "failed" and why, or "no cast".
std::string cast(std::string_view value, std::string_view type) {
  std::string text = value_of_example("CAST(" + std::string(value) + " AS " + std::string(type) + ")");
  return text.ends_with("is not supported") ? "no cast" : text;
}
bool fails(std::string_view value, std::string_view type) { return cast(value, type).starts_with("failed: "); }

TEST_SUITE("functions") {
  TEST_CASE("every pair of types has a cast or a clear error, the same for values and nulls") {
    // In the order of the columns below: BOOLEAN INT BIGINT DECIMAL DOUBLE STRING BYTES DATE TIME TIMESTAMP ARRAY MAP
    // STRUCT
    const Type types[] = {TypeKind::boolean,
                          TypeKind::int32,
                          TypeKind::int64,
                          Type::decimal(10, 2),
                          TypeKind::float64,
                          TypeKind::string,
                          TypeKind::bytes,
                          TypeKind::date,
                          TypeKind::time,
                          TypeKind::timestamp,
                          Type::array(TypeKind::int32),
                          Type::map(TypeKind::string, TypeKind::int32),
                          Type::structure({{"A", TypeKind::int32}})};
    const char* casts[] = {
        "x....x.......",  // BOOLEAN
        ".xxxxx.......",  // INT
        ".xxxxx.......",  // BIGINT
        ".xxxxx.......",  // DECIMAL
        ".xxxxx.......",  // DOUBLE
        "xxxxxx.xxx...",  // STRING
        "......x......",  // BYTES
        ".....x.x.x...",  // DATE
        ".....x..x....",  // TIME
        ".....x.xxx...",  // TIMESTAMP
        ".....x....x..",  // ARRAY
        ".....x.....x.",  // MAP
        ".....x......x",  // STRUCT
    };
    for (std::size_t i = 0; i < std::size(types); ++i)
      for (std::size_t j = 0; j < std::size(types); ++j) {
        CAPTURE(types[i].text());
        CAPTURE(types[j].text());
        auto kernel = find_cast(types[i], types[j]);
        CHECK(kernel.has_value() == (casts[i][j] == 'x'));
        if (!kernel) {
          CHECK(kernel.error().kind() == ErrorKind::statement);
          CHECK(kernel.error().what() == "cast of " + types[i].text() + " to " + types[j].text() + " is not supported");
          continue;
        }
        // Null stays null, in columns of nulls alone and among values.
        ExpressionRef null = literal_expression({}, types[i]);
        auto value = fold(*take(cast_expression(null, types[j])), {});
        REQUIRE(value);
        CHECK(value->is_null());
      }
  }

  TEST_CASE("whole numbers narrow by dropping bits") {
    CHECK(cast("2147483648", "INT") == "-2147483648");
    CHECK(cast("4294967297", "INT") == "1");
    CHECK(cast("-1", "BIGINT") == "-1");
    CHECK(cast("CAST(9223372036854775807 AS DECIMAL(19,0)) * 2", "BIGINT") == "-2");
    CHECK(cast("12345678901.99", "INT") == "-539222987");
    CHECK(cast("-1.99", "INT") == "-1");
  }

  TEST_CASE("doubles narrow by saturating") {
    CHECK(cast("1e10", "INT") == "2147483647");
    CHECK(cast("-1e10", "INT") == "-2147483648");
    CHECK(cast("1e300", "BIGINT") == "9223372036854775807");
    CHECK(cast("-1e300", "BIGINT") == "-9223372036854775808");
    CHECK(cast("9.3e18", "BIGINT") == "9223372036854775807");
    CHECK(cast("1.9e0", "INT") == "1");
    CHECK(cast("-1.9e0", "INT") == "-1");
    CHECK(cast("LN(-1)", "INT") == "0");
    CHECK(cast("LN(0)", "BIGINT") == "-9223372036854775808");
  }

  TEST_CASE("decimals round half up and must fit") {
    CHECK(cast("10.12", "DECIMAL(5,3)") == "10.120");
    CHECK(cast("'0.99'", "DECIMAL(2,1)") == "1.0");
    CHECK(cast("'0.01'", "DECIMAL(2,1)") == "0.0");
    CHECK(cast("0.25", "DECIMAL(2,1)") == "0.3");
    CHECK(cast("-0.25", "DECIMAL(2,1)") == "-0.3");
    CHECK(cast("1", "DECIMAL(2,1)") == "1.0");
    CHECK(cast("0.1e0", "DECIMAL(3,2)") == "0.10");
    CHECK(cast("10", "DECIMAL(2,1)") == "failed: numeric field overflow: 10 does not fit into DECIMAL(2, 1)");
    CHECK(fails("9.96", "DECIMAL(2,1)"));
    CHECK(fails("'9.96'", "DECIMAL(2,1)"));
    CHECK(fails("1e20", "DECIMAL(10,2)"));
    CHECK(fails("LN(-1)", "DECIMAL(10,2)"));
    CHECK(cast("12345.67", "DOUBLE") == "12345.67");
    CHECK(cast("12345.60", "STRING") == "12345.60");
  }

  TEST_CASE("text becomes a value only as a whole; blanks around it do not matter") {
    CHECK(cast("' 42 '", "INT") == "42");
    CHECK(cast("'+42'", "BIGINT") == "42");
    CHECK(cast("'1.5'", "DOUBLE") == "1.5");
    CHECK(cast("'1e3'", "DOUBLE") == "1000.0");
    CHECK(cast("'NaN'", "DOUBLE") == "NaN");
    CHECK(cast("'foo'", "INT") == "failed: cannot cast 'foo' to INTEGER");
    for (const char* type : {"INT", "BIGINT", "DOUBLE", "DECIMAL(5,2)", "DATE", "TIME", "TIMESTAMP"})
      for (const char* text : {"''", "' '", "'x'", "'1x'", "'- 1'"})
        CHECK_MESSAGE(fails(text, type), (std::string(text) + " " + type));
    CHECK(fails("'2147483648'", "INT"));
    CHECK(fails("'9223372036854775808'", "BIGINT"));
    CHECK(fails("'1.5'", "INT"));
    for (const char* yes : {"'true'", "'TRUE'", "'t'", "'Tr'", "'yes'", "'Y'", "' true '"})
      CHECK_MESSAGE(cast(yes, "BOOLEAN") == "true", std::string(yes));
    for (const char* no : {"'false'", "'f'", "'no'", "''", "'1'", "'truex'", "'on'"})
      CHECK_MESSAGE(cast(no, "BOOLEAN") == "false", std::string(no));
  }

  TEST_CASE("values become text") {
    CHECK(cast("true", "STRING") == "true");
    CHECK(cast("-1", "STRING") == "-1");
    CHECK(cast("1e10", "STRING") == "1.0E10");
    CHECK(cast("0.5e0", "STRING") == "0.5");
    CHECK(cast("DATE '1970-01-05'", "STRING") == "1970-01-05");
    CHECK(cast("TIME '00:00:05'", "STRING") == "00:00:05");
    CHECK(cast("TIMESTAMP '1970-01-01T00:00:00.004'", "STRING") == "1970-01-01T00:00:00.004");
  }

  TEST_CASE("dates and timestamps in text may be incomplete") {
    CHECK(cast("'1970-01-10'", "DATE") == "1970-01-10");
    CHECK(cast("'1970-01'", "DATE") == "1970-01-01");
    CHECK(cast("'2024'", "DATE") == "2024-01-01");
    CHECK(cast("'-0044-03'", "DATE") == "-0044-03-01");
    CHECK(cast("'00:01'", "TIME") == "00:01:00");
    CHECK(cast("'2024'", "TIMESTAMP") == "2024-01-01T00:00:00.000");
    CHECK(cast("'2024-02-29T13'", "TIMESTAMP") == "2024-02-29T13:00:00.000");
    CHECK(cast("'2024-02-29T13Z'", "TIMESTAMP") == "2024-02-29T13:00:00.000");
    CHECK(cast("'2022-04-28T21:44:47.943Z'", "TIMESTAMP") == "2022-04-28T21:44:47.943");
    CHECK(cast("'2019-01-01T00:00:00+0445'", "TIMESTAMP") == "2018-12-31T19:15:00.000");
    CHECK(fails("'2023-02-29'", "DATE"));
    CHECK(fails("'2023-02-29T00:00'", "TIMESTAMP"));
  }

  TEST_CASE("timestamps have a date and a time of day, also before 1970") {
    CHECK(cast("TIMESTAMP '2024-02-29T13:30:00.5'", "DATE") == "2024-02-29");
    CHECK(cast("TIMESTAMP '2024-02-29T13:30:00.5'", "TIME") == "13:30:00.500");
    CHECK(cast("TIMESTAMP '1969-12-31T23:59:59.999'", "DATE") == "1969-12-31");
    CHECK(cast("TIMESTAMP '1969-12-31T23:59:59.999'", "TIME") == "23:59:59.999");
    CHECK(cast("DATE '1969-12-31'", "TIMESTAMP") == "1969-12-31T00:00:00.000");
    CHECK(fails("FROM_DAYS(2147483647)", "TIMESTAMP"));
  }

  TEST_CASE("nested values are cast element by element") {
    CHECK(cast("ARRAY[1, 3, 2147483648]", "ARRAY<INT>") == "[1,3,-2147483648]");
    CHECK(cast("ARRAY[1, NULL]", "ARRAY<STRING>") == "[\"1\",null]");
    CHECK(cast("ARRAY[ARRAY[1], ARRAY[2, 3]]", "ARRAY<ARRAY<STRING>>") == "[[\"1\"],[\"2\",\"3\"]]");
    CHECK(cast("MAP('a' := 2147483648)", "MAP<STRING, INT>") == "{\"a\":-2147483648}");
    CHECK(cast("STRUCT(A := 1, B := 'x')", "STRUCT<A STRING, C INT>") == "{\"A\":\"1\",\"C\":null}");
    CHECK(cast("ARRAY['1', 'x']", "ARRAY<INT>") == "failed: cannot cast 'x' to INTEGER");
    CHECK(cast("STRUCT(A := ARRAY['x'])", "STRUCT<A ARRAY<INT>>") == "failed: cannot cast 'x' to INTEGER");
    CHECK(cast("'x'", "ARRAY<INT>") == "no cast");
    CHECK(cast("ARRAY[1]", "ARRAY<DATE>") == "no cast");
    CHECK(cast("STRUCT(A := 1)", "STRUCT<A DATE>") == "no cast");
  }

  TEST_CASE("nested values become text as Java prints them") {
    CHECK(cast("ARRAY[1, NULL, 3]", "STRING") == "[1, null, 3]");
    CHECK(cast("MAP('a' := 1, 'b' := 2)", "STRING") == "{a=1, b=2}");
    CHECK(cast("STRUCT(A := 1, `b` := CAST(NULL AS INT), C := 'x')", "STRING") == "Struct{A=1,C=x}");
    CHECK(cast("ARRAY[ARRAY['x'], CAST(NULL AS ARRAY<STRING>)]", "STRING") == "[[x], null]");
  }

  TEST_CASE("casts of nested columns keep to the rows they are asked for") {
    Type from = Type::array(TypeKind::string), to = Type::array(TypeKind::int32);
    auto column = std::make_shared<Column>(from);
    for (Value v : {Value(ValueList{"1", "2"}), Value(ValueList{"x"}), Value(), Value(ValueList{}),
                    Value(ValueList{"3", "y", "z"}), Value(ValueList{"4"})})
      column->append(v);
    Schema schema{{}, {{"A", from}}};
    Batch batch;
    batch.size = 6;
    batch.after = {column};
    ExpressionRef e = take(cast_expression(column_expression(schema, 0), to));
    auto run = [&](Rows rows) {
      RowFailures failures;
      ColumnRef result = evaluate(*e, batch, rows, {}, failures);
      std::string out;
      rows.for_each([&](std::uint32_t row) { out += text_of(result->value(row), to) + " "; });
      for (const RowFailure& f : failures) out += "<" + std::to_string(f.row) + ">";
      return out;
    };
    CHECK(run(Rows::all(6)) == "[1,2] null null [] null [4] <1><4>");
    const std::uint32_t some[] = {0, 2, 5};
    CHECK(run(Rows(some)) == "[1,2] null [4] ");
  }
}

}  // namespace
}  // namespace levada
