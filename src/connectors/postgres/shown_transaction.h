// A transaction is sent when its commit is on disk, and that is a moment before others see what it did, or a long time
// before if the server waits for a standby. Whoever asks a table or the catalogue about a change that was sent must
// wait for that: what is there until then is of before the change.
#pragma once
#include <cstdint>
#include <string_view>

#include "connectors/postgres/connection.h"

namespace levada {

// Whether a snapshot, as pg_current_snapshot() shows it ("10:20:10,14"), has what this transaction has done. Numbers of
// transactions go round; it is one of the last two thousand million.
bool shows(std::string_view snapshot, std::uint32_t transaction);

// Waits until the next statement sees what this transaction has done; false: it does not for ten seconds. 0: none.
// Errors: the connection is lost.
Result<bool> wait_until_shown(PostgresConnection& connection, std::uint32_t transaction);

}  // namespace levada
