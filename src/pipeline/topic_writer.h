// From batches to the log: checks the rules, encodes, chooses the partition and puts record batches into a transaction.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/dead_letter.h"
#include "log/log.h"
#include "operators/operator.h"
#include "plan/plan.h"

namespace levada {

class TopicWriter {
 public:
  TopicWriter(RecordFormat format, SchemaRef schema, std::vector<CheckRule> checks, Compression compression,
              const Surroundings& surroundings);
  ~TopicWriter();

  struct Problems {
    std::vector<DeadLetter> refused;          // rows that break a rule or have no form in the format
    std::vector<ProcessingFailure> failures;  // rows without an event time: dropped
    bool empty() const { return refused.empty() && failures.empty(); }
  };
  // The rows as they may stand in the topic: rules kept, event time set. Rows that break a rule are told with its name
  // and the bytes they would have had; deletions are never stopped. Rules speak of columns as a stream or table
  // declares them: where those are not the batch's own, `declared` is the same rows with them.
  Batch admit(const Batch& batch, Problems& problems, const Batch* declared = nullptr);
  // Encodes the rows and puts them to their partitions: all to `partition`, or where their key belongs if it is not
  // given (rows without key take turns).
  void append(const Batch& batch, std::optional<std::int32_t> partition, Transaction& transaction, Problems& problems);
  // The table is emptied: says so in the partition, or in all of them.
  void truncate(const Batch& batch, std::optional<std::int32_t> partition);
  // Everything appended so far is in the transaction.
  void flush(Transaction& transaction);
  // Drops what was appended and not flushed.
  void discard();

  const RecordFormat& format() const { return format_; }
  std::uint64_t records() const { return records_; }  // appended since the beginning

 private:
  struct Partition {
    TopicPartition to;
    RecordBatchBuilder records;
  };
  void encode(const Batch& batch, Rows rows, RowFailures& failures);
  void refuse(const Batch& batch, Rows rows, const std::string& stage, const std::string& cause, Problems& problems);
  void add(Partition& partition, const Batch& batch, std::uint32_t row, std::uint32_t i, Transaction& transaction);

  const RecordFormat format_;
  const SchemaRef schema_;
  const std::vector<CheckRule> checks_;
  const Surroundings& surroundings_;
  const bool bare_value_;  // a null value stands alone: the record has none
  std::unique_ptr<Encoder> key_encoder_, value_encoder_;
  std::vector<Partition> partitions_;
  std::int32_t turn_ = 0;  // of rows without key
  std::uint64_t records_ = 0;
  Texts keys_, values_;
  Bits null_keys_;
};

}  // namespace levada
