// The way back. Data goes forward through the loops; what may be forgotten for it comes back through here, and nowhere
// else: a loop fills a transaction, submits it, and what waits for it to be durable (a source's acknowledgement) runs
// then, in order.
//
// Some transactions may be on their way while the next is filled, so that computing and flushing go on side by side.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "log/log.h"

namespace levada {

// One loop's. One thread.
class Commit {
 public:
  // Fences whoever held the id before.
  static Result<std::unique_ptr<Commit>> open(Log& log, const std::string& transactional_id);

  // Being filled.
  Transaction& transaction() { return *transaction_; }
  // Runs when what the transaction being filled holds is durable; an error of it becomes that of settle().
  void when_durable(std::function<Result<void>()> forget) { waiting_.push_back(std::move(forget)); }

  // Sends the transaction on its way (nothing if it is empty); waits if too many are on it.
  Result<void> submit();
  // Runs what may be run now.
  Result<void> settle();
  // Waits until all that was submitted is durable, and runs what waited for it.
  Result<void> settle_all();

  bool settled() const { return submitted_.empty(); }
  std::uint64_t commits() const { return commits_; }  // settled so far

 private:
  static constexpr std::size_t most_submitted = 8;
  using Forget = std::vector<std::function<Result<void>()>>;
  struct Submitted {
    std::uint64_t number;
    Forget forget;
  };

  explicit Commit(std::unique_ptr<Transaction> transaction) : transaction_(std::move(transaction)) {}
  Result<void> settle_first();

  std::unique_ptr<Transaction> transaction_;
  Forget waiting_;
  std::deque<Submitted> submitted_;
  std::uint64_t commits_ = 0;
};

}  // namespace levada
