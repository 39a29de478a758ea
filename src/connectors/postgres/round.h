// One round of a sink in the database: a transaction, with a savepoint before each statement that writes rows, so that
// rows which the server refuses cost this statement and not the round. It ends in one way only: by a statement that
// must change as many rows as it should, else nothing of the round is kept.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/postgres/connection.h"

namespace levada {

class Round {
 public:
  explicit Round(PostgresConnection& connection) : connection_(connection) {}

  PostgresConnection& connection() { return connection_; }

  // What must be sent in front of the next statement that writes: the beginning of the transaction, the savepoint.
  std::vector<std::string> before_write();
  // Undoes what was written since before_write().
  Result<void> undo_write();
  // Runs the last statement of the round and makes all of it visible, if that statement has changed this many rows;
  // else undoes all of it and returns false. After an error nothing or, if the connection was lost, perhaps all of it
  // is visible.
  Result<bool> commit_if(const std::string& last, std::uint64_t rows);

  // Whether anything was written since the last one ended.
  bool is_open() const { return state_ != State::closed; }

  // From the next transaction on, constraints that are deferred are checked at each statement.
  void check_at_once(bool now) { check_at_once_ = now; }
  bool checks_at_once() const { return check_at_once_; }

 private:
  enum class State { closed, saved, written };  // saved: nothing was written since the savepoint

  std::vector<std::string> opening() const;

  PostgresConnection& connection_;
  State state_ = State::closed;
  bool check_at_once_ = false;
};

}  // namespace levada
