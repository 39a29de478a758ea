#include "connectors/postgres/connect_value.h"

#include <doctest/doctest.h>

#include "base/files.h"
#include "connectors/postgres/captured_samples.h"
#include "formats/connect_json.h"

namespace levada {
namespace {

// "bytes Decimal scale=2", with the packages of the names that go without saying left out.
std::string type_text(const ConnectType& type) {
  static constexpr std::string_view kinds[] = {"int8",    "int16",  "int32", "int64", "float32", "float64",
                                               "boolean", "string", "bytes", "array", "map",     "structure"};
  std::string text;
  if (type.kind == ConnectType::Kind::array) return "array of " + type_text(*type.element);
  if (type.kind != ConnectType::Kind::structure) text = kinds[static_cast<std::size_t>(type.kind)];
  if (!type.name.empty()) {
    CHECK(type.version == 1);
    std::size_t dot = type.name.rfind('.');
    if (!text.empty()) text += ' ';
    bool is_decimal = type.name.ends_with(".Decimal");
    if (type.name.starts_with("org.apache.kafka.connect.data.") && !is_decimal) text += "connect.";
    text += type.name.substr(dot + 1);
  }
  for (const auto& [name, value] : type.parameters) text += " " + name + "=" + value;
  return text;
}

ValueModes modes_of(const std::string& setting) {
  ValueModes modes;
  modes.form = RecordForm::connect;
  auto set = [&]<class T>(T& mode, std::string_view name, std::initializer_list<std::pair<std::string_view, T>> texts) {
    for (auto [text, value] : texts)
      if (setting == std::string(name) + "=" + std::string(text)) mode = value;
  };
  using M = ValueModes;
  set(modes.decimal, "decimal", {{"double", M::Decimal::twice}, {"string", M::Decimal::string}});
  set(modes.binary, "binary",
      {{"base64", M::Binary::base64}, {"base64-url-safe", M::Binary::base64_url_safe}, {"hex", M::Binary::hex}});
  set(modes.hstore, "hstore", {{"map", M::Hstore::map}});
  set(modes.interval, "interval", {{"string", M::Interval::string}});
  set(modes.time, "time",
      {{"adaptive_time_microseconds", M::Time::adaptive_time_microseconds},
       {"connect", M::Time::connect},
       {"isostring", M::Time::isostring},
       {"microseconds", M::Time::microseconds},
       {"nanoseconds", M::Time::nanoseconds}});
  return modes;
}

std::string json(const ValuePlan& plan, const FieldText& text) {
  Column column(plan.type);
  RowFailures failures;
  plan.reader->read(&text, 1, 1, column, failures);
  if (!failures.empty()) return "!" + failures[0].why;
  Buffer out;
  ConnectJsonWriter(*plan.connect, {.schemas = false}).append(out, column, 0);
  return std::string(out.view());
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("postgres Connect values: TYPES.md says what each type becomes in each mode") {
    std::string page = read_file(real_files(), LEVADA_ROOT "/src/connectors/postgres/TYPES.md").value();
    auto rows = table_rows(page, "| PostgreSQL | mode | Connect | text | value |");
    CHECK(rows.size() > 80);
    for (const auto& row : rows) {
      CAPTURE(row[0]);
      CAPTURE(row[1]);
      CAPTURE(row[3]);
      REQUIRE(row.size() == 5);
      auto plan = plan_value(captured_column("c", row[0]), modes_of(row[1]));
      REQUIRE(plan);
      CHECK(type_text(*plan->connect) == row[2]);
      CHECK(plan->connect->optional);
      CHECK(plan->type == physical_type(*plan->connect));
      SampleTexts texts;
      std::string value = json(*plan, texts.text(row[3]));
      if (row[4] == "null")
        CHECK(value.starts_with("!"));
      else
        CHECK(value == row[4]);
      CHECK(json(*plan, SampleTexts::null()) == "null");
    }
  }

  TEST_CASE("postgres Connect values: what was not sent has Debezium's placeholder in texts, bytes and their arrays") {
    auto unchanged = [](std::string_view type, const std::string& mode) {
      return json(*plan_value(captured_column("c", type), modes_of(mode)), SampleTexts::unchanged());
    };
    CHECK(unchanged("text", "") == "\"__debezium_unavailable_value\"");
    CHECK(unchanged("jsonb", "") == "\"__debezium_unavailable_value\"");
    CHECK(unchanged("bytea", "") == "\"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==\"");
    CHECK(unchanged("bytea", "binary=hex") == "\"__debezium_unavailable_value\"");
    CHECK(unchanged("text[]", "") == "[\"__debezium_unavailable_value\"]");
    CHECK(unchanged("hstore", "hstore=map") == R"({"__debezium_unavailable_value":"__debezium_unavailable_value"})");
    CHECK(unchanged("integer[]", "") == "null");
    CHECK(unchanged("numeric", "") == "null");
  }

  TEST_CASE("postgres Connect values: a column that is NOT NULL is not optional, elements always are") {
    CapturedColumn column = captured_column("c", "integer[]");
    column.not_null = true;
    ValueModes modes = modes_of("");
    auto plan = plan_value(column, modes);
    CHECK_FALSE(plan->connect->optional);
    CHECK(plan->connect->element->optional);
  }
}

}  // namespace levada
