#include "tests/live/snapshot_journal.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "connectors/postgres/names.h"

namespace levada {
namespace {

JournalEvent::Row texts(std::span<const FieldText> values) {
  JournalEvent::Row row;
  for (const FieldText& v : values) {
    switch (v.kind) {
      case FieldText::Kind::null: row.push_back("NULL"); break;
      case FieldText::Kind::unchanged: row.push_back("(unchanged)"); break;
      case FieldText::Kind::text: row.emplace_back(v.view()); break;
    }
  }
  return row;
}

std::string line(const JournalEvent::Row& row, std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) text += (i == 0 ? "" : "|") + row[i];
  return text + '\n';
}

std::string sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& l : lines) text += l;
  return text;
}

}  // namespace

void CaptureJournal::add(const CapturedTableRef& table, const RowChange& change) {
  pending_.push_back({table, change.op, texts(change.before), texts(change.after), change.snapshot});
}

void CaptureJournal::commit_all(std::string behind) {
  events.insert(events.end(), pending_.begin(), pending_.end());
  pending_.clear();
  position = std::move(behind);
  ++commits;
}

std::string CaptureJournal::rows_read(const std::string& table) const {
  std::vector<std::string> lines;
  for (const JournalEvent& e : events)
    if (e.table->name == table && e.op == 'r') lines.push_back(line(e.after, e.after.size()));
  return sorted(std::move(lines));
}

std::string CaptureJournal::table_after(const std::string& table, std::size_t key) const {
  std::multimap<std::string, JournalEvent::Row> rows;
  for (const JournalEvent& e : events) {
    if (e.table->name != table) continue;
    std::size_t columns = key ? key : e.table->columns.size();
    if (e.op == 't') rows.clear();
    if (e.op == 'd' || (e.op == 'u' && !e.before.empty())) {
      auto gone = rows.find(line(e.before, columns));
      // A deletion of a key that the snapshot has yet to come to is nothing; of a whole row it is a row too many.
      if (key == 0) REQUIRE_MESSAGE(gone != rows.end(), (table + ": no row to replace: " + line(e.before, columns)));
      if (gone != rows.end()) rows.erase(gone);
    }
    if (e.op == 'd' || e.op == 't') continue;
    JournalEvent::Row row = e.after;
    std::string name = line(row, columns);
    auto there = key ? rows.find(name) : rows.end();
    bool partial = std::ranges::find(row, "(unchanged)") != row.end();
    if (partial && there == rows.end()) continue;  // an UPDATE that finds no row
    for (std::size_t i = 0; i < row.size(); ++i)
      if (row[i] == "(unchanged)") row[i] = there->second[i];
    if (there != rows.end()) rows.erase(there);
    rows.emplace(name, std::move(row));
  }
  std::vector<std::string> lines;
  for (const auto& [name, row] : rows) lines.push_back(line(row, row.size()));
  return sorted(std::move(lines));
}

CapturedTableRef captured(PostgresStage& stage, const std::string& name) {
  CapturedTable table{.schema = stage.schema(), .name = name, .topic = name};
  std::string full = "'" + quote_name(name) + "'::regclass";
  table.oid = static_cast<std::uint32_t>(std::stoul(stage.sql("SELECT " + full + "::oid")));
  table.kind = stage.sql("SELECT relkind FROM pg_class WHERE oid = " + full)[0];
  std::string columns =
      stage.sql("SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = " + full +
                " ORDER BY attnum");
  for (std::size_t at = 0; at < columns.size();) {
    std::size_t end = std::min(columns.find('\n', at), columns.size());
    table.columns.push_back({.name = columns.substr(at, end - at), .type = {}, .declared = {}, .fallback = {}});
    at = end + 1;
  }
  std::string keyed = stage.sql("SELECT count(*) FROM pg_index WHERE indisprimary AND indrelid = " + full);
  if (keyed != "0") table.key = {0};
  return std::make_shared<CapturedTable>(std::move(table));
}

std::string rows_in(PostgresStage& stage, const std::string& table) {
  std::string rows = stage.sql("SELECT * FROM " + table);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < rows.size();) {
    std::size_t end = std::min(rows.find('\n', at), rows.size());
    lines.push_back(rows.substr(at, end - at) + '\n');
    at = end + 1;
  }
  return sorted(std::move(lines));
}

}  // namespace levada
