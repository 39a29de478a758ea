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
constexpr std::size_t most_row_bytes = 512 << 20;
constexpr std::size_t most_gathered_bytes = 16 << 20;
constexpr std::size_t most_waiting_bytes = 64 << 20;

using Planned = TablePlan::Column;

}  // namespace

TableWriter::TableWriter(TablePlan plan, std::int64_t batch_size)
    : plan_(std::move(plan)), batch_size_(static_cast<std::size_t>(batch_size)), values_(plan_.columns.size()) {
  copy_sql_ = copy_statement(plan_);
  write_sql_ = plan_.mode == InsertMode::update ? update_statement(plan_) : insert_statement(plan_);
  if (plan_.deletions == Deletions::apply) delete_sql_ = delete_statement(plan_);
  sets_.emplace_back(plan_.columns.size(), false);
}

Result<void> TableWriter::write(Round& round, const Batch& batch, RowFailures& rejected) {
  if (order_.size() + batch.selection.size() > batch_size_ || bytes() > most_gathered_bytes) LV_TRY(flush(round));
  encode(batch, rejected);
  choose_rows(batch, rejected);
  return {};
}

Result<void> TableWriter::flush(Round& round) {
  if (waits_) return {};
  if (any_lacking_) complete_rows();
  const std::size_t written = LV_TRY(write_in_order(round, order_));
  waits_ = written < order_.size();
  if (waits_)
    order_.erase(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(written));
  else
    forget();
  return {};
}

bool TableWriter::holds_too_much() const { return bytes() > most_waiting_bytes; }

Result<bool> TableWriter::try_again(Round& round) {
  const std::size_t before = order_.size();
  if (plan_.mode == InsertMode::insert) {
    waits_ = false;
    LV_TRY(flush(round));
    return order_.size() < before;
  }
  if (any_lacking_) complete_rows();
  keep_last();
  // Each key is there once: what comes first does not matter any more.
  std::vector<std::uint32_t> left = LV_TRY(write_apart(round, order_)), writes, deletions;
  for (std::uint32_t position : left) (deletions_[position] ? deletions : writes).push_back(position);
  if (!writes.empty() && !deletions.empty()) {
    left = LV_TRY(write_apart(round, writes));
    std::ranges::move(LV_TRY(write_apart(round, deletions)), std::back_inserter(left));
  }
  order_ = std::move(left);
  if (order_.empty()) forget();
  return order_.size() < before;
}

Result<void> TableWriter::finish(Round& round) {
  waits_ = patient_ = false;
  auto flushed = flush(round);
  patient_ = true;
  return flushed;
}

void TableWriter::forget() {
  for (FieldValues& v : values_) v.clear();
  places_.clear();
  order_.clear();
  bad_.clear();
  deletions_.clear();
  lacking_.clear();
  any_lacking_ = waits_ = false;
}

void TableWriter::keep_last() {
  reduce(order_);
  std::vector<bool> last(places_.size(), false);
  for (const auto* part : {&writes_, &partial_, &deletes_})
    for (std::uint32_t position : *part) last[position] = true;
  std::erase_if(order_, [&](std::uint32_t position) { return !last[position]; });
}

void TableWriter::refuse(std::uint32_t position, std::string why, std::string sqlstate) {
  const Place& place = places_[position];
  rejected_.push_back({.partition = {plan_.topic, place.partition},
                       .offset = Offset(place.offset),
                       .why = std::move(why),
                       .code = sqlstate,
                       .may_pass = may_pass(sqlstate)});
}

// ---- from columns to values ----

void TableWriter::encode(const Batch& batch, RowFailures& rejected) {
  LV_ASSERT(batch.origin && batch.origin->offsets.size() == batch.size);
  const Rows rows = batch.rows();
  const auto first = static_cast<std::uint32_t>(places_.size());
  places_.reserve(first + rows.size());
  rows.for_each([&](std::uint32_t row) { places_.push_back({batch.origin->partition, batch.origin->offsets[row]}); });
  bad_.resize(places_.size(), false);
  note_absent(batch, first);
  RowFailures failures;
  for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
    const Planned& column = plan_.columns[c];
    if (column.source.from == TargetColumn::From::field)
      column.field.encoder->encode(*batch.column(column.source.index), rows, values_[c], failures);
    else
      encode_place(batch, column, values_[c]);
  }
  for (RowFailure& failure : failures) {
    std::uint32_t position = failure.row;
    if (!rows.is_all()) {
      auto positions = std::views::iota(std::uint32_t{0}, rows.size());
      position = *std::ranges::lower_bound(positions, failure.row, {}, [&](std::uint32_t i) { return rows[i]; });
    }
    if (bad_[first + position]) continue;  // one reason is enough
    bad_.set(first + position);
    rejected.push_back(std::move(failure));
  }
}

