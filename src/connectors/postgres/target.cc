#include "connectors/postgres/target.h"

#include <algorithm>
#include <ranges>
#include <set>

#include "base/near_name.h"
#include "connectors/postgres/type_widening.h"

namespace levada {
namespace {

constexpr std::string_view kafka_key_names[] = {"__connect_topic", "__connect_partition", "__connect_offset"};

Error wrong(const Target& target, std::string what) {
  return Error(ErrorKind::usage, std::move(what)).where("topic " + target.topic + ", table " + target.table.text());
}

// By exact name, else by the only one that differs in letter case.
std::optional<std::size_t> find_field(const Schema& schema, std::string_view name) {
  if (auto exact = schema.find(name)) return exact;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (lower_case(schema[i].name) != lower_case(name)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

Result<std::vector<std::size_t>> find_fields(const Target& target, const Schema& schema, std::string_view property,
                                             const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  std::vector<std::string> known;
  for (std::size_t i = 0; i < schema.size(); ++i) known.push_back(schema[i].name);
  for (const std::string& name : names) {
    auto at = find_field(schema, name);
    if (!at)
      return wrong(target, "'" + std::string(property) + "': " + target.object + " has no column " + name)
          .remedy(did_you_mean(name, known));
    found.push_back(*at);
  }
  return found;
}

KeyMode key_mode_of(const SinkTopic& topic, const PostgresSinkOptions& options, InsertMode mode) {
  if (options.key_mode) return *options.key_mode;
  if (!options.key_fields.empty()) {
    bool all_in_key = std::ranges::all_of(options.key_fields, [&](const std::string& name) {
      auto at = find_field(*topic.schema, name);
      return at && *at < topic.schema->key.size();
    });
    return all_in_key ? KeyMode::record_key : KeyMode::record_value;
  }
  return mode != InsertMode::insert || topic.table ? KeyMode::record_key : KeyMode::none;
}

// The key of the table, as positions in the schema; empty for pk.mode none and kafka.
Result<std::vector<std::size_t>> key_of(const Target& target, const SinkTopic& topic,
                                        const PostgresSinkOptions& options, KeyMode mode) {
  const Schema& schema = *topic.schema;
  std::vector<std::size_t> key;
  if (mode == KeyMode::none || mode == KeyMode::kafka) return key;
  if (!options.key_fields.empty()) {
    key = LV_TRY(find_fields(target, schema, "pk.fields", options.key_fields));
  } else {
    std::size_t from = mode == KeyMode::record_key ? 0 : schema.key.size();
    std::size_t to = mode == KeyMode::record_key ? schema.key.size() : schema.size();
    for (std::size_t i = from; i < to; ++i) key.push_back(i);
  }
  for (std::size_t i : key)
    if (mode == KeyMode::record_key && i >= schema.key.size())
      return wrong(target, "'pk.fields': " + schema[i].name + " is no KEY column of " + target.object)
          .remedy("Set 'pk.mode' = 'record_value' to take the key from the value.");
  if (key.empty())
    return wrong(target, target.object + " has no KEY column for the key of the table")
        .remedy("Set 'pk.mode' = 'record_value' and 'pk.fields', or 'insert.mode' = 'insert' and 'pk.mode' = 'none'.");
  for (std::size_t i : key)
    if (schema[i].type.nested())
      return wrong(target, "column " + schema[i].name + " of type " + schema[i].type.text() + " cannot be a key");
  return key;
}

void replace_all(std::string& text, std::string_view place, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(place, at)) != text.npos; at += by.size())
    text.replace(at, place.size(), by);
}

// What stands behind the last point, and the rest before it.
std::pair<std::string_view, std::string_view> cut_last_part(std::string_view text) {
  std::size_t point = text.rfind('.');
  if (point == text.npos) return {{}, text};
  return {text.substr(0, point), text.substr(point + 1)};
}

// What is known of a field's column at the source, if it is a table of a database that speaks as this one does.
bool has_exact_types(const Schema& schema) {
  return schema.origin && schema.origin->system == "postgresql" && schema.origin->columns.size() == schema.size();
}

// The fields in the order in which the table is to have them.
std::vector<std::size_t> order_of(const Schema& schema) {
  std::vector<std::size_t> order;
  if (schema.origin) order.assign(schema.origin->order.begin(), schema.origin->order.end());
  std::vector<bool> named(schema.size(), false);
  bool all = order.size() == schema.size();
  for (std::size_t i : order) {
    all = all && i < named.size() && !named[i];
    if (i < named.size()) named[i] = true;
  }
  if (!all) {
    order.resize(schema.size());
    std::ranges::copy(std::views::iota(std::size_t{0}, schema.size()), order.begin());
  }
  return order;
}

// The name of a column that we make.
std::string new_name(const Target& target, const TargetColumn& column, const PostgresSinkOptions& options) {
  return target.captured && !options.fold_names ? column.field.name : lower_case(column.field.name);
}

// The name that a column has in the table, or would be given.
std::string column_name(const Target& target, const TargetColumn& column, const PostgresTable* table,
                        const PostgresSinkOptions& options) {
  if (const PostgresColumn* there = table ? table->find(column.field.name) : nullptr) return there->name;
  return new_name(target, column, options);
}

std::string key_list(const Target& target, const PostgresTable* table, const PostgresSinkOptions& options) {
  std::string list;
  for (const TargetColumn& c : target.columns)
    if (c.key) list += (list.empty() ? "" : ", ") + quote_name(column_name(target, c, table, options));
  return list;
}

std::string column_definition(const Target& target, const TargetColumn& column, const PostgresSinkOptions& options) {
  return quote_name(new_name(target, column, options)) + " " +
         (column.type.empty() ? created_type(column.field.type) : column.type);
}

std::optional<FieldPlan> plan_column(const TargetColumn& column, const PostgresColumn& there,
                                     const PostgresSinkOptions& options) {
  bool local = column.type.starts_with("timestamp") && column.type.ends_with("without time zone");
  return plan_field(column.field.type, there, options.time_zone,
                    local ? TimestampMeaning::local_time : TimestampMeaning::moment);
}

}  // namespace

Result<TableName> table_of(const std::string& topic, const PostgresSinkOptions& options) {
  const auto [before, table] = cut_last_part(topic);
  const auto schema = cut_last_part(before).second;
  std::string name = options.table_name_format;
  TableName made{std::string(schema), std::string(table)};
  if (name == "${topic}" && options.topic_dots_part && std::ranges::count(topic, '.') > 1) {
    LV_TRY(check_name(schema));
    LV_TRY(check_name(table));
  } else {
    std::string inserted = topic;
    if (!options.topic_dots_part) std::ranges::replace(inserted, '.', '_');
    replace_all(name, "${topic}", inserted);
    replace_all(name, "${schema}", schema);
    replace_all(name, "${table}", table);
    made = LV_TRY(parse_table_name(name, options.address.get("dbname")));
  }
  if (options.fold_names) made = {lower_case(made.schema), lower_case(made.name)};
  return made;
}

void forget_type(TargetColumn& column) {
  column.type = created_type(column.field.type);
  column.older.reset();  // a text of the type that is not here
}

bool Target::has_key() const {
  return std::ranges::any_of(columns, [](const TargetColumn& c) { return c.key; });
}

Result<Target> make_target(const SinkTopic& topic, const PostgresSinkOptions& options) {
  const Schema& schema = *topic.schema;
  Target target{.topic = topic.topic, .object = topic.object, .captured = schema.origin != nullptr};
  target.table = LV_TRY(table_of(topic.topic, options));

  const bool table = topic.table || (target.captured && !schema.key.empty());
  target.mode = options.insert_mode.value_or(table ? InsertMode::upsert : InsertMode::insert);
  KeyMode key_mode = key_mode_of(topic, options, target.mode);
  if (target.mode != InsertMode::insert && key_mode == KeyMode::none)
    return wrong(target, "'insert.mode' upsert and update need a key")
        .remedy("Set 'pk.mode' to record_key, record_value or kafka.");
  std::vector<std::size_t> key = LV_TRY(key_of(target, topic, options, key_mode));
  bool key_in_key = !key.empty() && std::ranges::all_of(key, [&](std::size_t i) { return i < schema.key.size(); });
  if (options.delete_enabled) {
    target.deletions = *options.delete_enabled ? Deletions::apply : Deletions::pass_over;
    if (*options.delete_enabled && !key_in_key)
      return wrong(target, "'delete.enabled' needs a key made of KEY columns, as a deletion has no others")
          .remedy("Set 'pk.mode' = 'record_key', or 'delete.enabled' = 'false'.");
  } else if (table && target.mode != InsertMode::insert && key_in_key) {
    target.deletions = Deletions::apply;
  }

  if (key_mode == KeyMode::kafka) {
    if (!options.key_fields.empty() && options.key_fields.size() != 3)
      return wrong(target, "'pk.fields' must name three columns for 'pk.mode' kafka: topic, partition and offset");
    using From = TargetColumn::From;
    constexpr From from[] = {From::topic, From::partition, From::offset};
    const Type types[] = {TypeKind::string, TypeKind::int32, TypeKind::int64};
    for (std::size_t i = 0; i < 3; ++i) {
      std::string column(options.key_fields.empty() ? kafka_key_names[i] : options.key_fields[i]);
      target.columns.push_back({.from = from[i], .field = {std::move(column), types[i]}, .key = true});
    }
  }
  auto wanted = LV_TRY(find_fields(target, schema, "fields.whitelist", options.fields));
  auto unwanted = LV_TRY(find_fields(target, schema, "field.exclude.list", options.without));
  const bool exact = has_exact_types(schema);
  for (std::size_t i : order_of(schema)) {
    bool in_key = std::ranges::find(key, i) != key.end();
    bool listed = (options.fields.empty() || std::ranges::find(wanted, i) != wanted.end()) &&
                  std::ranges::find(unwanted, i) == unwanted.end();
    if (!in_key && !listed) continue;
    TargetColumn column{.index = i, .field = schema[i], .key = in_key};
    if (exact) column.type = schema.origin->columns[i].type;
    if (exact) column.not_null = schema.origin->columns[i].not_null;
    if (exact) column.older = schema.origin->columns[i].older;
    target.columns.push_back(std::move(column));
  }
  if (target.columns.empty()) return wrong(target, "no column is left to write");
  for (const TargetColumn& c : target.columns)
    if (auto good = check_name(c.field.name); !good) return wrong(target, good.error().what());
  return target;
}

std::string create_table_statement(const Target& target, const PostgresSinkOptions& options) {
  std::string text = "CREATE TABLE " + target.table.quoted() + " (";
  for (const TargetColumn& c : target.columns)
    text += (text.ends_with('(') ? "\n  " : ",\n  ") + column_definition(target, c, options) +
            (c.not_null && !c.key ? " NOT NULL" : "");
  if (target.has_key()) text += ",\n  PRIMARY KEY (" + key_list(target, nullptr, options) + ")";
  return text + "\n);";
}

Misfit compare(const Target& target, const std::optional<PostgresTable>& table, const PostgresSinkOptions& options) {
  Misfit misfit;
  auto problem = [&](ErrorKind kind, std::string what, std::string remedy) {
    misfit.problems.push_back(Error(kind, std::move(what)).where("topic " + target.topic).remedy(std::move(remedy)));
  };
  const std::string name = "table " + (table ? table->name : target.table).text();
  std::set<std::string> names;
  for (const TargetColumn& c : target.columns) {
    std::string column = column_name(target, c, table ? &*table : nullptr, options);
    if (!names.insert(column).second)
      problem(ErrorKind::usage, "two columns of " + target.object + " are column \"" + column + "\" of " + name,
              "Rename one of them in SQL, or leave it out by 'field.exclude.list'.");
  }
  if (!table) {
    if (options.auto_create)
      misfit.repair = create_table_statement(target, options);
    else
      problem(ErrorKind::not_found, name + " does not exist",
              "Set 'auto.create' = 'true', or create it:\n" + create_table_statement(target, options));
    return misfit;
  }

  const bool evolves =
      options.auto_evolve && target.captured && table->owned && (table->kind == 'r' || table->kind == 'p');
  std::string missing, changes, defaults;
  auto change = [&](const std::string& text) { changes += (changes.empty() ? "\n  " : ",\n  ") + text; };
  for (const TargetColumn& c : target.columns) {
    const PostgresColumn* there = table->find(c.field.name);
    const std::string column_is = column_name(target, c, &*table, options);
    std::string column = "column \"" + column_is + "\" of " + name;
    if (!there) {
      missing += (missing.empty() ? "\"" : ", \"") + column_is + "\"";
      change("ADD COLUMN " + column_definition(target, c, options) +
             (c.older ? " DEFAULT " + quote_text(*c.older) : ""));
      if (c.older)
        defaults += (defaults.empty() ? "\n  " : ",\n  ") + std::string("ALTER COLUMN ") +
                    quote_name(new_name(target, c, options)) + " DROP DEFAULT";
      continue;
    }
    if (there->generated) {
      problem(ErrorKind::refused, column + " is computed by the server and cannot be written",
              "Leave it out by 'field.exclude.list'.");
      continue;
    }
    const std::string alter = "ALTER COLUMN " + quote_name(there->name);
    if (evolves && there->not_null && !c.not_null && !c.key && !there->identity) change(alter + " DROP NOT NULL");
    if (evolves && widens(there->declared, c.type))
      change(alter + " TYPE " + c.type);
    else if (!plan_column(c, *there, options))
      problem(ErrorKind::refused, column + " is " + there->declared + ", which takes no " + c.field.type.text(),
              "CAST it in SQL, or change the column: ALTER TABLE " + table->name.quoted() + " ALTER COLUMN " +
                  quote_name(there->name) + " TYPE " + (c.type.empty() ? created_type(c.field.type) : c.type) + ";");
  }
  for (const PostgresColumn& c : table->columns) {
    if (!c.not_null || c.has_default || names.contains(c.name) || target.mode == InsertMode::update) continue;
    if (evolves)  // the source has it no more
      change("ALTER COLUMN " + quote_name(c.name) + " DROP NOT NULL");
    else
      problem(ErrorKind::refused,
              "column \"" + c.name + "\" of " + name + " is NOT NULL without default, and " + target.object +
                  " has no such column",
              "Give the column a default, or add it in SQL.");
  }
  std::string statement = changes.empty() ? "" : "ALTER TABLE " + table->name.quoted() + changes + ";";
  // What rows that are there have is no default of rows to come.
  if (!defaults.empty()) statement += "\nALTER TABLE " + table->name.quoted() + defaults + ";";
  if (missing.empty() || (options.auto_evolve && table->owned))
    misfit.repair = statement;
  else if (options.auto_evolve)
    problem(ErrorKind::permission, name + " has no column " + missing + ", and we do not own it to add any",
            "Let the owner run:\n" + statement);
  else
    problem(ErrorKind::not_found, name + " has no column " + missing,
            "Set 'auto.evolve' = 'true', or add them:\n" + statement);
  if (target.mode == InsertMode::upsert && table->kind != 'v') {
    std::vector<std::string> key;
    for (const TargetColumn& c : target.columns)
      if (c.key) key.push_back(column_name(target, c, &*table, options));
    if (!table->has_unique_key(key))
      problem(ErrorKind::refused,
              name + " has no primary key or unique index over (" + key_list(target, &*table, options) + ")",
              "Create it: ALTER TABLE " + table->name.quoted() + " ADD PRIMARY KEY (" +
                  key_list(target, &*table, options) + ");");
  }
  std::string lacking;
  for (const std::string& privilege : table->missing_privileges) {
    bool needed = privilege == "INSERT"   ? target.mode != InsertMode::update
                  : privilege == "UPDATE" ? target.mode != InsertMode::insert
                  : privilege == "DELETE" ? target.deletions == Deletions::apply
                                          : target.mode != InsertMode::insert || target.deletions == Deletions::apply;
    if (needed) lacking += (lacking.empty() ? "" : ", ") + privilege;
  }
  if (!lacking.empty())
    problem(ErrorKind::permission, "no privilege to " + lacking + " on " + name,
            "Let the owner run: GRANT " + lacking + " ON " + table->name.quoted() + " TO …;");
  return misfit;
}

TablePlan plan_table(const Target& target, const PostgresTable& table, const PostgresSinkOptions& options) {
  TablePlan plan{.topic = target.topic,
                 .table = table.name.quoted(),
                 .mode = target.mode,
                 .deletions = target.deletions,
                 .copy = target.mode == InsertMode::insert && !table.row_security};
  for (const TargetColumn& source : target.columns) {
    const PostgresColumn* there = table.find(source.field.name);
    LV_ASSERT(there);  // compare() has found no problem
    auto field = plan_column(source, *there, options);
    LV_ASSERT(field.has_value());
    plan.copy = plan.copy && field->copyable;
    plan.always_identity = plan.always_identity || there->always_identity;
    std::string_view receive = there->type.receive;
    bool counts_up = receive.starts_with("int") || receive.starts_with("date") || receive.starts_with("timestamp");
    plan.columns.push_back({source, there->name, *std::move(field), counts_up});
  }
  return plan;
}

}  // namespace levada
