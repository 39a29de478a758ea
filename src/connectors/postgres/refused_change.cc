#include "connectors/postgres/refused_change.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json.h"
#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/pgoutput.h"

namespace levada {

void append_row_json(std::string& out, const CapturedTable& table, const std::vector<NamedText>& row) {
  out += '{';
  char separator = 0;
  Arena arena;
  for (NamedText field : row) {
    auto column = std::ranges::find(table.columns, field.name, &CapturedColumn::name);
    if (column != table.columns.end() && column->mask)
      if (CapturedType type = column->type.resolved(); column->mask->takes(type))
        field.text = column->mask->apply(field.text, type, arena);
    if (field.text.kind == FieldText::Kind::unchanged) continue;
    if (separator) out += separator;
    separator = ',';
    append_json_string(out, field.name);
    out += ':';
    if (field.text.kind == FieldText::Kind::text)
      append_json_string(out, field.text.view());
    else
      out += "null";
  }
  out += '}';
}

static void append_row(std::string& out, const CapturedTable& table, std::string_view name,
                       const std::vector<NamedText>& row) {
  if (row.empty()) return;
  append_json_string(out += ',', name);
  out += ':';
  append_row_json(out, table, row);
}

DeadLetter refused_change(const CapturedTable& table, char op, const ChangePlace& place, std::string cause,
                          const std::vector<NamedText>& before, const std::vector<NamedText>& after) {
  DeadLetter letter;
  letter.stage = "read";
  letter.cause = std::move(cause);
  letter.origin = table.text();
  if (place.lsn != 0)
    letter.origin += place.from_log ? " LSN " + lsn_text(place.lsn) : " change " + std::to_string(place.lsn);
  if (place.xid != 0) letter.origin += fmt::format(", transaction {}", place.xid);
  letter.topic = table.topic;
  letter.timestamp_ms = place.commit_us / 1000;
  std::string value = "{\"op\":\"";
  value += op;
  value += '"';
  append_row(value, table, "before", before);
  append_row(value, table, "after", after);
  value += '}';
  letter.value = std::move(value);
  return letter;
}

DeadLetter refused_change(const CapturedTable& table, const RowChange& change, std::string cause) {
  return refused_change(table, change.op, change.place, std::move(cause), named_texts(table, change.before),
                        named_texts(table, change.after));
}

std::string key_not_in_log(const CapturedColumn& column) {
  return "the log does not hold the key's column " + column.name;
}

std::string old_key_not_in_log(const CapturedTable& table, const CapturedColumn& column) {
  return key_not_in_log(column) + " of the row that is gone; ALTER TABLE " + table.text() +
         " REPLICA IDENTITY FULL writes it";
}

std::vector<NamedText> named_texts(const CapturedTable& table, std::span<const FieldText> row) {
  std::vector<NamedText> texts;
  for (std::size_t i = 0; i < row.size(); ++i) texts.push_back({table.columns[i].name, row[i]});
  return texts;
}

}  // namespace levada
