// What the server keeps of its log for our slot, and how much of it we have not read: metrics, and a warning when it is
// much. One thread.
#pragma once
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/logging.h"
#include "base/metrics.h"
#include "connectors/postgres/connection.h"

namespace levada {

class RetainedLog {
 public:
  // `object` is the connector, in the metrics (may be null); `warn_bytes` 0: no warning.
  RetainedLog(std::string slot, std::int64_t warn_bytes, const std::string& object, Metrics* metrics, Logger& logger);

  // Asks the server; `read_lsn` is how far we have read. A slot that is not there is passed over.
  Result<void> look(PostgresConnection& connection, std::uint64_t read_lsn);

 private:
  const std::string slot_;
  const std::int64_t warn_bytes_;
  Logger& logger_;
  Gauge* retained_ = nullptr;
  Gauge* unread_ = nullptr;
  bool warned_ = false;  // since it was less
};

}  // namespace levada
