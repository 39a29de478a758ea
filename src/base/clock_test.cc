#include "base/clock.h"

#include <doctest/doctest.h>

#include <ctime>

namespace levada {

TEST_SUITE("base") {
  TEST_CASE("the machine's clock is the system's, and its steady time never goes back") {
    std::int64_t before = std::time(nullptr), now = real_clock().now_us() / 1'000'000, after = std::time(nullptr);
    CHECK(now >= before);
    CHECK(now <= after + 1);
    std::int64_t last = real_clock().steady_us();
    for (int i = 0; i < 1000; ++i) {
      std::int64_t next = real_clock().steady_us();
      CHECK(next >= last);
      last = next;
    }
  }

  TEST_CASE("a fake clock stands still until it is moved") {
    FakeClock clock(5'000'999);
    CHECK(clock.now_ms() == 5000);
    clock.advance_us(1);
    CHECK(clock.now_us() == 5'001'000);
    CHECK(clock.steady_us() == 1);
    clock.step_wall_us(-1'000'000);
    CHECK(clock.now_us() == 4'001'000);
    CHECK(clock.steady_us() == 1);
  }
}

}  // namespace levada
