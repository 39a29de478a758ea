// A store's changes as records of a compacted topic: key and value are the store's bytes, a null value says that the
// key is gone. They go into the transaction of the outputs they belong to, so that log and state never tell different
// stories.
#pragma once
#include <memory>
#include <string>

#include "log/log.h"
#include "log/record_batch.h"
#include "state/store.h"

namespace levada {

class Changelog {
 public:
  Changelog(std::string topic, std::int32_t partition) : to_{std::move(topic), partition} {}

  // Appends all changes since the last call; returns how many keys that were.
  std::uint64_t write(Store& store, Transaction& transaction);
  // Brings the store from what it holds, which is true up to `from`, to the end of the topic. Returns that end.
  Result<Offset> restore(Store& store, Log& log, Offset from) const;

  const TopicPartition& partition() const { return to_; }

 private:
  TopicPartition to_;
  RecordBatchBuilder records_;
};

}  // namespace levada
