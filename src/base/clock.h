// Time comes from here and nowhere else, so that a test can turn it by hand.
#pragma once
#include <atomic>
#include <cstdint>

namespace levada {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time in microseconds since 1970-01-01 UTC. May step backwards.
  virtual std::int64_t now_us() const = 0;
  // Time since some fixed point; never goes back. For intervals and time-outs.
  virtual std::int64_t steady_us() const = 0;

  std::int64_t now_ms() const { return now_us() / 1000; }
};

// The machine's clock. Thread safe, lives for ever.
const Clock& real_clock();

// Stands still until a test moves it. Thread safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(std::int64_t now_us = 0) : now_us_(now_us) {}
  std::int64_t now_us() const override { return now_us_.load(std::memory_order_relaxed); }
  std::int64_t steady_us() const override { return steady_us_.load(std::memory_order_relaxed); }

  void advance_us(std::int64_t by) {
    now_us_ += by;
    steady_us_ += by;
  }
  // Only the wall clock steps, as when an operator sets it.
  void step_wall_us(std::int64_t by) { now_us_ += by; }

 private:
  std::atomic<std::int64_t> now_us_, steady_us_ = 0;
};

}  // namespace levada
