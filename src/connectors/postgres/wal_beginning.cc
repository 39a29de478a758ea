#include "connectors/postgres/wal_beginning.h"

#include "base/fail_point.h"
#include "connectors/postgres/pgoutput.h"

namespace levada {

Result<WalBeginning> begin_wal(PostgresConnection& side, Replication& replication, const WalOptions& options,
                               const std::optional<std::string>& stored, std::span<const CapturedTableRef> tables,
                               Logger& logger) {
  auto system = LV_TRY(replication.identify());
  LV_TRY(prepare_publication(side, options, tables));  // before the slot
  auto slot = LV_TRY(look_at_slot(side, options.slot));

  WalBeginning beginning;
  WalPosition& position = beginning.position;
  bool make = !slot;
  if (stored) {
    position = LV_TRY(WalPosition::parse(*stored));
    auto good = check_position(replication, system, options, slot, position);
    if (!good && good.error().kind() == ErrorKind::position_lost &&
        options.snapshot_mode == SnapshotMode::when_needed) {
      logger.warning("position lost: all tables are read again", {{"why", good.error().line()}});
      if (slot) LV_TRY(drop_slot(replication, options.slot));
      make = true;
    } else if (!good) {
      return std::move(good).error();
    }
  } else if (slot) {
    LV_TRY(check_slot(*slot, options, side));
    position.point = {slot->confirmed_lsn, 0};
  }
  position.system = system.identifier;
  position.timeline = system.timeline;
  position.database = side.database();
  position.slot = options.slot;
  if (!make) return beginning;
  fail_point(FailPoint::before_slot);
  beginning.exported = LV_TRY(create_slot(replication, options));
  fail_point(FailPoint::after_slot);
  position.point = {beginning.exported->lsn, 0};
  logger.info("slot made", {{"slot", options.slot}, {"lsn", lsn_text(beginning.exported->lsn)}});
  return beginning;
}

Result<std::uint64_t> end_of_log(PostgresConnection& connection) {
  auto rows = LV_TRY(connection.query("SELECT pg_current_wal_insert_lsn()"));
  std::uint64_t lsn = rows.empty() ? 0 : parse_lsn(rows[0][0].value_or("")).value_or(0);
  // At the beginning of a page the place is behind its head, and the end of the record before it in front.
  if (std::uint64_t in_page = lsn % 8192; in_page == 24 || in_page == 40) lsn -= in_page;
  return lsn;
}

}  // namespace levada
