// Where a source stands in a server's log.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace levada {

// All transactions whose commit record lies before `lsn` are read, and of the one whose commit record is at `lsn` the
// first `ordinal` changes.
struct WalPoint {
  std::uint64_t lsn = 0;
  std::uint64_t ordinal = 0;
  auto operator<=>(const WalPoint&) const = default;
};

// What is stored in the log, with what tells this slot from every other one.
struct WalPosition {
  WalPoint point;
  std::string system;          // the cluster's identifier
  std::uint32_t timeline = 0;  // of the cluster's log
  std::string database, slot;
  Json snapshot;  // of the snapshot (wal_snapshot.h)

  // {"lsn":"0/1A2B3C","ordinal":5,"system":"7…","timeline":1,"database":"shop","slot":"levada_shop","snapshot":…}
  std::string text() const;
  static Result<WalPosition> parse(const std::string& text);
};

}  // namespace levada
