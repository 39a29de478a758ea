// Ctrl-C and SIGTERM: the first asks for a clean stop, the second ends the process at once.
#pragma once
#include <functional>
#include <memory>
#include <thread>

namespace levada {

// While it lives, the two signals come to a thread of its own. Make it before the threads that must not be disturbed.
class StopSignals {
 public:
  explicit StopSignals(std::function<void()> stop);
  ~StopSignals();

 private:
  std::jthread thread_;
};

// Blocks the signals in this thread and all it starts from now on; to be called first in main.
void block_stop_signals();

}  // namespace levada
