#include "sql/planner.h"

#include <algorithm>
#include <charconv>

#include "base/near_name.h"
#include "plan/used_columns.h"

namespace levada {
namespace {

bool same_side(const FormatSpec& a, const FormatSpec& b) {
  return a.format == b.format && a.delimiter == b.delimiter && a.wrap_single == b.wrap_single;
}

std::string counted(std::size_t n, const char* word) { return std::to_string(n) + " " + word + (n == 1 ? "" : "s"); }

// One beyond the schema is ROWTIME.
std::string list_of_columns(const Schema& schema, const std::vector<std::size_t>& places) {
  std::string list;
  for (std::size_t place : places)
    list += (list.empty() ? "" : ", ") + (place == schema.size() ? "ROWTIME" : schema[place].name);
  return list;
}

// True if rows of `from` come to stand in `to`, by whatever queries.
bool feeds(const Catalog& catalog, const std::string& from, const std::string& to) {
  std::vector<std::string> reached = {from};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    if (reached[i] == to) return true;
    for (const std::string& id : catalog.readers_of(reached[i])) {
      const std::string& target = catalog.queries.at(id).plan.target->object;
      if (std::ranges::find(reached, target) == reached.end()) reached.push_back(target);
    }
  }
  return false;
}

bool same_types(const std::vector<Field>& a, const std::vector<Field>& b) {
  return std::ranges::equal(a, b, {}, &Field::type, &Field::type);
}

}  // namespace

std::string Planner::query_id(std::string_view prefix, const std::string& name) const {
  return std::string(prefix) + (name.empty() ? "" : "_" + name) + "_" +
         std::to_string(around_.catalog->next_query_number);
}

// ksqlDB turns its cache off with a size of 0.
bool Planner::merges() const {
  for (const char* name : {"cache.max.bytes.buffering", "ksql.streams.cache.max.bytes.buffering"})
    if (auto it = around_.session->find(name); it != around_.session->end() && it->second == "0") return false;
  return true;
}

// ---- queries that run for ever ----

Result<RecordFormat> Planner::derived_format(const SchemaRef& schema, const Relation& source,
                                             const RelationProperties& properties, const std::string& topic,
                                             const std::string& name) const {
  RecordFormat format{.topic = topic};
  format.partitions = LV_TRY(partitions_of(properties, topic, source.format.partitions));
  const FormatSpec& key = source.format.key;
  const FormatSpec& value = source.format.value;
  bool inherit_key = properties.key_format.empty() && key.format != "NONE";
  bool inherit_value = properties.value_format.empty();
  std::string key_delimiter = properties.key_delimiter, value_delimiter = properties.value_delimiter;
  if (inherit_key && key.format == "DELIMITED" && key_delimiter.empty() && !schema->key.empty())
    key_delimiter = key.delimiter;
  if (schema->key.empty() && properties.places.written.contains("KEY_FORMAT") && properties.key_format != "NONE")
    return error(properties.places.of({"KEY_FORMAT"}), "a KEY_FORMAT is given, but " + name + " has no key")
        .remedy("Leave it out.");
  if (inherit_value && value.format == "DELIMITED" && value_delimiter.empty()) value_delimiter = value.delimiter;
  format.key = LV_TRY(make_format(script_, properties.places, Side::key,
                                  inherit_key && !schema->key.empty() ? key.format : properties.key_format,
                                  key_delimiter, {}, schema->key, *around_.session, around_.schemas));
  format.value = LV_TRY(make_format(script_, properties.places, Side::value,
                                    inherit_value ? value.format : properties.value_format, value_delimiter,
                                    properties.wrap_single_value, schema->value, *around_.session, around_.schemas));
  format.event_time = LV_TRY(event_time(schema, name, properties));
  return format;
}

