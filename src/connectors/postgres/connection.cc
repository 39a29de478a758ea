#include "connectors/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "connectors/postgres/libpq.h"
#include "connectors/postgres/names.h"

namespace levada {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t many_bytes = 64 << 10;  // worth a packet of their own

// Beyond the server's own time-out for a statement, so that its answer arrives first.
milliseconds with_grace(milliseconds patience) { return patience + std::min(patience, milliseconds(10'000)); }

std::string trimmed(std::string_view words) {
  std::size_t end = words.find_last_not_of(" \t\r\n");
  std::string text(words.substr(0, end == words.npos ? 0 : end + 1));
  for (std::size_t at; (at = text.find('\n')) != text.npos;) text.replace(at, 1, "; ");
  return text;
}

std::string field(const PGresult* answer, int code) {
  const char* text = PQresultErrorField(answer, code);
  return text ? text : "";
}

// "COPY t, line 17, column salary" → 17
std::int64_t copy_line_in(std::string_view context) {
  if (!context.starts_with("COPY ")) return 0;
  std::size_t at = context.rfind(", line ");
  if (at == context.npos) return 0;
  std::int64_t line = 0;
  std::from_chars(context.data() + at + 7, context.data() + context.size(), line);
  return line;
}

// With verbose errors the server's words while connecting are "FATAL:  28P01: password authentication failed …".
std::string sqlstate_in(std::string_view words) {
  for (std::size_t at = words.find(":  "); at != words.npos; at = words.find(":  ", at + 1)) {
    std::string_view state = words.substr(at + 3, 6);
    if (state.size() == 6 && state[5] == ':' && std::ranges::all_of(state.substr(0, 5), [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        }))
      return std::string(state.substr(0, 5));
  }
  return {};
}

}  // namespace

std::string PostgresRefusal::text() const {
  std::string text = message;
  // The detail of a violated check or of a null is the whole row; that of a key is what one wants to know.
  if (detail.starts_with("Key ")) text += ": " + detail;
  if (!column.empty() && text.find('"' + column + '"') == text.npos) text += ", column \"" + column + "\"";
  return trimmed(text) + " (SQLSTATE " + sqlstate + ")";
}

namespace {

struct SqlstateRule {
  std::string_view prefix;
  ErrorKind kind;
  bool may_pass = false;  // of a row that is refused with it
};

SqlstateRule rule_of(std::string_view state) {
  // The first that fits counts.
  static constexpr SqlstateRule rules[] = {
      {"08", ErrorKind::unreachable},  // connection
      {"22P03",
       ErrorKind::unreachable},  // binary form does not fit the column: it was changed under us; start() looks again
      {"22P04", ErrorKind::unreachable},     // the same for COPY
      {"21000", ErrorKind::rejected},        // two rows of one statement are the same key to the server
      {"22", ErrorKind::rejected},           // value
      {"23503", ErrorKind::rejected, true},  // foreign key: the other row may come, or go
      {"23505", ErrorKind::rejected, true},  // unique: the value may be given up
      {"23P01", ErrorKind::rejected, true},  // exclusion: likewise
      {"23", ErrorKind::rejected},           // constraint
      {"44000", ErrorKind::rejected},        // check option of a view
      {"P0", ErrorKind::rejected, true},     // raised by a trigger: who knows what it waits for
      {"54", ErrorKind::rejected},           // too large for an index, nested too deep
      {"25006", ErrorKind::unreachable},     // read only: a standby
      {"28", ErrorKind::permission},         // password, pg_hba.conf
      {"3D000", ErrorKind::not_found},       // database
      {"3F000", ErrorKind::not_found},       // schema
      {"40", ErrorKind::unreachable},        // deadlock, serialisation
      {"42501", ErrorKind::permission},      // privilege
      {"42P01", ErrorKind::not_found},       // table
      {"42703", ErrorKind::not_found},       // column
      {"53100", ErrorKind::disk_full},       // disk
      {"53", ErrorKind::unreachable},        // memory, connections
      {"55P03", ErrorKind::unreachable},     // lock not to be had
      {"57", ErrorKind::unreachable},        // stopped, cancelled, time-out, starting
      {"58", ErrorKind::unreachable},        // the server's system failed
  };
  for (const SqlstateRule& rule : rules)
    if (state.starts_with(rule.prefix)) return rule;
  // The server has three classes more that begin with a letter; any other is a trigger's own: ERRCODE = 'UE001'.
  bool servers_own = state.starts_with("F0") || state.starts_with("HV") || state.starts_with("XX");
  if (!state.empty() && state[0] >= 'A' && state[0] <= 'Z' && !servers_own) return {{}, ErrorKind::rejected, true};
  return {{}, ErrorKind::statement};
}

}  // namespace

ErrorKind kind_of_sqlstate(std::string_view state) { return rule_of(state).kind; }
bool may_pass(std::string_view state) { return rule_of(state).may_pass; }

void PostgresRow::Clear::operator()(pg_result* result) const { PQclear(result); }

std::size_t PostgresRow::size() const { return static_cast<std::size_t>(PQnfields(row_.get())); }

std::optional<std::string_view> PostgresRow::operator[](std::size_t column) const {
  const int c = static_cast<int>(column);
  if (PQgetisnull(row_.get(), 0, c)) return std::nullopt;
  return std::string_view(PQgetvalue(row_.get(), 0, c), static_cast<std::size_t>(PQgetlength(row_.get(), 0, c)));
}

// ---- connecting ----

PostgresConnection::PostgresConnection(pg_conn* connection, const PostgresAddress& address)
    : connection_(connection), place_(address.place()) {}

PostgresConnection::~PostgresConnection() { PQfinish(connection_); }

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const PostgresAddress& address,
                                                                     const std::string& application) {
  LV_TRY(load_libpq());
  std::vector<std::pair<std::string, std::string>> words = {
      {"client_encoding", "UTF8"},
      {"application_name", application},
      {"keepalives_idle", "10"},  // a host that has died is noticed after 25 seconds
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "30000"},
      {"gssencmode", "disable"},  // else a round trip more, which most servers answer with no
  };
  if (!address.password.empty()) words.emplace_back("password", address.password.reveal());
  words.insert(words.end(), address.keywords.begin(), address.keywords.end());  // later ones win
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : words) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  PGconn* raw = PQconnectStartParams(keywords.data(), values.data(), 0);
  LV_ASSERT(raw);  // out of memory
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(raw, address));
  LV_TRY(connection->connect(address.connect_patience));
  LV_TRY(connection->prepare_session(address));
  return connection;
}

