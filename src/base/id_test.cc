#include "base/id.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <type_traits>
#include <unordered_set>

namespace levada {
namespace {
using Apples = Id<struct ApplesTag, std::int64_t>;
using Pears = Id<struct PearsTag, std::int64_t>;
}  // namespace

TEST_SUITE("base") {
  TEST_CASE("ids count and compare, and those of different kinds do not mix") {
    Apples a(7);
    CHECK(Apples().value() == 0);
    CHECK((a + 3).value() == 10);
    CHECK((a - 3).value() == 4);
    CHECK(Apples(10) - a == 3);
    CHECK((++a).value() == 8);
    CHECK(Apples(1) < Apples(2));
    CHECK(std::unordered_set<Apples>{Apples(1), Apples(1), Apples(2)}.size() == 2);
    static_assert(!std::is_convertible_v<Apples, Pears>);
    static_assert(!std::is_convertible_v<std::int64_t, Apples>);
    static_assert(!std::equality_comparable_with<Apples, Pears>);
  }
}

}  // namespace levada
