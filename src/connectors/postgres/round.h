// One round of a sink in the database: a transaction, with savepoints, so that rows which the server refuses cost the
// write that they are in and not the round. The first write needs none: what undoes it is a transaction that begins
// anew. Behind some sixty savepoints of a transaction everybody else's look at a row becomes slow (the server remembers
// no more of them in memory), so a write is much, where nothing is refused: see table_writer.h.
//
// It ends in one way only: by a statement that must change as many rows as it should, else nothing of the round is
// kept.
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

  // A write begins. What must be sent in front of its first statement: the beginning of the transaction, or a
  // savepoint.
  std::vector<std::string> before_write();
  // Undoes what was written since before_write().
  Result<void> undo_write();
  // The number of the write that undo_write() would undo; another one once it is undone.
  std::uint64_t write() const { return write_; }
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
  // first: no savepoint is there yet; saved: nothing was written since it.
  enum class State { closed, first, saved, written };

  std::vector<std::string> opening() const;

  PostgresConnection& connection_;
  State state_ = State::closed;
  std::uint64_t write_ = 0;
  bool check_at_once_ = false;
};

}  // namespace levada
