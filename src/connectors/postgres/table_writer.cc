#include "connectors/postgres/table_writer.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <ranges>

#include "connectors/postgres/table_statements.h"

namespace levada {
namespace {

constexpr std::size_t copy_piece = 64 << 10;            // sent at a time
constexpr std::size_t most_statement_bytes = 64 << 20;  // a server takes at most 1 GB in one message
constexpr std::size_t most_gathered_bytes = 16 << 20;
constexpr std::size_t most_waiting_bytes = 64 << 20;

}  // namespace

TableWriter::TableWriter(TablePlan plan, std::int64_t batch_size)
    : plan_(std::move(plan)), batch_size_(static_cast<std::size_t>(batch_size)), rows_(plan_) {
  copy_sql_ = copy_statement(plan_);
  write_sql_ = plan_.mode == InsertMode::update ? update_statement(plan_) : insert_statement(plan_);
  if (plan_.deletions == Deletions::apply) delete_sql_ = delete_statement(plan_);
}

Result<void> TableWriter::write(Round& round, const Batch& batch, RowFailures& rejected) {
  if (rows_.bytes() > most_gathered_bytes)
    LV_TRY(flush(round));
  else if (rows_.order().size() - written_ + batch.selection.size() > batch_size_)
    LV_TRY(send(round));
  rows_.add(batch, rejected);
  return {};
}

Result<void> TableWriter::flush(Round& round) {
  LV_TRY(send(round));
  if (!waits_) forget();
  return {};
}

void TableWriter::complete() {
  for (GatheredRows::Refused& row : rows_.complete(written_)) refuse(row.position, std::move(row.why));
}

void TableWriter::drop_written() {
  std::vector<std::uint32_t>& order = rows_.order();
  order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(written_));
  written_ = settled_ = 0;
}

void TableWriter::wait() {
  drop_written();
  waits_ = true;
}

bool TableWriter::holds_too_much() const { return rows_.bytes() > most_waiting_bytes; }

Result<bool> TableWriter::try_again(Round& round) {
  std::vector<std::uint32_t>& order = rows_.order();
  const std::size_t before = order.size();
  if (plan_.mode == InsertMode::insert) {
    waits_ = false;
    LV_TRY(flush(round));
    return order.size() < before;
  }
  complete();
  rows_.keep_last();
  // Each key is there once: what comes first does not matter any more.
  std::vector<std::uint32_t> left = LV_TRY(write_apart(round, order)), writes, deletions;
  for (std::uint32_t position : left) (rows_.is_deletion(position) ? deletions : writes).push_back(position);
  if (!writes.empty() && !deletions.empty()) {
    left = LV_TRY(write_apart(round, writes));
    std::ranges::move(LV_TRY(write_apart(round, deletions)), std::back_inserter(left));
  }
  order = std::move(left);
  if (order.empty()) forget();
  return order.size() < before;
}

Result<void> TableWriter::finish(Round& round) {
  waits_ = patient_ = false;
  auto flushed = flush(round);
  patient_ = true;
  return flushed;
}

void TableWriter::forget() {
  rows_.clear();
  written_ = settled_ = 0;
  waits_ = false;
}

void TableWriter::refuse(std::uint32_t position, std::string why, std::string sqlstate) {
  const GatheredRows::Place& place = rows_.place(position);
  rejected_.push_back({.partition = {plan_.topic, place.partition},
                       .offset = Offset(place.offset),
                       .why = std::move(why),
                       .code = sqlstate,
                       .may_pass = may_pass(sqlstate)});
}

// ---- writing ----

std::size_t TableWriter::piece_of(Span rows) const {
  std::size_t count = std::min(rows.size(), batch_size_);
  if (rows_.bytes() <= most_statement_bytes) return count;
  std::size_t bytes = 0, fitting = 0;
  while (fitting < count && (bytes += rows_.bytes_of(rows[fitting])) <= most_statement_bytes) ++fitting;
  return std::max<std::size_t>(fitting, 1);
}

