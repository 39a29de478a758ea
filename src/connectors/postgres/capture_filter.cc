#include "connectors/postgres/capture_filter.h"

namespace levada {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

template <class Take>
void for_each_part(std::string_view text, char separator, Take take) {
  while (!text.empty()) {
    std::size_t end = std::min(text.find(separator), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// pg_temp_3, pg_toast and the like are the server's own.
bool is_system(std::string_view schema) { return schema.starts_with("pg_") || schema == "information_schema"; }

}  // namespace

Result<CaptureFilter> CaptureFilter::compile(const CaptureLists& lists) {
  CaptureFilter filter;
  filter.schemas_ = LV_TRY(NamePatterns::compile(lists.schemas, "schema.include.list"));
  filter.without_schemas_ = LV_TRY(NamePatterns::compile(lists.without_schemas, "schema.exclude.list"));
  filter.tables_ = LV_TRY(NamePatterns::compile(lists.tables, "table.include.list"));
  filter.without_tables_ = LV_TRY(NamePatterns::compile(lists.without_tables, "table.exclude.list"));
  filter.columns_ = LV_TRY(NamePatterns::compile(lists.columns, "column.include.list"));
  filter.without_columns_ = LV_TRY(NamePatterns::compile(lists.without_columns, "column.exclude.list"));
  std::string_view wrong;
  std::vector<std::pair<std::string, std::vector<std::string>>> keys;
  for_each_part(lists.keys, ';', [&](std::string_view part) {
    if (trimmed(part).empty()) return;
    std::size_t colon = part.rfind(':');
    if (colon == part.npos) return static_cast<void>(wrong = part);
    auto& [tables, columns] = keys.emplace_back();
    tables = trimmed(part.substr(0, colon));
    for_each_part(part.substr(colon + 1), ',', [&](std::string_view column) { columns.emplace_back(trimmed(column)); });
    if (columns.empty()) wrong = part;
  });
  if (!wrong.empty())
    return Error(ErrorKind::usage, "'message.key.columns' has '" + std::string(trimmed(wrong)) + "'")
        .remedy("Write SCHEMA.TABLE:COLUMN,COLUMN;SCHEMA.TABLE:COLUMN");
  for (auto& [tables, columns] : keys)
    filter.keys_.push_back({LV_TRY(NamePatterns::compile({tables}, "message.key.columns")), std::move(columns)});
  return filter;
}

bool CaptureFilter::all_tables() const {
  return schemas_.empty() && without_schemas_.empty() && tables_.empty() && without_tables_.empty();
}

bool CaptureFilter::table(std::string_view schema, std::string_view table) const {
  if (is_system(schema)) return false;
  if (!schemas_.empty() && !schemas_.match(schema)) return false;
  if (without_schemas_.match(schema)) return false;
  std::string name = std::string(schema) + "." + std::string(table);
  return (tables_.empty() || tables_.match(name)) && !without_tables_.match(name);
}

bool CaptureFilter::column(std::string_view schema, std::string_view table, std::string_view column) const {
  if (columns_.empty() && without_columns_.empty()) return true;
  std::string name = std::string(schema) + "." + std::string(table) + "." + std::string(column);
  return (columns_.empty() || columns_.match(name)) && !without_columns_.match(name);
}

std::vector<std::string> CaptureFilter::key(std::string_view schema, std::string_view table) const {
  std::string name = std::string(schema) + "." + std::string(table);
  for (const Key& key : keys_)
    if (key.tables.match(name)) return key.columns;
  return {};
}

std::string captured_topic(std::string_view prefix, std::string_view schema, std::string_view table) {
  std::string topic = std::string(prefix) + "." + std::string(schema) + "." + std::string(table);
  for (char& c : topic)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
          c == '-'))
      c = '_';
  return topic;
}

}  // namespace levada
