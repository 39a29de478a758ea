// Writes batches to one table: by COPY where rows are only added, else by one statement for many rows, whose parameters
// are arrays.
//
//   insert   COPY t FROM STDIN (FORMAT binary); where a column needs a cast: INSERT … SELECT … FROM unnest($1, …)
//   upsert   INSERT … SELECT … FROM unnest($1, …) ON CONFLICT (key) DO UPDATE
//   update   UPDATE … FROM unnest($1, …) WHERE key = key
//   delete   DELETE … USING unnest($1, …) WHERE key = key
//
// Rows are gathered over several batches, as each statement costs the server as much as some hundred rows.
// Keys are sorted, as the server then touches each page once. Of several changes of a key in one statement the last one
// counts. A value that the source did not send is taken from the change of the key before it, if that is among the
// gathered ones; else the row there is changed and keeps what it has, and one that is not there is refused: what it
// would hold nobody knows.
//
// Rows are kept until no statement of the same write (round.h) can be refused any more, some megabytes of them: if one
// is, all of them are undone and written once more, each statement as a write of its own. Rows that the server refuses
// are found by trying again: COPY names the line it stopped at, other statements are halved, in the order of the log,
// until they hold one row.
//
// A foreign key may be satisfied by what other tables get later in the round. So what it refuses waits, and what comes
// behind it: try_again() when others have written; finish() when nobody else can, or what waits becomes too much.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "batch/batch.h"
#include "connectors/postgres/gathered_rows.h"
#include "connectors/postgres/round.h"
#include "connectors/postgres/target.h"

namespace levada {

class TableWriter {
 public:
  explicit TableWriter(TablePlan plan, std::int64_t batch_size);

  const std::string& topic() const { return plan_.topic; }
  // Gathers the batch's rows, and writes what there was before if that would become too much. Within the round. Errors
  // are those of the connection; rows that cannot be sent at all are told in `rejected`.
  Result<void> write(Round& round, const Batch& batch, RowFailures& rejected);
  // Writes what is gathered, or as much as need not wait; it cannot be refused any more. Comes before anybody else
  // writes in the round.
  Result<void> flush(Round& round);
  bool waits() const { return waits_; }
  bool holds_too_much() const;
  // From now on, until one of the following.
  void wait();
  // Whether anything of what waits could be written.
  Result<bool> try_again(Round& round);
  // Writes what waits, and refuses what still cannot be written.
  Result<void> finish(Round& round);
  // The table was emptied behind all that waits.
  void forget();
  // Those that the server has refused since the last call.
  std::vector<RejectedRecord> take_rejected() { return std::exchange(rejected_, {}); }

 private:
  using Span = GatheredRows::Span;

  void complete();
  // What is written is of no interest any more.
  void drop_written();
  void refuse(std::uint32_t position, std::string why, std::string sqlstate = {});

  // How many of the rows go to the server together; in one statement.
  std::size_t piece_of(Span rows) const;
  std::size_t run_of(Span rows) const;
  // Writes what is gathered and was not written yet, up to the first that has to wait.
  Result<void> send(Round& round);
  // As send() does, in one piece; false if all of its write was undone.
  Result<bool> write_with_last(Round& round, Span rows);
  // Writes the rows, without those that the server refuses; false: those from wait_from_ on have to wait.
  Result<bool> write_rows(Round& round, Span rows);
  // The same in several pieces, past each that has to wait; those that have to.
  Result<std::vector<std::uint32_t>> write_apart(Round& round, Span rows);
  bool has_to_wait(Span rows, const std::string& sqlstate);
  // One attempt, with these statements in front; an error of kind rejected if a row is refused.
  Result<void> try_rows(Round& round, Span rows, std::vector<std::string> front);
  Result<void> try_copy(Round& round, Span rows, const std::vector<std::string>& front);
  Result<void> try_statements(Round& round, Span rows, const std::vector<std::string>& front);
  enum class Part { all, key, sent };  // of the columns; sent: those that the rows do not lack
  bool has_part(Part part, std::size_t column, std::uint32_t row) const;
  PostgresStatement statement(const std::string& sql, Span rows, Part part);
  // Changes the rows that are there, except for what these lack; all lack the same.
  PostgresStatement partial_update(Span rows);

  const TablePlan plan_;
  const std::size_t batch_size_;
  std::string copy_sql_, write_sql_, delete_sql_;

  GatheredRows rows_;
  // Of rows_.order(): what is written; of that, what nobody can undo any more; what is in between is of this write.
  std::size_t written_ = 0, settled_ = 0;
  std::uint64_t write_ = 0;
  GatheredRows::LastOfKeys last_;  // of the last attempt
  std::vector<RejectedRecord> rejected_;
  bool waits_ = false, patient_ = true;
  const std::uint32_t* wait_from_ = nullptr;
  std::string not_there_;     // of the last attempt: why rows that lack values cannot be written; empty: they can
  std::size_t last_run_ = 0;  // of the last attempt: where the rows of its last statement begin
  std::vector<Buffer> arrays_;
  std::size_t arrays_used_ = 0;
  Buffer copy_bytes_;
};

}  // namespace levada