Result<void> PostgresConnection::connect(milliseconds patience) {
  PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);  // only so do we get the SQLSTATE of a refusal
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  patience_ = patience;
  PostgresPollingStatusType status =
      PQstatus(connection_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    if (auto ready = wait(status == PGRES_POLLING_WRITING); !ready) return connect_error(ready.error().why());
    status = PQconnectPoll(connection_);
  }
  if (status != PGRES_POLLING_OK) return connect_error(PQerrorMessage(connection_));
  database_ = PQdb(connection_);
  server_version_ = PQserverVersion(connection_);
  PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
  PQsetnonblocking(connection_, 1);
  if (server_version_ < 100000)
    return Error(ErrorKind::unsupported, "the server at " + place_ + " is older than PostgreSQL 10");
  return {};
}

Error PostgresConnection::connect_error(std::string_view words) {
  std::string state = sqlstate_in(words), why = trimmed(words.substr(0, words.find("\nLOCATION:")));
  ErrorKind kind = state.empty() ? ErrorKind::unreachable : kind_of_sqlstate(state);
  std::string remedy;
  if (std::size_t at = why.find(state + ": "); !state.empty() && at != why.npos) {
    why = why.substr(at + 7);
    why += " (SQLSTATE " + state + ")";
  } else if (why.find("certificate") != why.npos || why.find("SSL was required") != why.npos) {
    kind = ErrorKind::permission;
    remedy = "Check sslmode and sslrootcert in 'connection.url' against what the server offers.";
  } else if (why.find("no password supplied") != why.npos) {
    kind = ErrorKind::permission;
    remedy = "Give 'connection.user' and 'connection.password'.";
  }
  if (state.starts_with("28")) remedy = "Check 'connection.user' and 'connection.password'.";
  if (state == "3D000") remedy = "Create the database, or name another one in 'connection.url'.";
  if (remedy.empty() && kind == ErrorKind::unreachable)
    remedy = "Check that the server runs and that host and port in 'connection.url' are right.";
  return Error(kind, "cannot connect to PostgreSQL at " + place_).why(std::move(why)).remedy(std::move(remedy));
}

