#include "connectors/postgres/snapshot_point.h"

#include <unistd.h>

#include "base/random.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/pgoutput.h"

namespace levada {

SnapshotPoint point_before(std::uint64_t lsn, std::string name, const Clock& clock) {
  SnapshotPoint point{.name = std::move(name), .place = lsn - 1, .taken_us = clock.now_us()};
  point.rows = {.lsn = lsn, .commit_lsn = lsn, .commit_us = point.taken_us};
  return point;
}

Result<Snapshot::Export> export_snapshot(const PostgresAddress& address, const Clock& clock, std::stop_token stop) {
  PostgresAddress walsender = address;
  walsender.set("replication", "database");
  walsender.statement_patience = std::chrono::milliseconds(0);  // transactions of others may take long
  std::shared_ptr<PostgresConnection> connection = LV_TRY(PostgresConnection::open(walsender, "levada snapshot"));
  std::stop_callback abandon(stop, [&] { connection->abandon(); });
  std::string slot = "levada_snapshot_" + std::to_string(::getpid()) + "_" + std::to_string(random_seed());
  auto made =
      connection->plain_query("CREATE_REPLICATION_SLOT " + quote_name(slot) + " TEMPORARY LOGICAL pgoutput " +
                              (connection->server_version() >= 150000 ? "(SNAPSHOT 'export')" : "EXPORT_SNAPSHOT"));
  if (!made) {
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "the snapshot was stopped");
    Error error = std::move(made).error();
    std::string remedy = connection->refusal().sqlstate == "53400"
                             ? "Raise max_replication_slots, or drop a slot that nobody uses."
                             : error.remedy();
    return std::move(error).within("cannot make a temporary replication slot for a snapshot").remedy(std::move(remedy));
  }
  if (made->empty() || made->front().size() < 3)
    return Error(ErrorKind::statement, "PostgreSQL has made a slot without saying where");
  const auto& row = made->front();
  auto lsn = parse_lsn(row[1].value_or(""));
  if (!lsn) return Error(ErrorKind::statement, "PostgreSQL has made a slot without saying where");
  return Snapshot::Export{point_before(*lsn, row[2].value_or(""), clock), std::move(connection)};
}

}  // namespace levada
