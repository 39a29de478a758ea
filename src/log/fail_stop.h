// The first error after which nothing may go on: a failed sync, a failed write of the journal. From then on everything
// is answered with it. What is on the disk only a restart can tell.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>

#include "base/error.h"

namespace levada {

// Thread safe.
class FailStop {
 public:
  void stop(const Error& cause) {
    std::lock_guard lock(mutex_);
    if (stopped_.load(std::memory_order_relaxed)) return;
    cause_ = Error(ErrorKind::io, "the log has stopped: " + cause.what())
                 .where(cause.where())
                 .why(cause.why())
                 .remedy("Look after the disk, then restart: what was committed is recovered, nothing else is kept.");
    stopped_.store(true, std::memory_order_release);
  }
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  Result<void> check() const {
    if (!stopped()) [[likely]]
      return {};
    std::lock_guard lock(mutex_);
    return cause_->copy();
  }

 private:
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  std::optional<Error> cause_;
};

}  // namespace levada