Result<void> PostgresConnection::prepare_session(const PostgresAddress& address) {
  std::string patience = std::to_string(address.statement_patience.count());
  std::string sql =
      "SET client_min_messages = warning; SET standard_conforming_strings = on; SET TimeZone = 'UTC'; SET jit = off;"
      "SET statement_timeout = " +
      patience + "; SET idle_in_transaction_session_timeout = " + patience +
      // A client that has died must not hold its locks for hours.
      "; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
  if (!address.search_path.empty())
    sql += "; SELECT set_config('search_path', " + quote_text(address.search_path) + ", false)";
  LV_TRY(execute(sql));
  patience_ = with_grace(address.statement_patience);
  return {};
}

// ---- waiting ----

Result<void> PostgresConnection::wait(bool to_write) {
  pollfd waited{PQsocket(connection_), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
  int ready;
  do ready = ::poll(&waited, 1, patience_.count() == 0 ? -1 : static_cast<int>(patience_.count()));
  while (ready < 0 && errno == EINTR);
  if (ready > 0) return {};
  std::string why = ready < 0 ? std::strerror(errno)
                              : "the server has been silent for " + std::to_string(patience_.count() / 1000) + " s";
  return Error(ErrorKind::unreachable, "lost the connection to PostgreSQL at " + place_).why(std::move(why));
}

Result<void> PostgresConnection::flush() {
  while (int left = PQflush(connection_)) {
    if (left < 0) return lost();
    LV_TRY(wait(true));
    if (!PQconsumeInput(connection_)) return lost();  // the server may be waiting for us to read
  }
  return {};
}

Result<PostgresConnection::Answer> PostgresConnection::next_answer() {
  LV_TRY(flush());
  while (PQisBusy(connection_)) {
    LV_TRY(wait(false));
    if (!PQconsumeInput(connection_)) return lost();
  }
  return Answer(PQgetResult(connection_));
}

Error PostgresConnection::lost() {
  return Error(ErrorKind::unreachable, "lost the connection to PostgreSQL at " + place_)
      .why(trimmed(PQerrorMessage(connection_)));
}

Error PostgresConnection::failed(const pg_result* answer) {
  refusal_ = {field(answer, PG_DIAG_SQLSTATE),        field(answer, PG_DIAG_MESSAGE_PRIMARY),
              field(answer, PG_DIAG_MESSAGE_DETAIL),  field(answer, PG_DIAG_COLUMN_NAME),
              field(answer, PG_DIAG_CONSTRAINT_NAME), copy_line_in(field(answer, PG_DIAG_CONTEXT))};
  if (refusal_.sqlstate.empty()) return lost();
  ErrorKind kind = kind_of_sqlstate(refusal_.sqlstate);
  // The column is right, but before release 14 it takes no infinity.
  if (refusal_.sqlstate == "22P03" && PQserverVersion(connection_) < 140000 &&
      refusal_.message.starts_with("invalid sign"))
    kind = ErrorKind::rejected;
  return Error(kind, "PostgreSQL at " + place_ + " says no").why(refusal_.text());
}

// ---- statements ----

Result<void> PostgresConnection::finish_answers() {
  std::optional<Error> first;
  while (Answer answer = LV_TRY(next_answer())) {
    ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) continue;
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) return {};
    if (!first) first = failed(answer.get());
  }
  if (first) return *std::move(first);
  return {};
}

Result<void> PostgresConnection::execute(const std::string& sql) {
  if (!PQsendQuery(connection_, sql.c_str())) return lost();
  return finish_answers();
}

Result<std::vector<PostgresConnection::Row>> PostgresConnection::query(const std::string& sql,
                                                                       std::span<const std::string> parameters) {
  std::vector<const char*> values;
  for (const std::string& p : parameters) values.push_back(p.c_str());
  if (!PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                         nullptr, 0))
    return lost();
  return read_rows();
}

Result<std::vector<PostgresConnection::Row>> PostgresConnection::plain_query(const std::string& sql) {
  if (!PQsendQuery(connection_, sql.c_str())) return lost();
  return read_rows();
}

