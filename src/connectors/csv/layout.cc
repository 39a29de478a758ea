#include "connectors/csv/layout.h"

#include <algorithm>

#include "base/near_name.h"

namespace levada {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c < 0;  // UTF-8: letters, mostly
}

// As names are compared: runs of other characters become one underscore, none at the ends.
std::string plain_name(std::string_view name, bool case_sensitive) {
  std::string plain;
  for (char c : name) {
    if (is_letter_or_digit(c))
      plain += !case_sensitive && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    else if (!plain.empty() && plain.back() != '_')
      plain += '_';
  }
  if (!plain.empty() && plain.back() == '_') plain.pop_back();
  return plain;
}

std::string_view trimmed(std::string_view text) {
  std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
}

std::string listed(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// A name, quoted or up to a comma or colon.
Result<std::string> take_name(std::string_view& text) {
  text = trimmed(text);
  if (!text.starts_with('"')) {
    std::size_t end = std::min(text.find_first_of(",:"), text.size());
    std::string name(trimmed(text.substr(0, end)));
    text.remove_prefix(end);
    return name;
  }
  std::size_t close = text.find('"', 1);
  if (close == std::string_view::npos) return Error(ErrorKind::usage, "'columns' has an open quote");
  std::string name(text.substr(1, close - 1));
  text = trimmed(text.substr(close + 1));
  return name;
}

// The place of the one header that is this column's; missing if there is none.
Result<std::uint32_t> find_header(std::span<const std::string> headers, std::string_view name, std::string_view column,
                                  bool case_sensitive) {
  std::uint32_t found = CsvLayout::missing;
  std::string plain = plain_name(name, case_sensitive);
  for (std::uint32_t i = 0; i < headers.size(); ++i) {
    if (plain_name(headers[i], case_sensitive) != plain) continue;
    if (trimmed(headers[i]) == trimmed(name)) return i;  // to the letter: no other can be meant
    if (found != CsvLayout::missing)
      return Error(ErrorKind::data, "the header has two names for column " + std::string(column) + ": '" +
                                        headers[found] + "' and '" + headers[i] + "'")
          .remedy("Say which one is meant: 'columns' = '" + headers[i] + ":" + std::string(column) + "'.");
    found = i;
  }
  return found;
}

Error lacking(std::span<const std::string> headers, const std::vector<std::string>& lacking) {
  std::vector<std::string> names(headers.begin(), headers.end());
  std::string near = did_you_mean(lacking.front(), names);
  return Error(ErrorKind::data,
               "the header lacks " + std::string(lacking.size() == 1 ? "column " : "columns ") + listed(lacking))
      .why("the header has " + listed(names))
      .remedy((near.empty() ? "" : near + " ") + "Map it with 'columns' = 'HEADER NAME:" + lacking.front() +
              "', or set 'missing.columns' = 'null'. Where the file has no header, set "
              "'csv.first.row.as.header' = 'false'.");
}

CsvLayout by_position(const Schema& schema) {
  CsvLayout layout{.width = static_cast<std::uint32_t>(schema.size())};
  for (std::uint32_t i = 0; i < schema.size(); ++i) layout.fields.push_back(i);
  return layout;
}

}  // namespace

Result<std::vector<CsvColumnName>> parse_column_names(std::string_view text) {
  std::vector<CsvColumnName> names;
  while (!trimmed(text).empty()) {
    CsvColumnName name;
    name.header = LV_TRY(take_name(text));
    if (!text.starts_with(':') || name.header.empty())
      return Error(ErrorKind::usage, "'columns' has no column for header '" + name.header + "'")
          .remedy("Write 'HEADER NAME:COLUMN, …', and names with commas or colons in double quotes.");
    text.remove_prefix(1);
    name.column = LV_TRY(take_name(text));
    if (name.column.empty()) return Error(ErrorKind::usage, "'columns' has no column for header '" + name.header + "'");
    if (!text.empty() && !text.starts_with(','))
      return Error(ErrorKind::usage, "'columns' is not understood at '" + std::string(text) + "'");
    if (!text.empty()) text.remove_prefix(1);
    names.push_back(std::move(name));
  }
  return names;
}

Result<void> check_column_names(const CsvLayoutRules& rules, const Schema& schema) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < schema.size(); ++i) columns.push_back(schema[i].name);
  for (std::size_t i = 0; i < rules.names.size(); ++i) {
    const std::string& column = rules.names[i].column;
    if (!schema.find(column))
      return Error(ErrorKind::usage, "'columns' names " + column + ", which the topic does not have")
          .remedy(did_you_mean(column, columns));
    for (std::size_t j = 0; j < i; ++j)
      if (rules.names[j].column == column) return Error(ErrorKind::usage, "'columns' names " + column + " twice");
  }
  return {};
}

Result<CsvLayout> lay_out(std::span<const std::string> first_row, const Schema& schema, const CsvLayoutRules& rules) {
  if (rules.header == CsvHeader::no) return by_position(schema);
  CsvLayout layout{.width = static_cast<std::uint32_t>(first_row.size()), .has_header = true};
  std::vector<std::string> missing;
  for (std::size_t c = 0; c < schema.size(); ++c) {
    const std::string& column = schema[c].name;
    auto explicit_name = std::ranges::find(rules.names, column, &CsvColumnName::column);
    std::string_view name = explicit_name == rules.names.end() ? column : explicit_name->header;
    layout.fields.push_back(LV_TRY(find_header(first_row, name, column, rules.case_sensitive)));
    if (layout.fields.back() == CsvLayout::missing) missing.push_back(column);
  }
  // Some names but not all: that is a header with something wrong, not a row of data.
  if (rules.header == CsvHeader::detect && missing.size() == schema.size()) return by_position(schema);
  if (!missing.empty() && rules.missing == CsvMissing::error) return lacking(first_row, missing);
  for (std::uint32_t i = 0; i < first_row.size(); ++i)
    if (std::ranges::find(layout.fields, i) == layout.fields.end()) layout.ignored.push_back(first_row[i]);
  return layout;
}

}  // namespace levada