// Without a key that is the table's own, order counts: runs of insertions and of deletions take turns.
std::size_t TableWriter::run_of(Span rows) const {
  if (plan_.mode != InsertMode::insert || !rows_.any_deletions()) return rows.size();
  std::size_t run = 1;
  while (run < rows.size() && rows_.is_deletion(rows[run]) == rows_.is_deletion(rows[0])) ++run;
  return run;
}

Result<void> TableWriter::send(Round& round) {
  if (waits_) return {};
  complete();
  const Span rows = rows_.order();
  std::size_t alone_until = 0;  // up to there each piece is a write of its own
  while (written_ < rows.size()) {
    const Span left = rows.subspan(written_), piece = left.first(piece_of(left));
    if (round.write() != write_) settled_ = written_;
    if (settled_ < written_) {
      if (LV_TRY(write_with_last(round, piece))) {
        written_ += piece.size();
      } else {
        alone_until = written_ + piece.size();
        written_ = settled_;
      }
      continue;
    }
    write_ = round.write() + 1;
    if (!LV_TRY(write_rows(round, piece))) {
      written_ = static_cast<std::size_t>(wait_from_ - rows.data());
      wait();
      return {};
    }
    written_ += piece.size();
    if (written_ <= alone_until) settled_ = written_;
  }
  return {};
}

Result<bool> TableWriter::write_with_last(Round& round, Span rows) {
  auto done = try_rows(round, rows, {});
  if (done) return true;
  if (done.error().kind() != ErrorKind::rejected) return std::move(done).error();
  LV_TRY(round.undo_write());
  return false;
}

Result<std::vector<std::uint32_t>> TableWriter::write_apart(Round& round, Span rows) {
  std::vector<std::uint32_t> waiting;
  for (Span left = rows; !left.empty();) {
    const Span piece = left.first(piece_of(left));
    if (!LV_TRY(write_rows(round, piece))) waiting.insert(waiting.end(), wait_from_, piece.data() + piece.size());
    left = left.subspan(piece.size());
  }
  return waiting;
}

bool TableWriter::has_to_wait(Span rows, const std::string& sqlstate) {
  if (!patient_ || sqlstate != "23503") return false;
  wait_from_ = rows.data();
  return true;
}

Result<bool> TableWriter::write_rows(Round& round, Span rows) {
  while (!rows.empty()) {
    auto done = try_rows(round, rows, round.before_write());
    if (done) return true;
    if (done.error().kind() != ErrorKind::rejected) return std::move(done).error();
    std::string why = not_there_, sqlstate;
    std::size_t first = rows.size() / 2, named = 0;
    if (why.empty()) {
      const PostgresRefusal& refusal = round.connection().refusal();
      why = refusal.text();
      sqlstate = refusal.sqlstate;
      // What stands before the named line was fine; the line itself is tried alone, to be sure.
      const auto line = static_cast<std::size_t>(refusal.copy_line);
      if (line >= 1 && line <= rows.size() - last_run_) first = last_run_ + line - 1, named = 1;
    }
    LV_TRY(round.undo_write());
    if (has_to_wait(rows, sqlstate)) return false;
    if (rows.size() == 1) {
      refuse(rows[0], std::move(why), std::move(sqlstate));
      return true;
    }
    if (!LV_TRY(write_rows(round, rows.first(first)))) return false;
    if (!LV_TRY(write_rows(round, rows.subspan(first, named)))) return false;
    rows = rows.subspan(first + named);
  }
  return true;
}

Result<void> TableWriter::try_rows(Round& round, Span rows, std::vector<std::string> front) {
  not_there_.clear();
  for (last_run_ = 0; last_run_ < rows.size();) {
    const Span left = rows.subspan(last_run_), run = left.first(run_of(left));
    LV_TRY(plan_.copy && !rows_.is_deletion(run[0]) ? try_copy(round, run, front) : try_statements(round, run, front));
    front.clear();
    last_run_ += run.size();
  }
  return {};
}

