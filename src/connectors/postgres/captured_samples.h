// Captured tables and their texts as tests write them down.
#pragma once
#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "connectors/postgres/change_collector.h"

namespace levada {

// "numeric(10,2)", "text[]", "enum(sad,ok)", "domain(integer)", "composite": a type as the catalogue would have it.
inline CapturedType captured_type(std::string_view text) {
  CapturedType type;
  if (text.ends_with("[]")) {
    type.element = std::make_shared<const CapturedType>(captured_type(text.substr(0, text.size() - 2)));
    if (type.element->element) return *type.element;
    type.name = "_" + type.element->name;
    type.schema = type.element->schema;
    type.category = 'A';
    type.modifier = type.element->modifier;
    return type;
  }
  // "time(3) without time zone"
  if (std::size_t open = text.find('('); text.starts_with("time") && open != std::string_view::npos) {
    type = captured_type(std::string(text.substr(0, open)) + std::string(text.substr(text.find(')') + 1)));
    type.modifier = text[open + 1] - '0';
    return type;
  }
  std::string_view inside;
  if (text.ends_with(')')) {
    std::size_t open = text.find('(');
    inside = text.substr(open + 1, text.size() - open - 2);
    text = text.substr(0, open);
  }
  if (text == "domain") {
    type = {.name = "a_domain", .schema = "public", .kind = 'd'};
    type.base = std::make_shared<const CapturedType>(captured_type(inside));
    type.modifier = type.base->modifier;
    return type;
  }
  if (text == "enum") {
    type = {.name = "mood", .schema = "public", .kind = 'e', .category = 'E'};
    while (!inside.empty()) {
      std::size_t comma = std::min(inside.find(','), inside.size());
      type.labels.emplace_back(inside.substr(0, comma));
      inside.remove_prefix(std::min(comma + 1, inside.size()));
    }
    return type;
  }
  if (text == "composite") return {.name = "pair", .schema = "public", .kind = 'c', .category = 'C'};
  struct Spelling {
    std::string_view spelled, name;
  };
  static constexpr Spelling spellings[] = {
      {"boolean", "bool"},
      {"smallint", "int2"},
      {"integer", "int4"},
      {"bigint", "int8"},
      {"real", "float4"},
      {"double precision", "float8"},
      {"character varying", "varchar"},
      {"character", "bpchar"},
      {"bit varying", "varbit"},
      {"time without time zone", "time"},
      {"time with time zone", "timetz"},
      {"timestamp without time zone", "timestamp"},
      {"timestamp with time zone", "timestamptz"},
  };
  const auto* spelling = std::ranges::find(spellings, text, &Spelling::spelled);
  type.name = spelling != std::end(spellings) ? spelling->name : text;
  bool extension = text == "citext" || text == "ltree" || text == "hstore";
  type.schema = extension ? "public" : "pg_catalog";
  if (text.ends_with("range")) type.kind = text.ends_with("multirange") ? 'm' : 'r';
  if (text == "box") type.delimiter = ';';
  if (inside.empty() && text == "bit") type.modifier = 1;
  if (inside.empty()) return type;
  std::size_t comma = inside.find(',');
  int first = std::stoi(std::string(inside));
  int second = comma == std::string_view::npos ? 0 : std::stoi(std::string(inside.substr(comma + 1)));
  if (type.name == "numeric")
    type.modifier = (first << 16 | (second & 0x7ff)) + 4;
  else
    type.modifier = type.name == "varchar" || type.name == "bpchar" ? first + 4 : first;
  return type;
}

inline CapturedColumn captured_column(std::string name, std::string_view type) {
  CapturedColumn column;
  column.name = std::move(name);
  column.type = captured_type(type);
  column.declared = type;
  for (std::size_t i = 0; i + 1 < type.size(); ++i) column.dimensions += type.substr(i, 2) == "[]";
  return column;
}

// Rows of the table of a page whose head is `head`: the cells without the marks of code.
inline std::vector<std::vector<std::string>> table_rows(const std::string& page, std::string_view head) {
  std::size_t at = page.find(head);
  LV_ASSERT(at != std::string::npos);
  at = page.find('\n', page.find('\n', at) + 1) + 1;
  std::vector<std::vector<std::string>> rows;
  while (page[at] == '|') {
    std::size_t end = page.find('\n', at);
    std::vector<std::string> cells;
    for (std::size_t i = at + 1; i < end;) {
      std::size_t bar = page.find(" |", i);
      std::string cell = bar == i ? "" : page.substr(i + 1, bar - i - 1);
      if (cell.size() >= 2 && cell.front() == '`' && cell.back() == '`') cell = cell.substr(1, cell.size() - 2);
      cells.push_back(cell);
      i = bar + 2;
    }
    rows.push_back(cells);
    at = end + 1;
  }
  return rows;
}

// Texts that live as long as this, with room behind them.
class SampleTexts {
 public:
  FieldText text(std::string_view text) {
    kept_.push_back(std::string(text) + std::string(16, '\xff'));
    return {FieldText::Kind::text, static_cast<std::uint32_t>(text.size()), kept_.back().data()};
  }
  static FieldText null() { return {}; }
  static FieldText unchanged() { return {FieldText::Kind::unchanged, 0, nullptr}; }

  // "~" is null, "…" unchanged.
  std::vector<FieldText> row(const std::vector<std::string>& texts) {
    std::vector<FieldText> fields;
    for (const std::string& t : texts) fields.push_back(t == "~" ? null() : t == "…" ? unchanged() : text(t));
    return fields;
  }

 private:
  std::deque<std::string> kept_;
};

// A table "inventory.NAME" with the topic "shop.inventory.NAME"; the key are the first `keys` columns, NOT NULL.
inline CapturedTable captured_table(std::string name, std::vector<CapturedColumn> columns, std::size_t keys = 1) {
  CapturedTable table{.oid = 1000, .database = "inventory", .schema = "inventory", .name = name};
  table.columns = std::move(columns);
  table.topic = "shop.inventory." + name;
  for (std::size_t i = 0; i < keys; ++i) {
    table.key.push_back(i);
    table.columns[i].not_null = table.columns[i].in_identity = true;
  }
  return table;
}

}  // namespace levada
