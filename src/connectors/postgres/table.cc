#include "connectors/postgres/table.h"

#include <algorithm>

#include "base/json.h"

namespace levada {
namespace {

constexpr const char* tables_of_name = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind, row_security_active(c.oid), pg_has_role(c.relowner, 'USAGE'),
       has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'),
       has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND lower(c.relname) = lower($1)
  AND CASE WHEN $2 = '' THEN n.nspname = ANY (current_schemas(false)) ELSE n.nspname = $2 END
ORDER BY c.relname = $1 DESC, array_position(current_schemas(false), n.nspname))";

// A domain is followed to its base; its length or precision counts, and its NOT NULL too.
constexpr const char* columns_of_table = R"(
WITH RECURSIVE based AS (
  SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier, a.attnotnull AS not_null
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, t.typbasetype, t.typtypmod, b.not_null OR t.typnotnull
  FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.oid, format_type(t.oid, -1), r.proname, t.typtype,
       CASE WHEN t.typcategory = 'A' THEN format_type(t.typelem, -1) ELSE '' END, coalesce(er.proname, ''),
       CASE WHEN t.typname IN ('numeric', '_numeric') AND b.modifier >= 4 THEN (((b.modifier - 4) & 2047) # 1024) - 1024 END,
       b.not_null, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '', a.attidentity = 'a', a.attgenerated <> '',
       CASE WHEN a.attgenerated = '' AND (a.atthasdef OR a.attidentity <> '')
            THEN pg_get_serial_sequence($1::oid::regclass::text, a.attname) END, a.attidentity <> ''
FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd'
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum
JOIN pg_catalog.pg_proc r ON r.oid = t.typreceive
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem LEFT JOIN pg_catalog.pg_proc er ON er.oid = e.typreceive
ORDER BY a.attnum)";

constexpr const char* unique_keys_of_table = R"(
SELECT (SELECT json_agg(a.attname ORDER BY a.attname) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))
FROM pg_catalog.pg_index i
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
  AND i.indexprs IS NULL)";

bool is_true(const std::optional<std::string>& value) { return value == "t"; }

}  // namespace

const PostgresColumn* PostgresTable::find(std::string_view column) const {
  if (auto exact = std::ranges::find(columns, column, &PostgresColumn::name); exact != columns.end()) return &*exact;
  const PostgresColumn* found = nullptr;
  for (const PostgresColumn& c : columns) {
    if (lower_case(c.name) != lower_case(column)) continue;
    if (found) return nullptr;
    found = &c;
  }
  return found;
}

bool PostgresTable::has_unique_key(std::vector<std::string> wanted) const {
  std::ranges::sort(wanted);
  return std::ranges::find(unique_keys, wanted) != unique_keys.end();
}

Result<std::optional<PostgresTable>> read_table(PostgresConnection& connection, const TableName& name) {
  auto found = LV_TRY(connection.query(tables_of_name, std::vector<std::string>{name.name, name.schema}));
  if (found.empty() || (found.size() > 1 && found[0][2] != name.name)) return std::nullopt;
  const auto& row = found[0];
  PostgresTable table;
  table.name = {*row[1], *row[2]};
  table.kind = row[3]->at(0);
  table.row_security = is_true(row[4]);
  table.owned = is_true(row[5]);
  static constexpr const char* privileges[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
  for (std::size_t i = 0; i < 4; ++i)
    if (!is_true(row[6 + i])) table.missing_privileges.emplace_back(privileges[i]);

  const std::vector<std::string> oid = {*row[0]};
  for (const auto& c : LV_TRY(connection.query(columns_of_table, oid))) {
    PostgresColumn column;
    column.name = *c[0];
    column.declared = *c[1];
    column.type = {static_cast<std::uint32_t>(std::stoul(*c[2])), *c[3], *c[4], c[5]->at(0), *c[6], *c[7]};
    if (c[8]) column.numeric_scale = std::stoi(*c[8]);
    column.not_null = is_true(c[9]);
    column.has_default = is_true(c[10]);
    column.always_identity = is_true(c[11]);
    column.generated = is_true(c[12]);
    column.sequence = c[13].value_or("");
    column.identity = is_true(c[14]);
    table.columns.push_back(std::move(column));
  }
  for (const auto& key : LV_TRY(connection.query(unique_keys_of_table, oid))) {
    auto& names = table.unique_keys.emplace_back();
    const Json list = LV_TRY(Json::parse(key[0].value_or("[]")));
    for (const Json& item : *list.array()) names.push_back(*item.string());
    std::ranges::sort(names);
  }
  return table;
}

Result<bool> may_create_tables(PostgresConnection& connection, const std::string& schema) {
  auto rows =
      LV_TRY(connection.query("SELECT n.nspname, has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n "
                              "WHERE n.nspname = CASE WHEN $1 = '' THEN current_schema() ELSE $1 END",
                              std::vector<std::string>{schema}));
  if (rows.empty())
    return Error(ErrorKind::not_found,
                 schema.empty() ? "the search path names no schema that exists" : "there is no schema " + schema)
        .remedy(schema.empty() ? "Set currentSchema in 'connection.url'."
                               : "Create it: CREATE SCHEMA " + quote_name(schema) + ";");
  return is_true(rows[0][1]);
}

}  // namespace levada
