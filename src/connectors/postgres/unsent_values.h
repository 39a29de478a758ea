// Large values that the log leaves out of a row, as they have not changed. A target that has the row keeps what it has;
// but where the key changes, nobody has a row of the new key, nor perhaps of one that a snapshot has not come to. Then
// they are read from the table, as it is now: a value that has changed since comes once more with its own change. But
// not before the change itself shows there: until then another row may have the key.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

// One thread.
class UnsentValues {
 public:
  // The connection outlives this; nothing else is on its way there during a call.
  explicit UnsentValues(PostgresConnection& connection) : connection_(connection) {}

  // The row with what it lacks; valid until the next call. As it was where its key is not in the table any more, where
  // the table may not be read, or where the transaction does not show (shown_transaction.h). Errors: the connection is
  // lost.
  Result<std::span<const FieldText>> complete(const CapturedTable& table, std::span<const FieldText> row,
                                              std::uint32_t transaction);

 private:
  PostgresConnection& connection_;
  std::optional<std::uint32_t> shown_;  // the transaction that was looked for last, and whether it shows
  bool shows_ = false;
  std::vector<FieldText> row_;
  std::vector<std::string> texts_;
};

}  // namespace levada