void TableWriter::note_absent(const Batch& batch, std::uint32_t first) {
  lacking_.resize(places_.size(), 0);
  if (batch.absent.empty()) return;
  const Rows rows = batch.rows();
  std::vector<bool> set(plan_.columns.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (batch.is_deletion(rows[i])) continue;
    bool any = false;
    for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
      const TargetColumn& source = plan_.columns[c].source;
      set[c] = source.from == TargetColumn::From::field && source.index >= batch.key.size() &&
               batch.is_absent(source.index - batch.key.size(), rows[i]);
      any |= set[c];
    }
    if (any) lacking_[first + i] = number_of(set);
    any_lacking_ |= any;
  }
}

std::uint32_t TableWriter::number_of(const std::vector<bool>& set) {
  auto at = std::ranges::find(sets_, set);
  if (at == sets_.end()) at = sets_.insert(at, set);
  return static_cast<std::uint32_t>(at - sets_.begin());
}

std::string TableWriter::lacking_names(std::uint32_t position) const {
  std::string names;
  for (std::size_t i = 0; i < plan_.columns.size(); ++i)
    if (sets_[lacking_[position]][i]) names += (names.empty() ? "\"" : ", \"") + plan_.columns[i].name + "\"";
  return names;
}

std::string TableWriter::not_sent(std::uint32_t position, std::string_view why) const {
  return "the source has not sent " + lacking_names(position) + ", as it has not changed, and " + std::string(why) +
         "; an UPDATE of the row at the source that sets it anew sends it, and ALTER TABLE … REPLICA IDENTITY FULL "
         "there has it sent always";
}

void TableWriter::complete_rows() {
  if (plan_.mode == InsertMode::insert) return;
  sort_by_key(order_);
  std::vector<bool> refused(order_.size(), false);
  std::optional<std::uint32_t> before;  // the row of the same key
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    if (before && !same_key(keys_[k - 1].position, keys_[k].position)) before.reset();
    std::uint32_t& row = order_[keys_[k].place];
    if (before && lacking_[row] != 0) {
      if (deletions_[*before]) {
        refuse(row, not_sent(row, "the row with this key was deleted before"));
        refused[keys_[k].place] = true;
        continue;
      }
      row = append_completed(row, *before);
    }
    before = row;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < order_.size(); ++i)
    if (!refused[i]) order_[kept++] = order_[i];
  order_.resize(kept);
}

std::uint32_t TableWriter::append_completed(std::uint32_t row, std::uint32_t before) {
  const auto made = static_cast<std::uint32_t>(places_.size());
  std::vector<bool> lacking = sets_[lacking_[row]];
  for (std::size_t c = 0; c < values_.size(); ++c) {
    const std::string value((values_[c])[lacking[c] ? before : row]);
    values_[c].bytes.append(value);
    values_[c].ends.push_back(values_[c].bytes.size());
    lacking[c] = lacking[c] && sets_[lacking_[before]][c];
  }
  const Place place = places_[row];
  places_.push_back(place);
  bad_.resize(places_.size(), false);
  deletions_.resize(places_.size(), false);
  lacking_.push_back(number_of(lacking));
  return made;
}

void TableWriter::encode_place(const Batch& batch, const Planned& column, FieldValues& out) {
  Column place(column.source.field.type);
  std::string_view topic = plan_.topic;
  for (std::uint32_t row = 0; row < batch.size; ++row) {
    switch (column.source.from) {
      case TargetColumn::From::topic:
        place.append(StringView(topic.data(), static_cast<std::uint32_t>(topic.size())));
        break;
      case TargetColumn::From::partition: place.append(batch.origin->partition); break;
      case TargetColumn::From::offset: place.append(batch.origin->offsets[row]); break;
      case TargetColumn::From::field: LV_UNREACHABLE();
    }
  }
  RowFailures none;
  column.field.encoder->encode(place, batch.rows(), out, none);
}

void TableWriter::choose_rows(const Batch& batch, RowFailures& rejected) {
  const Rows rows = batch.rows();
  const auto first = static_cast<std::uint32_t>(places_.size() - rows.size());
  auto refuse_row = [&](std::uint32_t i, std::string why) { rejected.push_back({rows[i], std::move(why)}); };
  const bool keyed = plan_.mode != InsertMode::insert;
  deletions_.resize(places_.size(), false);
  const bool large = bytes() > most_row_bytes;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t position = first + i;
    if (bad_[position]) continue;
    bool deletion = batch.is_deletion(rows[i]);
    if (deletion && plan_.deletions == Deletions::pass_over) continue;
    if (deletion && plan_.deletions == Deletions::refuse) {
      refuse_row(i, "a deletion cannot be written without 'delete.enabled' and a key");
      continue;
    }
    if (keyed || deletion) {
      auto null_key = std::ranges::find_if(plan_.columns, [&](const Planned& c) {
        return c.source.key && values_[static_cast<std::size_t>(&c - plan_.columns.data())].is_null(position);
      });
      if (null_key != plan_.columns.end()) {
        refuse_row(i, "the key column \"" + null_key->name + "\" is null");
        continue;
      }
    }
    if (lacking_[position] != 0 && !keyed) {
      refuse_row(i, not_sent(position, "without a key the row that has it cannot be found"));
      continue;
    }
    if (large && bytes_of(position) > most_row_bytes) {
      refuse_row(i, "the row is too large for the server: " + std::to_string(bytes_of(position)) + " bytes");
      continue;
    }
    if (deletion) deletions_.set(position);
    order_.push_back(position);
  }
  std::ranges::sort(rejected, {}, &RowFailure::row);
}

