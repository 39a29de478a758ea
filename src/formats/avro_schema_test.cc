#include "formats/avro_schema.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

using Kind = AvroNode::Kind;

AvroSchema parsed(std::string_view text) {
  auto schema = AvroSchema::parse(text);
  if (!schema) FAIL(schema.error().text());
  return *std::move(schema);
}

std::string complaint(std::string_view text) {
  auto schema = AvroSchema::parse(text);
  return schema ? "none" : schema.error().what();
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("an Avro schema: primitive types, with and without quotes or an object around them") {
    CHECK(parsed(R"("long")")[0].kind == Kind::int64);
    CHECK(parsed("string")[0].kind == Kind::string);
    CHECK(parsed(R"({"type":"bytes"})")[0].kind == Kind::bytes);
    CHECK(parsed(R"({"type":{"type":"float"}})")[0].kind == Kind::float32);
  }

  TEST_CASE("an Avro schema: names have a namespace, and a type may stand in itself") {
    AvroSchema schema = parsed(R"({"type":"record","name":"List","namespace":"a.b","aliases":["Old"],"fields":[
        {"name":"value","type":"int","doc":"d","aliases":["v"],"default":7},
        {"name":"color","type":{"type":"enum","name":"Color","symbols":["RED","BLUE"]}},
        {"name":"other","type":["null","Color"],"default":null},
        {"name":"next","type":["null","a.b.List"]}]})");
    CHECK(schema[0].name == "a.b.List");
    CHECK(schema[0].branch_name() == "List");
    REQUIRE(schema[0].fields.size() == 4);
    CHECK(schema[0].fields[0].fallback->text() == "7");
    CHECK(schema[0].fields[0].properties.text_of("doc") == "d");
    const AvroNode& color = schema[schema[0].fields[1].type];
    CHECK(color.name == "a.b.Color");
    CHECK(color.symbols == std::vector<std::string>{"RED", "BLUE"});
    auto other = schema.optional(schema[0].fields[2].type);
    REQUIRE(other);
    CHECK(other->null_branch == 0);
    CHECK(&schema[other->node] == &color);
    CHECK(schema.optional(schema[0].fields[3].type)->node == 0);
  }

  TEST_CASE("an Avro schema: logical types count where they fit, else the type is plain") {
    CHECK(parsed(R"({"type":"int","logicalType":"date"})")[0].meaning == AvroMeaning::date);
    CHECK(parsed(R"({"type":"long","logicalType":"date"})")[0].meaning == AvroMeaning::plain);
    CHECK(parsed(R"({"type":"long","logicalType":"local-timestamp-micros"})")[0].meaning == AvroMeaning::timestamp_us);
    CHECK(parsed(R"({"type":"long","connect.name":"io.debezium.time.MicroTime"})")[0].meaning == AvroMeaning::time_us);
    CHECK(parsed(R"({"type":"long","connect.name":"io.debezium.time.NanoTime"})")[0].meaning == AvroMeaning::plain);
    AvroNode decimal = parsed(R"({"type":"bytes","logicalType":"decimal","precision":64,"scale":2})")[0];
    CHECK(decimal.meaning == AvroMeaning::decimal);
    CHECK(decimal.precision == 64);
    CHECK(decimal.scale == 2);
    CHECK(parsed(R"({"type":"bytes","logicalType":"decimal","precision":2,"scale":3})")[0].meaning ==
          AvroMeaning::plain);
    CHECK(parsed(R"({"type":"fixed","name":"F","size":9,"logicalType":"decimal","precision":20})")[0].scale == 0);
    AvroNode connect = parsed(R"({"type":"bytes","connect.name":"org.apache.kafka.connect.data.Decimal",
        "connect.parameters":{"scale":"3","connect.decimal.precision":"12"}})")[0];
    CHECK(connect.meaning == AvroMeaning::decimal);
    CHECK(connect.precision == 12);
    CHECK(connect.scale == 3);
  }

  TEST_CASE("what is no Avro schema is told") {
    CHECK(complaint("{") == "the Avro schema is wrong: it is not JSON");
    CHECK(complaint("7") == "the Avro schema is wrong: a type is missing");
    CHECK(complaint(R"("Unknown")") == "the Avro schema is wrong: there is no type 'Unknown'");
    CHECK(complaint(R"({"type":"record","name":"R"})") == "the Avro schema is wrong: record 'R' has no fields");
    CHECK(complaint(R"({"type":"record","fields":[]})") == "the Avro schema is wrong: a record has no name");
    CHECK(complaint(R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})") ==
          "the Avro schema is wrong: record 'R' has two fields 'a'");
    CHECK(complaint(R"(["int",["null","string"]])") == "the Avro schema is wrong: a union stands in a union");
    CHECK(complaint("[]") == "the Avro schema is wrong: a union has no branches");
    CHECK(complaint(R"({"type":"fixed","name":"F"})") == "the Avro schema is wrong: fixed 'F' has no size");
    CHECK(complaint(R"([{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}])") ==
          "the Avro schema is wrong: two types are named 'F'");
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += R"({"type":"array","items":)";
    deep += "\"int\"" + std::string(100, '}');
    CHECK(complaint(deep) == "the Avro schema is wrong: it is nested too deeply");
  }
}

}  // namespace levada
