// Arithmetic: result types of decimals, and values against integers without limit.
#include <boost/multiprecision/cpp_int.hpp>
#include <doctest/doctest.h>

#include "base/random.h"
#include "batch/decimal.h"
#include "functions/builder.h"

namespace levada {
namespace {

using Big = boost::multiprecision::cpp_int;

std::string type_of(std::string_view operation, const Type& a, const Type& b) {
  auto e = build_call(operation, {literal_expression({}, a), literal_expression({}, b)});
  return e ? (*e)->type.text() : e.error().what();
}
Type decimal(int p, int s) { return Type::decimal(p, s); }

Big big(Int128 v) {
  UInt128 m = v < 0 ? UInt128(0) - static_cast<UInt128>(v) : static_cast<UInt128>(v);
  Big b = (Big(static_cast<std::uint64_t>(m >> 64)) << 64) + Big(static_cast<std::uint64_t>(m));
  return v < 0 ? Big(-b) : b;
}
Big ten_to(int n) { return boost::multiprecision::pow(Big(10), static_cast<unsigned>(n)); }
Big divided(const Big& a, const Big& b) {
  Big m = abs(a), d = abs(b), q = m / d, r = m % d;
  if (2 * r >= d) ++q;
  return (a < 0) != (b < 0) ? Big(-q) : q;
}
Big at_scale(const Big& v, int from, int to) {
  return from <= to ? Big(v * ten_to(to - from)) : divided(v, ten_to(from - to));
}

Type random_decimal(Random& random) {
  int p = 1 + static_cast<int>(random.below(random.one_in(2) ? 12 : 38));
  return decimal(p, static_cast<int>(random.below(static_cast<std::uint64_t>(p) + 1)));
}
Int128 random_value(const Type& type, Random& random) {
  Int128 v = static_cast<Int128>((static_cast<UInt128>(random()) << 64 | random()) >> 1) %
             power_of_ten[static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(type.precision()) + 1))];
  if (random.one_in(10)) v = power_of_ten[static_cast<std::size_t>(type.precision())] - 1;
  return random.one_in(2) ? -v : v;
}

