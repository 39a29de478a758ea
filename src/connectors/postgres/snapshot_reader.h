// Who reads a snapshot: threads with a connection each, which take ranges of tables from a common list and put the rows
// into a common queue. The rows of a range come in the order of the key; ranges in any order.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/snapshot_plan.h"
#include "connectors/postgres/snapshot_rows.h"

namespace levada {

// What a reader says.
struct SnapshotBlock {
  enum class What : std::uint8_t { table, rows, failed };
  What what = What::rows;
  std::size_t table = 0;             // its place in the plan
  std::vector<KeyRange> ranges;      // table: those that it is read in
  std::size_t range = 0;             // rows: which of them
  std::shared_ptr<CopiedRows> rows;  // rows: the next ones of the range
  bool end = false;                  // rows: the last ones of the range
  std::optional<Error> error;        // failed
};

// Holds about `most_bytes`. push() waits while it is full.
class SnapshotQueue {
 public:
  explicit SnapshotQueue(std::size_t most_bytes) : most_bytes_(most_bytes) {}
  // False: it is closed.
  bool push(SnapshotBlock block);
  std::optional<SnapshotBlock> pop(std::chrono::milliseconds wait);
  void close();

 private:
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable room_, item_;
  std::deque<SnapshotBlock> blocks_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

// The ranges that nobody has taken yet. Thread safe.
class SnapshotWork {
 public:
  SnapshotWork(std::vector<PlannedTable> tables, const SnapshotOptions& options);

  struct Piece {
    std::size_t table = 0, range = 0;
    KeyRange keys;
  };
  // The next piece; nullopt: there is none any more. Cuts a table when its turn comes, over the connection of whoever
  // asks, and tells the queue.
  Result<std::optional<Piece>> next(PostgresConnection& connection, SnapshotQueue& queue);
  const std::vector<PlannedTable>& tables() const { return tables_; }
  // No more of this table.
  void drop(std::size_t table) { dropped_[table] = true; }
  bool dropped(std::size_t table) const { return dropped_[table]; }

 private:
  const std::vector<PlannedTable> tables_;
  const std::uint64_t range_bytes_;
  std::unique_ptr<std::atomic<bool>[]> dropped_;
  std::mutex mutex_;
  std::size_t next_table_ = 0, next_range_ = 0;
  std::vector<KeyRange> ranges_;  // of the table before next_table_
};

// A session with the settings under which values have the form that the stream gives them too.
Result<std::unique_ptr<PostgresConnection>> open_snapshot_session(const PostgresAddress& address);
// Begins the transaction that sees what the point sees.
Result<void> import_snapshot(PostgresConnection& connection, const std::string& name);

class SnapshotReader {
 public:
  // Starts to read; `work` and `queue` outlive it.
  SnapshotReader(std::unique_ptr<PostgresConnection> connection, SnapshotWork& work, SnapshotQueue& queue,
                 std::uint32_t rows_at_a_time);
  // Ends at once, in the midst of a statement; the queue must have been closed.
  ~SnapshotReader();

 private:
  void run();
  Result<void> read(const SnapshotWork::Piece& piece);
  Result<void> copy(const SnapshotWork::Piece& piece);

  const std::unique_ptr<PostgresConnection> connection_;
  SnapshotWork& work_;
  SnapshotQueue& queue_;
  const std::uint32_t rows_at_a_time_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

}  // namespace levada
