// A table is emptied, as its source was.
#pragma once
#include <string>

#include "connectors/postgres/round.h"

namespace levada {

// Within the round: by TRUNCATE or, where that may not be (another table refers to this one, the privilege is missing,
// a view), by DELETE. Returns why the server refuses both; empty: it is done.
Result<std::string> empty_postgres_table(Round& round, const std::string& quoted_name);

}  // namespace levada
