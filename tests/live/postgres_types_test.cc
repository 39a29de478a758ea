// What src/connectors/postgres/TYPES.md promises, cell by cell.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "base/files.h"
#include "connectors/postgres/field_encoder.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

struct TypeRow {
  std::string sql, created;
  std::vector<std::string> also;
};

std::string trimmed(const std::string& s) {
  std::size_t from = s.find_first_not_of(' ');
  return from == s.npos ? "" : s.substr(from, s.find_last_not_of(' ') + 1 - from);
}

std::vector<TypeRow> read_page() {
  std::istringstream page(read_file(real_files(), LEVADA_ROOT "/src/connectors/postgres/TYPES.md").value());
  std::vector<TypeRow> rows;
  for (std::string line; std::getline(page, line) && line != "## From PostgreSQL to SQL";) {
    if (!line.starts_with("| ") || line.starts_with("| SQL")) continue;
    std::vector<std::string> cells;
    std::istringstream parts(line.substr(1));
    for (std::string cell; std::getline(parts, cell, '|');) cells.push_back(trimmed(cell));
    REQUIRE(cells.size() == 3);
    TypeRow& row = rows.emplace_back(TypeRow{cells[0], cells[1], {}});
    std::istringstream also(cells[2]);
    for (std::string type; std::getline(also, type, ',');) row.also.push_back(trimmed(type));
  }
  return rows;
}

// "numeric(10,2)[]" → "numeric[]"
std::string without_precision(std::string type) {
  if (std::size_t from = type.find('('); from != type.npos) type.erase(from, type.find(')') + 1 - from);
  return type;
}

Type type_of(const std::string& sql) {
  const Type int32 = TypeKind::int32, string = TypeKind::string;
  const std::map<std::string, Type> types = {
      {"BOOLEAN", TypeKind::boolean},
      {"INT", int32},
      {"BIGINT", TypeKind::int64},
      {"DOUBLE", TypeKind::float64},
      {"DECIMAL(10, 2)", Type::decimal(10, 2)},
      {"DECIMAL(18, 0)", Type::decimal(18, 0)},
      {"STRING", string},
      {"BYTES", TypeKind::bytes},
      {"DATE", TypeKind::date},
      {"TIME", TypeKind::time},
      {"TIMESTAMP", TypeKind::timestamp},
      {"ARRAY<BIGINT>", Type::array(TypeKind::int64)},
      {"ARRAY<STRING>", Type::array(string)},
      {"ARRAY<DECIMAL(10, 2)>", Type::array(Type::decimal(10, 2))},
      {"ARRAY<ARRAY<INT>>", Type::array(Type::array(int32))},
      {"MAP<STRING, INT>", Type::map(string, int32)},
      {"STRUCT<A INT, B STRING>", Type::structure({{"A", int32}, {"B", string}})},
  };
  auto found = types.find(sql);
  REQUIRE_MESSAGE(found != types.end(), sql);
  return found->second;
}

