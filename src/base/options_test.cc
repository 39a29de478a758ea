#include "base/options.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

struct Spice {
  std::int64_t grams = 0;
  Properties columns;
};
constexpr Option spice_options[] = {
    {.name = "grams", .field = option<&Spice::grams>, .fallback = "5", .range = "1..10", .unit = "g"},
    {.name = "column.*", .field = option<&Spice::columns>, .doc = "What stands in a column."},
};

// base/option_errors_test.cc has one of this name too, with the members the other way round.
struct Twin {
  std::string first, second;
};
constexpr Option twin_options[] = {{.name = "first", .field = option<&Twin::first>},
                                   {.name = "second", .field = option<&Twin::second>}};

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("structs of one name in two files have setters of their own: the one") {
    auto twin = parse_options<Twin>(twin_options, {{"first", "1", ""}, {"second", "2", ""}});
    REQUIRE(twin);
    CHECK(twin->first == "1");
    CHECK(twin->second == "2");
  }

  TEST_CASE("a row that ends in .* takes all properties with its prefix") {
    auto spice =
        parse_options<Spice>(spice_options, {{"column.A", "1", "x:1"}, {"grams", "7", ""}, {"column.b.c", "2", ""}});
    REQUIRE(spice.has_value());
    CHECK(spice->grams == 7);
    REQUIRE(spice->columns.size() == 2);
    CHECK(spice->columns[0].name == "A");
    CHECK(spice->columns[0].value == "1");
    CHECK(spice->columns[0].where == "x:1");
    CHECK(spice->columns[1].name == "b.c");
  }

  TEST_CASE("a prefix alone and a name without the point do not belong to the family") {
    CHECK_FALSE(parse_options<Spice>(spice_options, {{"column.", "1", ""}}).has_value());
    CHECK_FALSE(parse_options<Spice>(spice_options, {{"column", "1", ""}}).has_value());
    CHECK_FALSE(parse_options<Spice>(spice_options, {{"colum.A", "1", ""}}).has_value());
  }
}

}  // namespace levada
