// Where a reader of the log begins: at its stored position, at the slot's point, or at that of a slot made now.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "base/logging.h"
#include "connectors/postgres/slot.h"

namespace levada {

struct WalBeginning {
  WalPosition position;                      // the snapshot's part as it was stored
  std::optional<ExportedSnapshot> exported;  // of a slot that was made for this
};

// Makes publication and slot where they are missing. A position that the server cannot go on from is given up for a new
// slot with SnapshotMode::when_needed only; else the errors of check_position() and check_slot(). `side` looks,
// `replication` makes; `stored`: the position's text.
Result<WalBeginning> begin_wal(PostgresConnection& side, Replication& replication, const WalOptions& options,
                               const std::optional<std::string>& stored, std::span<const CapturedTableRef> tables,
                               Logger& logger);

// Where the server's log ends now, for readers that do not follow it.
Result<std::uint64_t> end_of_log(PostgresConnection& connection);

}  // namespace levada
