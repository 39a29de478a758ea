#include "formats/row_bytes.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace levada {
namespace {

ColumnRef column_of(const Type& type, std::initializer_list<Value> values) {
  auto column = std::make_shared<Column>(type);
  for (const Value& value : values) column->append(value);
  return column;
}

std::vector<std::string> rows_of(RowBytes& rows, const ColumnRef& column) {
  std::vector<std::string_view> bytes;
  Bits with_null;
  rows.encode(std::span(&column, 1), Rows::all(column->size()), bytes, with_null);
  return {bytes.begin(), bytes.end()};
}

// The types that a single column has a way of its own for, with values at their limits.
struct Sample {
  Type type;
  Value small, large;
};
std::vector<Sample> samples() {
  using enum TypeKind;
  using Whole = std::numeric_limits<std::int64_t>;
  using Half = std::numeric_limits<std::int32_t>;
  return {{boolean, false, true},
          {int32, std::int64_t{Half::min()}, std::int64_t{Half::max()}},
          {date, std::int64_t{-1}, std::int64_t{20'000}},
          {int64, Whole::min(), Whole::max()},
          {timestamp, std::int64_t{0}, Whole::max()},
          {float64, -std::numeric_limits<double>::infinity(), 1.5},
          {Type::decimal(38, 2), Int128{-1}, Int128{1} << 100}};
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("a value has the same bytes whether or not there is a null in its column") {
    for (const Sample& sample : samples()) {
      CAPTURE(sample.type.text());
      RowBytes rows({{"K", sample.type}});
      auto without = rows_of(rows, column_of(sample.type, {sample.small, sample.large}));
      auto with = rows_of(rows, column_of(sample.type, {sample.small, Value(), sample.large}));
      CHECK(with.size() == 3);
      CHECK(without[0] == with[0]);
      CHECK(without[1] == with[2]);
      CHECK(with[1] == std::string(1, '\0'));
    }
  }

  TEST_CASE("many rows are read as each of them alone") {
    for (const Sample& sample : samples()) {
      CAPTURE(sample.type.text());
      RowBytes rows({{"K", sample.type}});
      auto bytes = rows_of(rows, column_of(sample.type, {sample.large, Value(), sample.small}));
      std::vector<std::string_view> views(bytes.begin(), bytes.end());
      Column column(sample.type), one_by_one(sample.type);
      Column *to = &column, *to_one = &one_by_one;
      CHECK(rows.decode(views, std::span(&to, 1)));
      for (std::string_view row : views) CHECK(rows.decode(row, std::span(&to_one, 1)));
      REQUIRE(column.size() == 3);
      for (std::uint32_t i = 0; i < 3; ++i) CHECK(column.value(i) == one_by_one.value(i));
      CHECK(column.value(0) == sample.large);
      CHECK(column.is_null(1));
      CHECK(column.value(2) == sample.small);
    }
  }

  TEST_CASE("rows that are none are told, however many stand beside them") {
    RowBytes rows({{"K", TypeKind::int64}});
    std::string good("\1\5\0\0\0\0\0\0\0", 9);
    for (std::string bad : {std::string(), std::string("\1"), good.substr(0, 8), good + "x", std::string("\0x", 2)}) {
      CAPTURE(bad.size());
      Column column(TypeKind::int64);
      Column* to = &column;
      std::vector<std::string_view> views = {good, bad, good};
      CHECK_FALSE(rows.decode(views, std::span(&to, 1)));
    }
  }

  TEST_CASE("equal numbers are equal keys: one zero, one NaN") {
    RowBytes rows({{"K", TypeKind::float64}});
    auto bytes = rows_of(rows, column_of(TypeKind::float64, {0.0, -0.0, std::nan("1"), -std::nan("2")}));
    CHECK(bytes[0] == bytes[1]);
    CHECK(bytes[2] == bytes[3]);
    auto with_null = rows_of(rows, column_of(TypeKind::float64, {-0.0, Value(), -std::nan("2")}));
    CHECK(with_null[0] == bytes[0]);
    CHECK(with_null[2] == bytes[2]);
  }

  TEST_CASE("a single text stands bare, several fields tell null from empty") {
    RowBytes bare({{"K", TypeKind::string}});
    CHECK(rows_of(bare, column_of(TypeKind::string, {std::string("tea"), std::string()})) ==
          std::vector<std::string>{"tea", ""});
    RowBytes whole({{"K", TypeKind::string}}, RowBytes::Single::whole);
    auto bytes = rows_of(whole, column_of(TypeKind::string, {std::string(), Value()}));
    CHECK(bytes[0] != bytes[1]);
  }
}

}  // namespace levada
