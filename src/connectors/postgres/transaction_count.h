// The transactions of a stream as provide.transaction.metadata tells them: each change says which one it is of and
// where it stands in it, and a topic of their own says that one has begun, and how many changes of what it had.
//
//   {"status": "BEGIN", "id": "7:50", …}
//   {"status": "END", "id": "7:80", "event_count": 3, "data_collections": [{"data_collection": "public.t", …: 3}]}
//
// Without begin() nothing is counted and there are no records. One thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/column.h"
#include "connectors/connect_records.h"
#include "connectors/postgres/change_collector.h"

namespace levada {

// event.block: what a change says of its transaction.
ConnectTypeRef transaction_block_type();

// Where a change stands; good until the next take().
struct TransactionOrder {
  std::int64_t transaction = -1;              // -1: none is counted
  std::int64_t total = 0, of_collection = 0;  // from 1
};

class TransactionCount {
 public:
  explicit TransactionCount(std::string topic);

  // The transaction before is over. It `goes_on` where its beginning was told before.
  void begin(const ChangePlace& place, bool goes_on);
  void commit(const ChangePlace& place);
  bool counts() const { return !transactions_.empty() && transactions_.back().end_id.empty(); }
  // The next change of the transaction; `collection` is the table, or "message".
  TransactionOrder next(std::string_view collection);
  // A row of a column of transaction_block_type(): null where none is counted.
  void append_block(Column& block, const TransactionOrder& order) const;
  // What was begun and ended since the last take(); size 0: nothing. A transaction that is not over goes on counting.
  ConnectRecords take();

 private:
  struct Transaction {
    std::string id, end_id;  // end_id: empty while it is not over
    std::int64_t begin_ms = 0, end_ms = 0, events = 0;
    std::vector<std::pair<std::string, std::int64_t>> collections;
    bool begun = true;  // its beginning is to be told with the next take()
  };

  const std::string topic_;
  const ConnectTypeRef key_, value_;
  std::vector<Transaction> transactions_;  // the last one may go on
};

}  // namespace levada
