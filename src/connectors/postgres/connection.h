// A connection to a PostgreSQL server: libpq, and nobody else includes it.
//
// All waiting has an end: a server that does not answer for the address's patience is given up (the server itself ends
// the statement at that time too, so that its locks go), a host that has died is noticed by the kernel in half a
// minute.
//
// Errors, by what the server or the network says:
//   unreachable   no server, connection lost, starting or stopping, too many connections, a lock or deadlock: may pass
//   permission    password, certificate, missing privilege
//   not_found     database, schema, table or column is not there
//   disk_full     the server has no room
//   rejected      these rows are refused for good: value out of range, constraint, trigger; refusal() has the words
//   statement     all else: the statement cannot be run on this server
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "connectors/postgres/url.h"

struct pg_conn;    // libpq's PGconn
struct pg_result;  // libpq's PGresult

namespace levada {

// What the server said about the statement that failed last.
struct PostgresRefusal {
  std::string sqlstate, message, detail, column, constraint;
  std::int64_t copy_line = 0;  // of a COPY: the row it stopped at, from 1; 0: not known

  // On one line, for a dead letter: message, key or column, SQLSTATE.
  std::string text() const;
};

// What a SQLSTATE means for the caller; 5 characters.
ErrorKind kind_of_sqlstate(std::string_view sqlstate);
// A row that was refused with it may be taken later, as it is: what it needs comes, what is in its way goes.
bool may_pass(std::string_view sqlstate);

struct PostgresStatement {
  std::string sql;
  std::vector<std::string_view> parameters = {};  // in binary form; the statement says their types: $1::bigint[]
};

// A row where libpq keeps it. Values are in text form.
class PostgresRow {
 public:
  std::size_t size() const;
  // nullopt: null. As long as the row lives.
  std::optional<std::string_view> operator[](std::size_t column) const;

 private:
  friend class PostgresConnection;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  explicit PostgresRow(pg_result* result) : row_(result) {}
  std::unique_ptr<pg_result, Clear> row_;
};

// One thread. After an error of kind unreachable it is of no use any more.
class PostgresConnection {
 public:
  using Row = std::vector<std::optional<std::string>>;

  // `application` is what pg_stat_activity shows.
  static Result<std::unique_ptr<PostgresConnection>> open(const PostgresAddress& address,
                                                          const std::string& application);
  ~PostgresConnection();

  // Statements separated by semicolons, without parameters.
  Result<void> execute(const std::string& sql);
  // One statement with text parameters; all values as text.
  Result<std::vector<Row>> query(const std::string& sql, std::span<const std::string> parameters = {});
  // One statement without parameters; all values as text. Also where the connection is one for replication
  // (keyword replication=database), which takes no statements with parameters.
  Result<std::vector<Row>> plain_query(const std::string& sql);
  // Several statements in one go: one way there and back, however many. Rows affected by each. After an error the ones
  // behind it were not run.
  Result<std::vector<std::uint64_t>> run(std::span<const PostgresStatement> statements);

  // The rows of one statement as they arrive, for results of any size: begin, then next until there is none. Nothing
  // else can be asked in between.
  Result<void> begin_rows(const std::string& sql);
  Result<std::optional<PostgresRow>> next_row();

  // Waits for a NOTIFY on a channel that this connection listens to, this long at most. False: there was none.
  Result<bool> wait_for_notification(std::chrono::milliseconds time);

  // COMMIT; an error also where the server rolls back instead.
  Result<void> commit();

  // COPY … FROM STDIN: begin with statements of which the last is the COPY, then the bytes, then the end. Rows taken.
  Result<void> begin_copy(const std::string& sql);
  Result<void> put_copy(std::string_view bytes);
  Result<std::uint64_t> end_copy();

  // COPY … TO STDOUT in text form: begin with statements of which the last is the COPY, then read until `end`. While it
  // lasts nothing else can be asked.
  Result<void> begin_copy_out(const std::string& sql);
  enum class CopyOut { rows, none_yet, end };
  // Appends rows, each with its line feed, until there are `max_rows` or `max_bytes`, or until none has come for
  // `wait`; `rows` counts those appended. After the end the connection is free again.
  Result<CopyOut> read_copy(Buffer& out, std::size_t max_bytes, std::uint32_t max_rows, std::uint32_t& rows,
                            std::chrono::milliseconds wait);

  // START_REPLICATION: begin, then get what has arrived until nothing has, wait for more, and so on. put_copy()
  // answers.
  enum class Streamed { message, none, end };
  Result<void> begin_stream(const std::string& sql) { return begin_copy(sql); }
  // `bytes` last until the next call; 16 bytes behind them may be read. After the end the connection is free again.
  Result<Streamed> next_streamed(std::string_view& bytes);
  // Takes what has arrived, or a part of it; does not wait.
  Result<void> take_streamed();
  // Until more has arrived, the time is over, or this file (an eventfd; -1: none) can be read. Takes it, or a part of
  // it.
  Result<void> wait_streamed(std::chrono::microseconds time, int or_file);
  // From any thread: whatever goes on ends soon, with an error of kind unreachable.
  void abandon();

  const PostgresRefusal& refusal() const { return refusal_; }
  const std::string& place() const { return place_; }
  const std::string& database() const { return database_; }
  int server_version() const { return server_version_; }  // 150018

 private:
  using Answer = std::unique_ptr<pg_result, PostgresRow::Clear>;

  PostgresConnection(pg_conn* connection, const PostgresAddress& address);
  Result<void> connect(std::chrono::milliseconds patience);
  Result<void> prepare_session(const PostgresAddress& address);

  Result<void> wait(bool to_write);
  Result<void> flush();
  // All rows of the answers to what was sent.
  Result<std::vector<Row>> read_rows();
  // The next answer to what was sent; nullptr: there are no more.
  Result<Answer> next_answer();
  // Reads answers to the end, the first error wins.
  Result<void> finish_answers();
  Error lost();                                 // the connection is gone
  Error failed(const pg_result* answer);        // the server said no
  Error connect_error(std::string_view words);  // it did not let us in

  pg_conn* const connection_;
  const std::string place_;
  std::string database_;
  std::chrono::milliseconds patience_{0};
  int server_version_ = 0;
  PostgresRefusal refusal_;
  Buffer streamed_;  // what next_streamed() gave last
};

}  // namespace levada
