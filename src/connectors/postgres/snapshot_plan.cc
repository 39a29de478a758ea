#include "connectors/postgres/snapshot_plan.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include "base/json.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/table_references.h"

namespace levada {
namespace {

// More pages say little more about where the keys lie: of each range, and in all.
constexpr std::uint64_t sampled_pages_of_range = 20, most_sampled_pages = 2000;
constexpr std::uint64_t most_ranges = 1000;
constexpr std::uint64_t page_bytes = 8192;

std::string quoted(const CapturedTable& table) { return TableName{table.schema, table.name}.quoted(); }

// The children of a table that is inherited from are tables of their own; partitions are not.
std::string from_clause(const CapturedTable& table) {
  return table.kind == 'p' ? quoted(table) : "ONLY " + quoted(table);
}

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t n = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), n);
  return n;
}

std::string key_names(const PlannedTable& table, std::size_t count) {
  std::string names;
  for (std::size_t i = 0; i < count; ++i)
    names += (i ? ", " : "") + quote_name(table.table->columns[table.key[i]].name);
  return names;
}

// (a, b) > ('1', 'x'): without types, so that each text is read as its column's type and compared under its collation.
std::string comparison(const PlannedTable& table, const char* how, const std::vector<std::string>& bound) {
  if (bound.empty()) return {};
  std::string values;
  for (const std::string& v : bound) values += (values.empty() ? "" : ", ") + quote_text(v);
  std::string names = key_names(table, bound.size());
  if (bound.size() == 1) return names + how + values;
  return "(" + names + ")" + how + "(" + values + ")";
}

std::string condition(const PlannedTable& table, const KeyRange& range) {
  std::string above = comparison(table, " > ", range.above), to = comparison(table, " <= ", range.to);
  if (above.empty() && to.empty()) return {};
  return " WHERE " + above + (above.empty() || to.empty() ? "" : " AND ") + to;
}

// The index of the replica identity, else the primary key: its columns in its order. Composite types cannot be compared
// with a text, so such a key does not count.
constexpr std::string_view key_query = R"(
  SELECT a.attname, t.typtype
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  JOIN pg_type t ON t.oid = a.atttypid
  WHERE i.indrelid = $1::oid AND i.indisvalid AND k.place <= i.indnkeyatts
    AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary END
  ORDER BY k.place)";

Result<std::vector<std::size_t>> read_key(PostgresConnection& connection, const CapturedTable& table) {
  std::vector<std::size_t> key;
  std::string oid = std::to_string(table.oid);
  for (const auto& row : LV_TRY(connection.query(std::string(key_query), {&oid, 1}))) {
    auto column = std::ranges::find(table.columns, row[0].value_or(""), &CapturedColumn::name);
    if (column == table.columns.end() || row[1] == "c") return std::vector<std::size_t>();
    key.push_back(static_cast<std::size_t>(column - table.columns.begin()));
  }
  return key;
}

// The planner's estimate: it knows how many pages there are now, and partitions.
Result<std::uint64_t> estimate_rows(PostgresConnection& connection, const PlannedTable& table) {
  std::string from = table.select.empty() ? from_clause(*table.table) : "(" + table.select + ") AS selected";
  auto rows = LV_TRY(connection.plain_query("EXPLAIN (FORMAT JSON) SELECT 1 FROM " + from));
  Json plan = LV_TRY(Json::parse(rows.empty() ? "" : rows[0][0].value_or("")));
  const Json* node = plan.array() && !plan.array()->empty() ? plan.array()->front().find("Plan") : nullptr;
  const Json* estimate = node ? node->find("Plan Rows") : nullptr;
  return static_cast<std::uint64_t>(estimate ? estimate->real().value_or(0) : 0);
}

std::string without_semicolon(std::string select) {
  while (!select.empty() && (select.back() == ';' || select.back() == ' ' || select.back() == '\n')) select.pop_back();
  return select;
}

// The place of the first expression that names the table.
std::optional<std::size_t> place_in(const std::vector<std::string>& expressions, const std::string& table) {
  for (std::size_t i = 0; i < expressions.size(); ++i)
    if (RE2::FullMatch(table, RE2("(?i)" + expressions[i]))) return i;
  return std::nullopt;
}

void sort_tables(std::vector<PlannedTable>& tables, const TableReferences& references, const SnapshotOptions& options) {
  std::vector<PlannedTable> sorted;
  for (std::size_t place : referred_first(references)) sorted.push_back(std::move(tables[place]));
  tables = std::move(sorted);
  if (options.by_row_count == SnapshotOrder::given) {
    std::ranges::stable_sort(tables, {}, [&](const PlannedTable& t) {
      return place_in(options.tables, t.table->text()).value_or(options.tables.size());
    });
  } else {
    std::ranges::stable_sort(tables, {}, &PlannedTable::rows);
    if (options.by_row_count == SnapshotOrder::descending) std::ranges::reverse(tables);
  }
  // What was begun is ended first.
  std::ranges::stable_sort(tables, {}, [](const PlannedTable& t) { return t.left.empty(); });
  // A unit begins with the first of its tables.
  std::map<std::size_t, std::size_t> first;
  for (std::size_t i = 0; i < tables.size(); ++i) first.try_emplace(tables[i].unit, i);
  std::ranges::stable_sort(tables, {}, [&](const PlannedTable& t) { return first[t.unit]; });
}

