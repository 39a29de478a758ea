// A connection to a walsender: PostgreSQL's streaming replication protocol, for logical slots. The server sends the log
// from where it is asked to; it is told now and then how far we have got, and keeps the log from there on.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/postgres/connection.h"

namespace levada {

// One thread. Errors as those of PostgresConnection.
class Replication {
 public:
  struct System {
    std::string identifier;  // of the cluster, for ever the same
    std::uint32_t timeline = 0;
    std::uint64_t flushed = 0;  // the end of its log, as far as it is durable
  };
  // Something that arrived. `bytes` last until the next one; 16 bytes behind them may be read.
  struct Piece {
    enum class Kind { none, message, alive };  // none: nothing complete has arrived; alive: a keep-alive
    Kind kind = Kind::none;
    std::uint64_t lsn = 0;     // of the message; alive: all that is before has been sent
    std::int64_t sent_us = 0;  // by the server's clock, since 1970 UTC
    bool reply_asked = false;
    std::string_view bytes;
  };

  static Result<std::unique_ptr<Replication>> open(PostgresAddress address, const std::string& application);

  // Before start_streaming(): IDENTIFY_SYSTEM, and whatever else a walsender takes.
  Result<System> identify();
  PostgresConnection& connection() { return *connection_; }

  // START_REPLICATION SLOT … LOGICAL …; the server begins at the later one of `from` and what it was told last.
  Result<void> start_streaming(const std::string& slot, std::uint64_t from,
                               const std::vector<std::pair<std::string, std::string>>& parameters);
  // Does not wait.
  Result<Piece> next();
  // What has arrived, or a part of it, will be next()'s.
  Result<void> take() { return connection_->take_streamed(); }
  // The same when something has arrived, the time is over, or this file can be read.
  Result<void> wait(std::chrono::microseconds time, int or_file) { return connection_->wait_streamed(time, or_file); }
  // All that is before `lsn` is durable here. `now_us` is the wall clock's; asked to, the server answers at once.
  Result<void> confirm(std::uint64_t lsn, std::int64_t now_us, bool ask_for_answer);

 private:
  explicit Replication(std::unique_ptr<PostgresConnection> connection) : connection_(std::move(connection)) {}

  std::unique_ptr<PostgresConnection> connection_;
};

}  // namespace levada
