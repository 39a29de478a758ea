#include "connectors/postgres/trigger_catalogue.h"

#include <algorithm>

#include "connectors/postgres/catalogue.h"

namespace levada {
namespace {

using Row = PostgresConnection::Row;

constexpr int most_looks = 20;  // in a row, while others alter the table

constexpr const char* tables_of_name = R"(
SELECT c.oid, current_database(), n.nspname, c.relname, c.relkind, c.reltuples,
       has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'DELETE'),
       has_table_privilege(c.oid, 'TRIGGER'), pg_has_role(c.relowner, 'USAGE'), has_schema_privilege(n.oid, 'CREATE'),
       c.relpersistence = 'p', row_security_active(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname = $1
  AND CASE WHEN $2 = '' THEN n.nspname = ANY (current_schemas(false)) ELSE n.nspname = $2 END
ORDER BY array_position(current_schemas(false), n.nspname) LIMIT 1)";

// A domain is followed to its base; its length or precision counts.
constexpr const char* columns_of_table = R"(
WITH RECURSIVE based AS (
  SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, t.typbasetype, t.typtypmod
  FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd'),
owned AS (
  SELECT d.refobjsubid AS attnum, d.objid AS sequence FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = $1::oid AND d.deptype IN ('a', 'i'))
SELECT a.attname, format_type(b.type, b.modifier), a.attnotnull, coalesce(pg_get_expr(e.adbin, e.adrelid), ''),
       a.attidentity <> '', coalesce(quote_ident(n.nspname) || '.' || quote_ident(s.relname), ''),
       coalesce(q.seqcache, 1), coalesce(q.seqincrement, 1), coalesce(q.seqcycle, false),
       a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',
       col_description(a.attrelid, a.attnum), a.attndims,
       CASE WHEN a.atthasmissing THEN quote_literal((a.attmissingval::text::text[])[1]) ELSE '' END, a.attnum,
       CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END
FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd'
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum
LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum AND a.attgenerated = ''
LEFT JOIN owned o ON o.attnum = a.attnum
LEFT JOIN pg_catalog.pg_class s ON s.oid = o.sequence LEFT JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
LEFT JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
ORDER BY a.attnum)";

constexpr const char* key_of_table = R"(
SELECT a.attname, NOT i.indimmediate
FROM pg_catalog.pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::oid AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place)";

constexpr const char* triggers_of_table = R"(
SELECT t.tgname, t.tgenabled, t.tgtype, t.tgdeferrable, n.nspname, p.proname, p.prosrc
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal ORDER BY t.tgname)";

constexpr const char* functions_of_schema = R"(
SELECT p.proname, p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND p.proname LIKE 'levada\_%')";

constexpr const char* first_columns_of_indexes = R"(
SELECT DISTINCT a.attname FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indpred IS NULL)";

std::string columns_digest(std::uint32_t table) {
  return "md5(ARRAY(SELECT concat_ws(' ', attnum, attname, atttypid, atttypmod) FROM pg_attribute WHERE attrelid = " +
         std::to_string(table) + " AND attnum > 0 AND NOT attisdropped ORDER BY attnum)::text)";
}

std::string types_digest(std::uint32_t table) {
  return "md5(table_to_xmlschema(" + std::to_string(table) + ", true, true, '')::text)";
}

bool is_true(const std::optional<std::string>& value) { return value == "t"; }
std::uint32_t oid(const std::optional<std::string>& value) { return static_cast<std::uint32_t>(std::stoul(*value)); }

CatalogueColumn column_of(const Row& r) {
  CatalogueColumn column{.number = std::stoi(*r[16]), .name = *r[0], .type = *r[1], .not_null = is_true(r[2])};
  column.fallback = *r[3];
  column.identity = is_true(r[4]);
  column.sequence = *r[5];
  column.cache = std::stoll(*r[6]);
  column.increment = std::stoll(*r[7]);
  column.cycles = is_true(r[8]);
  column.missing = *r[15];
  return column;
}

}  // namespace

std::string shape_expression(std::uint32_t table) {
  return columns_digest(table) +
         " ||\n      CASE current_setting('transaction_isolation') WHEN 'read committed' THEN ''" + " ELSE " +
         types_digest(table) + " END";
}

