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
// Rows that the server refuses are found by trying again: COPY names the line it stopped at, other statements
// are halved, in the order of the log, until they hold one row.
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
  // Writes what is gathered, or as much as need not wait.
  Result<void> flush(Round& round);
  bool waits() const { return waits_; }
  bool holds_too_much() const;
  // From now on, until one of the following.
  void wait() { waits_ = true; }
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
  void refuse(std::uint32_t position, std::string why, std::string sqlstate = {});

  // How many of the rows go to the server together.
  std::size_t piece_of(Span rows) const;
  // Writes the rows, without those that the server refuses: up to the first that has to wait (their number), or past
  // each (those that have to).
  Result<std::size_t> write_in_order(Round& round, Span rows);
  Result<std::vector<std::uint32_t>> write_apart(Round& round, Span rows);
  // The same in one piece; false: the rows from wait_from_ on have to wait.
  Result<bool> write_rows(Round& round, Span rows);
  Result<bool> write_rows(Round& round, Span rows, std::size_t cut);
  Result<bool> copy_rows(Round& round, Span rows);
  bool has_to_wait(Span rows, const std::string& sqlstate);
  // One attempt; an error of kind rejected if a row is refused.
  Result<void> try_copy(Round& round, Span rows);
  Result<void> try_statements(Round& round, Span rows);
  enum class Part { all, key, sent };  // of the columns; sent: those that the rows do not lack
  bool has_part(Part part, std::size_t column, std::uint32_t row) const;
  PostgresStatement statement(const std::string& sql, Span rows, Part part);
  // Changes the rows that are there, except for what these lack; all lack the same.
  PostgresStatement partial_update(Span rows);

  const TablePlan plan_;
  const std::size_t batch_size_;
  std::string copy_sql_, write_sql_, delete_sql_;

  GatheredRows rows_;
  GatheredRows::LastOfKeys last_;  // of the last attempt
  std::vector<RejectedRecord> rejected_;
  bool waits_ = false, patient_ = true;
  const std::uint32_t* wait_from_ = nullptr;
  std::string not_there_;  // of the last attempt: why rows that lack values cannot be written; empty: they can
  std::vector<Buffer> arrays_;
  std::size_t arrays_used_ = 0;
  Buffer copy_bytes_;
};

}  // namespace levada
