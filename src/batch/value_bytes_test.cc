#include "batch/value_bytes.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "batch/kernels.h"

namespace levada {
namespace {

std::string bytes_of(const Value& value, const Type& type) {
  Column column(type);
  column.append(value);
  Buffer bytes;
  put_value(column, 0, bytes);
  return std::string(bytes.view());
}
std::string back(const std::string& bytes, const Type& type) {
  Column column(type);
  ByteReader in(bytes);
  bool good = get_value(in, column);
  REQUIRE(column.size() == 1);
  return good && in.at_end() ? text_of(column.value(0), type) : "broken";
}

TEST_SUITE("batch") {
  TEST_CASE("values of every type come back from their bytes") {
    std::string long_text(300, 'x');
    Type nested = Type::structure(
        {{"A", Type::array(TypeKind::float64)}, {"M", Type::map(TypeKind::string, Type::decimal(38, 2))}});
    const std::pair<Type, std::vector<Value>> cases[] = {
        {TypeKind::boolean, {true, false, {}}},
        {TypeKind::int32, {std::int64_t{0}, std::int64_t{-1}, std::int64_t{2147483647}, std::int64_t{-2147483648}, {}}},
        {TypeKind::int64,
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), std::int64_t{5}}},
        {TypeKind::float64, {0.0, -0.0, 1.5, std::nan(""), -std::numeric_limits<double>::infinity()}},
        {TypeKind::string, {"", "a", long_text, {}}},
        {TypeKind::timestamp, {std::int64_t{-1}, std::int64_t{1'700'000'000'000'000}}},
        {nested,
         {ValueList{ValueList{1.5, Value{}}, ValueList{"k", Int128(-150), "l", Value{}}},
          ValueList{Value{}, ValueList{}},
          {}}}};
    for (const auto& [type, values] : cases)
      for (const Value& value : values) {
        std::string bytes = bytes_of(value, type);
        CHECK(back(bytes, type) == text_of(value, type));
        for (std::size_t n = 0; n < bytes.size(); ++n) CHECK(back(bytes.substr(0, n), type) == "broken");
      }
  }

  TEST_CASE("decimals take no more bytes than they need") {
    Type type = Type::decimal(38, 0);
    for (int bit = 0; bit < 126; ++bit)
      for (Int128 v : {Int128(1) << bit, (Int128(1) << bit) - 1, -(Int128(1) << bit), -(Int128(1) << bit) - 1,
                       (Int128(1) << bit) + 1}) {
        if (v > power_of_ten[38] - 1 || v < -(power_of_ten[38] - 1)) continue;
        std::string bytes = bytes_of(v, type);
        CHECK(back(bytes, type) == text_of(v, type));
        CHECK(bytes.size() <= static_cast<std::size_t>(2 + (bit + 1) / 8 + 1));
      }
    CHECK(bytes_of(Int128(0), type).size() == 2);
    CHECK(bytes_of(Int128(-1), type).size() == 3);
    CHECK(bytes_of(Int128(127), type).size() == 3);
    CHECK(bytes_of(Int128(128), type).size() == 4);
  }

  TEST_CASE("equal values have equal bytes") {
    Type map = Type::map(TypeKind::string, TypeKind::int32);
    CHECK(bytes_of(ValueList{"a", std::int64_t{1}, "b", std::int64_t{2}}, map) ==
          bytes_of(ValueList{"b", std::int64_t{2}, "a", std::int64_t{1}}, map));
    CHECK(bytes_of(std::nan(""), TypeKind::float64) == bytes_of(-std::nan("7"), TypeKind::float64));
    CHECK(bytes_of("ab", TypeKind::string) != bytes_of("abc", TypeKind::string));
  }

  TEST_CASE("ordered bytes compare as the values do") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    for (Type type : {Type(TypeKind::boolean), Type(TypeKind::int32), Type(TypeKind::int64), Type(TypeKind::float64),
                      Type::decimal(38, 4), Type(TypeKind::string), Type(TypeKind::date)}) {
      CAPTURE(type.text());
      Column column(type);
      for (int i = 0; i < 200; ++i) {
        switch (type.kind()) {
          case TypeKind::boolean: column.append(Value(random.one_in(2))); break;
          case TypeKind::float64: {
            std::uint64_t bits = random();
            double v = load<double>(&bits);
            column.append(Value(i < 4 ? (i < 2 ? 0.5 : -0.5) * i : v));
            break;
          }
          case TypeKind::decimal:
            column.append(Value(static_cast<Int128>(static_cast<std::int64_t>(random())) *
                                static_cast<std::int64_t>(random.below(1'000'000))));
            break;
          case TypeKind::string: column.append(Value(std::string(random.below(5), static_cast<char>(random())))); break;
          case TypeKind::int64: column.append(Value(static_cast<std::int64_t>(random()))); break;
          default: column.append(Value(static_cast<std::int64_t>(static_cast<std::int32_t>(random())))); break;
        }
      }
      for (std::uint32_t i = 0; i + 1 < column.size(); ++i) {
        std::string a = ordered_bytes(column, i), b = ordered_bytes(column, i + 1);
        int order = compare(column, i, column, i + 1);
        if (order != 0) CHECK((a < b) == (order < 0));
        Column copy(type);
        CHECK(append_ordered(a, copy));
        CHECK(text_of(copy.value(0), type) == text_of(column.value(i), type));
      }
      Column broken(type);
      if (!type.textual()) CHECK(!append_ordered("xyz", broken));
    }
  }
}

}  // namespace
}  // namespace levada
