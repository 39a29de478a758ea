#include "connectors/postgres/retained_log.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "connectors/postgres/pgoutput.h"

namespace levada {

RetainedLog::RetainedLog(std::string slot, std::int64_t warn_bytes, const std::string& object, Metrics* metrics,
                         Logger& logger)
    : slot_(std::move(slot)), warn_bytes_(warn_bytes), logger_(logger) {
  if (!metrics) return;
  Labels labels = {{"object", object}};
  retained_ = &metrics->gauge("levada_wal_retained_bytes", labels);
  unread_ = &metrics->gauge("levada_source_lag_bytes", labels);
}

Result<void> RetainedLog::look(PostgresConnection& connection, std::uint64_t read_lsn) {
  const std::vector<std::string> asked = {slot_, lsn_text(read_lsn)};
  auto rows =
      LV_TRY(connection.query("SELECT pg_current_wal_lsn() - restart_lsn, pg_current_wal_lsn() - $2::pg_lsn "
                              "FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
                              asked));
  if (rows.empty()) return {};
  std::int64_t kept = std::atoll(rows[0][0].value_or("0").c_str());
  if (retained_) retained_->set(kept);
  if (unread_) unread_->set(std::max(0LL, std::atoll(rows[0][1].value_or("0").c_str())));
  bool much = warn_bytes_ > 0 && kept > warn_bytes_;
  if (much && !warned_)
    logger_.warning("the server keeps much of its log for this slot",
                    {{"slot", slot_}, {"bytes", kept}, {"place", connection.place()}});
  warned_ = much;
  return {};
}

}  // namespace levada
