// How a loop sleeps: whoever has news for it calls notify(); a notify() before the wait is not lost.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace levada {

class Wakeup {
 public:
  void notify() {
    std::lock_guard lock(mutex_);
    signalled_ = true;
    condition_.notify_one();
  }
  // Returns at once if notified since the last wait. True if notified, false if the time ran out. One waiter.
  bool wait_for(std::chrono::microseconds time) {
    std::unique_lock lock(mutex_);
    bool news = condition_.wait_for(lock, time, [&] { return signalled_; });
    signalled_ = false;
    return news;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [&] { return signalled_; });
    signalled_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool signalled_ = false;
};

}  // namespace levada
