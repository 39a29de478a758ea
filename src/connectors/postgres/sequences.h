// The sequences behind serial and identity columns of the tables that a sink fills: rows come with their values, so the
// sequences stay behind. Whoever makes the replica the database to write to finds them beyond the data.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/table.h"

namespace levada {

class Sequences {
 public:
  explicit Sequences(const Clock& clock) : clock_(clock) {}

  // From now on those of the table are looked after.
  void watch(const PostgresTable& table);
  // Rows were committed, so the sequences may be behind.
  void committed();
  // When advance() is to be called, by the wall clock: soon behind the last commit, and from time to time while there
  // are many; nullopt: nothing is behind.
  std::optional<std::int64_t> due_ms() const { return due_ms_; }
  bool due() const { return due_ms_ && *due_ms_ <= clock_.now_ms(); }
  // Each sequence to the largest value of its column, never back. Outside of any transaction.
  Result<void> advance(PostgresConnection& connection);

 private:
  struct Column {
    std::string table, name, sequence;  // quoted
    bool operator==(const Column&) const = default;
  };
  const Clock& clock_;
  std::vector<Column> columns_;
  std::optional<std::int64_t> due_ms_, latest_ms_;
};

}  // namespace levada