const CatalogueColumn* CatalogueChanges::find(std::string_view column) const {
  auto found = std::ranges::find(columns, column, &CatalogueColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

static Result<std::optional<CatalogueTable>> read_table_once(PostgresConnection& connection, const TableName& name) {
  auto found = LV_TRY(connection.query(tables_of_name, std::vector<std::string>{name.name, name.schema}));
  if (found.empty()) return std::nullopt;
  const Row& row = found[0];
  const std::vector<std::string> of_table = {*row[0]};
  CatalogueTable result;
  CapturedTable& table = result.table;
  table.oid = oid(row[0]);
  table.database = *row[1];
  table.schema = *row[2];
  table.name = *row[3];
  table.kind = row[4]->at(0);
  result.rows = std::stod(*row[5]);
  result.may_select = is_true(row[6]);
  result.may_add_triggers = is_true(row[9]);
  result.owned = is_true(row[10]);
  result.may_create = is_true(row[11]);
  result.logged = is_true(row[12]);
  result.row_security = is_true(row[13]);

  const std::string shape_query = "SELECT " + columns_digest(table.oid) + ", " + types_digest(table.oid);
  auto shape = LV_TRY(connection.query(shape_query));
  auto columns = LV_TRY(connection.query(columns_of_table, of_table));
  Catalogue catalogue({});
  for (const Row& r : columns) {
    result.plain.push_back(column_of(r));
    CapturedColumn& column = table.columns.emplace_back();
    column.name = *r[0];
    column.type = LV_TRY(catalogue.type(connection, oid(r[9]), std::stoi(*r[10])));
    column.declared = *r[11];
    column.not_null = is_true(r[2]);
    column.generated = is_true(r[12]);
    if (!r[3]->empty()) column.fallback = *r[3];
    column.comment = r[13].value_or("");
    column.dimensions = std::stoi(*r[14]);
    column.older = r[17];
  }
  for (const Row& r : LV_TRY(connection.query(key_of_table, of_table))) {
    auto column = std::ranges::find(table.columns, *r[0], &CapturedColumn::name);
    table.key.push_back(static_cast<std::size_t>(column - table.columns.begin()));
    result.deferrable_key = is_true(r[1]);
  }
  for (const Row& r : LV_TRY(connection.query(triggers_of_table, of_table))) {
    auto when = static_cast<std::uint16_t>(std::stoi(*r[2]));
    result.triggers.push_back({*r[0], r[1]->at(0), when, is_true(r[3]), *r[4], *r[5], *r[6]});
  }
  // Empty: it was altered while we looked.
  if (shape == LV_TRY(connection.query(shape_query))) {
    result.shape = *shape[0][0];
    result.exact_shape = result.shape + *shape[0][1];
  }
  return result;
}

Result<std::optional<CatalogueTable>> read_captured_table(PostgresConnection& connection, const TableName& name) {
  for (int looks = 1;; ++looks) {
    auto table = read_table_once(connection, name);
    if (!table || !*table || !(*table)->shape.empty()) return table;
    if (looks == most_looks)
      return Error(ErrorKind::unreachable, "table " + name.text() + " is altered again and again while we look at it");
  }
}

Result<std::optional<CatalogueChanges>> read_change_table(PostgresConnection& connection, const TableName& name) {
  auto found = LV_TRY(connection.query(tables_of_name, std::vector<std::string>{name.name, name.schema}));
  if (found.empty()) return std::nullopt;
  const Row& row = found[0];
  CatalogueChanges changes{.name = {*row[2], *row[3]}};
  changes.may_select = is_true(row[6]);
  changes.may_insert = is_true(row[7]);
  changes.may_delete = is_true(row[8]);
  changes.owned = is_true(row[10]);
  changes.logged = is_true(row[12]);
  const std::vector<std::string> of_table = {*row[0]};
  for (const Row& r : LV_TRY(connection.query(columns_of_table, of_table))) changes.columns.push_back(column_of(r));
  for (const Row& r : LV_TRY(connection.query(first_columns_of_indexes, of_table))) changes.indexed.push_back(*r[0]);
  for (const Row& r : LV_TRY(connection.query(functions_of_schema, std::vector<std::string>{changes.name.schema})))
    changes.functions.emplace_back(*r[0], *r[1]);
  for (const CatalogueColumn& c : changes.columns)
    if (c.type == "json" && c.name.starts_with(texts_column) && changes.may_select &&
        is_true(LV_TRY(connection.query("SELECT EXISTS (SELECT FROM " + changes.name.quoted() + " WHERE json_typeof(" +
                                        quote_name(c.name) + ") = 'object')"))[0][0]))
      changes.with_texts.push_back(c.name);
  for (const CatalogueColumn& c : changes.columns)
    if (c.type == "xid8" && changes.may_select)
      changes.from_elsewhere |=
          is_true(LV_TRY(connection.query("SELECT EXISTS (SELECT FROM " + changes.name.quoted() + " WHERE " +
                                          quote_name(c.name) + " >= pg_snapshot_xmax(pg_current_snapshot()))"))[0][0]);
  return changes;
}

}  // namespace levada
