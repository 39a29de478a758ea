#include "log/embedded_transaction.h"

#include "log/record_batch.h"

namespace levada {

static constexpr std::size_t at_leader_epoch = 12;
static constexpr std::size_t most_empty = 9, most_empty_bytes = 4 << 20;

EmbeddedTransaction::EmbeddedTransaction(LogCore& core, Committer& committer, std::shared_ptr<Holder> holder)
    : core_(core), committer_(committer), holder_(std::move(holder)) {
  filling_ = take_empty();
}

std::shared_ptr<Submission> EmbeddedTransaction::take_empty() {
  std::shared_ptr<Submission> submission;
  if (empty_.empty()) {
    submission = std::make_shared<Submission>();
    submission->holder = holder_;
  } else {
    submission = std::move(empty_.back());
    empty_.pop_back();
    submission->clear();
  }
  return submission;
}

PartitionRef EmbeddedTransaction::partition(const TopicPartition& name) {
  PartitionRef& known = partitions_[name];
  std::lock_guard lock(core_.catalog.mutex);
  if (!known || known->topic.deleted) known = core_.catalog.partition(name);
  if (!known && !problem_)
    problem_ = Error(ErrorKind::not_found, "there is no partition " + text_of(name) + " in the log")
                   .remedy("Create the topic first.");
  return known;
}

void EmbeddedTransaction::append(const TopicPartition& to, std::string_view record_batch) {
  auto header = parse_header(record_batch);
  LV_ASSERT(header.has_value() && header->size == record_batch.size() && header->base_offset == Offset(0));
  PartitionRef known = partition(to);
  if (!known) return;
  std::size_t at = filling_->bytes.size();
  filling_->bytes.append(record_batch);
  // Not covered by the checksum; a fixed value, so that it can be checked nevertheless.
  store_big<std::int32_t>(filling_->bytes.data() + at + at_leader_epoch, -1);
  filling_->appends.push_back({std::move(known), at, record_batch.size(), header->last_offset_delta + 1});
}

void EmbeddedTransaction::advance(const std::string& group, const TopicPartition& of, Offset next) {
  if (PartitionRef known = partition(of)) filling_->advances.push_back({group, std::move(known), next});
}
void EmbeddedTransaction::advance_to_end(const std::string& group, const TopicPartition& of) {
  if (PartitionRef known = partition(of)) filling_->advances.push_back({group, std::move(known), std::nullopt});
}
void EmbeddedTransaction::put_position(const std::string& source, std::string_view position) {
  filling_->positions.push_back({source, std::string(position)});
}

Result<std::uint64_t> EmbeddedTransaction::submit() {
  if (problem_) {
    Error problem = *std::move(problem_);
    abort();
    return problem;
  }
  std::uint64_t number = filling_->number = submitted_ + 1;
  LV_TRY(committer_.submit(filling_));
  submitted_ = number;
  in_flight_.push_back(std::move(filling_));
  filling_ = take_empty();
  return number;
}

Result<void> EmbeddedTransaction::wait(std::uint64_t submitted) {
  LV_ASSERT(submitted > 0 && submitted <= submitted_);
  while (!in_flight_.empty() && in_flight_.front()->number <= submitted) {
    std::shared_ptr<Submission> first = std::move(in_flight_.front());
    in_flight_.pop_front();
    auto done = committer_.wait(*first);
    if (!done && first->number > failed_through_) {
      committer_.acknowledge_failure(*holder_, submitted_);
      failed_from_ = first->number;
      failed_through_ = submitted_;
      failure_ = std::move(done).error();
    }
    if (empty_.size() < most_empty && first->bytes.capacity() <= most_empty_bytes) empty_.push_back(std::move(first));
  }
  if (failure_ && submitted >= failed_from_ && submitted <= failed_through_) return failure_->copy();
  return {};
}

bool EmbeddedTransaction::settled(std::uint64_t submitted) const {
  for (const auto& submission : in_flight_)
    if (submission->number == submitted) return committer_.settled(*submission);
  return true;
}

void EmbeddedTransaction::abort() {
  filling_->clear();
  problem_.reset();
}

}  // namespace levada
