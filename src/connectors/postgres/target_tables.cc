#include "connectors/postgres/target_tables.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "connectors/postgres/positions.h"
#include "connectors/postgres/type_widening.h"

namespace levada {
namespace {

// Whoever makes or changes tables holds this lock of the database, so that two sinks do not make the same one at once.
constexpr std::string_view lock_for_tables = "SELECT pg_advisory_xact_lock(hashtext('levada tables'))";

// Where a table is to be made: whether we may. Else the problem takes the place of the statement.
Result<void> check_creation(PostgresConnection& connection, const TableName& table, Misfit& misfit) {
  auto may = may_create_tables(connection, table.schema);
  if (!may && may.error().kind() != ErrorKind::not_found) return std::move(may).error();
  if (may && *may) return {};
  misfit.problems.push_back(!may ? std::move(may).error()
                                 : Error(ErrorKind::permission, "no privilege to create table " + table.text())
                                       .remedy("Let the owner of the schema run:\n" + misfit.repair));
  misfit.repair.clear();
  return {};
}

}  // namespace

Result<void> TargetTables::check_server(PostgresConnection& connection) const {
  auto rows = LV_TRY(connection.query("SELECT pg_is_in_recovery(), current_setting('server_encoding')"));
  if (rows[0][0] == "t")
    return Error(ErrorKind::unreachable, "the server at " + connection.place() + " is a standby: it takes no writes")
        .remedy("Name the primary in 'connection.url', or several hosts with targetServerType=primary.");
  if (rows[0][1] != "UTF8")
    context_.logger->warning("the database does not store UTF-8: rows with other characters are rejected",
                             {{"sink", context_.name}, {"encoding", *rows[0][1]}});
  if (options_.time_zone == "UTC") return {};
  std::string zone = quote_text(options_.time_zone);
  if (!connection.query("SELECT now() AT TIME ZONE " + zone))
    return Error(ErrorKind::usage, "'db.timezone': the server knows no time zone " + options_.time_zone)
        .remedy("Give a name as in pg_timezone_names: Europe/Berlin, UTC.");
  return {};
}

Result<std::vector<Error>> TargetTables::inspect(PostgresConnection& connection,
                                                 std::span<const Target> targets) const {
  std::vector<Error> problems;
  auto add = [&](Misfit misfit) { std::ranges::move(misfit.problems, std::back_inserter(problems)); };
  add(LV_TRY(inspect_positions(connection)));
  std::optional<PostgresTable> table;
  for (Target target : targets) {
    LV_TRY(forget_unknown_types(connection, target));
    add(LV_TRY(inspect(connection, target, table)));
  }
  return problems;
}

Result<void> TargetTables::prepare_positions(PostgresConnection& connection) const {
  LV_TRY(connection.execute(std::string(lock_for_tables)));
  Misfit positions = LV_TRY(inspect_positions(connection));
  if (!positions.problems.empty()) return std::move(positions.problems.front());
  if (!positions.repair.empty()) LV_TRY(connection.execute(positions.repair));
  return {};
}

Result<Misfit> TargetTables::inspect_positions(PostgresConnection& connection) const {
  const TableName name{{}, "levada_positions"};
  Misfit misfit;
  auto table = LV_TRY(read_table(connection, name));
  if (!table) {
    misfit.repair = Positions::create_statement();
    LV_TRY(check_creation(connection, name, misfit));
    return misfit;
  }
  std::string lacking;
  for (const std::string& privilege : table->missing_privileges)
    if (privilege != "DELETE") lacking += (lacking.empty() ? "" : ", ") + privilege;
  if (!lacking.empty())
    misfit.problems.push_back(
        Error(ErrorKind::permission, "no privilege to " + lacking + " on table " + table->name.text())
            .remedy("Let the owner run: GRANT " + lacking + " ON " + table->name.quoted() + " TO …;"));
  return misfit;
}

Result<Misfit> TargetTables::inspect(PostgresConnection& connection, const Target& target,
                                     std::optional<PostgresTable>& table) const {
  table = LV_TRY(read_table(connection, target.table));
  Misfit misfit = compare(target, table, options_);
  if (!table && !misfit.repair.empty()) {
    LV_TRY(check_creation(connection, target.table, misfit));
    if (!misfit.problems.empty())
      misfit.problems.back() = std::move(misfit.problems.back()).where("topic " + target.topic);
  }
  return misfit;
}

Result<std::optional<PostgresTable>> TargetTables::prepare(PostgresConnection& connection, Target& target,
                                                           bool& changed) const {
  LV_TRY(forget_unknown_types(connection, target));
  std::optional<PostgresTable> table;
  Misfit misfit = LV_TRY(inspect(connection, target, table));
  if (misfit.problems.empty() && !misfit.repair.empty()) {
    LV_TRY(connection.execute(std::string(lock_for_tables)));  // somebody else may be making it: look again
    misfit = LV_TRY(inspect(connection, target, table));
  }
  if (misfit.problems.empty() && !misfit.repair.empty()) {
    if (auto done = connection.execute(misfit.repair); !done)
      return std::move(done)
          .error()
          .within((table ? "cannot change table " : "cannot create table ") + target.table.text())
          .where("topic " + target.topic)
          .remedy("Run it yourself:\n" + misfit.repair);
    changed = true;
    context_.logger->info(table ? "table changed" : "table created",
                          {{"sink", context_.name}, {"table", target.table.text()}, {"statement", misfit.repair}});
    misfit = LV_TRY(inspect(connection, target, table));
  }
  if (!misfit.problems.empty()) return std::move(misfit.problems.front());
  return table;
}

// Types of the source that this server has not: enumerations, domains, those of extensions.
Result<void> TargetTables::forget_unknown_types(PostgresConnection& connection, Target& target) const {
  for (TargetColumn& column : target.columns) {
    if (column.type.empty()) continue;
    bool known = is_type_text(column.type);
    if (known) {
      auto found = LV_TRY(connection.query("SELECT to_regtype($1)", std::vector<std::string>{column.type}));
      known = !found.empty() && found[0][0].has_value();
    }
    if (!known) forget_type(column);
  }
  return {};
}

}  // namespace levada
