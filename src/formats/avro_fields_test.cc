#include "formats/avro_fields.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

FormatSpec avro(std::vector<Field> fields, Side side = Side::value) {
  return {.format = "AVRO", .side = side, .fields = std::move(fields), .wrap_single = side == Side::value};
}

Schema read_back(const std::string& key, const std::string& value) {
  auto schema = read_avro_schemas(key, value);
  if (!schema) FAIL(schema.error().text());
  return *std::move(schema);
}

std::string type_text(const std::string& schema) {
  auto parsed = AvroSchema::parse(schema);
  if (!parsed) FAIL(parsed.error().text());
  auto type = avro_type(*parsed, 0);
  return type ? type->text() : type.error().what();
}

// A captured table: numeric(10,2), varchar and a key of two columns that the table has at its end.
std::shared_ptr<const Schema> employees(const std::string& varchar = "character varying(100)") {
  TableOrigin origin{
      .system = "postgresql",
      .schema = "public",
      .table = "employees",
      .columns = {{"integer", true}, {varchar, true}, {"numeric(10,2)", false}, {"date", true}, {"text", true}},
      .order = {2, 3, 4, 0, 1}};
  return std::make_shared<const Schema>(
      Schema{.key = {{"id", TypeKind::int32}, {"kind of", TypeKind::string}},
             .value = {{"salary", Type::decimal(10, 2)}, {"born", TypeKind::date}, {"note", TypeKind::string}},
             .origin = std::make_shared<const TableOrigin>(std::move(origin))});
}
FormatSpec side_of(const std::shared_ptr<const Schema>& schema, Side side) {
  FormatSpec spec = avro(side == Side::key ? schema->key : schema->value, side);
  spec.whole = schema;
  return spec;
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("AVRO writes schemas as ksqlDB does: a record for values, a bare type for a single key column") {
    CHECK(avro_schema_text(avro({{"ID", TypeKind::int64}}, Side::key)) == "\"long\"");
    CHECK(avro_schema_text(avro({{"A", TypeKind::int32}, {"B", TypeKind::date}}, Side::key)) ==
          R"({"type":"record","name":"KsqlDataSourceSchema","namespace":"io.confluent.ksql.avro_schemas","fields":[)"
          R"({"name":"A","type":["null","int"],"default":null},)"
          R"({"name":"B","type":["null",{"type":"int","logicalType":"date"}],"default":null}]})");
    CHECK(avro_schema_text(avro({{"S", Type::structure({{"X", Type::array(TypeKind::string)}})}})) ==
          R"({"type":"record","name":"KsqlDataSourceSchema","namespace":"io.confluent.ksql.avro_schemas","fields":[)"
          R"({"name":"S","type":["null",{"type":"record","name":"KsqlDataSourceSchema_S","namespace":)"
          R"("io.confluent.ksql.avro_schemas","fields":[{"name":"X","type":["null",{"type":"array","items":["null",)"
          R"("string"]}],"default":null}]}],"default":null}]})");
  }

  TEST_CASE("AVRO: all types come back from their schema, with names that Avro does not allow") {
    std::vector<Field> fields = {{"B", TypeKind::boolean},
                                 {"dec", Type::decimal(38, 7)},
                                 {"1st", TypeKind::float64},
                                 {"a b", TypeKind::bytes},
                                 {"a.b", TypeKind::time},
                                 {"größe", TypeKind::timestamp},
                                 {"", TypeKind::int32},
                                 {"M", Type::map(TypeKind::string, Type::array(TypeKind::date))},
                                 {"E", Type::map(TypeKind::int64, TypeKind::boolean)},
                                 {"S", Type::structure({{"x", Type::structure({{"y z", TypeKind::int64}})}})}};
    std::string text = avro_schema_text(avro(fields));
    for (std::string_view name : {"\"_1st\"", "\"a_b\"", "\"a_b_\"", "\"gr__e\"", "\"_\""})
      CHECK_MESSAGE(text.find("\"name\":" + std::string(name)) != std::string::npos, name);
    CHECK(read_back("", text).value == fields);
    CHECK(read_back("", text).origin == nullptr);
  }

  TEST_CASE("AVRO: the origin of rows travels in the value's schema") {
    auto schema = employees();
    std::string key = avro_schema_text(side_of(schema, Side::key));
    std::string value = avro_schema_text(side_of(schema, Side::value));
    CHECK(key == R"({"type":"record","name":"Key","namespace":"public.employees","fields":[{"name":"id","type":"int"},)"
                 R"({"name":"kind_of","type":"string","levada.name":"kind of"}]})");
    CHECK(
        value ==
        R"x({"type":"record","name":"Value","namespace":"public.employees","fields":[{"name":"salary","type":["null",)x"
        R"x({"type":"bytes","logicalType":"decimal","precision":10,"scale":2}],"default":null,"levada.type":)x"
        R"x("numeric(10,2)"},{"name":"born","type":{"type":"int","logicalType":"date"},"levada.type":"date"},)x"
        R"x({"name":"note","type":["null","string"],"default":null,"levada.type":"text","levada.not_null":true}],)x"
        R"x("levada.table":{"system":"postgresql","schema":"public","table":"employees","key":[{"name":"id","type":)x"
        R"x("integer","not_null":true},{"name":"kind of","type":"character varying(100)","not_null":true}],"order":)x"
        R"x(["salary","born","note","id","kind of"]}})x");
    CHECK(read_back(key, value) == *schema);
    auto longer = employees("character varying(200)");
    CHECK(avro_schema_text(side_of(longer, Side::key)) == key);
    CHECK(read_back(key, avro_schema_text(side_of(longer, Side::value))) == *longer);
  }

  TEST_CASE("AVRO: what rows have that are older than a column travels with it, also where it is an empty text") {
    auto schema = std::make_shared<Schema>(*employees());
    auto origin = std::make_shared<TableOrigin>(*schema->origin);
    origin->columns[2].older = "12.50";
    origin->columns[4].older = "";
    schema->origin = origin;
    std::string value = avro_schema_text(side_of(schema, Side::value));
    CHECK(value.find(R"x("levada.type":"numeric(10,2)","levada.older":"12.50")x") != value.npos);
    CHECK(read_back(avro_schema_text(side_of(schema, Side::key)), value) == *schema);
  }

  TEST_CASE("AVRO: a table without a key, and one with a key only") {
    auto without = std::make_shared<Schema>(*employees());
    auto origin = std::make_shared<TableOrigin>(*without->origin);
    origin->columns.erase(origin->columns.begin(), origin->columns.begin() + 2);
    origin->order = {0, 1, 2};
    without->key.clear();
    without->origin = origin;
    CHECK(read_back("", avro_schema_text(side_of(without, Side::value))) == *without);
    auto only = std::make_shared<Schema>(*employees());
    only->value.clear();
    only->key.resize(1);
    origin->columns = {{"uuid", true}};
    origin->order = {0};
    only->origin = origin;
    CHECK(read_back(avro_schema_text(side_of(only, Side::key)), avro_schema_text(side_of(only, Side::value))) == *only);
  }

  TEST_CASE("AVRO: foreign schemas: Connect's, Debezium's rows, unions, what is in key and value alike") {
    Schema rows = read_back(
        R"({"type":"record","name":"Key","fields":[{"name":"id","type":"int"}],"connect.name":"shop.public.t.Key"})",
        R"({"type":"record","name":"Value","fields":[
          {"name":"id","type":"int"},
          {"name":"day","type":{"type":"int","connect.version":1,"connect.name":"io.debezium.time.Date"}},
          {"name":"at","type":["null",{"type":"long","connect.name":"io.debezium.time.MicroTimestamp"}],"default":null},
          {"name":"nano","type":{"type":"long","connect.name":"io.debezium.time.NanoTimestamp"}},
          {"name":"zoned","type":{"type":"string","connect.name":"io.debezium.time.ZonedTimestamp"}},
          {"name":"small","type":{"type":"int","connect.type":"int16"}},
          {"name":"price","type":{"type":"bytes","scale":2,"precision":64,"connect.version":1,
            "connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal",
            "logicalType":"decimal"}},
          {"name":"tags","type":{"type":"array","items":{"type":"record","name":"MapEntry","fields":[
            {"name":"key","type":"int"},{"name":"value","type":"string"}],"connect.internal.type":"MapEntry"}}}
        ]})");
    CHECK(text_of(rows.key) == "`id` INTEGER");
    CHECK(text_of(rows.value) ==
          "`day` DATE, `at` TIMESTAMP, `nano` BIGINT, `zoned` STRING, `small` INTEGER, `price` DECIMAL(38, 2), `tags` "
          "MAP<INTEGER, STRING>");
    CHECK(type_text(R"(["null","int","string",{"type":"record","name":"a.Point","fields":[]}])") ==
          "STRUCT<`int` INTEGER, `string` STRING, `Point` STRUCT<>>");
    CHECK(type_text(R"(["string"])") == "STRING");
    CHECK(text_of(read_back("\"string\"", "\"long\"").key) == "`ROWKEY` STRING");
    CHECK(text_of(read_back("\"string\"", "\"long\"").value) == "`ROWVAL` BIGINT");
    CHECK(type_text(R"({"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]})") ==
          "the Avro type R stands within itself, which no column type holds");
    CHECK(type_text("\"null\"") == "the Avro schema has a value that is always null, which no column type holds");
  }
}

}  // namespace levada
