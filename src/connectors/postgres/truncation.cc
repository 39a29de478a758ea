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

Result<std::string> empty_postgres_table(Round& round, const std::string& name) {
  if (LV_TRY(attempt(round, "TRUNCATE " + name))) return std::string();
  if (LV_TRY(attempt(round, "DELETE FROM " + name))) return std::string();
  return "the table cannot be emptied: " + round.connection().refusal().text();
}

}  // namespace levada