Result<PlannedQuery> Planner::create_as(const ast::Statement& statement, const ast::CreateAs& create) const {
  bool table = create.kind == ast::ObjectKind::table;
  RelationProperties properties = LV_TRY(read_relation_properties(script_, create.name, create.properties));
  QueryPlanner planner(script_, *around_.catalog, merges());
  const Relation* source = LV_TRY(planner.source_of(create.query));
  if (create.query.limit) return error(create.query.span, "a query that runs for ever has no LIMIT");

  std::string id = query_id(table ? "CTAS" : "CSAS", create.name.text);
  QueryTarget target{.table = table, .store_prefix = id};
  // The key's fields are not known yet; its format is all that matters to whoever sends rows through a topic.
  target.key = {.format = properties.key_format.empty() ? source->format.key.format : properties.key_format,
                .side = Side::key,
                .schemas = around_.schemas};
  if (target.key.format == "NONE") target.key.format = "KAFKA";
  target.key.wrap_single = false;
  QueryPlanner::Planned planned = LV_TRY(planner.plan(create.query, target));
  if (table && !planned.table)
    return error(create.name.span, create.name.text + " would be a stream: the query gives rows, not the state of keys")
        .remedy("Write CREATE STREAM, or add a GROUP BY.");
  if (!table && planned.table)
    return error(create.name.span, create.name.text + " would be a table: the query gives the state of keys")
        .remedy("Write CREATE TABLE.");

  if (planned.root->schema->value.empty())
    return error(create.query.items.front().span, "there would be no columns beside the key")
        .remedy("Select another column, or AS_VALUE of the key.");

  PlannedQuery result;
  PlannedRelation created;
  Relation& relation = created.relation;
  relation.name = create.name.text;
  relation.table = table;
  relation.schema = planned.root->schema;
  relation.statement = print(statement);
  std::string topic = properties.topic.empty() ? create.name.text : properties.topic;
  relation.format = LV_TRY(derived_format(relation.schema, *source, properties, topic, relation.name));
  relation.checks = LV_TRY(bind_checks(create.checks, relation.name, relation.schema));
  created.topic = topic_config(properties, relation.format.partitions, table);

  WriteTarget write{.object = relation.name, .table = table, .format = relation.format, .checks = relation.checks};
  write.format.null_keys = planned.same_key;
  const FormatSpec& placed_by = planned.same_key ? source->format.key : target.key;
  write.keeps_partition = planned.same_place && planned.partitions == relation.format.partitions &&
                          same_side(placed_by, relation.format.key);
  result.query.statement = relation.statement;
  result.query.plan = {.id = id, .root = read_only_what_is_used(planned.root), .target = std::move(write)};
  result.created = std::move(created);
  return result;
}

Result<PlannedQuery> Planner::insert_into(const ast::Statement& statement, const ast::InsertInto& insert) const {
  const Relation* into = around_.catalog->find(insert.target.text);
  if (!into) return no_relation(script_, insert.target, "stream", *around_.catalog);
  if (into->table)
    return error(insert.target.span, insert.target.text + " is a table: INSERT INTO … SELECT is for streams");
  if (into->read_only) return error(insert.target.span, insert.target.text + " is a SOURCE stream: it is only read");
  if (!insert.properties.empty())
    return error(insert.properties[0].name.span, "not supported yet: WITH on INSERT INTO");
  QueryPlanner planner(script_, *around_.catalog, merges());
  const Relation* source = LV_TRY(planner.source_of(insert.query));
  std::string id = query_id("INSERTQUERY", "");
  QueryTarget target{.key = into->format.key, .store_prefix = id};
  QueryPlanner::Planned planned = LV_TRY(planner.plan(insert.query, target));
  if (feeds(*around_.catalog, into->name, source->name))
    return error(insert.query.from.name.span, into->name + " would go round in a circle: it feeds " + source->name)
        .remedy("Insert into another stream.");
  if (planned.table) return error(insert.query.span, "the query gives a table, which cannot be inserted into a stream");

  // Column by column; types may grow into the target's.
  const Schema& from = *planned.root->schema;
  const Schema& to = *into->schema;
  if (from.key.size() != to.key.size() || from.value.size() != to.value.size())
    return error(insert.query.span, "the query gives " + text_of(from.key) + " as key and " + text_of(from.value) +
                                        " as value, but " + into->name + " has " + text_of(to.key) + " and " +
                                        text_of(to.value));
  ProjectSpec project{.schema = into->schema};
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!casts_implicitly(from[i].type, to[i].type))
      return error(insert.query.span, "column " + from[i].name + " is " + from[i].type.text() + ", but " + into->name +
                                          " has " + to[i].name + " " + to[i].type.text() + " there")
          .remedy("CAST it.");
    ExpressionRef cast = LV_TRY(cast_expression(column_expression(from, i), to[i].type));
    (i < from.key.size() ? project.key : project.value).push_back(std::move(cast));
  }
  PlanRef root = std::make_shared<const PlanNode>(PlanNode{std::move(project), {planned.root}, into->schema});
  WriteTarget write{.object = into->name, .format = into->format, .checks = into->checks};
  write.format.null_keys = planned.same_key;
  write.keeps_partition = planned.same_key && planned.same_place && planned.partitions == into->format.partitions &&
                          same_side(source->format.key, into->format.key) && same_types(from.key, to.key);
  PlannedQuery result;
  result.query.statement = print(statement);
  result.query.plan = {.id = id, .root = read_only_what_is_used(std::move(root)), .target = std::move(write)};
  return result;
}