Result<std::vector<PostgresConnection::Row>> PostgresConnection::read_rows() {
  std::vector<Row> rows;
  std::optional<Error> first;
  while (Answer answer = LV_TRY(next_answer())) {
    ExecStatusType status = PQresultStatus(answer.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      if (!first) first = failed(answer.get());
      continue;
    }
    for (int r = 0; r < PQntuples(answer.get()); ++r) {
      Row& row = rows.emplace_back();
      for (int c = 0; c < PQnfields(answer.get()); ++c) {
        row.emplace_back();
        if (!PQgetisnull(answer.get(), r, c))
          row.back().emplace(PQgetvalue(answer.get(), r, c), static_cast<std::size_t>(PQgetlength(answer.get(), r, c)));
      }
    }
  }
  if (first) return *std::move(first);
  return rows;
}

Result<void> PostgresConnection::begin_rows(const std::string& sql) {
  if (!PQsendQuery(connection_, sql.c_str()) || !PQsetSingleRowMode(connection_)) return lost();
  return {};
}

Result<std::optional<PostgresRow>> PostgresConnection::next_row() {
  std::optional<Error> first;
  while (Answer answer = LV_TRY(next_answer())) {
    ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_SINGLE_TUPLE) return PostgresRow(answer.release());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !first) first = failed(answer.get());
  }
  if (first) return *std::move(first);
  return std::nullopt;
}

Result<bool> PostgresConnection::wait_for_notification(milliseconds time) {
  auto arrived = [&]() -> Result<bool> {
    if (!PQconsumeInput(connection_)) return lost();
    bool any = false;
    for (; PGnotify* notify = PQnotifies(connection_); any = true) PQfreemem(notify);
    return any;
  };
  if (LV_TRY(arrived())) return true;
  pollfd waited{PQsocket(connection_), POLLIN, 0};
  if (::poll(&waited, 1, static_cast<int>(time.count())) < 0 && errno != EINTR) return lost();
  return arrived();
}

Result<std::vector<std::uint64_t>> PostgresConnection::run(std::span<const PostgresStatement> statements) {
  std::vector<const char*> values;
  std::vector<int> sizes, formats;
  if (!PQenterPipelineMode(connection_)) return lost();
  std::size_t unsent = 0;
  for (const PostgresStatement& s : statements) {
    values.clear(), sizes.clear();
    for (std::string_view p : s.parameters) {
      values.push_back(p.data());
      sizes.push_back(static_cast<int>(p.size()));
      unsent += p.size();
    }
    formats.assign(values.size(), 1);
    if (!PQsendQueryParams(connection_, s.sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                           sizes.data(), formats.data(), 1))
      return lost();
    // Small ones go together: each packet would wake up the server.
    if (unsent < many_bytes) continue;
    LV_TRY(flush());
    unsent = 0;
  }
  if (!PQpipelineSync(connection_)) return lost();

  std::vector<std::uint64_t> affected;
  std::optional<Error> first;
  for (bool synced = false; !synced;) {
    Answer answer = LV_TRY(next_answer());
    if (!answer) {  // the end of one statement's answers
      if (PQstatus(connection_) == CONNECTION_BAD) return lost();
      continue;
    }
    switch (PQresultStatus(answer.get())) {
      case PGRES_PIPELINE_SYNC: synced = true; break;
      case PGRES_PIPELINE_ABORTED: break;  // behind one that failed
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK: affected.push_back(std::strtoull(PQcmdTuples(answer.get()), nullptr, 10)); break;
      default:
        if (!first) first = failed(answer.get());
        if (PQstatus(connection_) == CONNECTION_BAD) return *std::move(first);
    }
  }
  if (!PQexitPipelineMode(connection_)) return lost();
  if (first) return *std::move(first);
  return affected;
}

Result<void> PostgresConnection::commit() {
  if (!PQsendQuery(connection_, "COMMIT")) return lost();
  std::string done;
  std::optional<Error> first;
  while (Answer answer = LV_TRY(next_answer())) {
    done = PQcmdStatus(answer.get());
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK && !first) first = failed(answer.get());
  }
  if (first) return *std::move(first);
  if (done != "COMMIT")
    return Error(ErrorKind::unreachable, "PostgreSQL at " + place_ + " has not committed the transaction")
        .why("it answers " + done);
  return {};
}

// ---- COPY ----

