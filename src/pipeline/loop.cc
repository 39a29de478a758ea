#include "pipeline/loop.h"

#include <algorithm>

namespace levada {

std::optional<std::int64_t> Backoff::next_ms() {
  if (retries_.most && attempts_ >= *retries_.most) return std::nullopt;
  std::int64_t ms = retries_.longest_wait_ms;
  if (attempts_ < 20) ms = std::min(ms, retries_.first_wait_ms << attempts_);
  ++attempts_;
  return ms - static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(ms / 4 + 1)));
}

LoopThread::LoopThread(std::unique_ptr<Loop> loop, const Log& log, StatusBoard& board, Logger& logger,
                       std::function<void(const Error&)> on_failure)
    : loop_(std::move(loop)), log_(log), board_(board), logger_(logger), on_failure_(std::move(on_failure)) {}

LoopThread::~LoopThread() {
  request_stop();
  join();
}

void LoopThread::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void LoopThread::request_stop() {
  thread_.request_stop();
  wakeup_.notify();
}

void LoopThread::join() {
  if (thread_.joinable()) thread_.join();
}

void LoopThread::set_state(ObjectState state, const std::string& reason) {
  if (state == state_ && reason.empty()) return;
  state_ = state;
  for (const std::string& object : loop_->objects()) board_.set(object, state, reason);
}

void LoopThread::fail(const Error& error) {
  set_state(error.kind() == ErrorKind::position_lost ? ObjectState::position_lost : ObjectState::failed, error.line());
  on_failure_(error);
  failed_ = true;
}

void LoopThread::all_is_well(Backoff& backoff, ObjectState state, const std::string& reason) {
  if (state_ == ObjectState::retrying)
    for (const std::string& object : loop_->objects())
      logger_.warning("goes on", {{"object", object}, {"attempts", backoff.attempts()}});
  backoff.reset();
  set_state(state, reason);
}

// Open, step, step, …; after an error that may pass, wait and open again; after any other, fail.
void LoopThread::run(std::stop_token stop) {
  Backoff backoff(loop_->retries(), random_seed());
  while (!stop.stop_requested()) {
    auto worked = work(stop, backoff);
    if (worked) break;
    Error error = std::move(worked).error();
    if (error.kind() == ErrorKind::cancelled && stop.stop_requested()) break;
    if (!worth_retrying(error.kind())) return fail(error);
    std::optional<std::int64_t> wait_ms = backoff.next_ms();
    if (!wait_ms)
      return fail(std::move(error).within("given up after " + std::to_string(backoff.attempts()) + " retries"));
    set_state(ObjectState::retrying, error.line());
    for (const std::string& object : loop_->objects())
      logger_.warning(
          "retrying",
          {{"object", object}, {"error", error.line()}, {"attempt", backoff.attempts()}, {"wait_ms", *wait_ms}});
    std::int64_t until_us = real_clock().steady_us() + *wait_ms * 1000;
    while (!stop.stop_requested() && real_clock().steady_us() < until_us)
      wakeup_.wait_for(std::chrono::microseconds(until_us - real_clock().steady_us()));
  }
}

Result<void> LoopThread::work(std::stop_token stop, Backoff& backoff) {
  idle_at_ = 0;
  LV_TRY(loop_->open(wakeup_));
  while (!stop.stop_requested()) {
    std::uint64_t commit = log_.commit_number() + 1;  // 0 is for busy
    Step step = LV_TRY(loop_->step(stop));
    if (step == Step::moved) {
      idle_at_ = 0;
      all_is_well(backoff, ObjectState::running);
      continue;
    }
    if (step == Step::waited) {
      all_is_well(backoff, ObjectState::idle);
      continue;
    }
    if (step == Step::finished) {
      LV_TRY(loop_->close());
      set_state(ObjectState::finished);
      finished_ = true;
      return {};
    }
    if (step == Step::later) {
      idle_at_ = 0;
      all_is_well(backoff, ObjectState::waiting, loop_->waits_for());
    } else {
      all_is_well(backoff, ObjectState::idle, loop_->waits_for());
      idle_at_ = commit;
    }
    if (auto due_ms = loop_->due_ms())
      wakeup_.wait_for(std::chrono::milliseconds(std::max<std::int64_t>(1, *due_ms - real_clock().now_ms())));
    else
      wakeup_.wait();
  }
  LV_TRY(loop_->close());
  set_state(ObjectState::finished);
  return {};
}

}  // namespace levada
