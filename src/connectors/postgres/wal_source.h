// The write-ahead log of a PostgreSQL database as a source: snapshot of the rows that are there, then every change,
// each exactly once, through a logical replication slot.
//
//   Replication ─► WalChanges ─► ChangeCollector ─► SourceRead     the thread that reads
//                     │   ▲
//         HeldTransactions WalSnapshot
//
// The slot moves only by acknowledge(): the server keeps its log until ours has the changes durably. Where nothing is
// captured the position moves with the server's keep-alives, by way of our log as well, so that a slot which is ahead
// of what we have stored always means that somebody else was there.
#pragma once
#include <memory>
#include <span>

#include "base/options.h"
#include "connectors/source.h"

namespace levada {

Result<std::unique_ptr<Source>> make_wal_source(SourceContext context);

}  // namespace levada