Result<void> PostgresConnection::begin_copy(const std::string& sql) {
  if (!PQsendQuery(connection_, sql.c_str())) return lost();
  LV_TRY(finish_answers());
  LV_ASSERT(PQtransactionStatus(connection_) == PQTRANS_ACTIVE);  // the last statement was no COPY
  return {};
}

Result<void> PostgresConnection::put_copy(std::string_view bytes) {
  if (PQputCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) < 0) return lost();
  return flush();
}

Result<std::uint64_t> PostgresConnection::end_copy() {
  int ended;
  while ((ended = PQputCopyEnd(connection_, nullptr)) == 0) LV_TRY(flush());
  if (ended < 0) return lost();
  std::uint64_t rows = 0;
  std::optional<Error> first;
  while (Answer answer = LV_TRY(next_answer())) {
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK)
      rows = std::strtoull(PQcmdTuples(answer.get()), nullptr, 10);
    else if (!first)
      first = failed(answer.get());
  }
  if (first) return *std::move(first);
  return rows;
}

void PostgresConnection::abandon() { ::shutdown(PQsocket(connection_), SHUT_RDWR); }

Result<void> PostgresConnection::begin_copy_out(const std::string& sql) { return begin_copy(sql); }

// To be woken for each packet of an answer that fills the line costs more than to read it: some are let come together.
static constexpr unsigned gather_pause_us = 500;

Result<PostgresConnection::CopyOut> PostgresConnection::read_copy(Buffer& out, std::size_t max_bytes,
                                                                  std::uint32_t max_rows, std::uint32_t& rows,
                                                                  milliseconds wait) {
  // libpq takes a small part of what has arrived at a time, so one is dry only if the next is.
  enum class Dry { no, perhaps, yes } dry = Dry::no;
  for (rows = 0; rows < max_rows && out.size() < max_bytes;) {
    char* row = nullptr;
    int size = PQgetCopyData(connection_, &row, 1);
    if (size > 0) {
      out.append({row, static_cast<std::size_t>(size)});
      PQfreemem(row);
      ++rows;
      dry = Dry::no;
    } else if (size == 0) {
      if (dry == Dry::no) {
        dry = Dry::perhaps;
      } else if (dry == Dry::perhaps) {
        dry = Dry::yes;
        ::usleep(gather_pause_us);
      } else {
        pollfd waited{PQsocket(connection_), POLLIN, 0};
        int ready = ::poll(&waited, 1, static_cast<int>(wait.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return rows > 0 ? CopyOut::rows : CopyOut::none_yet;
        if (ready < 0) return lost();
      }
      if (!PQconsumeInput(connection_)) return lost();
    } else {
      LV_TRY(finish_answers());  // an error of the COPY as well
      return CopyOut::end;
    }
  }
  return CopyOut::rows;
}

// ---- the log ----

Result<PostgresConnection::Streamed> PostgresConnection::next_streamed(std::string_view& bytes) {
  char* raw = nullptr;
  int size = PQgetCopyData(connection_, &raw, 1);
  if (size == 0) return Streamed::none;
  if (size > 0) {
    // libpq's memory ends with the message, and those who read texts look further.
    if (streamed_.capacity() > (1 << 20) && size < (1 << 16)) streamed_ = Buffer();  // after a very large one
    streamed_.clear();
    streamed_.append({raw, static_cast<std::size_t>(size)});
    PQfreemem(raw);
    bytes = streamed_.view();
    return Streamed::message;
  }
  if (size == -2) return lost();
  LV_TRY(finish_answers());
  return Streamed::end;
}

Result<void> PostgresConnection::take_streamed() {
  if (!PQconsumeInput(connection_)) return lost();
  return {};
}

Result<void> PostgresConnection::wait_streamed(std::chrono::microseconds time, int or_file) {
  LV_TRY(flush());
  pollfd waited[2] = {{PQsocket(connection_), POLLIN, 0}, {or_file, POLLIN, 0}};
  timespec limit{time.count() / 1'000'000, time.count() % 1'000'000 * 1000};
  int ready = ::ppoll(waited, or_file < 0 ? 1 : 2, &limit, nullptr);
  if (ready < 0 && errno != EINTR) return system_error("cannot wait for PostgreSQL at " + place_, errno);
  return take_streamed();
}

}  // namespace levada
