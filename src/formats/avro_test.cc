// Bytes of AVRO: exactly those of the specification, records of other writers, and what is malformed.
#include "formats/avro.h"

#include <doctest/doctest.h>

#include "formats/avro_fields.h"
#include "formats/format_samples.h"

namespace levada {
namespace {

using namespace std::string_literals;
using samples::PaddedTexts;

struct Stage {
  samples::SchemasInMemory schemas;

  std::string record(const std::string& schema, const std::string& bytes) {
    std::string text(schema_frame_size, '\0');
    store_big(text.data() + 1, *schemas.put("s", schema));
    return text + bytes;
  }
  FormatSpec spec(std::vector<Field> fields, bool wrap = true) {
    return {.format = "AVRO", .fields = std::move(fields), .wrap_single = wrap, .schemas = &schemas};
  }
  samples::Decoded decode(const std::vector<Field>& fields, const PaddedTexts& texts, bool wrap = true,
                          const std::vector<bool>& wanted = {}) {
    auto decoder = make_avro_decoder(spec(fields, wrap));
    return samples::decode(*decoder, fields, texts, wanted);
  }
  // The columns of one record as text, or why not.
  std::string shown(const std::vector<Field>& fields, const std::string& schema, const std::string& bytes,
                    bool wrap = true) {
    samples::Decoded decoded = decode(fields, samples::padded({record(schema, bytes)}), wrap);
    if (!decoded.failures.empty()) {
      for (std::size_t i = 0; i < fields.size(); ++i) CHECK(decoded.at(i, 0).is_null());
      return decoded.failures[0].why;
    }
    std::string text;
    for (std::size_t i = 0; i < fields.size(); ++i)
      text += (i == 0 ? "" : ", ") + text_of(decoded.at(i, 0), fields[i].type);
    return text;
  }
};

std::string record_of(const std::string& fields) { return R"({"type":"record","name":"R","fields":[)" + fields + "]}"; }
std::string field(const std::string& name, const std::string& type) {
  return R"({"name":")" + name + R"(","type":)" + type + "}";
}

std::string hex(std::string_view bytes) { return text_of(Value(std::string(bytes)), TypeKind::bytes); }

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("AVRO: the bytes of the specification") {
    Stage stage;
    FormatSpec spec = samples::registered(
        stage.spec({{"A", TypeKind::int64}, {"B", TypeKind::string}, {"C", Type::decimal(9, 2)}}), stage.schemas);
    Columns columns = samples::columns_of(
        spec.fields,
        {{std::int64_t{27}, "foo"s, Int128(-129)}, {Value(), Value(), Value()}, {std::int64_t{-64}, ""s, Int128(128)}});
    Texts texts;
    RowFailures failures;
    make_avro_encoder(spec)->encode(columns, Rows::all(3), texts, failures);
    CHECK(failures.empty());
    CHECK(hex(texts[0]) ==
          "0x0000000001"
          "0236"
          "0206666f6f"
          "0204ff7f");
    CHECK(hex(texts[1]) == "0x0000000001000000");
    CHECK(hex(texts[2]) ==
          "0x0000000001"
          "027f"
          "0200"
          "02040080");
  }

  TEST_CASE(
      "AVRO: fields are found by name, alias, or the only one that differs in case; the rest is skipped or null") {
    Stage stage;
    std::string schema = record_of(
        field("skipped", R"({"type":"array","items":["null","string"]})") + "," + field("id", "\"int\"") + "," +
        field("Id2", "\"int\"") + "," + R"({"name":"neu","aliases":["ALT"],"type":"string"},)" + field("x", "\"int\"") +
        "," + field("X", "\"int\"") + "," + R"({"name":"a_b","levada.name":"a b","type":"double"})");
    std::string bytes = "\x02\x02\x02h\0\x0e\x10\x04ok\x02\x04"s + "\0\0\0\0\0\0\xf0\x3f"s;
    CHECK(stage.shown({{"ID", TypeKind::int64},
                       {"ALT", TypeKind::string},
                       {"X", TypeKind::int32},
                       {"a b", TypeKind::float64},
                       {"MORE", TypeKind::string}},
                      schema, bytes) == "7, ok, 2, 1.0, null");
    samples::Decoded decoded = stage.decode({{"ID", TypeKind::int32}, {"ALT", TypeKind::string}},
                                            samples::padded({stage.record(schema, bytes)}), true, {false, true});
    CHECK(decoded.failures.empty());
    CHECK(decoded.columns[0] == nullptr);
    CHECK(decoded.at(1, 0) == Value("ok"s));
    // x and X are two: neither is the only one.
    CHECK(stage.shown({{"ab", TypeKind::int32}}, record_of(field("Ab", "\"int\"") + "," + field("aB", "\"int\"")),
                      "\2\4") == "null");
  }

