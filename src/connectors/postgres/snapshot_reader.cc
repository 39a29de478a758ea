#include "connectors/postgres/snapshot_reader.h"

#include <algorithm>

#include "connectors/postgres/names.h"
#include "connectors/postgres/value_reader.h"

namespace levada {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t block_bytes = 1 << 20;

// A table whose definition is not the one that was planned with: the source looks again.
Error altered(const CapturedTable& table, std::string why) {
  return Error(ErrorKind::unreachable, "table " + table.text() + " was altered while its rows were being read")
      .why(std::move(why))
      .remedy("Nothing: what is left of it is read from a new point.");
}

// Locks are let go at the end of every piece: a TRUNCATE or ALTER TABLE waits for one range, not for the snapshot.
constexpr const char* begin_piece = "SAVEPOINT levada_piece";
constexpr const char* end_piece = "ROLLBACK TO SAVEPOINT levada_piece; RELEASE SAVEPOINT levada_piece";

// A TRUNCATE and a rewriting ALTER TABLE show older snapshots an empty table. So its files must be those that the
// snapshot has seen, and stay so: the lock first.
Result<void> lock_unchanged(PostgresConnection& connection, const CapturedTable& table) {
  auto refused = [&](Error&& error) -> Error {
    return error.kind() == ErrorKind::not_found ? altered(table, error.why()) : std::move(error);
  };
  if (auto locked = connection.execute(lock_statement(table)); !locked) return refused(std::move(locked).error());
  auto rewritten = LV_TRY(connection.plain_query(rewritten_query(table)));
  if (rewritten.empty() || rewritten[0][0] != "f")
    return altered(table, "it was emptied or rewritten since the snapshot was taken");
  return {};
}

}  // namespace

// ---- SnapshotQueue ----

static std::size_t bytes_of(const SnapshotBlock& block) {
  if (!block.rows) return 0;
  return block.rows->text.capacity() + block.rows->values.capacity() * sizeof(FieldText);
}

bool SnapshotQueue::push(SnapshotBlock block) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return closed_ || bytes_ < most_bytes_; });
  if (closed_) return false;
  bytes_ += bytes_of(block);
  blocks_.push_back(std::move(block));
  item_.notify_one();
  return true;
}

std::optional<SnapshotBlock> SnapshotQueue::pop(milliseconds wait) {
  std::unique_lock lock(mutex_);
  item_.wait_for(lock, wait, [&] { return !blocks_.empty(); });
  if (blocks_.empty()) return std::nullopt;
  std::optional<SnapshotBlock> block(std::move(blocks_.front()));
  blocks_.pop_front();
  bytes_ -= bytes_of(*block);
  room_.notify_all();
  return block;
}

void SnapshotQueue::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_all();
}

// ---- SnapshotWork ----

SnapshotWork::SnapshotWork(std::vector<PlannedTable> tables, const SnapshotOptions& options)
    : tables_(std::move(tables)),
      range_bytes_(options.range_bytes),
      dropped_(std::make_unique<std::atomic<bool>[]>(tables_.size())) {}

Result<std::optional<SnapshotWork::Piece>> SnapshotWork::next(PostgresConnection& connection, SnapshotQueue& queue) {
  std::lock_guard lock(mutex_);
  while (next_range_ == ranges_.size() || dropped(next_table_ - 1)) {
    if (next_table_ == tables_.size()) return std::optional<Piece>();
    std::size_t table = next_table_++;
    next_range_ = 0;
    ranges_.clear();
    if (dropped(table)) continue;
    LV_TRY(connection.execute(begin_piece));
    LV_TRY(lock_unchanged(connection, *tables_[table].table));
    ranges_ = LV_TRY(cut_ranges(connection, tables_[table], range_bytes_));
    LV_TRY(connection.execute(end_piece));
    SnapshotBlock told{.what = SnapshotBlock::What::table, .table = table, .ranges = ranges_, .rows = {}, .error = {}};
    if (!queue.push(std::move(told))) return Error(ErrorKind::cancelled, "the snapshot was stopped");
  }
  Piece piece{next_table_ - 1, next_range_, ranges_[next_range_]};
  ++next_range_;
  return std::optional(std::move(piece));
}