TEST_SUITE("functions") {
  TEST_CASE("decimal results have ksqlDB's types, and at most 38 digits") {
    CHECK(type_of("+", decimal(4, 2), decimal(5, 3)) == "DECIMAL(6, 3)");
    CHECK(type_of("-", decimal(4, 2), TypeKind::int32) == "DECIMAL(13, 2)");
    CHECK(type_of("+", TypeKind::int64, decimal(4, 2)) == "DECIMAL(22, 2)");
    CHECK(type_of("*", decimal(4, 2), decimal(4, 2)) == "DECIMAL(9, 4)");
    CHECK(type_of("/", decimal(4, 2), decimal(4, 2)) == "DECIMAL(11, 7)");
    CHECK(type_of("/", decimal(2, 1), decimal(1, 0)) == "DECIMAL(7, 6)");
    CHECK(type_of("%", decimal(4, 2), decimal(10, 5)) == "DECIMAL(7, 5)");
    CHECK(type_of("+", decimal(38, 10), decimal(38, 5)) == "DECIMAL(38, 10)");
    CHECK(type_of("*", decimal(38, 10), decimal(38, 10)) == "DECIMAL(38, 6)");
    CHECK(type_of("*", decimal(20, 10), decimal(20, 10)) == "DECIMAL(38, 17)");
    CHECK(type_of("/", decimal(38, 10), decimal(38, 10)) == "DECIMAL(38, 6)");
    CHECK(type_of("%", decimal(38, 38), decimal(38, 0)) == "DECIMAL(38, 38)");
    CHECK(type_of("+", decimal(4, 2), TypeKind::float64) == "DOUBLE");
    CHECK(type_of("+", TypeKind::int32, TypeKind::int32) == "INTEGER");
    CHECK(type_of("+", TypeKind::int32, TypeKind::int64) == "BIGINT");
    CHECK(type_of("+", TypeKind::int64, TypeKind::float64) == "DOUBLE");
    CHECK(type_of("+", TypeKind::string, TypeKind::string) == "STRING");
    CHECK(type_of("+", TypeKind::string, TypeKind::int32) == "'+' cannot be used with STRING and INTEGER");
    CHECK(type_of("+", TypeKind::boolean, TypeKind::boolean) == "'+' cannot be used with BOOLEAN and BOOLEAN");
  }

  TEST_CASE("decimal arithmetic of every precision and scale agrees with big integers") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 400; ++round) {
      Type a_type = random_decimal(random), b_type = random_decimal(random);
      auto a_column = std::make_shared<Column>(a_type), b_column = std::make_shared<Column>(b_type);
      for (int i = 0; i < 20; ++i) {
        a_column->append(random_value(a_type, random));
        b_column->append(random_value(b_type, random));
      }
      Schema schema{{}, {{"A", a_type}, {"B", b_type}}};
      Batch batch;
      batch.size = 20;
      batch.after = {a_column, b_column};
      for (std::string_view operation : {"+", "-", "*", "/", "%"}) {
        auto e = build_call(operation, {column_expression(schema, 0), column_expression(schema, 1)});
        REQUIRE(e);
        RowFailures failures;
        ColumnRef result = evaluate(**e, batch, Rows::all(20), {}, failures);
        std::size_t failed = 0;
        for (std::uint32_t row = 0; row < 20; ++row) {
          CAPTURE((*e)->text + " of " + a_type.text() + " and " + b_type.text());
          Big x = big(a_column->values<Int128>()[row]), y = big(b_column->values<Int128>()[row]);
          CAPTURE(x.str() + " and " + y.str());
          int as = a_type.scale(), bs = b_type.scale(), scale = (*e)->type.scale(), common = std::max(as, bs);
          Big cx = at_scale(x, as, common), cy = at_scale(y, bs, common);
          std::optional<Big> wanted;
          if (operation == "+") wanted = at_scale(cx + cy, common, scale);
          if (operation == "-") wanted = at_scale(cx - cy, common, scale);
          if (operation == "*") wanted = at_scale(x * y, as + bs, scale);
          if (operation == "/" && y != 0) {
            int shift = scale + bs - as;
            wanted = shift >= 0 ? divided(x * ten_to(shift), y) : divided(x, y * ten_to(-shift));
          }
          if (operation == "%" && y != 0) wanted = at_scale(cx % cy, common, scale);
          bool fits = wanted && abs(*wanted) < ten_to((*e)->type.precision());
          // Where a remainder needs more than 38 digits on the way it fails too.
          if (operation == "%" && (abs(cx) >= ten_to(38) || abs(cy) >= ten_to(38))) fits = false;
          if ((operation == "+" || operation == "-") && (abs(cx) >= ten_to(38) || abs(cy) >= ten_to(38))) fits = false;
          CHECK(result->is_null(row) == !fits);
          if (fits && !result->is_null(row)) CHECK(big(result->values<Int128>()[row]) == *wanted);
          failed += !fits;
        }
        CHECK(failures.size() == failed);
      }
    }
  }

  TEST_CASE("whole numbers wrap around, and dividing the least by -1 does not trap") {
    auto value = [](std::string_view operation, std::int64_t a, std::int64_t b, TypeKind kind) {
      auto e = build_call(operation, {literal_expression(a, kind), literal_expression(b, kind)});
      auto v = fold(**e, {});
      return v ? text_of(*v, (*e)->type) : v.error().why();
    };
    constexpr std::int64_t least = std::numeric_limits<std::int32_t>::min(),
                           long_least = std::numeric_limits<std::int64_t>::min();
    CHECK(value("+", 2147483647, 1, TypeKind::int32) == "-2147483648");
    CHECK(value("*", 65536, 65536, TypeKind::int32) == "0");
    CHECK(value("-", long_least, 1, TypeKind::int64) == "9223372036854775807");
    CHECK(value("/", least, -1, TypeKind::int32) == "-2147483648");
    CHECK(value("%", least, -1, TypeKind::int32) == "0");
    CHECK(value("/", long_least, -1, TypeKind::int64) == "-9223372036854775808");
    CHECK(value("%", long_least, -1, TypeKind::int64) == "0");
    CHECK(value("/", 1, 0, TypeKind::int64) == "division by zero");
    CHECK(value("%", 1, 0, TypeKind::int64) == "division by zero");
    CHECK(value("%", -7, 3, TypeKind::int64) == "-1");
  }
}

}  // namespace
}  // namespace levada
