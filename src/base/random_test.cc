#include "base/random.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <set>

namespace levada {

TEST_SUITE("base") {
  // From a second implementation, in Python. Recorded streams depend on these values: they never change.
  TEST_CASE("the same seed gives the same numbers, now and for ever") {
    Random zero(0), one(1), many(42), below(7);
    for (std::uint64_t v : {0x99ec5f36cb75f2b4u, 0xbf6e1f784956452au, 0x1a5f849d4933e6e0u, 0x6aa594f1262d2d2cu})
      CHECK(zero() == v);
    for (std::uint64_t v : {0xb3f2af6d0fc710c5u, 0x853b559647364ceau, 0x92f89756082a4514u, 0x642e1c7bc266a3a7u})
      CHECK(one() == v);
    for (std::uint64_t v : {0x15780b2e0c2ec716u, 0x6104d9866d113a7eu, 0xae17533239e499a1u, 0xecb8ad4703b360a1u})
      CHECK(many() == v);
    for (std::uint64_t v : {700u, 278u, 839u, 981u, 990u}) CHECK(below.below(1000) == v);
  }

  TEST_CASE("a copy repeats the sequence") {
    Random random(5);
    random();
    Random copy = random;
    for (int i = 0; i < 10; ++i) CHECK(copy() == random());
  }

  TEST_CASE("numbers are spread evenly over their range and never leave it") {
    Random random(3);
    std::array<int, 10> counts{};
    double sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      std::uint64_t v = random.below(10);
      REQUIRE(v < 10);
      ++counts[v];
      double f = random.fraction();
      REQUIRE(f >= 0);
      REQUIRE(f < 1);
      sum += f;
    }
    for (int count : counts) CHECK(std::abs(count - 10'000) < 500);
    CHECK(sum / 100'000 == doctest::Approx(0.5).epsilon(0.01));
    CHECK(random.below(1) == 0);
    CHECK(random.one_in(1));
  }

  TEST_CASE("seeds from the system differ") {
    CHECK(std::set{random_seed(), random_seed(), random_seed()}.size() == 3);
  }
}

}  // namespace levada
