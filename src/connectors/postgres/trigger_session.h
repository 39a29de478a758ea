// The way to a database whose change tables are read: a connection, the look at what is there, and the setup.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/logging.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/trigger_options.h"
#include "connectors/postgres/trigger_setup.h"

namespace levada {

// With the settings that values are read in. kind unsupported: a server without what a commit-safe reading needs.
Result<std::unique_ptr<PostgresConnection>> open_trigger_session(const TriggerOptions& options,
                                                                 const std::string& connector);

// What each table needs, in the order of the options. A table that is not there is an error.
Result<std::vector<TriggerPlan>> plan_trigger_tables(PostgresConnection& connection, const TriggerOptions& options);

// Runs the steps that the options allow, in one transaction. What is left to be done by somebody else is an error.
Result<std::vector<TriggerTable>> set_up_triggers(PostgresConnection& connection, const TriggerOptions& options,
                                                  Logger& logger);

}  // namespace levada
