// What has to be done now and then: retention, compaction, and taking away the files that nobody needs any more. In a
// thread of its own, so that commits do not wait for it.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "log/committer.h"
#include "log/log_core.h"

namespace levada {

class Maintenance {
 public:
  Maintenance(LogCore& core, Committer& committer);
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  // Everything, now. The first error; the other topics have had their turn nevertheless.
  Result<void> run_now();
  // Files can be taken away.
  void wake();

 private:
  void run();
  Result<void> maintain(const TopicRef& topic);
  Result<void> reclaim();

  LogCore& core_;
  Committer& committer_;
  std::mutex running_;  // one round at a time

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false, wanted_ = false;
  std::thread thread_;
};

}  // namespace levada
