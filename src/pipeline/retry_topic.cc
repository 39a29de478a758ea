#include "pipeline/retry_topic.h"

#include <algorithm>

#include "log/each_record.h"

namespace levada {
namespace {

constexpr std::size_t record_batch_bytes = 256 << 10;

}  // namespace

Result<void> RetryTopic::open() {
  clear();
  made_ = around_.log->topic(name_).has_value();
  end_ = made_ ? LV_TRY(around_.log->offsets(partition())).end : Offset(0);
  return {};
}

Result<std::vector<RetryChange>> RetryTopic::read_queue() {
  if (!made_) return std::vector<RetryChange>();
  return read(Offset(std::stoll(around_.log->position(position()).value_or("0"))));
}

Result<std::vector<RetryChange>> RetryTopic::read_news() {
  if (!made_) made_ = around_.log->topic(name_).has_value();
  if (!made_ || LV_TRY(around_.log->offsets(partition())).end == end_) return std::vector<RetryChange>();
  return read(end_);
}

Result<std::vector<RetryChange>> RetryTopic::read(Offset from) {
  std::vector<RetryChange> changes;
  std::size_t foreign = 0;
  Offset next = from;
  LV_TRY(each_record(*around_.log, partition(), from, to_the_end, [&](const Record& record) {
    next = record.offset + 1;
    if (auto change = read_retry_change(record))
      changes.push_back(*std::move(change));
    else
      ++foreign;
  }));
  end_ = std::max(end_, next);
  if (foreign > 0)
    around_.logger->warning("passed over records of the retry topic that this sink has not written",
                            {{"object", sink_}, {"topic", name_}, {"records", foreign}});
  return changes;
}

void RetryTopic::add(RetryChange change, Text value, std::string_view headers) {
  change.from = end_;
  append_retry_change(records_, change, around_.clock->now_ms(), value, headers);
  ++added_;
  if (records_.bytes() < record_batch_bytes) return;
  batches_.emplace_back(records_.finish());
  records_.clear();
}

Result<void> RetryTopic::append(Transaction& transaction, Offset oldest) {
  if (!has_added()) return {};
  if (!made_) {
    LV_TRY(around_.log->create_topic(name_, retry_topic_config()));
    made_ = true;
  }
  if (!records_.empty()) batches_.emplace_back(records_.finish());
  for (const std::string& batch : batches_) transaction.append(partition(), batch);
  // Right for the queue before this round and, as it only grows, for the one behind it.
  transaction.put_position(position(), std::to_string(std::min(oldest, end_).value()));
  return {};
}

void RetryTopic::clear() {
  records_.clear();
  batches_.clear();
  added_ = 0;
}

}  // namespace levada
