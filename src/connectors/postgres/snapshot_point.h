// Points for snapshots beside the WAL: a temporary slot gives the name of a snapshot and the place in the log before
// which all that it sees was committed. The server guarantees the pair; "the log's end now" and a SELECT behind it
// would not do, as commits become visible in another order than they stand in the log.
#pragma once
#include <stop_token>

#include "connectors/postgres/snapshot.h"

namespace levada {

// A transaction's place in the stream is where its commit record begins; those that begin before `lsn` are seen.
SnapshotPoint point_before(std::uint64_t lsn, std::string name, const Clock& clock);

// Waits for the transactions that are running. The slot and the snapshot last as long as the holder.
Result<Snapshot::Export> export_snapshot(const PostgresAddress& address, const Clock& clock, std::stop_token stop);

}  // namespace levada
