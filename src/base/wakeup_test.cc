#include "base/wakeup.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace levada {

TEST_SUITE("base") {
  using namespace std::chrono_literals;

  TEST_CASE("a notify before the wait is not lost, several count once") {
    Wakeup wakeup;
    wakeup.notify();
    wakeup.notify();
    CHECK(wakeup.wait_for(0us));
    CHECK_FALSE(wakeup.wait_for(0us));
    wakeup.notify();
    wakeup.wait();
    CHECK_FALSE(wakeup.wait_for(1us));
  }

  TEST_CASE("two threads wake each other in turn") {
    Wakeup ping, pong;
    std::atomic<int> turns = 0;
    std::jthread other([&] {
      for (int i = 0; i < 2000; ++i) {
        ping.wait();
        ++turns;
        pong.notify();
      }
    });
    for (int i = 0; i < 2000; ++i) {
      ping.notify();
      CHECK(pong.wait_for(60s));
    }
    CHECK(turns == 2000);
  }
}

}  // namespace levada
