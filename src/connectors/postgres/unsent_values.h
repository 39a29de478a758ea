// Large values that the log leaves out of a row, as they have not changed. A target that has the row keeps what it has;
// but where the key changes, nobody has a row of the new key. Then they are read from the table, as it is now: a value
// that has changed since comes once more with its own change.
//
// A transaction is sent when its commit is on disk, and that is a moment before others see it, or a long time before if
// the server waits for a standby. What the table holds until then is of before the change, perhaps of another row that
// had the key. So the table is asked until it shows the transaction.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

// Whether a snapshot, as pg_current_snapshot() shows it ("10:20:10,14"), has what this transaction has done. Numbers of
// transactions go round; it is one of the last two thousand million.
bool shows(std::string_view snapshot, std::uint32_t transaction);

// One thread.
class UnsentValues {
 public:
  // The connection outlives this; nothing else is on its way there during a call.
  explicit UnsentValues(PostgresConnection& connection) : connection_(connection) {}

  // The row with what it lacks; valid until the next call. As it was where its key is not in the table any more, where
  // the table may not be read, or where the transaction does not show for ten seconds. Errors: the connection is lost.
  Result<std::span<const FieldText>> complete(const CapturedTable& table, std::span<const FieldText> row,
                                              std::uint32_t transaction);

 private:
  using Found = std::vector<PostgresConnection::Row>;
  // Of the table as it is once the transaction shows; nothing: it does not, or the table may not be read.
  Result<Found> ask(const std::string& sql, const std::vector<std::string>& key, std::uint32_t transaction);

  PostgresConnection& connection_;
  std::vector<FieldText> row_;
  std::vector<std::string> texts_;
};

}  // namespace levada
