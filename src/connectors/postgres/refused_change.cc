#include "connectors/postgres/refused_change.h"

#include <fmt/core.h>

#include "base/json.h"

namespace levada {
namespace {

void append_row(std::string& out, std::string_view name, const std::vector<NamedText>& row) {
  if (row.empty()) return;
  append_json_string(out += ',', name);
  out += ":{";
  char separator = 0;
  for (const NamedText& field : row) {
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

}  // namespace

std::string lsn_text(std::uint64_t lsn) { return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xffffffffu); }

DeadLetter refused_change(const CapturedTable& table, char op, const ChangePlace& place, std::string cause,
                          const std::vector<NamedText>& before, const std::vector<NamedText>& after) {
  DeadLetter letter;
  letter.stage = "read";
  letter.cause = std::move(cause);
  letter.origin = table.text();
  if (place.lsn != 0) letter.origin += " at " + lsn_text(place.lsn);
  if (place.xid != 0) letter.origin += fmt::format(", transaction {}", place.xid);
  letter.topic = table.topic;
  letter.timestamp_ms = place.commit_us / 1000;
  std::string value = "{\"op\":\"";
  value += op;
  value += '"';
  append_row(value, "before", before);
  append_row(value, "after", after);
  value += '}';
  letter.value = std::move(value);
  return letter;
}

std::vector<NamedText> named_texts(const CapturedTable& table, std::span<const FieldText> row) {
  std::vector<NamedText> texts;
  for (std::size_t i = 0; i < row.size(); ++i) texts.push_back({table.columns[i].name, row[i]});
  return texts;
}

}  // namespace levada