std::size_t TableWriter::bytes_of(std::uint32_t position) const {
  std::size_t bytes = 0;
  for (const FieldValues& v : values_) bytes += v.ends[position] - v.begin(position);
  return bytes;
}

std::size_t TableWriter::bytes() const {
  std::size_t bytes = 0;
  for (const FieldValues& v : values_) bytes += v.bytes.size();
  return bytes;
}

// ---- writing ----

std::size_t TableWriter::piece_of(Span rows) const {
  std::size_t count = std::min(rows.size(), batch_size_);
  if (bytes() <= most_statement_bytes) return count;
  std::size_t bytes = 0, fitting = 0;
  while (fitting < count && (bytes += bytes_of(rows[fitting])) <= most_statement_bytes) ++fitting;
  return std::max<std::size_t>(fitting, 1);
}

Result<std::size_t> TableWriter::write_in_order(Round& round, Span rows) {
  for (Span left = rows; !left.empty();) {
    const std::size_t count = piece_of(left);
    if (!LV_TRY(write_rows(round, left.first(count)))) return static_cast<std::size_t>(wait_from_ - rows.data());
    left = left.subspan(count);
  }
  return rows.size();
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

Result<bool> TableWriter::write_rows(Round& round, Span rows, std::size_t cut) {
  return LV_TRY(write_rows(round, rows.first(cut))) ? write_rows(round, rows.subspan(cut)) : false;
}

Result<bool> TableWriter::write_rows(Round& round, Span rows) {
  if (plan_.mode == InsertMode::insert && plan_.deletions == Deletions::apply) {
    // Without a key that is the table's own, order counts: runs of insertions and of deletions take turns.
    while (!rows.empty() && !deletions_.empty()) {
      std::size_t run = 1;
      while (run < rows.size() && deletions_[rows[run]] == deletions_[rows[0]]) ++run;
      if (run == rows.size()) break;
      if (!LV_TRY(write_rows(round, rows.first(run)))) return false;
      rows = rows.subspan(run);
    }
  }
  if (plan_.copy && !deletions_[rows[0]]) return copy_rows(round, rows);
  auto done = try_statements(round, rows);
  if (done) return true;
  if (done.error().kind() != ErrorKind::rejected) return std::move(done).error();
  std::string why = not_there_, sqlstate;
  if (why.empty()) {
    why = round.connection().refusal().text();
    sqlstate = round.connection().refusal().sqlstate;
  }
  LV_TRY(round.undo_write());
  if (has_to_wait(rows, sqlstate)) return false;
  if (rows.size() > 1) return write_rows(round, rows, rows.size() / 2);
  refuse(rows[0], std::move(why), std::move(sqlstate));
  return true;
}

Result<bool> TableWriter::copy_rows(Round& round, Span rows) {
  while (!rows.empty()) {
    auto done = try_copy(round, rows);
    if (done) return true;
    if (done.error().kind() != ErrorKind::rejected) return std::move(done).error();
    const PostgresRefusal refusal = round.connection().refusal();
    auto line = static_cast<std::size_t>(refusal.copy_line);
    LV_TRY(round.undo_write());
    if (has_to_wait(rows, refusal.sqlstate)) return false;
    if (rows.size() == 1) {
      refuse(rows[0], refusal.text(), refusal.sqlstate);
      return true;
    }
    // What stands before the named line was fine; the line itself is tried alone, to be sure.
    bool named = line >= 1 && line <= rows.size();
    std::size_t first = named ? line - 1 : rows.size() / 2, second = named ? 1 : 0;
    if (first > 0 && !LV_TRY(copy_rows(round, rows.first(first)))) return false;
    if (second > 0 && !LV_TRY(copy_rows(round, rows.subspan(first, second)))) return false;
    rows = rows.subspan(first + second);
  }
  return true;
}

// The format is the server's: signature, flags, extension; each row its count of fields and the fields; -1 at the end.
Result<void> TableWriter::try_copy(Round& round, Span rows) {
  std::string sql;
  for (const std::string& s : round.before_write()) sql += s + ";";
  LV_TRY(round.connection().begin_copy(sql + copy_sql_));
  copy_bytes_.clear();
  copy_bytes_.append(std::string_view("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19));
  const auto fields = static_cast<std::int16_t>(values_.size());
  for (std::uint32_t i : rows) {
    store_big(copy_bytes_.room(2), fields);
    copy_bytes_.resize(copy_bytes_.size() + 2);
    for (const FieldValues& v : values_) {
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

Result<void> TableWriter::try_statements(Round& round, Span rows) {
  not_there_.clear();
  if (plan_.mode == InsertMode::insert) {
    (deletions_[rows[0]] ? deletes_ : writes_).assign(rows.begin(), rows.end());
    (deletions_[rows[0]] ? writes_ : deletes_).clear();
    partial_.clear();
  } else {
    reduce(rows);
  }
  arrays_used_ = 0;
  std::vector<PostgresStatement> statements;
  for (std::string& sql : round.before_write()) statements.push_back({std::move(sql)});
  // Deletions first: they may make room for a row that needs a value they held.
  if (!deletes_.empty()) statements.push_back(statement(delete_sql_, deletes_, Part::key));
  if (!writes_.empty() && !write_sql_.empty()) statements.push_back(statement(write_sql_, writes_, Part::all));
  const std::size_t before = statements.size();
  std::vector<Span> groups;
  for (Span left = partial_; !left.empty(); left = left.subspan(groups.back().size())) {
    std::size_t count = 1;
    while (count < left.size() && lacking_[left[count]] == lacking_[left[0]]) ++count;
    groups.push_back(left.first(count));
    statements.push_back(partial_update(groups.back()));
  }
  const auto changed = LV_TRY(round.connection().run(statements));
  for (std::size_t g = 0; g < groups.size() && plan_.mode == InsertMode::upsert; ++g) {
    if (changed[before + g] >= groups[g].size()) continue;
    not_there_ = not_sent(groups[g][0], "the target has no row with this key that would have it");
    return Error(ErrorKind::rejected, not_there_);
  }
  return {};
}

void TableWriter::sort_by_key(Span rows) {
  std::vector<const FieldValues*> columns;
  const Planned* first = nullptr;
  for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
    if (!plan_.columns[c].source.key) continue;
    if (!first) first = &plan_.columns[c];
    columns.push_back(&values_[c]);
  }
  // The first eight bytes of the key decide most comparisons, as one number.
  const std::uint64_t flip = first->counts_up ? std::uint64_t{1} << 63 : 0;
  keys_.clear();
  for (std::uint32_t place = 0; place < rows.size(); ++place) {
    std::string_view value = (*columns[0])[rows[place]].substr(4);
    std::uint64_t prefix = load_big<std::uint64_t>(value.data());
    if (value.size() < 8) prefix = value.empty() ? 0 : prefix >> (64 - 8 * value.size()) << (64 - 8 * value.size());
    keys_.push_back({prefix ^ flip, place, rows[place]});
  }
  std::sort(keys_.begin(), keys_.end(), [&](const SortKey& a, const SortKey& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    for (const FieldValues* v : columns)
      if (int c = (*v)[a.position].compare((*v)[b.position]); c != 0) return c < 0;
    return a.place < b.place;
  });
}

bool TableWriter::same_key(std::uint32_t a, std::uint32_t b) const {
  for (std::size_t c = 0; c < plan_.columns.size(); ++c)
    if (plan_.columns[c].source.key && values_[c][a] != values_[c][b]) return false;
  return true;
}

void TableWriter::reduce(Span rows) {
  sort_by_key(rows);
  writes_.clear();
  partial_.clear();
  deletes_.clear();
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    std::uint32_t i = keys_[k].position;
    if (k + 1 < keys_.size() && keys_[k].prefix == keys_[k + 1].prefix && same_key(i, keys_[k + 1].position))
      continue;  // a later change of the key follows
    (deletions_[i] ? deletes_ : lacking_[i] != 0 ? partial_ : writes_).push_back(i);
  }
  std::ranges::stable_sort(partial_, {}, [&](std::uint32_t i) { return lacking_[i]; });
}

bool TableWriter::has_part(Part part, std::size_t column, std::uint32_t row) const {
  if (part == Part::key) return plan_.columns[column].source.key;
  return part == Part::all || !sets_[lacking_[row]][column];
}

PostgresStatement TableWriter::partial_update(Span rows) {
  std::vector<bool> sent = sets_[lacking_[rows[0]]];
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
    const FieldValues& values = values_[c];
    for (std::uint32_t i : rows) {
      std::string_view value = values[i];
      array.commit(put_padded(array.room(value.size()), value.data(), value.size()));
    }
    made.parameters.push_back(array.view());
  }
  return made;
}

}  // namespace levada
