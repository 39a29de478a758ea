#include "connectors/postgres/truncation.h"

namespace levada {
namespace {

// True if it went well; false if the server refuses it, and then it is undone.
Result<bool> attempt(Round& round, const std::string& statement) {
  std::string sql;
  for (const std::string& s : round.before_write()) sql += s + ";";
  auto done = round.connection().execute(sql + statement);
  if (done) return true;
  if (worth_retrying(done.error().kind())) return std::move(done).error();
  LV_TRY(round.undo_write());
  return false;
}

}  // namespace

Result<std::optional<RejectedRecord>> empty_postgres_table(Round& round, const std::string& name) {
  if (LV_TRY(attempt(round, "TRUNCATE " + name))) return std::nullopt;
  // Rows that other tables refer to may come back before the round ends, where the constraint waits so long.
  std::string statement = round.checks_at_once() ? "" : "SET CONSTRAINTS ALL DEFERRED;";
  if (LV_TRY(attempt(round, statement + "DELETE FROM " + name))) return std::nullopt;
  const PostgresRefusal& refusal = round.connection().refusal();
  RejectedRecord refused{.why = "the table cannot be emptied: " + refusal.text(), .code = refusal.sqlstate};
  refused.may_pass = refusal.sqlstate == "23503";
  if (refused.may_pass)
    refused.why +=
        "; rows that the source has no more stay in it. With a deferrable constraint it could be (ALTER TABLE … ALTER "
        "CONSTRAINT … DEFERRABLE)";
  return refused;
}

Result<bool> refers_to_other_tables(PostgresConnection& connection, const std::string& name) {
  auto found =
      LV_TRY(connection.query("SELECT 1 FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conrelid = $1::regclass "
                              "AND confrelid <> conrelid "
                              "LIMIT 1",
                              std::vector<std::string>{name}));
  return !found.empty();
}

}  // namespace levada