// ---- answers and rows ----

Result<QueryPlan> Planner::select(const ast::Select& select) const {
  QueryPlanner planner(script_, *around_.catalog, merges());
  QueryTarget target{.key = {.format = "JSON", .side = Side::key, .wrap_single = false}, .store_prefix = "transient"};
  target.answer = true;
  QueryPlanner::Planned planned = LV_TRY(planner.plan(select.query, target));
  QueryPlan plan{.root = read_only_what_is_used(planned.root),
                 .shown = planned.shown,
                 .limit = select.query.limit,
                 .follow = select.query.emit == ast::Emit::changes};
  return plan;
}

Result<PlannedRows> Planner::insert_values(const ast::InsertValues& insert, std::int64_t now_ms) const {
  const Relation* into = around_.catalog->find(insert.target.text);
  if (!into) return no_relation(script_, insert.target, "stream or table", *around_.catalog);
  if (into->read_only)
    return error(insert.target.span,
                 into->name + " is a SOURCE " + (into->table ? "table" : "stream") + ": it is only read");
  const Schema& schema = *into->schema;
  // Where each value goes; one beyond the columns is ROWTIME.
  std::vector<std::size_t> places;
  if (insert.columns.empty())
    for (std::size_t i = 0; i < schema.size(); ++i) places.push_back(i);
  for (const ast::Name& name : insert.columns) {
    auto place = name.text == "ROWTIME" ? std::optional(schema.size()) : schema.find(name.text);
    if (!place) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < schema.size(); ++i) names.push_back(schema[i].name);
      return error(name.span, "there is no column " + name.text + " in " + into->name)
          .remedy(did_you_mean(name.text, names));
    }
    if (std::ranges::find(places, *place) != places.end())
      return error(name.span, "column " + name.text + " stands twice");
    places.push_back(*place);
  }
  std::vector<std::shared_ptr<Column>> columns;
  for (std::size_t i = 0; i < schema.size(); ++i) columns.push_back(std::make_shared<Column>(schema[i].type));
  auto timestamps = std::make_shared<std::vector<std::int64_t>>();
  Scope nothing{.schema = std::make_shared<const Schema>(), .described = "VALUES", .pseudo_columns = false};
  Binder binder(script_, nothing);
  for (const std::vector<ast::Expression>& row : insert.rows) {
    if (row.size() != places.size())
      return error(row.empty() ? insert.target.span : row.front().span,
                   "there are " + counted(row.size(), "value") + " for " + counted(places.size(), "column"))
          .why("the columns are " + list_of_columns(schema, places));
    std::vector<Value> values(schema.size());
    std::int64_t rowtime = now_ms;
    for (std::size_t i = 0; i < row.size(); ++i) {
      bool is_rowtime = places[i] == schema.size();
      Type type = is_rowtime ? Type(TypeKind::int64) : schema[places[i]].type;
      std::string column = "column " + (is_rowtime ? std::string("ROWTIME") : schema[places[i]].name);
      auto e = binder.bind_as(row[i], type);
      if (!e) return std::move(e).error().within(column);
      auto value = fold(**e, Surroundings());
      if (!value) return error(row[i].span, column + ": " + value.error().what()).why(value.error().why());
      if (is_rowtime)
        rowtime = value->is_null() ? now_ms : std::get<std::int64_t>(*value);
      else
        values[places[i]] = *std::move(value);
    }
    if (into->table)
      for (std::size_t k = 0; k < schema.key.size(); ++k)
        if (values[k].is_null())
          return error(row.front().span,
                       "the primary key " + schema.key[k].name + " of " + into->name + " must have a value");
    for (std::size_t i = 0; i < values.size(); ++i) columns[i]->append(values[i]);
    timestamps->push_back(rowtime);
  }
  Batch batch{.schema = into->schema, .size = static_cast<std::uint32_t>(insert.rows.size())};
  for (std::size_t i = 0; i < columns.size(); ++i)
    (i < schema.key.size() ? batch.key : batch.after).push_back(std::move(columns[i]));
  batch.timestamps_ms = std::move(timestamps);
  batch.selection = Selection::all(batch.size);
  return PlannedRows{into, std::move(batch)};
}

}  // namespace levada
