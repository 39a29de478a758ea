// The topic that a sink's retry queue is kept in: one partition, made when there is first something to say. It holds
// changes (retry_change.h); those of a round are gathered here until the round's transaction takes them.
//
//   open ─► read, and then of each round   add … ─► append ─► read what has become durable ─► clear
//
// One thread writes; others may put replays into it (pipeline/replay.h).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.h"
#include "pipeline/retry_change.h"

namespace levada {

class RetryTopic {
 public:
  // `sink` is its owner, for messages.
  RetryTopic(std::string name, std::string sink, const PipelineSurroundings& surroundings)
      : name_(std::move(name)), sink_(std::move(sink)), around_(surroundings) {}

  TopicPartition partition() const { return {name_, 0}; }
  // Behind what was read last, or, before that, of the topic; 0 where there is none.
  Offset end() const { return end_; }
  // Looks anew where the topic ends, and forgets what was added.
  Result<void> open();
  // All that has counted since the queue was empty for the last time, up to the end.
  Result<std::vector<RetryChange>> read_queue();
  // What has come behind end(), which moves.
  Result<std::vector<RetryChange>> read_news();

  // A change of the round; parked and replayed ones bring value and headers. Says that it was made behind end().
  void add(RetryChange change, Text value = {}, std::string_view headers = {});
  bool has_added() const { return added_ > 0; }
  // Puts what was added into the transaction, and from where on the queue is to be read: `oldest` is the first change
  // of what waits before the round.
  Result<void> append(Transaction& transaction, Offset oldest);
  void clear();

 private:
  Result<std::vector<RetryChange>> read(Offset from);
  std::string position() const { return "retries of " + name_; }

  const std::string name_, sink_;
  const PipelineSurroundings& around_;
  bool made_ = false;
  Offset end_;
  RecordBatchBuilder records_;
  std::vector<std::string> batches_;  // finished, of records_
  std::size_t added_ = 0;
};

}  // namespace levada
