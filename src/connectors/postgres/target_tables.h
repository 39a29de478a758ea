// The tables of a sink in its database, before anything is written: whether the server and they will do, and what we
// make or change of them.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/target.h"

namespace levada {

class TargetTables {
 public:
  // Both outlive this.
  TargetTables(const SinkContext& context, const PostgresSinkOptions& options) : context_(context), options_(options) {}

  Result<void> check_server(PostgresConnection& connection) const;
  // All that is wrong, within a transaction that may only read.
  Result<std::vector<Error>> inspect(PostgresConnection& connection, std::span<const Target> targets) const;
  // Within a transaction, which has the lock for tables from then on: the table of positions, made if need be.
  Result<void> prepare_positions(PostgresConnection& connection) const;
  // Makes or changes the table, if need be and if we may. Within a transaction.
  Result<std::optional<PostgresTable>> prepare(PostgresConnection& connection, Target& target, bool& changed) const;

 private:
  // What is wrong with the table of positions, or with a target's. Changes nothing.
  Result<Misfit> inspect_positions(PostgresConnection& connection) const;
  Result<Misfit> inspect(PostgresConnection& connection, const Target& target,
                         std::optional<PostgresTable>& table) const;
  Result<void> forget_unknown_types(PostgresConnection& connection, Target& target) const;

  const SinkContext& context_;
  const PostgresSinkOptions& options_;
};

}  // namespace levada
