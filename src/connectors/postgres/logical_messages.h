// What pg_logical_emit_message() put into the log, as Debezium's records: key {"prefix": …}, and a value with source,
// transaction and content. One thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/connect_records.h"
#include "connectors/postgres/source_block.h"
#include "connectors/postgres/transaction_count.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

struct LogicalMessage {
  std::string prefix, content;
  bool transactional;
  ChangePlace place;
  std::int64_t seen_us;
  TransactionOrder order;
};

class LogicalMessages {
 public:
  // `binary` says what a content becomes (binary.handling.mode).
  LogicalMessages(std::string topic, ValueModes::Binary binary);

  void add(LogicalMessage message) { messages_.push_back(std::move(message)); }
  bool empty() const { return messages_.empty(); }
  // All that were added; `count` is of the orders.
  ConnectRecords take(const SourceBlock& source, const TransactionCount& count);

 private:
  const std::string topic_;
  const ValueModes::Binary binary_;
  const ConnectTypeRef key_, value_;
  std::vector<LogicalMessage> messages_;
};

}  // namespace levada