// Values that fit every column that takes the type, and how the created column shows them.
std::vector<std::pair<Value, std::string>> samples_of(const std::string& sql) {
  auto number = [](std::int64_t n) { return Value(n); };
  auto text = [](const char* t) { return Value(std::string(t)); };
  if (sql == "BOOLEAN") return {{true, "true"}, {false, "false"}};
  if (sql == "INT" || sql == "BIGINT") return {{number(0), "0"}, {number(-32768), "-32768"}, {number(32767), "32767"}};
  if (sql == "DOUBLE")
    return {{0.1, "0.1"}, {-2.5e10, "-25000000000"}, {std::nan(""), "NaN"}, {HUGE_VAL, "Infinity"}, {-0.0, "-0"}};
  if (sql == "DECIMAL(10, 2)")
    return {{Int128{0}, "0.00"},
            {Int128{-1}, "-0.01"},
            {Int128{123'456'789'0}, "12345678.90"},
            {Int128{10'000'00}, "10000.00"}};
  if (sql == "DECIMAL(18, 0)") return {{Int128{0}, "0"}, {Int128{-20'000}, "-20000"}, {Int128{30'001}, "30001"}};
  if (sql == "STRING") return {{text("7"), "7"}};
  if (sql == "BYTES") return {{Value(std::string("\0\xff", 2)), "\\x00ff"}, {text(""), "\\x"}};
  if (sql == "DATE")
    return {{number(0), "1970-01-01"}, {number(19'782), "2024-02-29"}, {number(-719'528), "0001-01-01 BC"}};
  if (sql == "TIME") return {{number(0), "00:00:00"}, {number(86'399'999'999), "23:59:59.999999"}};
  if (sql == "TIMESTAMP")
    return {{number(0), "1970-01-01 00:00:00"},
            {number(1'709'251'199'123'456), "2024-02-29 23:59:59.123456"},
            {number(-1), "1969-12-31 23:59:59.999999"}};
  if (sql == "ARRAY<BIGINT>") return {{ValueList{}, "{}"}, {ValueList{number(-1), Value(), number(7)}, "{-1,NULL,7}"}};
  if (sql == "ARRAY<STRING>") return {{ValueList{}, "{}"}, {ValueList{text("1"), Value()}, "{1,NULL}"}};
  if (sql == "ARRAY<DECIMAL(10, 2)>") return {{ValueList{Int128{-150}, Value()}, "{-1.50,NULL}"}};
  if (sql == "ARRAY<ARRAY<INT>>") return {{ValueList{ValueList{number(1)}, Value(), ValueList{}}, "[[1], null, []]"}};
  if (sql == "MAP<STRING, INT>")
    return {{ValueList{text("a\""), number(1), text(""), Value()}, "{\"\": null, \"a\\\"\": 1}"}};
  if (sql == "STRUCT<A INT, B STRING>") return {{ValueList{number(1), text("x\n")}, "{\"A\": 1, \"B\": \"x\\n\"}"}};
  return {};
}

SinkTopic one_column(const Type& type) {
  return {.topic = "typed",
          .object = "TYPED",
          .schema = std::make_shared<Schema>(Schema{{{"ID", TypeKind::int32}}, {{"V", type}}})};
}

void fresh(PostgresStage& stage, const std::string& type) {
  stage.sql("DROP TABLE IF EXISTS typed, levada_positions");
  if (!type.empty()) stage.sql("CREATE TABLE typed (id int PRIMARY KEY, v " + type + ")");
}

std::string write_all(PostgresStage& stage, const Type& type, const std::vector<std::pair<Value, std::string>>& samples,
                      Properties properties) {
  SteadySink sink(stage, one_column(type), std::move(properties));
  std::vector<TestRecord> records;
  for (const auto& [value, shown] : samples)
    records.push_back({{static_cast<std::int64_t>(records.size())}, ValueList{value}});
  records.push_back({{static_cast<std::int64_t>(records.size())}, ValueList{Value()}});
  return sink.write(std::move(records));
}

const Properties inserting = {{"insert.mode", "insert"}, {"auto.create", "true"}};
const Properties upserting = {{"insert.mode", "upsert"}, {"auto.create", "true"}};

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("every cell of TYPES.md holds") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    if (stage->release() < 14) return skip_test("a server before 14 knows no infinite numeric");
    stage->sql("CREATE EXTENSION IF NOT EXISTS citext SCHEMA public");
    stage->sql("SELECT set_config('search_path', current_setting('search_path') || ', public', false)");
    stage->sql("CREATE TYPE mood AS ENUM ('7', 'bad')");
    static constexpr std::string_view all[] = {"boolean",
                                               "smallint",
                                               "integer",
                                               "bigint",
                                               "real",
                                               "double precision",
                                               "numeric",
                                               "money",
                                               "text",
                                               "character varying",
                                               "citext",
                                               "bytea",
                                               "date",
                                               "time without time zone",
                                               "time with time zone",
                                               "timestamp without time zone",
                                               "timestamp with time zone",
                                               "interval",
                                               "uuid",
                                               "json",
                                               "jsonb",
                                               "xml",
                                               "inet",
                                               "bit(3)",
                                               "point",
                                               "int4range",
                                               "mood",
                                               "integer[]",
                                               "bigint[]",
                                               "text[]",
                                               "numeric[]",
                                               "character varying[]"};
    static constexpr std::string_view readable[] = {"integer", "numeric", "money", "citext",  "json",
                                                    "jsonb",   "xml",     "mood",  "interval"};
    std::string wide_columns;
    for (std::string_view type : all)
      wide_columns +=
          (wide_columns.empty() ? "c" : ", c") + std::to_string(wide_columns.size()) + " " + std::string(type);
    stage->sql("CREATE TABLE wide (" + wide_columns + ")");
    auto connection = PostgresConnection::open(parse_postgres_url(stage->url()).value(), "types").value();
    auto wide = read_table(*connection, {stage->schema(), "wide"}).value();
    auto rows = read_page();
    CHECK(rows.size() >= 17);
    for (const TypeRow& row : rows) {
      CAPTURE(row.sql);
      const Type type = type_of(row.sql);
      auto samples = samples_of(row.sql);
      REQUIRE(!samples.empty());
      std::string expected;
      for (const auto& [value, shown] : samples) expected += shown + "\n";
      expected += "NULL";
      for (const Properties* mode : {&inserting, &upserting}) {
        fresh(*stage, "");
        CHECK(write_all(*stage, type, samples, *mode) == "");
        CHECK(stage->sql(
                  "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'typed'::regclass AND "
                  "attname = 'v'") == row.created);
        CHECK(stage->sql("SELECT v::text FROM typed ORDER BY id") == expected);
      }
      // All types that take it at once, a column each.
      bool any = row.also == std::vector<std::string>{"*any*"};
      Schema schema{{{"ID", TypeKind::int32}}, {}};
      std::string columns = "id int PRIMARY KEY", counts;
      for (const PostgresColumn& column : wide->columns) {
        CAPTURE(column.declared);
        bool taken = plan_field(type, column, "UTC").has_value();
        std::string name = column.declared.starts_with("public.") ? column.declared.substr(7) : column.declared;
        bool promised =
            any || name == without_precision(row.created) || std::ranges::find(row.also, name) != row.also.end();
        CHECK(taken == promised);
        // A text goes everywhere, but what it says must be right there.
        if (!taken || (any && std::ranges::find(readable, name) == std::end(readable))) continue;
        schema.value.push_back({column.name, type});
        columns += ", " + column.name + " " + column.declared;
        counts += "|" + std::to_string(samples.size());
      }
      SinkTopic topic{.topic = "typed", .object = "TYPED", .schema = std::make_shared<Schema>(schema)};
      for (const Properties* mode : {&inserting, &upserting}) {
        stage->sql("DROP TABLE typed, levada_positions");
        stage->sql("CREATE TABLE typed (" + columns + ")");
        SteadySink sink(*stage, topic, *mode);
        std::vector<TestRecord> records;
        for (const auto& [value, shown] : samples)
          records.push_back({{static_cast<std::int64_t>(records.size())}, ValueList(schema.value.size(), value)});
        CHECK(sink.write(std::move(records)) == "");
        std::string query = "SELECT ''";
        for (const Field& f : schema.value) query += ", count(" + f.name + ")";
        CHECK(stage->sql(query + " FROM typed") == counts);
      }
    }
  }

  TEST_CASE("values stay what they are at the ends of their range") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    if (stage->release() < 14) return skip_test("a server before 14 knows no infinite numeric");
    auto number = [](std::int64_t n) { return Value(n); };
    auto check = [&](const Type& type, const std::string& column, std::vector<std::pair<Value, std::string>> samples) {
      CAPTURE(column);
      std::string expected;
      for (const auto& [value, shown] : samples) expected += shown + "\n";
      for (const Properties* mode : {&inserting, &upserting}) {
        fresh(*stage, column);
        CHECK(write_all(*stage, type, samples, *mode) == "");
        CHECK(stage->sql("SELECT v::text FROM typed ORDER BY id") == expected + "NULL");
      }
    };
    check(TypeKind::int64, "",
          {{number(INT64_MIN), "-9223372036854775808"}, {number(INT64_MAX), "9223372036854775807"}});
    check(TypeKind::int32, "numeric",
          {{number(INT32_MIN), "-2147483648"}, {number(10'000), "10000"}, {number(0), "0"}});
    check(TypeKind::float64, "",
          {{std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
           {std::numeric_limits<double>::denorm_min(), "5e-324"},
           {-HUGE_VAL, "-Infinity"}});
    check(TypeKind::float64, "numeric",
          {{0.1, "0.1"},
           {1e22, "10000000000000000000000"},
           {-1.5e-7, "-0.00000015"},
           {12345.678, "12345.678"},
           {1e-4, "0.0001"},
           {99999.0, "99999"},
           {0.0, "0"},
           {-HUGE_VAL, "-Infinity"}});
    const Int128 most = power_of_ten[38] - 1;
    check(Type::decimal(38, 0), "",
          {{most, std::string(38, '9')}, {-most, "-" + std::string(38, '9')}, {Int128{1}, "1"}});
    check(Type::decimal(38, 38), "",
          {{most, "0." + std::string(38, '9')}, {Int128{-1}, "-0." + std::string(37, '0') + "1"}});
    check(Type::decimal(38, 19), "numeric",
          {{most, std::string(19, '9') + "." + std::string(19, '9')}, {power_of_ten[19], "1." + std::string(19, '0')}});
    check(Type::decimal(20, 3), "numeric(30,10)", {{Int128{-12'345'678'901'234'567}, "-12345678901234.5670000000"}});
    check(TypeKind::date, "", {{number(-2'440'588), "4714-11-24 BC"}, {number(2'145'042'905), "5874897-12-31"}});
    check(TypeKind::timestamp, "",
          {{number(-210'866'803'200'000'000), "4714-11-24 00:00:00 BC"},
           {number(INT64_MAX - 1), "294247-01-10 04:00:54.775806"},
           {number(INT64_MAX), "infinity"}});
    check(TypeKind::string, "", {{Value(std::string()), ""}, {Value(std::string(300, 'x')), std::string(300, 'x')}});
    check(Type::array(TypeKind::string), "",
          {{ValueList{Value(std::string()), Value(std::string("NULL")), Value(std::string("a\"b\\c,{}"))},
            "{\"\",\"NULL\",\"a\\\"b\\\\c,{}\"}"}});
    check(Type::structure({{"D", TypeKind::float64},
                           {"M", Type::decimal(30, 5)},
                           {"T", TypeKind::timestamp},
                           {"B", TypeKind::bytes},
                           {"N", TypeKind::date}}),
          "",
          {{ValueList{std::nan(""), Int128{1'234'567'890'123'456'789} * 1000, number(1), Value(std::string("abcd")),
                      Value()},
            "{\"B\": \"YWJjZA==\", \"D\": \"NaN\", \"M\": 12345678901234567.89000, \"N\": null, \"T\": "
            "\"1970-01-01T00:00:00.000001\"}"}});
  }

  TEST_CASE("db.timezone says which local time a column without time zone gets") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    const std::vector<std::pair<Value, std::string>> samples = {{Value(std::int64_t{1'720'000'000'000'000}), ""},
                                                                {Value(std::int64_t{1'704'067'200'000'001}), ""}};
    for (Properties mode : {inserting, upserting}) {
      mode.push_back({"db.timezone", "America/New_York", ""});
      fresh(*stage, "");
      CHECK(write_all(*stage, TypeKind::timestamp, samples, mode) == "");
      CHECK(stage->sql("SELECT v::text FROM typed ORDER BY id") ==
            "2024-07-03 05:46:40\n2023-12-31 19:00:00.000001\nNULL");
      fresh(*stage, "timestamptz");
      CHECK(write_all(*stage, TypeKind::timestamp, samples, mode) == "");
      CHECK(stage->sql("SELECT v::text FROM typed ORDER BY id") ==
            "2024-07-03 09:46:40+00\n2024-01-01 00:00:00.000001+00\nNULL");
    }
    auto sink = stage->sink({one_column(TypeKind::timestamp)}, {{"db.timezone", "Mars/Olympus"}});
    auto problems = sink->preflight();
    REQUIRE(problems);
    REQUIRE(problems->size() == 1);
    CHECK((*problems)[0].text() ==
          "error: 'db.timezone': the server knows no time zone Mars/Olympus\n  do: Give a name as in "
          "pg_timezone_names: Europe/Berlin, UTC.");
  }
}

}  // namespace levada
