#include "pipeline/commit.h"

#include "base/assert.h"
#include "base/fail_point.h"

namespace levada {

Result<std::unique_ptr<Commit>> Commit::open(Log& log, const std::string& transactional_id) {
  auto transaction = LV_TRY(log.begin(transactional_id));  // not within `new`, which has its memory already
  return std::unique_ptr<Commit>(new Commit(std::move(transaction)));
}

Result<void> Commit::submit() {
  if (transaction_->empty()) {
    LV_ASSERT(waiting_.empty());  // nothing to wait for
    return {};
  }
  fail_point(FailPoint::before_log_commit);
  std::uint64_t number = LV_TRY(transaction_->submit());
  submitted_.push_back({number, std::move(waiting_)});
  waiting_.clear();
  while (submitted_.size() > most_submitted) LV_TRY(settle_first());
  return settle();
}

Result<void> Commit::settle() {
  while (!submitted_.empty() && transaction_->settled(submitted_.front().number)) LV_TRY(settle_first());
  return {};
}

Result<void> Commit::settle_all() {
  while (!submitted_.empty()) LV_TRY(settle_first());
  return {};
}

Result<void> Commit::settle_first() {
  Submitted first = std::move(submitted_.front());
  submitted_.pop_front();
  LV_TRY(transaction_->wait(first.number));
  fail_point(FailPoint::after_log_commit);
  ++commits_;
  for (auto& forget : first.forget) LV_TRY(forget());
  return {};
}

}  // namespace levada
