// A table is emptied, as its source was.
#pragma once
#include <optional>
#include <string>

#include "connectors/postgres/round.h"
#include "connectors/sink.h"

namespace levada {

// Within the round: by TRUNCATE or, where that may not be (another table refers to this one, the privilege is missing,
// a view), by DELETE; constraints that are deferrable are then checked at the round's end. Returns why the server
// refuses both (may_pass: rows of other tables refer to it); nullopt: it is done.
Result<std::optional<RejectedRecord>> empty_postgres_table(Round& round, const std::string& quoted_name);

// Whether it has foreign keys.
Result<bool> refers_to_other_tables(PostgresConnection& connection, const std::string& quoted_name);

}  // namespace levada
