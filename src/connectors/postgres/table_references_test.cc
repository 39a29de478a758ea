#include "connectors/postgres/table_references.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("tables that others refer to come first, else their order is kept") {
    using Places = std::vector<std::size_t>;
    CHECK(referred_first({}).empty());
    CHECK(referred_first({{}, {}, {}}) == Places{0, 1, 2});
    CHECK(referred_first({{2}, {}, {}}) == Places{2, 0, 1});
    CHECK(referred_first({{1}, {2}, {3}, {}}) == Places{3, 2, 1, 0});
    // Two ways to one table; it is there once.
    CHECK(referred_first({{1, 2}, {3}, {3}, {}}) == Places{3, 1, 2, 0});
    CHECK(referred_first({{}, {0}, {1, 0}}) == Places{0, 1, 2});
  }

  TEST_CASE("tables that refer to each other come each once, those outside the circle in their order") {
    using Places = std::vector<std::size_t>;
    CHECK(referred_first({{1}, {0}}) == Places{1, 0});
    CHECK(referred_first({{1}, {2}, {0}, {0}}) == Places{2, 1, 0, 3});
    CHECK(referred_first({{3}, {2}, {1, 3}, {}}) == Places{3, 0, 2, 1});
  }
}

}  // namespace levada
