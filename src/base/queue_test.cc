#include "base/queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace levada {

TEST_SUITE("base") {
  TEST_CASE("a queue gives things back in order and holds what can only be moved") {
    Queue<std::unique_ptr<int>> queue(3);
    CHECK_FALSE(queue.try_pop());
    for (int i = 0; i < 3; ++i) CHECK(queue.push(std::make_unique<int>(i)));
    CHECK(queue.size() == 3);
    for (int i = 0; i < 3; ++i) CHECK(**queue.pop() == i);
    CHECK(queue.size() == 0);
  }

  TEST_CASE("after close nothing goes in, and what is left comes out") {
    Queue<int> queue(2);
    queue.push(1);
    queue.push(2);
    queue.close();
    CHECK_FALSE(queue.push(3));
    CHECK(queue.pop() == 1);
    CHECK(queue.try_pop() == 2);
    CHECK_FALSE(queue.pop());
    CHECK_FALSE(queue.try_pop());
    queue.close();
  }

  TEST_CASE("close wakes those who wait at both ends") {
    Queue<int> full(1), empty(1);
    full.push(0);
    std::jthread pusher([&] { CHECK_FALSE(full.push(1)); });
    std::jthread popper([&] { CHECK_FALSE(empty.pop()); });
    full.close();
    empty.close();
  }

  TEST_CASE("many threads at both ends lose nothing, double nothing, and never pass the bound") {
    constexpr int threads = 4, each = 5000;
    Queue<int> queue(8);
    std::vector<std::vector<int>> got(threads);
    std::atomic<bool> too_full = false;
    {
      std::vector<std::jthread> poppers, pushers;
      for (auto& mine : got)
        poppers.emplace_back([&] {
          while (auto item = queue.pop()) {
            mine.push_back(*item);
            if (queue.size() > 8) too_full = true;
          }
        });
      for (int t = 0; t < threads; ++t)
        pushers.emplace_back([&, t] {
          for (int i = 0; i < each; ++i) queue.push(t * each + i);
        });
      pushers.clear();  // joins
      queue.close();
    }
    CHECK_FALSE(too_full);
    std::vector<int> all;
    for (const auto& mine : got) {
      // One pusher's items reach one popper in their order.
      std::vector<int> last(threads, -1);
      bool ordered = true;
      for (int item : mine) ordered &= item > std::exchange(last[static_cast<std::size_t>(item / each)], item);
      CHECK(ordered);
      all.insert(all.end(), mine.begin(), mine.end());
    }
    std::ranges::sort(all);
    REQUIRE(all.size() == threads * each);
    for (int i = 0; i < threads * each; ++i)
      if (all[static_cast<std::size_t>(i)] != i) FAIL("item ", i, " is lost or doubled");
  }
}

}  // namespace levada
