// Large values that the log leaves out of a row, as they have not changed. A target that has the row keeps what it has;
// but where the key changes, nobody has a row of the new key. Then they are read from the table, as it is now: a value
// that has changed since comes once more with its own change.
#pragma once
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

  // The row with what it lacks; valid until the next call. As it was where its key is not in the table any more, or
  // where the table may not be read. Errors: the connection is lost.
  Result<std::span<const FieldText>> complete(const CapturedTable& table, std::span<const FieldText> row);

 private:
  PostgresConnection& connection_;
  std::vector<FieldText> row_;
  std::vector<std::string> texts_;
};

}  // namespace levada
