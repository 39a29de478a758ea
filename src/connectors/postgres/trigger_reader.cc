#include "connectors/postgres/trigger_reader.h"

#include <charconv>

#include "connectors/postgres/names.h"
#include "connectors/postgres/refused_change.h"

namespace levada {
namespace {

// Before the columns of the captured table: id, transaction, action, time, how it was recorded, and the old key.
constexpr std::size_t fixed_columns = 5;

std::string columns_of(const TriggerTable& table, const std::string& alias) {
  std::string list;
  for (const CapturedColumn& c : table.table->columns)
    list += (list.empty() ? "" : ", ") + alias + "." + quote_name(c.name);
  return list;
}

FieldText field(std::optional<std::string_view> value) {
  if (!value) return {};
  return {FieldText::Kind::text, static_cast<std::uint32_t>(value->size()), value->data()};
}

template <class T>
T number_in(std::optional<std::string_view> text, T fallback) {
  T value = fallback;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// 0: none that we know.
char op_of(std::string_view action) {
  struct Word {
    std::string_view word, letter;
    char op;
  };
  static constexpr Word words[] = {
      {"insert", "i", 'c'}, {"update", "u", 'u'}, {"delete", "d", 'd'}, {"truncate", "t", 't'}, {"create", "c", 'c'}};
  std::string lower = lower_case(action);
  for (const Word& w : words)
    if (lower == w.word || lower == w.letter) return w.op;
  return 0;
}

}  // namespace

Result<std::vector<ChangeLook>> look_at_changes(PostgresConnection& connection, std::span<const TriggerTable> tables,
                                                std::span<const TriggerProgress> progress) {
  std::string sql = "SELECT pg_current_snapshot()";
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const TriggerTable& t = tables[i];
    const TriggerCut& read = progress[i].read;
    const std::string number = "c." + t.transaction;
    sql += ", (SELECT " + number + " || ':' || c." + t.id + " FROM " + t.changes + " c WHERE " +
           TriggerCut{read.through, 0, {}}.beyond(number) + " ORDER BY " + number + " DESC, c." + t.id +
           " DESC LIMIT 1), ";
    // Those that were running when we looked last and are not any more.
    TriggerCut late{UINT64_MAX, 0, read.running};
    sql +=
        read.running.empty() ? "false" : "EXISTS (SELECT FROM " + t.changes + " c WHERE " + late.beyond(number) + ")";
  }
  auto rows = LV_TRY(connection.query(sql));
  std::vector<ChangeLook> looks;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    std::optional<NewestChange> newest;
    if (const auto& text = rows[0][1 + 2 * i]) {
      std::size_t colon = text->find(':');
      newest = NewestChange{number_in<std::uint64_t>(std::string_view(*text).substr(0, colon), 0),
                            number_in<std::int64_t>(std::string_view(*text).substr(colon + 1), 0)};
    }
    bool late = rows[0][2 + 2 * i] == "t";
    looks.push_back({LV_TRY(next_cut(progress[i].read, *rows[0][0], newest)), newest || late});
  }
  return looks;
}

std::string select_changes(const TriggerTable& t, const TriggerProgress& progress) {
  std::string sql = "SELECT c." + t.id + ", c." + t.transaction + ", c." + t.action + ", ";
  sql += t.time.empty() ? "NULL" : "(extract(epoch FROM c." + t.time + ") * 1000000)::bigint";
  sql += t.texts.empty() ? ", NULL" : ", json_typeof(c." + t.texts + ")";
  for (const std::string& column : t.old_key) sql += ", c." + column;
  sql += ", " + columns_of(t, "c") + " FROM " + t.changes + " c WHERE " + progress.read.beyond("c." + t.transaction) +
         " AND " + progress.window->within("c." + t.transaction);
  if (progress.last != INT64_MIN) sql += " AND c." + t.id + " > " + std::to_string(progress.last);
  // An expression, so that no index on the id is walked from its beginning.
  return sql + " ORDER BY c." + t.id + " + 0";
}

std::string select_rows(const TriggerTable& t, const TriggerProgress& progress, std::int64_t limit) {
  std::string sql = "SELECT " + columns_of(t, "s") + " FROM " + (t.only ? "ONLY " : "") + t.source + " s";
  if (!t.key_is_unique) return sql;
  std::string key, above;
  for (std::size_t k = 0; k < t.table->key.size(); ++k) {
    key += (k == 0 ? "s." : ", s.") + quote_name(t.table->columns[t.table->key[k]].name);
    if (!progress.above.empty()) above += (k == 0 ? "" : ", ") + quote_text(progress.above[k]) + "::" + t.key_types[k];
  }
  if (!above.empty()) sql += " WHERE (" + key + ") > (" + above + ")";
  return sql + " ORDER BY " + key + " LIMIT " + std::to_string(limit);
}

Result<bool> are_as_planned(PostgresConnection& connection, std::span<const TriggerTable> tables) {
  std::string oids;
  for (const TriggerTable& t : tables) oids += (oids.empty() ? "" : ",") + std::to_string(t.table->oid);
  auto rows =
      LV_TRY(connection.query("SELECT attrelid, attnum, attname, format_type(atttypid, atttypmod) FROM "
                              "pg_catalog.pg_attribute WHERE attrelid = "
                              "ANY ('{" +
                              oids + "}'::oid[]) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum"));
  for (const TriggerTable& t : tables) {
    std::vector<TriggerColumn> now;
    for (const auto& row : rows)
      if (*row[0] == std::to_string(t.table->oid)) now.push_back({number_in<int>(*row[1], 0), *row[2], *row[3]});
    if (now != t.columns) return false;
  }
  return true;
}

