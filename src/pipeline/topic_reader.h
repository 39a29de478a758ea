// From the log to batches: reads a partition and decodes its records into the columns that are wanted.
#pragma once
#include <memory>
#include <vector>

#include "connectors/dead_letter.h"
#include "log/log.h"
#include "operators/operator.h"
#include "plan/plan.h"

namespace levada {

class TopicReader {
 public:
  // `read.format` must have passed its formats' checks.
  static Result<std::unique_ptr<TopicReader>> open(Log& log, const ReadNode& read, SchemaRef schema,
                                                   std::int32_t partition, Offset from,
                                                   const Surroundings& surroundings);

  struct Rows {
    std::vector<Batch> batches;
    std::vector<DeadLetter> undecodable;      // records that are no rows, with their bytes
    std::vector<ProcessingFailure> failures;  // rows without an event time: dropped
    std::size_t bytes = 0;                    // read from the log
    std::uint64_t records = 0;
  };
  // The next records, about max_bytes of them, none at `limit` or beyond, appended to `out`. False if there were none.
  Result<bool> read(std::size_t max_bytes, Offset limit, Rows& out);

  Offset position() const { return position_; }
  std::int32_t partition() const { return partition_; }
  const std::string& topic() const { return read_.format.topic; }

 private:
  TopicReader(const ReadNode& read, SchemaRef schema, std::int32_t partition, Offset from,
              std::unique_ptr<Reader> reader, const Surroundings& surroundings);
  void decode(std::span<const Record> records, const std::shared_ptr<const void>& memory, Rows& out);
  void set_event_times(Batch& batch, Rows& out);

  const ReadNode read_;
  const SchemaRef schema_;
  const std::int32_t partition_;
  const Surroundings& surroundings_;
  Offset position_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Decoder> key_, value_;
  Records records_;
  std::vector<Text> texts_;
};

}  // namespace levada
