#include "connectors/postgres/round.h"

#include "base/fail_point.h"

namespace levada {

std::vector<std::string> Round::opening() const {
  if (state_ != State::closed) return {};
  if (check_at_once_) return {"BEGIN", "SET CONSTRAINTS ALL IMMEDIATE"};
  return {"BEGIN"};
}

std::vector<std::string> Round::before_write() {
  std::vector<std::string> statements = opening();
  if (state_ == State::written) statements.emplace_back("RELEASE SAVEPOINT levada");
  if (state_ == State::written || state_ == State::first) statements.emplace_back("SAVEPOINT levada");
  state_ = state_ == State::closed ? State::first : State::written;
  ++write_;
  return statements;
}

Result<void> Round::undo_write() {
  const bool first = state_ == State::first;
  LV_TRY(connection_.execute(first ? "ROLLBACK" : "ROLLBACK TO SAVEPOINT levada"));
  state_ = first ? State::closed : State::saved;
  ++write_;
  return {};
}

Result<bool> Round::commit_if(const std::string& last, std::uint64_t rows) {
  std::vector<PostgresStatement> statements;
  for (std::string& sql : opening()) statements.push_back({std::move(sql)});
  statements.push_back({last});
  state_ = State::closed;
  std::uint64_t changed = LV_TRY(connection_.run(statements)).back();
  if (changed != rows) {
    LV_TRY(connection_.execute("ROLLBACK"));
    return false;
  }
  fail_point(FailPoint::before_target_commit);
  LV_TRY(connection_.commit());
  fail_point(FailPoint::after_target_commit);
  return true;
}

}  // namespace levada
