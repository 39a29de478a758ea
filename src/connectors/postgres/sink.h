// The Postgres sink: topics into tables, exactly once, several topics in one transaction.
//
// A round is one transaction: rows of all tables and the offsets they came from (positions.h). When the connection is
// lost while it commits, nobody knows whether it did; the next start() reads it from the offsets.
#pragma once
#include <memory>

#include "connectors/postgres/sink_options.h"
#include "connectors/sink.h"

namespace levada {

// Checks the properties and the topics' columns; the server is not asked yet.
Result<std::unique_ptr<Sink>> make_postgres_sink(SinkContext context);

}  // namespace levada
