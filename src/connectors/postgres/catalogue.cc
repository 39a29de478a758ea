#include "connectors/postgres/catalogue.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace levada {
namespace {

template <class T>
T number(const std::optional<std::string>& text) {
  T value{};
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

char letter(const std::optional<std::string>& text, char otherwise) {
  return text && !text->empty() ? text->front() : otherwise;
}

template <class List>
std::string oid_array(const List& oids) {
  std::string text = "{";
  for (std::uint32_t oid : oids) text += (text.size() == 1 ? "" : ",") + std::to_string(oid);
  return text + "}";
}

// Of a table while it is put together.
struct Draft {
  CapturedTable table;
  std::vector<std::string> primary, identity;  // names of the columns of the two indexes
};

constexpr std::string_view table_query =
    "SELECT c.oid, current_database(), n.nspname, c.relname, c.relkind, c.relreplident "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND ";

constexpr std::string_view column_query =
    "SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod), "
    "a.attnotnull, a.attgenerated, pg_catalog.pg_get_expr(d.adbin, d.adrelid), "
    "pg_catalog.col_description(a.attrelid, a.attnum), a.attndims, "
    "CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END "
    "FROM pg_catalog.pg_attribute a "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";

// A row for each column of the primary key and of the index that is the replica identity, in their order.
constexpr std::string_view key_query =
    "SELECT i.indrelid, i.indisprimary, i.indisreplident, a.attname "
    "FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
    "WHERE i.indrelid = ANY ($1::oid[]) AND (i.indisprimary OR i.indisreplident) AND k.place <= i.indnkeyatts "
    "ORDER BY i.indrelid, i.indexrelid, k.place";

constexpr std::string_view type_query =
    "SELECT t.oid, t.typname, n.nspname, t.typtype, t.typcategory, t.typdelim, t.typbasetype, t.typtypmod, "
    "CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END "
    "FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = ANY ($1::oid[])";

constexpr std::string_view label_query =
    "SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = ANY ($1::oid[]) "
    "ORDER BY enumtypid, enumsortorder";

}  // namespace

std::vector<std::size_t> find_key(const CapturedTable& table, std::span<const std::string> names) {
  std::vector<std::size_t> key;
  for (const std::string& name : names) {
    auto at = std::ranges::find(table.columns, name, &CapturedColumn::name);
    if (at == table.columns.end()) return {};
    key.push_back(static_cast<std::size_t>(at - table.columns.begin()));
  }
  return key;
}

Result<std::vector<CapturedTableRef>> Catalogue::tables(PostgresConnection& connection) {
  // With publish_via_partition_root the root stands for all below it, else each partition for itself.
  std::string condition = rules_.through_root ? "NOT c.relispartition" : "c.relkind = 'r'";
  auto found = LV_TRY(load(connection, condition));
  std::erase_if(found, [&](const CapturedTableRef& t) { return !rules_.filter->table(t->schema, t->name); });
  return found;
}

Result<CapturedTableRef> Catalogue::table(PostgresConnection& connection, std::uint32_t oid) {
  auto found = LV_TRY(load(connection, "c.oid = " + std::to_string(oid)));
  return found.empty() ? nullptr : found[0];
}

Result<std::vector<CapturedTableRef>> Catalogue::load(PostgresConnection& connection, const std::string& condition) {
  std::vector<CapturedTableRef> found;
  std::map<std::uint32_t, Draft> drafts;
  std::vector<std::uint32_t> oids;
  for (auto& row : LV_TRY(connection.query(std::string(table_query) + condition + " ORDER BY 3, 4"))) {
    auto oid = number<std::uint32_t>(row[0]);
    CapturedTable& table = drafts[oid].table;
    table = {.oid = oid, .database = *row[1], .schema = *row[2], .name = *row[3]};
    table.kind = letter(row[4], 'r');
    table.identity = letter(row[5], 'd');
    table.topic = captured_topic(rules_.topic_prefix, table.schema, table.name);
    oids.push_back(oid);
  }
  if (oids.empty()) return found;
  const std::vector<std::string> all = {oid_array(oids)};
  auto columns = LV_TRY(connection.query(std::string(column_query), all));
  std::vector<std::uint32_t> types;
  for (const auto& row : columns) types.push_back(number<std::uint32_t>(row[2]));
  LV_TRY(load_types(connection, std::move(types)));
  for (auto& row : columns) {
    CapturedTable& table = drafts[number<std::uint32_t>(row[0])].table;
    CapturedColumn column{.name = *row[1]};
    column.type = made(number<std::uint32_t>(row[2]), number<std::int32_t>(row[3]));
    column.declared = row[4].value_or("");
    column.not_null = row[5] == "t";
    column.generated = letter(row[6], '\0') != '\0';
    column.in_log = !column.generated;
    if (!column.generated) column.fallback = std::move(row[7]);
    column.comment = row[8].value_or("");
    column.dimensions = number<int>(row[9]);
    column.older = std::move(row[10]);
    if (rules_.masks) column.mask = rules_.masks->of(table.schema, table.name, column.name);
    if (column.generated && !rules_.generated) continue;
    if (rules_.filter->column(table.schema, table.name, column.name)) table.columns.push_back(std::move(column));
  }
  for (auto& row : LV_TRY(connection.query(std::string(key_query), all))) {
    Draft& draft = drafts[number<std::uint32_t>(row[0])];
    if (row[1] == "t") draft.primary.push_back(*row[3]);
    if (row[2] == "t") draft.identity.push_back(*row[3]);
  }
  for (std::uint32_t oid : oids) {
    Draft& draft = drafts[oid];
    CapturedTable& table = draft.table;
    auto wanted = rules_.filter->key(table.schema, table.name);
    table.key = find_key(table, wanted.empty() ? draft.primary : wanted);
    const auto& identity = table.identity == 'i' ? draft.identity : draft.primary;
    for (CapturedColumn& column : table.columns)
      column.in_identity = table.identity == 'f' ||
                           (table.identity != 'n' && std::ranges::find(identity, column.name) != identity.end());
    found.push_back(std::make_shared<CapturedTable>(std::move(table)));
  }
  return found;
}

// With the types they are made of.
Result<void> Catalogue::load_types(PostgresConnection& connection, std::vector<std::uint32_t> oids) {
  std::set<std::uint32_t> enums;
  while (true) {
    std::erase_if(oids, [&](std::uint32_t oid) { return oid == 0 || types_.contains(oid); });
    if (oids.empty()) break;
    for (std::uint32_t oid : oids) types_[oid].type.oid = oid;  // one that is gone has no name
    const std::vector<std::string> asked = {oid_array(oids)};
    oids.clear();
    for (auto& row : LV_TRY(connection.query(std::string(type_query), asked))) {
      Type& type = types_[number<std::uint32_t>(row[0])];
      type.type.name = *row[1];
      type.type.schema = *row[2];
      type.type.kind = letter(row[3], 'b');
      type.type.category = letter(row[4], 'U');
      type.type.delimiter = letter(row[5], ',');
      type.base = number<std::uint32_t>(row[6]);
      type.base_modifier = number<std::int32_t>(row[7]);
      type.element = number<std::uint32_t>(row[8]);
      if (type.type.kind == 'e') enums.insert(type.type.oid);
      oids.push_back(type.base);
      oids.push_back(type.element);
    }
  }
  if (enums.empty()) return {};
  const std::vector<std::string> asked = {oid_array(enums)};
  for (auto& row : LV_TRY(connection.query(std::string(label_query), asked)))
    types_[number<std::uint32_t>(row[0])].type.labels.push_back(std::move(*row[1]));
  return {};
}

CapturedType Catalogue::made(std::uint32_t oid, std::int32_t modifier, int depth) const {
  auto at = types_.find(oid);
  if (at == types_.end() || depth > 32) return {.oid = oid, .modifier = modifier};
  CapturedType type = at->second.type;
  type.modifier = modifier;
  if (at->second.base != 0)
    type.base = std::make_shared<CapturedType>(made(at->second.base, at->second.base_modifier, depth + 1));
  if (at->second.element != 0)  // an array's modifier is that of its elements
    type.element = std::make_shared<CapturedType>(made(at->second.element, modifier, depth + 1));
  return type;
}

Result<CapturedType> Catalogue::type(PostgresConnection& connection, std::uint32_t oid, std::int32_t modifier) {
  LV_TRY(load_types(connection, {oid}));
  return made(oid, modifier);
}

Result<std::string> Catalogue::type_text(PostgresConnection& connection, std::uint32_t oid, std::int32_t modifier) {
  const std::vector<std::string> asked = {std::to_string(oid), std::to_string(modifier)};
  auto rows = LV_TRY(connection.query("SELECT pg_catalog.format_type($1::oid, $2::int)", asked));
  return rows.empty() ? std::string() : rows[0][0].value_or("");
}

}  // namespace levada
