#include "connectors/postgres/table_statements.h"

namespace levada {
namespace {

std::string joined(const TablePlan& plan, std::string_view between, auto text_of) {
  std::string list;
  for (std::size_t i = 0; i < plan.columns.size(); ++i)
    if (std::string text = text_of(i); !text.empty()) list += (list.empty() ? "" : std::string(between)) + text;
  return list;
}

std::string name_of(const TablePlan& plan, std::size_t i) { return quote_name(plan.columns[i].name); }
bool is_key(const TablePlan& plan, std::size_t i) { return plan.columns[i].source.key; }
bool is_sent(const SentColumns& sent, std::size_t i) { return sent.empty() || sent[i]; }

// The value of column i in a row of the arrays, as the table's column takes it.
std::string value_text(const TablePlan& plan, std::size_t i) {
  return "v.c" + std::to_string(i) + plan.columns[i].field.cast;
}

// "unnest($1::bigint[], …) AS v(c0, …)" of the columns that are sent.
std::string unnest_text(const TablePlan& plan, const SentColumns& sent = {}) {
  std::size_t number = 0;
  std::string arrays = joined(plan, ", ", [&](std::size_t i) {
    return is_sent(sent, i) ? "$" + std::to_string(++number) + "::" + plan.columns[i].field.wire_type + "[]" : "";
  });
  std::string names =
      joined(plan, ", ", [&](std::size_t i) { return is_sent(sent, i) ? "c" + std::to_string(i) : ""; });
  return "unnest(" + arrays + ") AS v(" + names + ")";
}

std::string same_key_text(const TablePlan& plan) {
  return joined(plan, " AND ", [&](std::size_t i) {
    return is_key(plan, i) ? "t." + name_of(plan, i) + " = " + value_text(plan, i) : "";
  });
}

std::string column_list(const TablePlan& plan) {
  return "(" + joined(plan, ", ", [&](std::size_t i) { return name_of(plan, i); }) + ")";
}

std::string update_text(const TablePlan& plan, const SentColumns& sent, const std::string& changes) {
  return "UPDATE " + plan.table + " AS t SET " + changes + " FROM " + unnest_text(plan, sent) + " WHERE " +
         same_key_text(plan);
}

}  // namespace

std::string copy_statement(const TablePlan& plan) {
  return "COPY " + plan.table + " " + column_list(plan) + " FROM STDIN (FORMAT binary)";
}

std::string insert_statement(const TablePlan& plan) {
  std::string sql = "INSERT INTO " + plan.table + " " + column_list(plan);
  if (plan.always_identity) sql += " OVERRIDING SYSTEM VALUE";
  sql += " SELECT " + joined(plan, ", ", [&](std::size_t i) { return value_text(plan, i); }) + " FROM " +
         unnest_text(plan);
  if (plan.mode != InsertMode::upsert) return sql;
  sql += " ON CONFLICT (" + joined(plan, ", ", [&](std::size_t i) { return is_key(plan, i) ? name_of(plan, i) : ""; }) +
         ")";
  std::string changes = joined(plan, ", ", [&](std::size_t i) {
    return is_key(plan, i) ? "" : name_of(plan, i) + " = excluded." + name_of(plan, i);
  });
  return sql + (changes.empty() ? " DO NOTHING" : " DO UPDATE SET " + changes);
}

std::string update_statement(const TablePlan& plan, const SentColumns& sent) {
  std::string changes = joined(plan, ", ", [&](std::size_t i) {
    return is_key(plan, i) || !is_sent(sent, i) ? "" : name_of(plan, i) + " = " + value_text(plan, i);
  });
  return changes.empty() ? changes : update_text(plan, sent, changes);
}

std::string touch_statement(const TablePlan& plan, const SentColumns& sent) {
  std::size_t key = 0;
  while (!is_key(plan, key)) ++key;
  return update_text(plan, sent, name_of(plan, key) + " = t." + name_of(plan, key));
}

std::string delete_statement(const TablePlan& plan) {
  SentColumns key;
  for (const TablePlan::Column& column : plan.columns) key.push_back(column.source.key);
  return "DELETE FROM " + plan.table + " AS t USING " + unnest_text(plan, key) + " WHERE " + same_key_text(plan);
}

}  // namespace levada
