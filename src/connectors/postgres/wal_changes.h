// The messages of the log's stream to changes: which transaction they are of, which of them are behind the position we
// go on from, and which are captured.
//
//   B change … C                    a transaction, sent when it has committed: handed on as it comes
//   S change … E   S … E   A | c    one that is sent while it runs: held back, and handed on (advance_held) behind c
//
// A change counts within its transaction whether it is captured or not, so that the same change has the same number
// after every restart, whatever the filters are then.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/held_transactions.h"
#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/unsent_values.h"
#include "connectors/postgres/wal_position.h"
#include "connectors/postgres/wal_relations.h"
#include "connectors/postgres/wal_snapshot.h"

namespace levada {

// One thread. What it is given outlives it.
class WalChanges {
 public:
  struct Parts {
    WalRelations* relations = nullptr;
    HeldTransactions* held = nullptr;
    ChangeCollector* collector = nullptr;
    WalSnapshot* snapshot = nullptr;  // may be none
    UnsentValues* unsent = nullptr;   // may be none: then rows come as the log has them
    std::string skipped;              // operations that are not captured
  };
  // Changes behind this point are handed on, others are not.
  WalChanges(Parts parts, WalPoint from) : parts_(std::move(parts)), point_(from), from_(from) {}

  // One message. False: the snapshot must go on first; the same message is to be given again. Not while holding().
  Result<bool> take(std::uint64_t lsn, std::string_view bytes);
  // A transaction that was held back has committed; advance_held() hands on one change after the other.
  bool holding() const { return holding_; }
  Result<bool> advance_held();
  // The server has sent all that committed before `lsn`.
  void pass(std::uint64_t lsn);

  // Behind what was collected last.
  const WalPoint& point() const { return point_; }
  bool within() const { return within_; }                // a transaction is not at its end
  std::int64_t commit_us() const { return commit_us_; }  // when the last one was committed
  std::uint64_t changes() const { return changes_; }     // captured, since the beginning

 private:
  Result<bool> apply(std::uint64_t lsn);
  Result<bool> change(std::uint64_t lsn);
  Result<bool> truncate(std::uint64_t lsn);
  Result<bool> message(std::uint64_t lsn);
  void recount(const WalRelation& relation, const RowChange& change);
  Result<bool> collect(const WalRelation& relation, RowChange& change);
  // A key has changed beside a value that was not sent.
  static bool is_moved_in_part(const CapturedTable& table, const RowChange& change);
  void begin();
  void end(std::uint64_t end_lsn);
  bool counted(std::uint64_t lsn);
  Error unknown_table(std::uint64_t lsn) const;

  const Parts parts_;
  WalPoint point_;
  const WalPoint from_;
  PgoutputReader reader_, held_reader_;
  LogMessage message_;
  std::uint32_t streamed_ = 0;  // the transaction of the stream's part that is being sent
  bool holding_ = false;
  bool again_ = false;                         // the held message that was read last has not been collected
  std::uint64_t held_lsn_ = 0, held_end_ = 0;  // of that message; behind the commit
  bool within_ = false, begun_ = false;
  ChangePlace place_;
  std::uint64_t ordinal_ = 0, skip_to_ = 0;
  std::size_t truncated_ = 0;  // tables of the message at hand that are done
  std::uint64_t last_commit_lsn_ = 0;
  std::int64_t commit_us_ = 0;
  std::uint64_t changes_ = 0;
  std::vector<FieldText> before_, after_;
};

}  // namespace levada
