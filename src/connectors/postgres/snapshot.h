// The rows that tables have already, read in one snapshot of the server beside a stream of changes, whatever that is
// (the WAL, a change table), so that both make one history.
//
//              ┌ SnapshotReader ┐ blocks of rows     ┌ ChunkFilter ┐
//   plan ─►    │ COPY … TO      │ ─► a bounded queue │ keys changed│ ─► ChangeCollector::add_rows
//   (ranges)   └ 1…n threads    ┘    (memory)        └ since then  ┘
//                                                    ▲ saw(), passed(): the stream
//
// A point is a pair that the server guarantees: a snapshot that has exactly what was committed before a place in the
// stream. So rows wait until the stream has passed the place, and then lose against every change of their key behind
// it. After a crash what is left is read at a new point: changes up to it come first, as they precede it, its rows
// behind them (docs/decisions/0011-snapshots.md).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/logging.h"
#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/snapshot_progress.h"
#include "connectors/postgres/url.h"
#include "connectors/postgres/wal_options.h"

namespace levada {

// The stream's own measure: of the WAL the LSN, of a change table a transaction number. Only compared.
struct SnapshotPoint {
  std::string name;           // for SET TRANSACTION SNAPSHOT; whoever exports it holds it until open() has returned
  std::uint64_t place = 0;    // changes at or below it are in the snapshot, those above are not
  std::int64_t taken_us = 0;  // since 1970 UTC
  ChangePlace rows = {};      // given with every row
};

struct SnapshotOptions {
  std::vector<std::string> tables;  // regular expressions for "schema.table", in the order wanted; empty: all
  SnapshotOrder by_row_count = SnapshotOrder::given;
  std::map<std::string, std::string> selects;  // of "schema.table", instead of the table
  int readers = 1;
  std::uint32_t rows_at_a_time = 16384;  // in one block, at most
  std::size_t queue_bytes = 16 << 20;    // of rows read ahead
  std::size_t changed_bytes = 64 << 20;  // of keys that have changed meanwhile
  std::uint64_t range_bytes = 32 << 20;  // of a table, that one range has about
  // Tables that are not larger than this, those that refer to each other taken together, are emptied and filled in one
  // transaction.
  std::uint64_t whole_bytes = 16 << 20;
};

// What the stream does with a change of a table that has a snapshot.
enum class SnapshotVerdict : std::uint8_t {
  take,
  complete,  // take it, with the values that it leaves out: perhaps nobody has its row yet
  skip,      // the rows that come by the snapshot will have it
  // Not now, nor anything behind it: rows must come first that nobody could tell apart later (a table without key,
  // values left out because they have not changed, too many changes). To be asked again after each read(); until then
  // the stream's position stays before this change, in the midst of its transaction or not.
  wait,
};

struct SnapshotTable {
  CapturedTableRef table;
  bool again = false;  // the topic has rows of it: they are truncated before the first row comes
};

class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // Where the rows are read: at a point that is there, which the readers take over before this returns; or, while the
  // stream goes on, at one that a thread of the snapshot makes, as that may have to wait for transactions to end. What
  // that returns in `holder` is let go when the readers have taken the point over.
  struct Export {
    SnapshotPoint point;
    std::shared_ptr<void> holder;
  };
  // Ends soon when asked to stop.
  using PointMaker = std::function<Result<Export>(std::stop_token stop)>;
  // Connects the readers. `progress`: of the position stored last. Tables that are done
  // there are passed over. Errors are the server's; unreachable also where another point is needed: a table was
  // rewritten meanwhile. What is taken by reference outlives the snapshot.
  static Result<std::unique_ptr<Snapshot>> open(const PostgresAddress& address, const SnapshotOptions& options,
                                                std::variant<SnapshotPoint, PointMaker> point,
                                                std::vector<SnapshotTable> tables, SnapshotProgress progress,
                                                const Clock& clock, Logger& logger);

  // ---- the stream; of one thread, together with what follows ----
  // Before a change is collected.
  virtual SnapshotVerdict saw(const CapturedTable& table, const RowChange& change, std::uint64_t place) = 0;
  // All changes at or below the place have been collected.
  virtual void passed(std::uint64_t place) = 0;

  // ---- the rows ----
  // Collects rows of about this many bytes at most; waits at most `wait` for the first. Returns the bytes.
  virtual Result<std::size_t> read(ChangeCollector& out, std::size_t bytes, std::chrono::milliseconds wait) = 0;
  // Behind what read() has collected.
  virtual const SnapshotProgress& progress() const = 0;
  // The rows collected last and those of the next read() belong into the same transaction.
  virtual bool within() const = 0;
  virtual bool done() const = 0;
  virtual Progress shown() const = 0;  // any thread
};

}  // namespace levada
