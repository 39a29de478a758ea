#include "formats/avro_value_step.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

using Op = AvroStep::Op;

AvroNode node(std::string_view schema) { return AvroSchema::parse(schema).value().nodes[0]; }

std::optional<Op> op(std::string_view schema, const Type& type) {
  auto step = avro_value_step(node(schema), type);
  return step ? std::optional(step->op) : std::nullopt;
}

constexpr std::string_view plain[] = {R"("boolean")", R"("int")",    R"("long")", R"("float")",
                                      R"("double")",  R"("string")", R"("bytes")"};
constexpr std::string_view time_ms = R"({"type":"int","logicalType":"time-millis"})";
constexpr std::string_view timestamp_us = R"({"type":"long","logicalType":"timestamp-micros"})";
constexpr std::string_view decimal = R"({"type":"bytes","logicalType":"decimal","precision":5,"scale":2})";
constexpr std::string_view fixed_decimal =
    R"({"type":"fixed","name":"f","size":3,"logicalType":"decimal","precision":5,"scale":2})";
constexpr std::string_view fixed = R"({"type":"fixed","name":"f","size":3})";
constexpr std::string_view mood = R"({"type":"enum","name":"m","symbols":["ok"]})";

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("Avro value step: numbers grow and never shrink") {
    auto row = [](const Type& type) {
      std::vector<std::optional<Op>> ops;
      for (std::string_view schema : plain) ops.push_back(op(schema, type));
      return ops;
    };
    constexpr std::nullopt_t no = std::nullopt;
    using Row = std::vector<std::optional<Op>>;
    CHECK(row(TypeKind::boolean) == Row{Op::boolean, no, no, no, no, no, no});
    CHECK(row(TypeKind::int32) == Row{no, Op::int32, no, no, no, no, no});
    CHECK(row(TypeKind::int64) == Row{no, Op::int64, Op::int64, no, no, no, no});
    CHECK(row(TypeKind::float64) == Row{no, Op::int_to_double, Op::int_to_double, Op::float32, Op::float64, no, no});
    CHECK(row(TypeKind::string) == Row{Op::boolean_text, Op::int_text, Op::int_text, Op::float32_text, Op::float64_text,
                                       Op::string, Op::string});
    CHECK(row(TypeKind::bytes) == Row{no, no, no, no, no, Op::bytes, Op::bytes});
    CHECK(row(TypeKind::date) == Row(7, no));
  }

  TEST_CASE("Avro value step: what has a meaning is read by it, and is no text") {
    CHECK(op(time_ms, TypeKind::time) == Op::time_ms);
    CHECK(op(time_ms, TypeKind::int32) == Op::int32);
    CHECK_FALSE(op(time_ms, TypeKind::string));
    CHECK_FALSE(op(time_ms, TypeKind::timestamp));
    CHECK(op(timestamp_us, TypeKind::timestamp) == Op::timestamp_us);
    CHECK_FALSE(op(decimal, TypeKind::string));
    CHECK_FALSE(op(fixed_decimal, TypeKind::string));
    auto step = avro_value_step(node(decimal), Type::decimal(5, 2));
    REQUIRE(step);
    CHECK(step->op == Op::decimal);
    CHECK(step->other == 2);
    step = avro_value_step(node(fixed_decimal), Type::decimal(5, 2));
    REQUIRE(step);
    CHECK(step->op == Op::decimal_fixed);
    CHECK(step->size == 3);
  }

  TEST_CASE("Avro value step: what is read as one size is passed over as one") {
    CHECK(avro_value_step(node(fixed), TypeKind::bytes)->size == 3);
    CHECK(op(fixed, TypeKind::string) == Op::fixed_string);
    CHECK(op(mood, TypeKind::string) == Op::symbol);
    CHECK_FALSE(op(mood, TypeKind::bytes));
    auto skipped = [](std::string_view schema) { return avro_skip_step(node(schema)).value(); };
    CHECK(skipped(fixed).size == 3);
    CHECK(skipped(R"("boolean")").size == 1);
    CHECK(skipped(R"("float")").size == 4);
    CHECK(skipped(R"("double")").size == 8);
    CHECK(skipped(mood).op == Op::skip_varint);
    CHECK(skipped(timestamp_us).op == Op::skip_varint);
    CHECK(skipped(decimal).op == Op::skip_bytes);
    CHECK_FALSE(avro_skip_step(node(R"({"type":"array","items":"int"})")));
    CHECK_FALSE(avro_skip_step(node(R"(["null","int"])")));
    CHECK_FALSE(avro_value_step(node(R"({"type":"array","items":"int"})"), Type::array(TypeKind::int32)));
  }
}

}  // namespace levada
