// How overloads are chosen, literals take types, and what is said where nothing fits.
#include <doctest/doctest.h>

#include "functions/builder.h"
#include "functions/example_reader.h"
#include "functions/functions.h"
#include "functions/signature.h"

namespace levada {
namespace {

using Types = std::vector<std::optional<Type>>;

std::string matched(std::string_view signature, const Types& types) {
  auto m = match(parse_signature(signature), types);
  if (!m) return "none";
  std::string text;
  for (const Type& t : m->arguments) text += (text.empty() ? "" : ", ") + t.text();
  return text + " -> " + (m->result ? m->result->text() : "open");
}

std::string type_of(std::string_view text) {
  auto e = read_expression(text);
  return e ? (*e ? (*e)->type.text() : "NULL") : "error: " + e.error().what();
}

const Type i = TypeKind::int32, l = TypeKind::int64, d = TypeKind::float64, s = TypeKind::string, b = TypeKind::boolean;

TEST_SUITE("functions") {
  TEST_CASE("signatures match exact types, letters, lists and rows of arguments") {
    CHECK(matched("(INT, STRING) STRING", {i, s}) == "INTEGER, STRING -> STRING");
    CHECK(matched("(INT) INT", {s}) == "none");
    CHECK(matched("(INT) INT", {i, i}) == "none");
    CHECK(matched("(INT) INT", {}) == "none");
    CHECK(matched("() DOUBLE", {}) == " -> DOUBLE");
    CHECK(matched("(T, T) T", {i, l}) == "BIGINT, BIGINT -> BIGINT");
    CHECK(matched("(T, T) T", {i, s}) == "none");
    CHECK(matched("(T, U) MAP<T, U>", {s, i}) == "STRING, INTEGER -> MAP<STRING, INTEGER>");
    CHECK(matched("(ARRAY<T>, T) BOOLEAN", {Type::array(i), l}) == "ARRAY<BIGINT>, BIGINT -> BOOLEAN");
    CHECK(matched("(ARRAY<T>, T) BOOLEAN", {i, i}) == "none");
    CHECK(matched("(MAP<STRING, ARRAY<T>>) T", {Type::map(s, Type::array(d))}) ==
          "MAP<STRING, ARRAY<DOUBLE>> -> DOUBLE");
    CHECK(matched("(STRING...) STRING", {s, s, s}) == "STRING, STRING, STRING -> STRING");
    CHECK(matched("(STRING...) STRING", {}) == "none");
    CHECK(matched("(T, ANY..., INT) ARRAY<T>", {d, s, b, i}) == "DOUBLE, STRING, BOOLEAN, INTEGER -> ARRAY<DOUBLE>");
    CHECK(matched("(T, ANY..., INT) ARRAY<T>", {d, i}) == "none");
    CHECK(matched("(DECIMAL) DECIMAL", {l}) == "DECIMAL(19, 0) -> open");
    CHECK(matched("(DECIMAL) DECIMAL", {d}) == "none");
    CHECK(matched("(DECIMAL, DECIMAL) BOOLEAN", {Type::decimal(5, 2), i}) ==
          "DECIMAL(5, 2), DECIMAL(10, 0) -> BOOLEAN");
  }

  TEST_CASE("the untyped NULL takes the type that the others give it") {
    CHECK(matched("(INT, STRING) STRING", {std::nullopt, s}) == "INTEGER, STRING -> STRING");
    CHECK(matched("(T, T) T", {std::nullopt, i}) == "INTEGER, INTEGER -> INTEGER");
    CHECK(matched("(T, T) T", {std::nullopt, std::nullopt}) == "none");
    CHECK(matched("(ARRAY<T>, T) BOOLEAN", {std::nullopt, i}) == "ARRAY<INTEGER>, INTEGER -> BOOLEAN");
    CHECK(matched("(ANY) BOOLEAN", {std::nullopt}) == "STRING -> BOOLEAN");
  }

  TEST_CASE("of several signatures the nearest is taken") {
    CHECK(type_of("ABS(1)") == "INTEGER");
    CHECK(type_of("ABS(3000000000)") == "BIGINT");
    CHECK(type_of("ABS(1.50)") == "DECIMAL(3, 2)");
    CHECK(type_of("ABS(1e0)") == "DOUBLE");
    CHECK(type_of("SQRT(4)") == "DOUBLE");
    CHECK(type_of("ROUND(1.25)") == "DECIMAL(1, 0)");
    CHECK(type_of("ROUND(1.25, 1)") == "DECIMAL(3, 2)");
    CHECK(type_of("ROUND(1.25e0)") == "BIGINT");
    CHECK(type_of("1 < 2.5") == "BOOLEAN");
    CHECK(type_of("CONCAT('a', 'b')") == "STRING");
    CHECK(type_of("CONCAT(TO_BYTES('a', 'utf8'), NULL)") == "BYTES");
    CHECK(type_of("GREATEST(1, 3000000000)") == "BIGINT");
    CHECK(type_of("GREATEST(TIME '10:00', '09:16:00')") == "TIME");
    CHECK(type_of("DATE '2024-01-01' = TIMESTAMP '2024-01-01T00:00'") == "BOOLEAN");
  }

  TEST_CASE("what does not fit is an error with the signatures there are") {
    auto e = read_expression("GEO_DISTANCE(1, 2, 'foo', 0)");
    REQUIRE(!e);
    CHECK(e.error().kind() == ErrorKind::statement);
    CHECK(e.error().what() == "function 'GEO_DISTANCE' does not accept parameters (INTEGER, INTEGER, STRING, INTEGER)");
    CHECK(e.error().remedy().find("GEO_DISTANCE(DOUBLE, DOUBLE, DOUBLE, DOUBLE)") != std::string::npos);
    CHECK(type_of("COALESCE()") == "error: function 'COALESCE' does not accept parameters ()");
    CHECK(type_of("GREATEST('a', 1)") == "error: function 'GREATEST' does not accept parameters (STRING, INTEGER)");
    CHECK(type_of("GREATEST(NULL, NULL)") == "error: function 'GREATEST' does not accept parameters (NULL, NULL)");
    CHECK(type_of("1 = 'x'") == "error: '=' cannot be used with INTEGER and STRING");
    CHECK(type_of("ARRAY[1] < ARRAY[2]") == "error: '<' cannot be used with ARRAY<INTEGER> and ARRAY<INTEGER>");
    CHECK(type_of("DATEADD(DATE '2024-01-01', 5, DATE '2024-01-01')") ==
          "error: function 'DATEADD' does not accept parameters (DATE, INTEGER, DATE)");
    CHECK(type_of("ARRAY_SORT(ARRAY[ARRAY[1]])") ==
          "error: ARRAY<INTEGER> has no order: arrays of it cannot be sorted");
    auto unknown = read_expression("SUBSTRNG('a', 1)");
    REQUIRE(!unknown);
    CHECK(unknown.error().what() == "there is no function SUBSTRNG");
    CHECK(unknown.error().remedy() == "Did you mean SUBSTRING?");
    CHECK(type_of("STRUCT(A := 1)->B") == "error: STRUCT(A := 1) has no field B");
    CHECK(type_of("(1)->B") == "error: '->' wants a STRUCT, not INTEGER");
  }

  TEST_CASE("branches, elements and both sides of IN get one type") {
    CHECK(type_of("ARRAY[NULL, 10, '2e1', 3000000000]") == "ARRAY<BIGINT>");
    CHECK(type_of("ARRAY[1, '1.50']") == "ARRAY<DECIMAL(12, 2)>");
    CHECK(type_of("ARRAY['a', 'b']") == "ARRAY<STRING>");
    CHECK(type_of("ARRAY[1, 'x']") == "error: invalid input syntax for type INTEGER: \"x\"");
    CHECK(type_of("ARRAY[true, 'yes']") == "ARRAY<BOOLEAN>");
    CHECK(type_of("ARRAY[1, true]")
              .starts_with("error: all elements of ARRAY have no common type: 1 INTEGER, true BOOLEAN"));
    CHECK(type_of("ARRAY[NULL]") == "error: all elements of ARRAY have NULL type");
    CHECK(type_of("ARRAY[]") == "error: an array needs at least one element");
    CHECK(type_of("ARRAY[STRUCT(X := 1, Y := 3000000000), STRUCT(Y := 1, Z := 'a')]") ==
          "ARRAY<STRUCT<`X` INTEGER, `Y` BIGINT, `Z` STRING>>");
    CHECK(type_of("MAP('a' := 1, 'b' := 'hello')") == "error: invalid input syntax for type INTEGER: \"hello\"");
    CHECK(type_of("MAP(NULL := 1)") == "error: all keys of MAP have NULL type");
    CHECK(type_of("MAP('a' := 1, NULL := 2)") == "MAP<STRING, INTEGER>");
    CHECK(type_of("MAP()") == "error: a map needs at least one entry");
    CHECK(type_of("MAP(1 := 2)") == "error: the keys of a map are STRING, not INTEGER");
    CHECK(type_of("CASE WHEN true THEN NULL ELSE NULL END") == "error: the branches of CASE have NULL type");
    CHECK(type_of("CASE WHEN true THEN 1 ELSE 2.5 END") == "DECIMAL(11, 1)");
    CHECK(type_of("CASE WHEN 1 THEN 2 END") == "error: WHEN wants a BOOLEAN, not 1 (INTEGER)");
    CHECK(type_of("1 IN (1, true)").starts_with("error: the two sides of IN have no common type"));
    CHECK(type_of("STRUCT(A := NULL)") == "error: field A of STRUCT has NULL type");

    Schema schema{{}, {{"S", s}, {"N", l}, {"V", d}, {"F", b}, {"A", Type::array(l)}}};
    auto in_schema = [&](std::string_view text) {
      auto e = read_expression(text, schema);
      return e ? (*e)->text : "error: " + e.error().what();
    };
    CHECK(in_schema("S IN (1, 'b')") == "(S IN ('1', 'b'))");
    CHECK(in_schema("N IN (1, '2')") == "(N IN (1, 2))");
    CHECK(in_schema("N IN (1, 'x')") == "error: invalid input syntax for type BIGINT: \"x\"");
    CHECK(in_schema("V IN (1, '4.000', N)") == "(V IN (1.0, 4.0, CAST(N AS DOUBLE)))");
    CHECK(in_schema("S IN ('a', V)").starts_with("error: the two sides of IN have no common type"));
    CHECK(in_schema("F IN (true, 'Tr')") == "(F IN (true, true))");
    CHECK(in_schema("A IN (ARRAY[1, 2], ARRAY['3', NULL])") == "(A IN ([1,2], [3,null]))");
  }

  TEST_CASE("the common type of types") {
    auto common = [](const Types& types) {
      auto t = common_type(types);
      return t ? t->text() : "none";
    };
    CHECK(common({i, l}) == "BIGINT");
    CHECK(common({i, std::nullopt, d}) == "DOUBLE");
    CHECK(common({Type::decimal(5, 2), Type::decimal(6, 4)}) == "DECIMAL(7, 4)");
    CHECK(common({Type::decimal(5, 2), i}) == "DECIMAL(12, 2)");
    CHECK(common({Type::decimal(38, 20), l}) == "DECIMAL(38, 20)");
    CHECK(common({s, i}) == "none");
    CHECK(common({Type::array(i), Type::array(l)}) == "ARRAY<BIGINT>");
    CHECK(common({Type(TypeKind::date), Type(TypeKind::timestamp)}) == "TIMESTAMP");
    CHECK(common({std::nullopt}) == "none");
    CHECK(casts_implicitly(i, d));
    CHECK(!casts_implicitly(d, i));
    CHECK(casts_implicitly(s, TypeKind::date));
    CHECK(!casts_implicitly(s, i));
    CHECK(!casts_implicitly(Type::decimal(5, 3), Type::decimal(5, 2)));
  }
}

}  // namespace
}  // namespace levada
