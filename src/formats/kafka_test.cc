#include "formats/kafka.h"

#include <doctest/doctest.h>

#include "formats/format_samples.h"

namespace levada {
namespace {

using namespace std::string_literals;

std::string read(TypeKind kind, std::string_view bytes) {
  std::vector<Field> fields = {{"A", kind}};
  auto decoder = make_kafka_decoder({.format = "KAFKA", .fields = fields});
  samples::PaddedTexts texts;
  texts.add(bytes);
  samples::Decoded decoded = samples::decode(*decoder, fields, texts);
  if (!decoded.failures.empty()) {
    CHECK(decoded.columns[0]->is_null(0));
    return "! " + decoded.failures[0].why;
  }
  return text_of(decoded.at(0, 0), kind);
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("KAFKA: big endian numbers, strings and bytes as they are") {
    CHECK(read(TypeKind::int32, "\xff\xff\xff\xf9"s) == "-7");
    CHECK(read(TypeKind::int64, "\0\0\0\0\0\0\1\0"s) == "256");
    CHECK(read(TypeKind::float64, "\x3f\xf1\x99\x99\x99\x99\x99\x9a"s) == "1.1");
    CHECK(read(TypeKind::string, "foo ü") == "foo ü");
    CHECK(read(TypeKind::string, "") == "");
    CHECK(read(TypeKind::bytes, "\xff\0"s) == "0xff00");
  }

  TEST_CASE("KAFKA: another length, or no UTF-8, fails") {
    CHECK(read(TypeKind::int32, "\0\0\0"s) == "! field A: expected INTEGER in 4 bytes, found 3");
    CHECK(read(TypeKind::int32, "") == "! field A: expected INTEGER in 4 bytes, found 0");
    CHECK(read(TypeKind::int64, "\0\0\0\1"s) == "! field A: expected BIGINT in 8 bytes, found 4");
    CHECK(read(TypeKind::float64, "1.1234567890"s) == "! field A: expected DOUBLE in 8 bytes, found 12");
    CHECK(read(TypeKind::string, "\xff"s) == "! field A: expected STRING, found bytes that are not UTF-8 at byte 0");
  }

  TEST_CASE("KAFKA: nulls are null, in between too, and have no bytes") {
    std::vector<Field> fields = {{"A", TypeKind::int32}};
    FormatSpec spec{.format = "KAFKA", .fields = fields};
    Columns columns = samples::columns_of(fields, {{std::int64_t{1}}, {Value()}, {std::int64_t{2}}});
    Texts out;
    RowFailures failures;
    make_kafka_encoder(spec)->encode(columns, Rows::all(3), out, failures);
    REQUIRE(out.size() == 3);
    CHECK(out[0] == "\0\0\0\1"s);
    CHECK(out[1].empty());
    CHECK(out[2] == "\0\0\0\2"s);
    samples::PaddedTexts texts;
    texts.add(out[0]);
    texts.add_null();
    texts.add(out[2]);
    auto decoder = make_kafka_decoder(spec);
    samples::Decoded decoded = samples::decode(*decoder, fields, texts);
    CHECK(decoded.failures.empty());
    CHECK(decoded.at(0, 0) == Value(std::int64_t{1}));
    CHECK(decoded.columns[0]->is_null(1));
    CHECK(decoded.at(0, 2) == Value(std::int64_t{2}));
  }
}

}  // namespace levada