// Which tables are committed as a whole, and which of those together.
void join_tables(std::vector<PlannedTable>& tables, const TableReferences& references, std::uint64_t whole_bytes) {
  std::vector<std::size_t> family(tables.size());
  std::iota(family.begin(), family.end(), std::size_t{0});
  for (std::size_t from = 0; from < tables.size(); ++from)
    for (std::size_t to : references[from])
      if (tables[from].again && tables[to].again) std::ranges::replace(family, family[from], family[to]);
  std::vector<std::uint64_t> bytes(tables.size());
  for (std::size_t i = 0; i < tables.size(); ++i) bytes[family[i]] += tables[i].again ? tables[i].bytes : 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    PlannedTable& table = tables[i];
    const bool together = table.again && bytes[family[i]] <= whole_bytes;
    table.unit = together ? family[i] : i;
    table.whole = together || table.key.empty() || (table.again && table.bytes <= whole_bytes);
    if (table.whole) table.left.clear();
  }
}

}  // namespace

bool in_snapshot(const SnapshotOptions& options, const CapturedTable& table) {
  return options.tables.empty() || place_in(options.tables, table.text()).has_value();
}

Result<std::vector<PlannedTable>> plan_tables(PostgresConnection& connection, const SnapshotOptions& options,
                                              const std::vector<SnapshotTable>& tables,
                                              const SnapshotProgress& progress) {
  std::vector<PlannedTable> planned;
  for (const SnapshotTable& given : tables) {
    const CapturedTable& table = *given.table;
    if (progress.done.contains(table.text())) continue;
    std::string oid = std::to_string(table.oid);
    auto size = LV_TRY(connection.query(
        "SELECT CASE WHEN relkind = 'p' THEN (SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(oid)) "
        "ELSE pg_table_size(oid) END FROM pg_class WHERE oid = $1::oid",
        {&oid, 1}));
    if (size.empty()) continue;
    PlannedTable& one = planned.emplace_back();
    one.table = given.table;
    one.again = given.again;
    one.bytes = number(size[0][0]);
    one.key = LV_TRY(read_key(connection, table));
    if (auto select = options.selects.find(table.text()); select != options.selects.end())
      one.select = without_semicolon(select->second);
    one.rows = LV_TRY(estimate_rows(connection, one));
    if (auto left = progress.left.find(table.text()); left != progress.left.end()) {
      one.left = left->second;
      one.again = false;  // the truncation is in the topic, with the first rows
    }
  }
  std::vector<std::uint32_t> oids;
  for (const PlannedTable& one : planned) oids.push_back(one.table->oid);
  TableReferences references = LV_TRY(read_references(connection, oids));
  join_tables(planned, references, options.whole_bytes);
  sort_tables(planned, references, options);
  return planned;
}

Result<std::vector<KeyRange>> cut_ranges(PostgresConnection& connection, const PlannedTable& table,
                                         std::uint64_t range_bytes) {
  std::vector<KeyRange> ranges = table.left.empty() ? std::vector<KeyRange>{{}} : table.left;
  std::uint64_t wanted = std::min(table.bytes / std::max<std::uint64_t>(range_bytes, 1), most_ranges);
  if (table.key.empty() || wanted < 2) return ranges;
  std::uint64_t pages = std::max<std::uint64_t>(table.bytes / page_bytes, 1);
  std::uint64_t sampled = std::min(wanted * sampled_pages_of_range, most_sampled_pages);
  double percent = std::min(100.0, 100.0 * static_cast<double>(sampled) / static_cast<double>(pages));
  std::string names = key_names(table, table.key.size());
  std::vector<KeyRange> cut;
  for (KeyRange& range : ranges) {
    auto bounds = LV_TRY(
        connection.plain_query("SELECT " + names + " FROM (SELECT " + names + ", row_number() OVER (ORDER BY " + names +
                               ") AS levada_place, count(*) OVER () AS levada_count FROM " + from_clause(*table.table) +
                               " TABLESAMPLE SYSTEM (" + std::to_string(percent) + ")" + condition(table, range) +
                               ") AS sampled WHERE levada_place % greatest(levada_count / " + std::to_string(wanted) +
                               ", 1) = 0 ORDER BY levada_place"));
    for (const auto& bound : bounds) {
      std::vector<std::string> key;
      for (const auto& value : bound) key.push_back(value.value_or(""));
      if (key == range.above || key == range.to) continue;
      cut.push_back({std::exchange(range.above, key), key});
    }
    cut.push_back(std::move(range));
  }
  return cut;
}

std::string copy_statement(const PlannedTable& table, const KeyRange& range) {
  std::string names;
  for (const CapturedColumn& column : table.table->columns)
    names += (names.empty() ? "" : ", ") + quote_name(column.name);
  std::string sql = "COPY (SELECT " + names + " FROM " +
                    (table.select.empty() ? from_clause(*table.table) : "(" + table.select + ") AS selected");
  if (!table.key.empty()) sql += condition(table, range) + " ORDER BY " + key_names(table, table.key.size());
  return sql + ") TO STDOUT";
}

std::string rewritten_query(const CapturedTable& table) {
  std::string oid = std::to_string(table.oid);
  return "SELECT coalesce(bool_or(c.relfilenode <> 0 AND c.relfilenode <> pg_relation_filenode(c.oid)), true) "
         "FROM pg_class c WHERE c.oid = " +
         oid +
         (table.kind == 'p' ? " OR c.oid IN (SELECT relid FROM pg_partition_tree(" + oid + ") WHERE isleaf)" : "");
}

std::string lock_statement(const CapturedTable& table) {
  return "LOCK TABLE " + from_clause(table) + " IN ACCESS SHARE MODE";
}

}  // namespace levada