// ---- SnapshotReader ----

Result<std::unique_ptr<PostgresConnection>> open_snapshot_session(const PostgresAddress& address) {
  PostgresAddress patient = address;
  patient.statement_patience = milliseconds(0);  // a large table takes its time, and so does whoever takes the rows
  auto connection = LV_TRY(PostgresConnection::open(patient, "levada snapshot"));
  LV_TRY(
      connection->execute(set_text_settings() +
                          "; SET lock_timeout = 0; SET work_mem = '64MB'; SET xmloption = 'content'; "
                          // Rows that a policy hides would be missing without a word: the server is to refuse instead.
                          "SET row_security = off"));
  if (connection->server_version() >= 170000) LV_TRY(connection->execute("SET transaction_timeout = 0"));
  return connection;
}

Result<void> import_snapshot(PostgresConnection& connection, const std::string& name) {
  return connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT " +
                            quote_text(name));
}

SnapshotReader::SnapshotReader(std::unique_ptr<PostgresConnection> connection, SnapshotWork& work, SnapshotQueue& queue,
                               std::uint32_t rows_at_a_time)
    : connection_(std::move(connection)), work_(work), queue_(queue), rows_at_a_time_(rows_at_a_time), thread_([this] {
        run();
      }) {}

SnapshotReader::~SnapshotReader() {
  stopped_ = true;
  connection_->abandon();
  thread_.join();
}

void SnapshotReader::run() {
  while (!stopped_) {
    auto piece = work_.next(*connection_, queue_);
    if (piece && !*piece) return;
    std::optional<Error> error;
    if (!piece)
      error = std::move(piece).error();
    else if (auto done = read(**piece); !done)
      error = std::move(done).error();
    if (!error) continue;
    queue_.push(
        {.what = SnapshotBlock::What::failed, .ranges = {}, .rows = {}, .error = std::move(*error).within("snapshot")});
    return;
  }
}

Result<void> SnapshotReader::read(const SnapshotWork::Piece& piece) {
  const CapturedTable& table = *work_.tables()[piece.table].table;
  LV_TRY(connection_->execute(begin_piece));
  LV_TRY(lock_unchanged(*connection_, table));
  if (auto copied = copy(piece); !copied) {
    Error error = std::move(copied).error();
    // A column that has gone: the statement was checked before, so it was there then.
    if (error.kind() == ErrorKind::not_found) return altered(table, error.why());
    return std::move(error).within("table " + table.text());
  }
  return connection_->execute(end_piece);
}

Result<void> SnapshotReader::copy(const SnapshotWork::Piece& piece) {
  const PlannedTable& table = work_.tables()[piece.table];
  LV_TRY(connection_->begin_copy_out(copy_statement(table, piece.keys)));
  std::size_t columns = table.table->columns.size(), text_bytes = 0;
  auto next = std::make_shared<CopiedRows>();
  std::shared_ptr<CopiedRows> ready;  // held until it is known whether it is the last
  for (bool end = false; !end;) {
    if (stopped_) return Error(ErrorKind::cancelled, "the snapshot was stopped");
    next->text.reserve(text_bytes);
    std::uint32_t rows = 0;
    auto copied =
        LV_TRY(connection_->read_copy(next->text, block_bytes, rows_at_a_time_ - next->rows, rows, milliseconds(100)));
    next->rows += rows;
    end = copied == PostgresConnection::CopyOut::end;
    bool full = next->rows == rows_at_a_time_ || next->text.size() >= block_bytes;
    if (!full && !end) continue;
    if (next->rows > 0 || !ready) {
      LV_TRY(cut_copied_rows(*next, columns));
      text_bytes = std::max(text_bytes, next->text.size() + next->text.size() / 8);
      if (ready && !queue_.push({.table = piece.table, .ranges = {}, .range = piece.range, .rows = ready, .error = {}}))
        return Error(ErrorKind::cancelled, "the snapshot was stopped");
      ready = std::exchange(next, std::make_shared<CopiedRows>());
    }
  }
  queue_.push({.table = piece.table, .ranges = {}, .range = piece.range, .rows = ready, .end = true, .error = {}});
  return {};
}

}  // namespace levada
