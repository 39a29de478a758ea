// The publication and the replication slot of a source: looked at, made, and compared with a position.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/replication.h"
#include "connectors/postgres/wal_options.h"
#include "connectors/postgres/wal_position.h"
#include "connectors/postgres/wal_snapshot.h"

namespace levada {

// pg_replication_slots, of one slot.
struct SlotState {
  std::string plugin, database;  // empty: a physical slot
  bool active = false;
  std::string active_pid;
  std::uint64_t restart_lsn = 0;    // the server keeps its log from here on
  std::uint64_t confirmed_lsn = 0;  // and sends transactions that commit from here on
  std::string wal_status;           // "lost": what it needs is gone
};

Result<std::optional<SlotState>> look_at_slot(PostgresConnection& connection, const std::string& name);

// What is wrong with server, user, publication and slot, each with its remedy; nothing is changed. `tables`: what is
// captured. Notes are what will work, but not as one may think.
Result<std::vector<Error>> check_capture(PostgresConnection& connection, const WalOptions& options,
                                         std::span<const CapturedTableRef> tables, std::vector<std::string>& notes);

// Makes the publication if it is not there and the options say so, and completes one that is `filtered`. Before the
// slot: a slot knows only publications that are older than what it reads.
Result<void> prepare_publication(PostgresConnection& connection, const WalOptions& options,
                                 std::span<const CapturedTableRef> tables);
// The point it begins at, and its snapshot, which lasts until the next command of this connection.
Result<ExportedSnapshot> create_slot(Replication& replication, const WalOptions& options);
// Waits for whoever reads it.
Result<void> drop_slot(Replication& replication, const std::string& name);

// Whether the server will send everything that follows the position. Kind position_lost with the range in doubt; other
// kinds: the slot is not ours to use, or (unreachable) not yet.
Result<void> check_position(Replication& replication, const Replication::System& system, const WalOptions& options,
                            const std::optional<SlotState>& slot, const WalPosition& position);
// The same for a slot without a position.
Result<void> check_slot(const SlotState& slot, const WalOptions& options, const PostgresConnection& connection);

// An error of the stream, which may say that the server has given up what we need.
Error explain_stream_error(Error error, const PostgresConnection& connection, const WalOptions& options,
                           const WalPoint& point);

}  // namespace levada
