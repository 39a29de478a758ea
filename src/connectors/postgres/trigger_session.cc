#include "connectors/postgres/trigger_session.h"

#include <algorithm>

#include "base/assert.h"
#include "base/fail_point.h"
#include "connectors/postgres/value_reader.h"

namespace levada {
namespace {

// How long the setup waits for running writers; others wait behind it.
constexpr const char* setup_patience = "SET LOCAL lock_timeout = '2s'; ";
constexpr int most_setups = 9;  // in a row, while others alter the tables

Result<TriggerPlan> plan_table(PostgresConnection& connection, const TriggerOptions& options, const TableName& name) {
  auto table = LV_TRY(read_captured_table(connection, name));
  if (!table)
    return Error(ErrorKind::not_found, "there is no table " + name.text() + " in " + connection.place())
        .where("'table.include.list'")
        .remedy("Create it, or name one that there is; names are taken as they are, with their letter case.");
  TableName changes = LV_TRY(options.changes_of(table->table.schema, table->table.name));
  auto there = LV_TRY(read_change_table(connection, changes));
  return plan_triggers(*table, there, changes, options);
}

// What is to be run; empty: nothing is missing.
struct Script {
  std::string all;
  std::string lasting;  // what is not needed again when it has been done
};

// An error where we may not.
Result<Script> setup_script(const std::vector<TriggerPlan>& plans, const TriggerOptions& options) {
  Script script;
  for (const TriggerPlan& plan : plans)
    for (const SetupStep& step : plan.steps) {
      if (options.setup != TriggerSetup::automatic || !step.allowed || step.sql.empty()) return step.problem.copy();
      script.all += step.sql + "\n";
      if (step.lasts) script.lasting += step.sql + "\n";
    }
  return script;
}

Error first_problem(const std::vector<TriggerPlan>& plans) {
  auto plan = std::ranges::find_if(plans, [](const TriggerPlan& p) { return !p.steps.empty(); });
  LV_ASSERT(plan != plans.end());
  return plan->steps.front().problem.copy();
}

Error refused_setup(Error error) { return std::move(error).within("cannot set up the capture by triggers"); }

}  // namespace

Result<std::unique_ptr<PostgresConnection>> open_trigger_session(const TriggerOptions& options,
                                                                 const std::string& connector) {
  auto connection = LV_TRY(PostgresConnection::open(options.address, "levada " + connector));
  if (connection->server_version() < 130000)
    return Error(ErrorKind::unsupported, "the server at " + connection->place() + " is older than PostgreSQL 13")
        .why("it has no pg_current_xact_id()");
  // A result may be read for as long as the log takes for it; a lost deletion of what was read is repeated.
  std::string settings =
      "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET synchronous_commit = off";
  for (const TextSetting& s : text_settings) settings += std::string("; SET ") + s.name + " = " + quote_text(s.value);
  LV_TRY(connection->execute(settings));
  auto standby = LV_TRY(connection->query("SELECT pg_is_in_recovery()"));
  if (standby[0][0] == "t")
    return Error(ErrorKind::unreachable, "the server at " + connection->place() + " is a standby")
        .why("it does not say which transactions are running")
        .remedy("Name the primary in 'connection.url'.");
  return connection;
}

Result<std::vector<TriggerPlan>> plan_trigger_tables(PostgresConnection& connection, const TriggerOptions& options) {
  std::vector<TriggerPlan> plans;
  for (const TableName& name : options.tables) plans.push_back(LV_TRY(plan_table(connection, options, name)));
  return plans;
}

Result<std::vector<TriggerTable>> set_up_triggers(PostgresConnection& connection, const TriggerOptions& options,
                                                  Logger& logger) {
  auto plans = LV_TRY(plan_trigger_tables(connection, options));
  Script script = LV_TRY(setup_script(plans, options));
  for (int setups = 0; !script.all.empty(); ++setups) {
    fail_point(FailPoint::before_trigger_setup);
    // Each statement is to see what was committed before it.
    auto done = connection.execute(std::string("BEGIN ISOLATION LEVEL READ COMMITTED; ") + setup_patience + script.all +
                                   "COMMIT");
    if (!done) {
      (void)connection.execute("ROLLBACK");
      if (worth_retrying(done.error().kind())) return refused_setup(std::move(done).error());
    } else {
      fail_point(FailPoint::after_trigger_setup);
      for (const TriggerPlan& plan : plans)
        for (const SetupStep& step : plan.steps)
          logger.info("capture set up", {{"table", plan.table.table->text()}, {"step", step.problem.what()}});
    }
    // Others alter tables whenever they like, also between our look and our statements. What is missing now is missing
    // because of them, unless it is the same again.
    plans = LV_TRY(plan_trigger_tables(connection, options));
    Script next = LV_TRY(setup_script(plans, options));
    if (!done && (next.all == script.all || setups == most_setups)) return refused_setup(std::move(done).error());
    // Changes may have been committed that were recorded before: who reads them sets up again.
    if (done && next.lasting.empty()) break;
    if (done && (next.lasting == script.lasting || setups == most_setups)) return first_problem(plans);
    script = std::move(next);
  }
  std::vector<TriggerTable> tables;
  for (TriggerPlan& plan : plans) tables.push_back(std::move(plan.table));
  return tables;
}

}  // namespace levada
