#include "connectors/postgres/round.h"

#include <utility>

namespace levada {

std::vector<std::string> Round::before_last() {
  if (std::exchange(state_, State::written) != State::closed) return {};
  if (check_at_once_) return {"BEGIN", "SET CONSTRAINTS ALL IMMEDIATE"};
  return {"BEGIN"};
}

std::vector<std::string> Round::before_write() {
  std::vector<std::string> statements;
  if (state_ == State::written) statements.emplace_back("RELEASE SAVEPOINT levada");
  if (state_ == State::closed) statements = before_last();
  if (state_ != State::saved) statements.emplace_back("SAVEPOINT levada");
  state_ = State::written;
  return statements;
}

Result<void> Round::undo_write() {
  LV_TRY(connection_.execute("ROLLBACK TO SAVEPOINT levada"));
  state_ = State::saved;
  return {};
}

Result<void> Round::commit() {
  state_ = State::closed;
  return connection_.commit();
}

}  // namespace levada
