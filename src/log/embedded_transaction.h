// A holder's transactions: one is filled, others are on their way to the committer.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "log/committer.h"
#include "log/log_core.h"

namespace levada {

class EmbeddedTransaction : public Transaction {
 public:
  EmbeddedTransaction(LogCore& core, Committer& committer, std::shared_ptr<Holder> holder);

  void append(const TopicPartition& to, std::string_view record_batch) override;
  void advance(const std::string& group, const TopicPartition& of, Offset next) override;
  void advance_to_end(const std::string& group, const TopicPartition& of) override;
  void put_position(const std::string& source, std::string_view position) override;

  std::size_t bytes() const override { return filling_->bytes.size(); }
  bool empty() const override { return filling_->empty() && !problem_; }

  Result<std::uint64_t> submit() override;
  Result<void> wait(std::uint64_t submitted) override;
  bool settled(std::uint64_t submitted) const override;
  void abort() override;

 private:
  // nullptr, and the problem is kept for submit(), if there is no such partition.
  PartitionRef partition(const TopicPartition& name);
  std::shared_ptr<Submission> take_empty();

  LogCore& core_;
  Committer& committer_;
  const std::shared_ptr<Holder> holder_;
  std::shared_ptr<Submission> filling_;
  std::optional<Error> problem_;  // with what is being filled
  std::deque<std::shared_ptr<Submission>> in_flight_;
  std::vector<std::shared_ptr<Submission>> empty_;  // to be used again: their memory is warm
  std::uint64_t submitted_ = 0;
  // The last failure: its transaction and those behind it that fell with it.
  std::uint64_t failed_from_ = 0, failed_through_ = 0;
  std::optional<Error> failure_;
  std::unordered_map<TopicPartition, PartitionRef, TopicPartitionHash> partitions_;
};

}  // namespace levada
