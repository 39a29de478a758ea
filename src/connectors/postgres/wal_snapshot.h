// Where the snapshot stands beside the stream: rows that the tables had already. The stream (wal_source.h) owns it,
// calls it from the thread that reads, and stores its progress within its own position, so that rows and progress are
// in one transaction of the log.
//
//   start()  the slot is made (a pair of a snapshot's name and a point of the log) or was there; before streaming, as
//            the exported snapshot lasts only until then: whoever reads with it begins its transactions here
//   saw()    every change of the stream, before it is collected; it may ask the stream to wait
//   read()   rows into the same SourceRead as the changes that were seen until then, behind them
//   position() right after that: what start() needs to go on behind these rows
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/json.h"
#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/snapshot.h"
#include "connectors/postgres/wal_options.h"

namespace levada {

// What a slot that is made gives: whatever is committed before `lsn` is seen in the snapshot, all else comes by the
// slot's stream.
struct ExportedSnapshot {
  std::string name;  // for SET TRANSACTION SNAPSHOT
  std::uint64_t lsn = 0;
};

struct WalSnapshotContext {
  std::string connector;  // its name
  const WalOptions* options = nullptr;
  std::function<std::unique_ptr<ChangeCollector>()> make_collector;  // of the form asked for
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
  Metrics* metrics = nullptr;
  std::string round;  // snapshot.mode = always: one snapshot for each round, however often it is started
};

class WalSnapshot {
 public:
  virtual ~WalSnapshot() = default;
  // `tables`: all that are captured now. `part`: what position() gave, of the position that was stored last; null at
  // the very first start. `exported`: the stream's slot was made just now; nullopt: it is older.
  virtual Result<void> start(std::span<const CapturedTableRef> tables, const Json& part,
                             const std::optional<ExportedSnapshot>& exported) = 0;
  // Of a captured table; `table` may be newer than the one given to start(), or one that was not there then.
  // `place` in the change is filled. Only `take` lets it be collected.
  virtual SnapshotVerdict saw(const CapturedTableRef& table, const RowChange& change) = 0;
  // All changes that committed before this point have been seen.
  virtual void passed(std::uint64_t lsn) = 0;
  // Appends rows, about `bytes` of texts at most, to `out`; waits at most `wait` for the first. None: none were there
  // in time, or done(). Sets out.together where a table's rows can only be committed as a whole: no position yet.
  virtual Result<void> read(SourceRead& out, std::size_t bytes, std::chrono::milliseconds wait) = 0;
  virtual Json position() const = 0;
  virtual bool done() const = 0;          // no row of any table is missing
  virtual Progress progress() const = 0;  // from any thread
};

// connectors/postgres/snapshot.cc
std::unique_ptr<WalSnapshot> make_wal_snapshot(WalSnapshotContext context);

}  // namespace levada