// The format is the server's: signature, flags, extension; each row its count of fields and the fields; -1 at the end.
Result<void> TableWriter::try_copy(Round& round, Span rows, const std::vector<std::string>& front) {
  std::string sql;
  for (const std::string& s : front) sql += s + ";";
  LV_TRY(round.connection().begin_copy(sql + copy_sql_));
  copy_bytes_.clear();
  copy_bytes_.append(std::string_view("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19));
  const auto fields = static_cast<std::int16_t>(rows_.values().size());
  for (std::uint32_t i : rows) {
    store_big(copy_bytes_.room(2), fields);
    copy_bytes_.resize(copy_bytes_.size() + 2);
    for (const FieldValues& v : rows_.values()) {
      std::string_view value = v[i];
      copy_bytes_.commit(put_padded(copy_bytes_.room(value.size()), value.data(), value.size()));
    }
    if (copy_bytes_.size() >= copy_piece) {
      LV_TRY(round.connection().put_copy(copy_bytes_.view()));
      copy_bytes_.clear();
    }
  }
  copy_bytes_.append("\377\377");
  LV_TRY(round.connection().put_copy(copy_bytes_.view()));
  LV_TRY(round.connection().end_copy());
  return {};
}

Result<void> TableWriter::try_statements(Round& round, Span rows, const std::vector<std::string>& front) {
  if (plan_.mode == InsertMode::insert) {
    const bool deletion = rows_.is_deletion(rows[0]);
    (deletion ? last_.deletions : last_.writes).assign(rows.begin(), rows.end());
    (deletion ? last_.writes : last_.deletions).clear();
    last_.partial.clear();
  } else {
    rows_.reduce(rows, last_);
  }
  arrays_used_ = 0;
  std::vector<PostgresStatement> statements;
  for (const std::string& sql : front) statements.push_back({sql});
  // Deletions first: they may make room for a row that needs a value they held.
  if (!last_.deletions.empty()) statements.push_back(statement(delete_sql_, last_.deletions, Part::key));
  if (!last_.writes.empty() && !write_sql_.empty())
    statements.push_back(statement(write_sql_, last_.writes, Part::all));
  const std::size_t before = statements.size();
  std::vector<Span> groups;
  for (Span left = last_.partial; !left.empty(); left = left.subspan(groups.back().size())) {
    std::size_t count = 1;
    while (count < left.size() && rows_.lack_alike(left[count], left[0])) ++count;
    groups.push_back(left.first(count));
    statements.push_back(partial_update(groups.back()));
  }
  const auto changed = LV_TRY(round.connection().run(statements));
  for (std::size_t g = 0; g < groups.size() && plan_.mode == InsertMode::upsert; ++g) {
    if (changed[before + g] >= groups[g].size()) continue;
    not_there_ = rows_.not_sent(groups[g][0], "the target has no row with this key that would have it");
    return Error(ErrorKind::rejected, not_there_);
  }
  return {};
}

bool TableWriter::has_part(Part part, std::size_t column, std::uint32_t row) const {
  if (part == Part::key) return plan_.columns[column].source.key;
  return part == Part::all || !rows_.lacking(row)[column];
}

PostgresStatement TableWriter::partial_update(Span rows) {
  std::vector<bool> sent = rows_.lacking(rows[0]);
  sent.flip();
  std::string sql = update_statement(plan_, sent);
  if (sql.empty()) sql = touch_statement(plan_, sent);  // nothing to change, but whether the row is there must be known
  return statement(sql, rows, Part::sent);
}

// An array is | 1 dimension | nulls? | type of the elements | count | first index | elements |.
PostgresStatement TableWriter::statement(const std::string& sql, Span rows, Part part) {
  PostgresStatement made{sql};
  for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
    if (!has_part(part, c, rows[0])) continue;
    if (arrays_used_ == arrays_.size()) arrays_.emplace_back();
    Buffer& array = arrays_[arrays_used_++];
    array.clear();
    ByteWriter header(array);
    header.big<std::int32_t>(1);
    header.big<std::int32_t>(1);
    header.big<std::uint32_t>(plan_.columns[c].field.wire_oid);
    header.big<std::uint32_t>(static_cast<std::uint32_t>(rows.size()));
    header.big<std::int32_t>(1);
    const FieldValues& values = rows_.values()[c];
    for (std::uint32_t i : rows) {
      std::string_view value = values[i];
      array.commit(put_padded(array.room(value.size()), value.data(), value.size()));
    }
    made.parameters.push_back(array.view());
  }
  return made;
}

}  // namespace levada