  TEST_CASE("AVRO: promotions, enums, fixed, logical types") {
    Stage stage;
    auto one = [&](const Type& type, const std::string& written, const std::string& bytes) {
      return stage.shown({{"A", type}}, record_of(field("A", written)), bytes);
    };
    CHECK(one(TypeKind::float64, "\"int\"", "\x03") == "-2.0");
    CHECK(one(TypeKind::float64, "\"float\"", "\0\0\xc0\x3f"s) == "1.5");
    CHECK(one(TypeKind::int64, R"(["int","null"])", "\0\x04"s) == "2");
    CHECK(one(TypeKind::int64, R"(["int","null"])", "\x02") == "null");
    CHECK(one(TypeKind::bytes, "\"string\"", "\x04hi") == "0x6869");
    CHECK(one(TypeKind::string, "\"bytes\"", "\x04hi") == "hi");
    CHECK(one(TypeKind::string, R"({"type":"enum","name":"E","symbols":["RED","BLUE"]})", "\x02") == "BLUE");
    CHECK(one(TypeKind::bytes, R"({"type":"fixed","name":"F","size":2})", "ab") == "0x6162");
    CHECK(one(TypeKind::string, "\"long\"", "\x03") == "-2");
    CHECK(one(TypeKind::string, "\"boolean\"", "\x01") == "true");
    CHECK(one(TypeKind::string, "\"float\"", "\0\0\xc0\x3f"s) == "1.5");
    CHECK(one(TypeKind::string, "\"double\"", "\0\0\0\0\0\0\xf0\xbf"s) == "-1.0");
    CHECK(one(TypeKind::date, R"({"type":"int","logicalType":"date"})", "\x13") == "1969-12-22");
    CHECK(one(TypeKind::time, R"({"type":"int","logicalType":"time-millis"})", "\xd0\x0f") == "00:00:01");
    CHECK(one(TypeKind::timestamp, R"({"type":"long","logicalType":"timestamp-millis"})", "\xd0\x0f") ==
          "1970-01-01T00:00:01.000");
    CHECK(one(Type::decimal(6, 3), R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})",
              "\x04\xff\x7f") == "-1.290");
    CHECK(one(Type::decimal(4, 2),
              R"({"type":"fixed","name":"F","size":20,"logicalType":"decimal","precision":40,"scale":2})",
              std::string(19, '\0') + "\x05") == "0.05");
    CHECK(one(Type::decimal(4, 1), R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})", "\x02\x05") ==
          "field A: the number does not fit into DECIMAL(4, 1) at byte 6");
    CHECK(one(Type::decimal(38, 0), R"({"type":"bytes","logicalType":"decimal","precision":60})",
              "\x28" + std::string(20, '\x7f')) == "field A: the number does not fit into DECIMAL(38, 0) at byte 6");
    CHECK(one(TypeKind::int32, "\"long\"", "\x02") == "field A: the writer has long, which is no INTEGER at byte 5");
    CHECK(one(TypeKind::timestamp, "\"long\"", "\x02") ==
          "field A: the writer has long, which is no TIMESTAMP at byte 5");
  }

  TEST_CASE("AVRO: unions of several branches are read into one type, or spread over a structure") {
    Stage stage;
    std::string schema = record_of(
        field("A", R"(["null","int","string",{"type":"record","name":"P","fields":[{"name":"x","type":"int"}]}])"));
    Type spread = Type::structure(
        {{"INT", TypeKind::int32}, {"STRING", TypeKind::string}, {"P", Type::structure({{"X", TypeKind::int64}})}});
    CHECK(stage.shown({{"A", spread}}, schema, "\x02\x0e") == R"({"INT":7,"STRING":null,"P":null})");
    CHECK(stage.shown({{"A", spread}}, schema, "\x04\x04hi") == R"({"INT":null,"STRING":"hi","P":null})");
    CHECK(stage.shown({{"A", spread}}, schema, "\x06\x02") == R"({"INT":null,"STRING":null,"P":{"X":1}})");
    CHECK(stage.shown({{"A", spread}}, schema, std::string(1, '\0')) == "null");
    CHECK(stage.shown({{"A", TypeKind::string}}, schema, "\x04\x04hi") == "hi");
    CHECK(stage.shown({{"A", TypeKind::string}}, schema, "\x06\x02") ==
          "field A: the writer has record, which is no STRING at byte 6");
    CHECK(stage.shown({{"A", TypeKind::string}}, schema, "\x08") ==
          "field A: expected the number of a union's branch at byte 5");
  }

  TEST_CASE("AVRO: lists in blocks, with and without their size, in structures and in each other") {
    Stage stage;
    Type lists = Type::array(Type::array(TypeKind::int32));
    std::string schema = record_of(field("A", R"({"type":"array","items":{"type":"array","items":"int"}})"));
    // [[1], [2, 3]] in blocks of one, the second with its size.
    CHECK(stage.shown({{"A", lists}}, schema, "\x02\x02\x02\0\x01\x0a\x03\x04\x04\x06\0\0"s) == "[[1],[2,3]]");
    CHECK(stage.shown({{"B", TypeKind::int32}}, schema, "\x02\x02\x02\0\x01\x0a\x03\x04\x04\x06\0\0"s) == "null");
    Type map = Type::map(TypeKind::string, TypeKind::int64);
    std::string entries = record_of(field("A", R"({"type":"array","items":{"type":"record","name":"E","fields":[
        {"name":"key","type":["null","string"]},{"name":"value","type":["null","long"]}]}})"));
    CHECK(stage.shown({{"A", map}}, entries, "\x02\x02\x02k\x02\x06\0"s) == R"({"k":3})");
    // A row that breaks off in a list leaves nothing behind in the next.
    std::string good = stage.record(schema, "\x02\x02\x02\0\0"s), cut = stage.record(schema, "\x04\x04\x02\x04\0\x02"s);
    PaddedTexts texts = samples::padded({good, cut, good});
    samples::Decoded decoded = stage.decode({{"A", lists}}, texts);
    REQUIRE(decoded.failures.size() == 1);
    CHECK(decoded.failures[0].row == 1);
    CHECK(decoded.at(0, 0) == decoded.at(0, 2));
    CHECK(decoded.at(0, 1).is_null());
    CHECK(text_of(decoded.at(0, 2), lists) == "[[1]]");
  }

  TEST_CASE("AVRO: a type within itself is skipped, to a certain depth") {
    Stage stage;
    std::string schema =
        R"({"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]},{"name":"v","type":"int"}]})";
    CHECK(stage.shown({{"V", TypeKind::int32}}, schema, "\x02\x02\0\x02\x04\x06"s) == "3");
    std::string deep(1000, '\x02');
    CHECK(stage.shown({{"V", TypeKind::int32}}, schema, deep).find("nested too deeply") != std::string::npos);
    Type once = Type::structure({{"V", TypeKind::int32}});
    CHECK(stage.shown({{"NEXT", once}}, schema, "\x02\x02\0\x02\x04\x06"s) == R"({"V":2})");
    std::string endless = R"({"type":"record","name":"R","fields":[{"name":"a","type":"R"},{"name":"b","type":"R"}]})";
    CHECK(stage.shown({{"V", TypeKind::int32}}, endless, "").find("nested too deeply") != std::string::npos);
  }

  TEST_CASE("AVRO: bare values, and a key that another writer put into a record") {
    Stage stage;
    CHECK(stage.shown({{"K", TypeKind::string}}, "\"string\"", "\x04hi", false) == "hi");
    CHECK(stage.shown({{"K", TypeKind::string}}, R"(["null","string"])", "\x02\x04hi", false) == "hi");
    CHECK(stage.shown({{"ID", TypeKind::int64}}, record_of(field("id", "\"int\"")), "\x0e", false) == "7");
    CHECK(stage.shown({{"ID", TypeKind::int64}}, "\"int\"", "\x0e") == "7");
    CHECK(stage.shown({{"A", TypeKind::int32}, {"B", TypeKind::int32}}, "\"int\"", "\x0e") ==
          "a record was expected, the writer's schema is int at byte 5");
    CHECK(stage.shown({{"A", TypeKind::int32}, {"B", TypeKind::int32}},
                      "[\"null\"," + record_of(field("a", "\"int\"")) + "]", "\x02\x04") == "2, null");
    CHECK(stage.shown({{"A", TypeKind::int32}, {"B", TypeKind::int32}},
                      "[\"null\"," + record_of(field("a", "\"int\"")) + "]", std::string(1, '\0')) == "null, null");
  }

  TEST_CASE("AVRO: what is malformed says where") {
    Stage stage;
    auto one = [&](const Type& type, const std::string& written, const std::string& bytes) {
      return stage.shown({{"A", type}}, record_of(field("A", written)), bytes);
    };
    CHECK(one(TypeKind::string, "\"string\"", "\x08hi") ==
          "field A: expected STRING, found none or half of one at byte 5");
    CHECK(one(TypeKind::string, "\"string\"", "\x01") ==
          "field A: expected STRING, found none or half of one at byte 5");
    CHECK(one(TypeKind::string, "\"string\"",
              "\x06"
              "a\xff"
              "b") == "field A: expected STRING, found bytes that are not UTF-8 at byte 7");
    CHECK(one(TypeKind::string, "\"string\"", "\x28" + std::string(19, 'x') + "\xc3") ==
          "field A: expected STRING, found bytes that are not UTF-8 at byte 25");
    CHECK(one(TypeKind::int32, "\"int\"", "\xfe\xff\xff\xff\x1f") ==
          "field A: expected INTEGER, found none or half of one at byte 5");
    CHECK(one(TypeKind::int32, "\"int\"", "\x02\x02") == "1 bytes more than the schema has, at byte 6");
    CHECK(one(TypeKind::boolean, "\"boolean\"", "\x02") ==
          "field A: expected BOOLEAN, found none or half of one at byte 5");
    CHECK(one(TypeKind::time, R"({"type":"long","logicalType":"time-micros"})", "\x01") ==
          "field A: expected a TIME of one day, found -1 at byte 5");
    CHECK(one(Type::array(TypeKind::int32), R"({"type":"array","items":"int"})", "\xfe\xff\xff\xff\x1f") ==
          "field A: a block has more elements than bytes at byte 5");
    CHECK(one(Type::array(TypeKind::int32), R"({"type":"array","items":"null"})", "\x80\x80\x01"s).find("elements") !=
          std::string::npos);
    std::vector<Field> fields = {{"A", TypeKind::int32}};
    auto why = [&](std::string_view text) {
      samples::Decoded decoded = stage.decode(fields, samples::padded({text}));
      REQUIRE(decoded.failures.size() == 1);
      return decoded.failures[0].why;
    };
    CHECK(why("") == "expected a byte 0 and the number of an Avro schema, found nothing");
    CHECK(why("{\"A\":1}") == "expected a byte 0 and the number of an Avro schema, found 0x7b2241223a");
    CHECK(why("\0\0\0\0\x63x"s).find("Avro schema 99") != std::string::npos);
  }

  TEST_CASE("AVRO: every record cut or changed anywhere is a failure or other values, never read beyond its end") {
    std::uint64_t seed = random_seed();
    INFO("seed ", seed);
    Random random(seed);
    for (int round = 0; round < 40; ++round) {
      Stage stage;
      FormatSpec spec = samples::registered(
          stage.spec(samples::random_fields(random, samples::Nesting::all, 1 + random.below(4))), stage.schemas);
      Texts texts;
      RowFailures failures;
      make_avro_encoder(spec)->encode(samples::columns_of(spec.fields, samples::random_rows(random, spec.fields, 3)),
                                      Rows::all(3), texts, failures);
      PaddedTexts broken;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        std::string whole(texts[i]);
        for (std::size_t n = 0; n < std::min<std::size_t>(whole.size(), 60); ++n) {
          broken.add(std::string_view(whole).substr(0, n));
          std::string other = whole;
          if (n >= schema_frame_size) other[n] = static_cast<char>(random());
          broken.add(other);
        }
      }
      samples::Decoded decoded = stage.decode(spec.fields, broken);
      for (std::size_t f = 0; f < spec.fields.size(); ++f)
        for (std::uint32_t row = 0; row < broken.size(); ++row) decoded.at(f, row);  // every column is whole
    }
  }
}

}  // namespace levada
