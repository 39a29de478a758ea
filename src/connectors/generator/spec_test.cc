#include "connectors/generator/spec.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

GeneratorSpec parse(std::string_view text, const Type& type = TypeKind::string) {
  auto spec = parse_generator_spec(text, type);
  if (!spec) FAIL(spec.error().text());
  return *spec;
}

// "what | text with <here> where the caret stands"
std::string error(std::string_view text, const Type& type = TypeKind::string) {
  auto spec = parse_generator_spec(text, type);
  REQUIRE_FALSE(spec.has_value());
  const std::string& where = spec.error().where();
  std::size_t line = where.find('\n');
  REQUIRE(line != std::string::npos);
  CHECK(where.substr(0, line) == text);
  REQUIRE(where.back() == '^');
  std::size_t caret = where.size() - line - 2;
  CHECK(caret <= text.size());
  return spec.error().what() + " | " + std::string(text.substr(0, caret)) + "<here>" + std::string(text.substr(caret));
}

using Kind = GeneratorSpec::Kind;

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("generator: numbers come in the units of their column") {
    CHECK(parse("sequence", TypeKind::int64).number == NumberSpec{.low = 1});
    CHECK(parse("sequence from 10 to 1 step -3", TypeKind::int32).number ==
          NumberSpec{.low = 10, .high = 1, .step = -3, .cyclic = true});
    NumberSpec amount = parse("uniform 10.00..99.99", Type::decimal(10, 4)).number;
    CHECK(amount.scale == 4);
    CHECK(amount.low == 100'000);
    CHECK(amount.high == 999'900);
    CHECK(parse("uniform -1.5..2", TypeKind::string).number.scale == 1);
    CHECK(parse("uniform 0..1", TypeKind::float64).continuous);
    CHECK_FALSE(parse("uniform 0.0..1.0", TypeKind::float64).continuous);
    GeneratorSpec users = parse("zipf 1.1 of 1..100000 nulls 0.25", TypeKind::int32);
    CHECK(users.number.exponent == 1.1);
    CHECK(users.number.high == 100'000);
    CHECK(users.nulls == 0.25);
    CHECK(parse("normal 100 deviation 15", TypeKind::int32).number.deviation == 15);
  }

  TEST_CASE("generator: times, in the column's type or by steps") {
    GeneratorSpec ts = parse("timestamp from 2024-01-01T00:00:00 step 10ms jitter 2.5s", TypeKind::timestamp);
    CHECK(ts.kind == Kind::moment);
    CHECK(ts.number.low == 1'704'067'200'000'000);
    CHECK(ts.number.step == 10'000);
    CHECK(ts.number.jitter == 2'500'000);
    GeneratorSpec day = parse("uniform 1970-01-02 .. 1970-01-10", TypeKind::date);
    CHECK(day.number.low == 1);
    CHECK(day.number.high == 9);
    CHECK(parse("uniform 08:00..18:00", TypeKind::time).number.high == 64'800'000'000);
  }

  TEST_CASE("generator: choices and texts") {
    GeneratorSpec city = parse("choice Lisboa:3, Porto, 'Vila Nova: de, Gaia''s':0.5 nulls 0.1");
    CHECK(city.items == std::vector<std::string>{"Lisboa", "Porto", "Vila Nova: de, Gaia's"});
    CHECK(city.weights == std::vector<double>{3, 1, 0.5});
    CHECK(city.nulls == 0.1);
    CHECK(parse("choice '', a").items[0].empty());
    GeneratorSpec text = parse("text a {{b}} {uniform 1..9}-{NAME}{choice x, y} nulls 0.5");
    REQUIRE(text.parts.size() == 5);
    CHECK(text.parts[0].literal == "a {b} ");
    CHECK(text.parts[1].spec[0].number.high == 9);
    CHECK(text.parts[2].literal == "-");
    CHECK(text.parts[3].column == "NAME");
    CHECK(text.parts[4].spec[0].items.size() == 2);
    CHECK(text.nulls == 0.5);
    CHECK(parse("text no nulls here").parts[0].literal == "no nulls here");
    CHECK(parse("text {uuid}").parts[0].spec[0].kind == Kind::uuid);
    CHECK(parse("hex 10").most == 10);
    CHECK(parse("letters 3..8").most == 8);
    CHECK(parse("text").parts.empty());
  }

  TEST_CASE("generator: errors stand under their cause") {
    CHECK(error("") == "a spec begins with a word | <here>");
    CHECK(error("unifrom 1..2") == "'unifrom' is no kind of value | <here>unifrom 1..2");
    CHECK(parse_generator_spec("unifrom 1..2", TypeKind::string).error().remedy() == "Did you mean uniform?");
    CHECK(error("uniform 1..x", TypeKind::int32) == "a number is missing | uniform 1..<here>x");
    CHECK(error("uniform 1", TypeKind::int32) == "'..' and an upper bound are missing | uniform 1<here>");
    CHECK(error("uniform 9..1", TypeKind::int32) == "the upper bound is below the lower one | uniform 9..<here>1");
    CHECK(error("uniform 1.5..2", TypeKind::int32) ==
          "more digits behind the point than a column of type INTEGER has | uniform <here>1.5..2");
    CHECK(error("uniform 1..3000000000", TypeKind::int32) ==
          "a number too large for a column of type INTEGER | uniform 1..<here>3000000000");
    CHECK(error("uniform 1..1000", Type::decimal(4, 2)) ==
          "a number too large for a column of type DECIMAL(4, 2) | uniform 1..<here>1000");
    CHECK(error("sequence step 0", TypeKind::int32) == "a step of 0 is none | sequence step <here>0");
    CHECK(error("sequence from 5 to 1", TypeKind::int32) ==
          "a sequence never gets there by its step | sequence from 5 to <here>1");
    CHECK(error("zipf 0 of 1..2", TypeKind::int32) == "the exponent is above 0 and at most 20 | zipf <here>0 of 1..2");
    CHECK(error("zipf 1 1..2", TypeKind::int32) == "'of' and a range are missing | zipf 1 <here>1..2");
    CHECK(error("uniform 1..2 nulls 2", TypeKind::int32) ==
          "nulls are a fraction between 0 and 1 | uniform 1..2 nulls <here>2");
    CHECK(error("uniform 1..2 or so", TypeKind::int32) == "'or so' is not expected here | uniform 1..2 <here>or so");
    CHECK(error("choice a, , b") == "an item is missing | choice a, <here>, b");
    CHECK(error("choice a, 'b") == "the quote is not closed | choice a, <here>'b");
    CHECK(error("choice 1, two", TypeKind::int32) == "'two' is no value of type INTEGER | choice 1, <here>two");
    CHECK(error("choice a:0") == "all weights are 0 | <here>choice a:0");
    CHECK(error("text {uniform 1..2") == "'{' is not closed | text <here>{uniform 1..2");
    CHECK(error("text {uniform 1..}") == "a number is missing | text {uniform 1..<here>}");
    CHECK(error("text {uniform 1..2 x}") == "'x' is not expected here | text {uniform 1..2 <here>x}");
    CHECK(error("text a}b") == "'}' without '{' (write }} for a brace) | text a<here>}b");
    CHECK(error("text a", TypeKind::int32) == "text cannot stand in a column of type INTEGER | text<here> a");
    CHECK(error("uniform 1..2", TypeKind::boolean) ==
          "uniform gives numbers, and the column is of type BOOLEAN | <here>uniform 1..2");
    CHECK(error("timestamp from yesterday", TypeKind::timestamp) ==
          "'yesterday' is no time of the form 2024-01-31T23:59:59 | timestamp from <here>yesterday");
    CHECK(error("timestamp from 2024-01-01 step 5", TypeKind::timestamp) ==
          "a unit is missing: us, ms, s, min, h or d | timestamp from 2024-01-01 step 5<here>");
    CHECK(error("uniform 2024-01-01..2024-13-01", TypeKind::date) ==
          "'2024-13-01' is no value of type DATE | uniform 2024-01-01..<here>2024-13-01");
    CHECK(error("hex -1") == "a length is between 0 and 1048576, and the second not below the first | hex <here>-1");
    CHECK(parse_generator_spec("x", Type::array(TypeKind::int32)).error().kind() == ErrorKind::unsupported);
  }

  TEST_CASE("generator: every type has a spec by itself") {
    for (Type type : {Type(TypeKind::boolean), Type(TypeKind::int32), Type(TypeKind::int64), Type(TypeKind::float64),
                      Type::decimal(10, 2), Type::decimal(2, 2), Type(TypeKind::string), Type(TypeKind::bytes),
                      Type(TypeKind::date), Type(TypeKind::time), Type(TypeKind::timestamp)})
      parse(default_generator_spec("NAME", type), type);
  }
}

}  // namespace levada
