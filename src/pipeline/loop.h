// A loop: something that is done over and over on a thread of its own, sleeps when there is nothing to do, and is
// opened again from what was committed when it fails. What the three kinds of loop do stands in pipeline/pipeline.cc.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/random.h"
#include "base/wakeup.h"
#include "connectors/sink.h"
#include "log/log.h"
#include "pipeline/object_status.h"

namespace levada {

// How a loop's step went.
enum class Step : std::uint8_t {
  moved,     // did something: come again at once
  waited,    // had nothing to do and has waited for it: come again at once
  idle,      // nothing to do before the log grows
  later,     // likewise, or before due_ms(): something that has come waits until then; waits_for() says what
  finished,  // nothing to do ever again
};

class Loop {
 public:
  virtual ~Loop() = default;
  // The objects whose work this is: their states follow the loop's.
  virtual std::vector<std::string> objects() const = 0;
  virtual Retries retries() const { return {}; }
  // Takes up the work where the last commit left it. Called again after an error.
  virtual Result<void> open(Wakeup& wakeup) = 0;
  virtual Result<Step> step(std::stop_token stop) = 0;
  // When an idle loop is to be stepped although nothing has come, by the wall clock; nullopt: there is no need.
  virtual std::optional<std::int64_t> due_ms() const { return std::nullopt; }
  // For people, behind Step::later and idle; empty: nothing but more records.
  virtual std::string waits_for() const { return {}; }
  // Ends cleanly: what was done is committed.
  virtual Result<void> close() = 0;
};

// Pauses between attempts: each twice as long as the one before, less up to a quarter by chance.
class Backoff {
 public:
  Backoff(const Retries& retries, std::uint64_t seed) : retries_(retries), random_(seed) {}
  // nullopt: there were enough.
  std::optional<std::int64_t> next_ms();
  void reset() { attempts_ = 0; }
  std::int64_t attempts() const { return attempts_; }

 private:
  const Retries retries_;
  Random random_;
  std::int64_t attempts_ = 0;
};

// A loop at work. stop() or the destructor ends it; a loop in the middle of a step ends that first.
class LoopThread {
 public:
  LoopThread(std::unique_ptr<Loop> loop, const Log& log, StatusBoard& board, Logger& logger,
             std::function<void(const Error&)> on_failure);
  ~LoopThread();

  void start();
  void request_stop();
  void join();
  void wake() { wakeup_.notify(); }

  // The loop found nothing to do in a log whose commit number was this; 0 while it is busy.
  std::uint64_t idle_at() const { return idle_at_.load(); }
  bool finished() const { return finished_.load(); }
  bool failed() const { return failed_.load(); }

 private:
  void run(std::stop_token stop);
  Result<void> work(std::stop_token stop, Backoff& backoff);
  void set_state(ObjectState state, const std::string& reason = {});
  void fail(const Error& error);
  // A step went well: whatever was the matter has passed.
  void all_is_well(Backoff& backoff, ObjectState state, const std::string& reason = {});

  std::unique_ptr<Loop> loop_;
  const Log& log_;
  StatusBoard& board_;
  Logger& logger_;
  std::function<void(const Error&)> on_failure_;
  Wakeup wakeup_;
  std::atomic<std::uint64_t> idle_at_ = 0;
  std::atomic<bool> finished_ = false, failed_ = false;
  ObjectState state_ = ObjectState::starting;
  std::jthread thread_;
};

}  // namespace levada