Result<bool> knows(PostgresConnection& connection, const TriggerCut& cut) {
  auto rows = LV_TRY(connection.query("SELECT pg_snapshot_xmax(pg_current_snapshot()) > '" +
                                      std::to_string(cut.through) + "'::pg_catalog.xid8"));
  return rows[0][0] == "t";
}

Result<bool> claim(PostgresConnection& connection, const TriggerTable& t) {
  // The two numbers are ours (LVDA) and the change table's. A connection of ours that has just ended may not be gone.
  LV_TRY(connection.execute("SET lock_timeout = '2s'"));
  auto locked = connection.query("SELECT pg_advisory_lock(1280721985, " + quote_text(t.changes) +
                                 "::regclass::oid::bigint::bit(32)::int)");
  if (!locked && connection.refusal().sqlstate != "55P03") return std::move(locked).error();
  LV_TRY(connection.execute("SET lock_timeout = 0"));
  return locked.has_value();
}

Result<bool> still_has(PostgresConnection& connection, const TriggerTable& t, const TriggerCut& cut) {
  auto rows = LV_TRY(connection.query("SELECT EXISTS (SELECT FROM " + t.changes + " c WHERE c." + t.transaction +
                                      " = '" + std::to_string(cut.through) + "'::pg_catalog.xid8 AND c." + t.id +
                                      " = " + std::to_string(cut.id) + ")"));
  return rows[0][0] == "t";
}

Result<std::uint64_t> prune_some(PostgresConnection& connection, const TriggerTable& t, const TriggerCut& cut,
                                 std::uint64_t limit) {
  std::string sql = "WITH pruned AS (DELETE FROM " + t.changes + " WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM " +
                    t.changes + " c WHERE " + cut.within("c." + t.transaction) + " AND (c." + t.transaction + ", c." +
                    t.id + ") <> ('" + std::to_string(cut.through) + "'::pg_catalog.xid8, " + std::to_string(cut.id) +
                    ") LIMIT " + std::to_string(limit) + ")) RETURNING 1) SELECT count(*) FROM pruned";
  auto rows = LV_TRY(connection.query(sql));
  return number_in<std::uint64_t>(*rows[0][0], 0);
}

// ---- rows ----

void TriggerRow::put(const PostgresRow& row, std::size_t first, std::vector<FieldText>& out) const {
  out.resize(table_.table->columns.size());
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = field(row[first + c]);
}

DeadLetter TriggerRow::letter(std::string cause, std::int64_t us) const {
  std::string value;
  append_row_json(value, *table_.table, named_texts(*table_.table, row_));
  return {.stage = "read",
          .cause = std::move(cause),
          .origin = table_.changes + " change " + std::to_string(id),
          .topic = {},
          .timestamp_ms = us / 1000,
          .key = std::nullopt,
          .value = std::move(value)};
}

TriggerRow::Taken TriggerRow::collect_change(const PostgresRow& row, std::int64_t now_us, ChangeCollector& out,
                                             DeadLetter& rejected) {
  const bool incomplete = row[4].has_value();
  if (row[4] == "object") return Taken::as_text;
  id = number_in<std::int64_t>(row[0], 0);
  time_us = number_in<std::int64_t>(row[3], 0);
  put(row, fixed_columns + table_.old_key.size(), row_);
  RowChange change;
  change.place.from_log = false;
  change.op = op_of(row[2].value_or(""));
  change.place.xid = static_cast<std::uint32_t>(number_in<std::uint64_t>(row[1], 0));
  change.place.commit_us = time_us != 0 ? time_us : now_us;
  change.place.lsn = static_cast<std::uint64_t>(id);  // what orders the changes of this table
  if (incomplete && change.op != 't')
    for (std::size_t k : table_.table->key)
      if (row_[k].kind == FieldText::Kind::null) {
        rejected = letter("its key cannot be read any more: the table was altered before the change was", time_us);
        return Taken::keyless;
      }
  switch (change.op) {
    case 't': break;
    case 'd': change.before = row_; break;
    case 'c': change.after = row_; break;
    case 'u':
      change.after = row_;
      // The key columns have no nulls, so one that is set says that all are.
      if (!table_.old_key.empty() && row[fixed_columns]) {
        old_.assign(row_.size(), {});
        for (std::size_t k = 0; k < table_.old_key.size(); ++k)
          old_[table_.table->key[k]] = field(row[fixed_columns + k]);
        change.before = old_;
      }
      break;
    default:
      rejected =
          letter("action '" + std::string(row[2].value_or("")) + "' is none of INSERT, UPDATE, DELETE and TRUNCATE",
                 change.place.commit_us);
      return Taken::rejected;
  }
  out.add(table_.table, change);
  return incomplete ? Taken::incomplete : Taken::collected;
}

void TriggerRow::collect_row(const PostgresRow& row, std::int64_t now_us, ChangeCollector& out) {
  put(row, 0, row_);
  RowChange change;
  change.place.from_log = false;
  change.op = 'r';
  change.after = row_;
  change.place.commit_us = now_us;
  change.snapshot = SnapshotMark::yes;
  out.add(table_.table, change);
  key.resize(table_.table->key.size());
  for (std::size_t k = 0; k < key.size(); ++k) key[k] = row_[table_.table->key[k]].view();
}

}  // namespace levada
