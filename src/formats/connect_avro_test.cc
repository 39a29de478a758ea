#include "formats/connect_avro.h"

#include <doctest/doctest.h>

#include "formats/avro.h"
#include "formats/connect_json.h"
#include "formats/connect_schema_json.h"
#include "formats/format_samples.h"
#include "formats/formats.h"

namespace levada {
namespace {

constexpr std::string_view row_schema =
    R"({"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"int16","optional":true,"field":"small"},{"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2","connect.decimal.precision":"6"},"default":"AJY=","field":"price"},{"type":"int64","optional":true,"name":"io.debezium.time.MicroTimestamp","version":1,"field":"at"},{"type":"array","items":{"type":"string","optional":true},"optional":true,"field":"tags"},{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int32","optional":true},"optional":true,"field":"map"}],"optional":false,"name":"shop.public.odd-name.Value"})";

TEST_SUITE("formats") {
  TEST_CASE("the Avro schema tells what Connect knows") {
    CHECK(
        connect_avro_schema(**read_connect_schema(row_schema)) ==
        R"({"type":"record","name":"Value","namespace":"shop.public.odd_name","fields":[{"name":"id","type":"int"},{"name":"small","type":["null",{"type":"int","connect.type":"int16"}],"default":null},{"name":"price","type":[{"type":"bytes","scale":2,"precision":6,"connect.version":1,"connect.parameters":{"scale":"2","connect.decimal.precision":"6"},"connect.default":"\u0000)"
        "\xc2\x96"
        R"(","connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"},"null"],"default":"\u0000)"
        "\xc2\x96"
        R"("},{"name":"at","type":["null",{"type":"long","connect.version":1,"connect.name":"io.debezium.time.MicroTimestamp"}],"default":null},{"name":"tags","type":["null",{"type":"array","items":["null","string"]}],"default":null},{"name":"map","type":["null",{"type":"map","values":["null","int"]}],"default":null}],"connect.name":"shop.public.odd-name.Value"})");
    // A record that stands twice is defined once; another of its name is not the same.
    CHECK(
        connect_avro_schema(**read_connect_schema(std::string_view(
            R"({"type":"struct","fields":[{"type":"struct","fields":[],"optional":true,"name":"a.V","field":"x"},{"type":"struct","fields":[],"optional":false,"name":"a.V","field":"y"},{"type":"struct","fields":[{"type":"int8","optional":false,"field":"f"}],"optional":false,"name":"a.V","field":"z"}],"optional":false})"))) ==
        R"({"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"x","type":["null",{"type":"record","name":"V","namespace":"a","fields":[],"connect.name":"a.V"}],"default":null},{"name":"y","type":"a.V"},{"name":"z","type":{"type":"record","name":"V2","namespace":"a","fields":[{"name":"f","type":{"type":"int","connect.type":"int8"}}],"connect.name":"a.V"}}]})");
    CHECK(connect_avro_schema({.kind = ConnectType::Kind::int64, .optional = true}) == "\"long\"");
    ConnectType map{.kind = ConnectType::Kind::map};
    map.key = map.element = std::make_shared<const ConnectType>(ConnectType{.kind = ConnectType::Kind::int32});
    CHECK(
        connect_avro_schema(map) ==
        R"({"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"int"}]},"connect.internal.type":"MapEntry"})");
  }

  TEST_CASE("what AvroConverter writes, our AVRO reads") {
    ConnectTypeRef type = *read_connect_schema(row_schema);
    Column column(physical_type(*type));
    for (std::string_view payload :
         {R"({"id":1,"small":-2,"price":"AJY=","at":5000001,"tags":["a",null],"map":{"k":7}})", "null",
          R"({"id":2,"small":null,"price":null,"at":null,"tags":null,"map":null})"})
      REQUIRE(append_connect_value(column, *type, Json::parse(payload).value()));
    samples::SchemasInMemory schemas;
    auto converter = make_connect_avro(Side::value, schemas);
    Texts out;
    RowFailures failures;
    REQUIRE(converter->encode("t", type, column, Rows::all(3), out, failures));
    CHECK(failures.empty());
    CHECK(out[1].empty());
    CHECK(schemas.latest("t-value").value()->version == 1);

    FormatSpec spec{.format = "AVRO",
                    .fields = {{"ID", TypeKind::int32},
                               {"SMALL", TypeKind::int32},
                               {"PRICE", Type::decimal(6, 2)},
                               {"AT", TypeKind::int64},
                               {"TAGS", Type::array(TypeKind::string)},
                               {"MAP", Type::map(TypeKind::string, TypeKind::int32)}},
                    .schemas = &schemas};
    samples::PaddedTexts texts;
    texts.add(out[0]);
    texts.add(out[2]);
    auto decoder = find_format("AVRO")->make_decoder(spec);
    samples::Decoded rows = samples::decode(*decoder, spec.fields, texts);
    for (const RowFailure& failure : rows.failures) FAIL_CHECK(failure.why);
    std::string said;
    for (std::uint32_t row = 0; row < 2; ++row)
      for (std::size_t f = 0; f < spec.fields.size(); ++f)
        said += text_of(rows.at(f, row), spec.fields[f].type) + (f + 1 < spec.fields.size() ? " " : "\n");
    CHECK(said == "1 -2 1.50 5000001 [\"a\",null] {\"k\":7}\n2 null null null null null\n");
  }

  TEST_CASE("a null where Avro has no place for one is told") {
    ConnectTypeRef type = *read_connect_schema(std::string_view(
        R"({"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":false})"));
    Column column(physical_type(*type));
    REQUIRE(append_connect_value(column, *type, Json::parse("{}").value()));
    samples::SchemasInMemory schemas;
    Texts out;
    RowFailures failures;
    REQUIRE(make_connect_avro(Side::key, schemas)->encode("t", type, column, Rows::all(1), out, failures));
    CHECK(failures.size() == 1);
    CHECK(out[0].empty());
  }
}

}  // namespace
}  // namespace levada
