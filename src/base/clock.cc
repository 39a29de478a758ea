#include "base/clock.h"

#include <ctime>

namespace levada {
namespace {

std::int64_t read_us(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000;
}

class RealClock : public Clock {
 public:
  std::int64_t now_us() const override { return read_us(CLOCK_REALTIME); }
  std::int64_t steady_us() const override { return read_us(CLOCK_MONOTONIC); }
};

}  // namespace

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

}  // namespace levada
