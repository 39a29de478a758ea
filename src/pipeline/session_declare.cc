// Statements that declare, change and drop objects.
#include <algorithm>

#include "pipeline/describe.h"
#include "pipeline/session.h"
#include "pipeline/stored_statement.h"
#include "registry/schema_topic.h"

namespace levada {

Result<bool> Session::declared_before(const Script& script, const ast::Statement& statement, const ast::Name& name,
                                      bool if_not_exists, bool or_replace) {
  const Relation* before = catalog_.find(name.text);
  if (!before) return false;
  bool this_script = mentioned_.contains(relation_object(name.text));
  if (if_not_exists) return true;
  if (this_script && !or_replace)
    return statement_error(script, name.span,
                           (before->table ? "table " : "stream ") + name.text + " is declared already")
        .remedy("Choose another name, or write IF NOT EXISTS.");
  if (or_replace) return statement_error(script, statement.span, "not supported yet: OR REPLACE of what exists");
  ast::Statement stored = LV_TRY(parse_stored(before->statement));
  std::string was = stateful_text(std::move(stored)), is = stateful_text(statement);
  if (was == is) return true;
  return statement_error(script, name.span,
                         name.text + " is declared here in other words than when its data was written")
      .why("it was  " + was + "\nit is   " + is)
      .remedy(
          "Write it as it was; or give it another name; or, to lose its data and begin anew, DROP it with DELETE TOPIC "
          "first, or "
          "start on another log directory.");
}

Result<void> Session::add_relation(const Script& script, const ast::Name& name, const PlannedRelation& planned) {
  if (auto made = log_.create_topic(planned.relation.format.topic, planned.topic); !made)
    return std::move(made).error().where(statement_error(script, name.span, "").where());
  catalog_.relations[planned.relation.name] = planned.relation;
  return {};
}

Result<void> Session::add_query(const PersistentQuery& query) {
  catalog_.queries[query.plan.id] = query;
  catalog_.query_order.push_back(query.plan.id);
  ++catalog_.next_query_number;
  return {};
}

Result<ast::Statement> Session::as_completed(const Script& script, const ast::Statement& statement,
                                             const ast::CreateSource& create) const {
  ast::Statement completed = statement;
  const Relation* before = catalog_.find(create.name.text);
  ColumnsLeftOut sides = LV_TRY(planner(script).left_out(create));
  if (!before || !sides.any()) return completed;
  ast::Statement stored = LV_TRY(parse_stored(before->statement));
  if (const auto* source = std::get_if<ast::CreateSource>(&stored.body))
    add_columns(std::get<ast::CreateSource>(completed.body), sides, *source);
  return completed;
}

Result<Answer> Session::run(const Script& script, const ast::Statement& written, const ast::CreateSource& create) {
  std::string object = relation_object(create.name.text);
  ast::Statement statement = LV_TRY(as_completed(script, written, create));
  bool before = LV_TRY(declared_before(script, statement, create.name, create.if_not_exists, create.or_replace));
  std::string what = (create.kind == ast::ObjectKind::table ? "Table " : "Stream ") + create.name.text;
  mentioned_.insert(object);
  if (before && create.if_not_exists) return message(what + " exists already");
  PlannedRelation planned =
      LV_TRY(planner(script).create_source(statement, std::get<ast::CreateSource>(statement.body)));
  if (before && says_the_same(statement, catalog_.find(create.name.text)->statement))
    return message(what + " is as it was");
  LV_TRY(add_relation(script, create.name, planned));
  LV_TRY(store_.put({.object = object, .statement = planned.relation.statement, .session = session_}));
  return message(what + (before ? " has new constraints" : " created"));
}

Result<Answer> Session::run(const Script& script, const ast::Statement& statement, const ast::CreateAs& create) {
  std::string object = relation_object(create.name.text);
  bool before = LV_TRY(declared_before(script, statement, create.name, create.if_not_exists, create.or_replace));
  std::string what = (create.kind == ast::ObjectKind::table ? "Table " : "Stream ") + create.name.text;
  mentioned_.insert(object);
  if (before) {
    std::vector<std::string> ids = catalog_.writers_of(create.name.text);
    LV_ASSERT(!ids.empty());
    mentioned_.insert(query_object(ids.front()));
    if (create.if_not_exists || says_the_same(statement, catalog_.find(create.name.text)->statement))
      return message(what + " is as it was");
    // Other rules: the plan is made anew under the query's old number.
    std::int64_t next = catalog_.next_query_number;
    const std::string& id = ids.front();
    catalog_.next_query_number = query_number(id);
    auto planned = planner(script).create_as(statement, create);
    catalog_.next_query_number = next;
    if (!planned) return std::move(planned).error();
    catalog_.relations[create.name.text] = planned->created->relation;
    catalog_.queries[id] = planned->query;
    LV_TRY(store_.put({.object = object, .statement = print(statement), .query = id, .session = session_}));
    return message(what + " has new constraints");
  }
  PlannedQuery planned = LV_TRY(planner(script).create_as(statement, create));
  const std::string id = planned.query.plan.id;
  LV_TRY(add_relation(script, create.name, *planned.created));
  LV_TRY(add_query(planned.query));
  mentioned_.insert(query_object(id));
  LV_TRY(store_.put({.object = object, .statement = planned.query.statement, .query = id, .session = session_}));
  return message(what + " created by query " + id);
}

Result<Answer> Session::run(const Script& script, const ast::Statement& statement, const ast::InsertInto& insert) {
  // The same words for the n-th time in this script are the n-th query of these words.
  std::string text = print(statement);
  std::int64_t nth = insert_queries_[text]++;
  for (const std::string& id : catalog_.query_order) {
    if (catalog_.queries.at(id).statement != text || nth-- > 0) continue;
    if (mentioned_.insert(query_object(id)).second) return message("Query " + id + " is as it was");
    break;
  }
  PlannedQuery planned = LV_TRY(planner(script).insert_into(statement, insert));
  const std::string id = planned.query.plan.id;
  LV_TRY(add_query(planned.query));
  mentioned_.insert(query_object(id));
  LV_TRY(store_.put({.object = query_object(id), .statement = text, .query = id, .session = session_}));
  return message("Query " + id + " inserts into " + insert.target.text);
}

Result<Answer> Session::run(const Script& script, const ast::Statement& statement, const ast::CreateConnector& create) {
  std::string object = connector_object(create.name.text);
  if (mentioned_.contains(object)) {
    if (create.if_not_exists) return message("Connector " + create.name.text + " exists already");
    return statement_error(script, create.name.span, "connector " + create.name.text + " is declared already")
        .remedy("Choose another name, or write IF NOT EXISTS.");
  }
  mentioned_.insert(object);
  ConnectorDeclaration declaration{
      .name = create.name.text, .sink = create.sink, .place = statement_error(script, create.name.span, "").where()};
  declaration.properties = written_properties(script, create.properties);
  declaration.statement = without_secrets(statement);
  // A connector's properties may change at any time; its position is kept by its name.
  auto stored = std::ranges::find(store_.declarations(), object, &StoredDeclaration::object);
  bool same = stored != store_.declarations().end() && stored->statement == declaration.statement;
  if (!same) LV_TRY(store_.put({.object = object, .statement = declaration.statement}));
  catalog_.connectors[create.name.text] = std::move(declaration);
  return message((create.sink ? "Sink connector " : "Source connector ") + create.name.text +
                 (same ? " is as it was" : " declared"));
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Drop& drop) {
  const std::string& name = drop.name.text;
  if (drop.what == ast::Drop::What::type)
    return statement_error(script, drop.name.span, "not supported yet: DROP TYPE");
  if (drop.what == ast::Drop::What::connector) {
    if (!catalog_.connectors.contains(name)) {
      if (drop.if_exists) return message("There is no connector " + name);
      return no_connector(script, drop.name, catalog_);
    }
    catalog_.connectors.erase(name);
    mentioned_.erase(connector_object(name));
    LV_TRY(store_.remove(connector_object(name)));
    return message("Connector " + name + " dropped");
  }
  const Relation* relation = catalog_.find(name);
  bool table = drop.what == ast::Drop::What::table;
  std::string kind = table ? "table " : "stream ";
  if (!relation || relation->table != table) {
    if (drop.if_exists && !relation) return message("There is no " + kind + name);
    if (relation)
      return statement_error(script, drop.name.span, "there is no " + kind + name)
          .remedy("It is a " + std::string(relation->table ? "table: DROP TABLE." : "stream: DROP STREAM."));
    return no_relation(script, drop.name, table ? "table" : "stream", catalog_);
  }
  if (relation->read_only && drop.delete_topic)
    return statement_error(script, drop.name.span, name + " is a SOURCE " + kind + "of somebody else's topic")
        .remedy("Leave DELETE TOPIC out.");
  std::vector<std::string> readers = catalog_.readers_of(name), writers = catalog_.writers_of(name), inserting;
  for (const std::string& id : writers)
    if (id.starts_with("INSERTQUERY")) inserting.push_back(id);
  readers.insert(readers.end(), inserting.begin(), inserting.end());
  if (!readers.empty()) {
    std::string list;
    for (const std::string& id : readers) list += (list.empty() ? "" : ", ") + id;
    return statement_error(script, drop.name.span, kind + name + " is in use")
        .why("by query " + list)
        .remedy(inserting.empty() ? "Drop what those queries write first."
                                  : "Drop what those queries write first, and end those that insert: TERMINATE " +
                                        inserting.front() + ".");
  }
  std::string topic = relation->format.topic;
  LV_TRY(store_.remove(relation_object(name)));
  for (const std::string& id : writers) LV_TRY(forget_query(id));
  catalog_.relations.erase(name);
  mentioned_.erase(relation_object(name));
  if (drop.delete_topic) {
    LV_TRY(log_.delete_topic(topic));
    // A new topic of this name begins without columns.
    for (const char* side : {"-key", "-value"}) LV_TRY(delete_subject(log_, topic + side));
  }
  return message((table ? "Table " : "Stream ") + name + " dropped" + (drop.delete_topic ? ", with its topic" : ""));
}

Result<Answer> Session::run(const Script& script, const ast::Statement& statement, const ast::QueryControl& control) {
  if (control.action != ast::QueryControl::Action::terminate || !control.query)
    return statement_error(script, statement.span, "not supported yet: PAUSE, RESUME and TERMINATE ALL");
  const ast::Name& id = *control.query;
  if (!catalog_.queries.contains(id.text)) return no_query(script, id, catalog_);
  if (!id.text.starts_with("INSERTQUERY"))
    return statement_error(script, id.span, "query " + id.text + " belongs to what it writes")
        .remedy("DROP " + catalog_.queries.at(id.text).plan.target->object + ".");
  LV_TRY(store_.remove(query_object(id.text)));
  LV_TRY(forget_query(id.text));
  return message("Query " + id.text + " terminated");
}

// What a query kept for itself goes with it.
Result<void> Session::forget_query(const std::string& id) {
  catalog_.queries.erase(id);
  std::erase(catalog_.query_order, id);
  mentioned_.erase(query_object(id));
  for (const Topic& internal : log_.topics())
    if (internal.name.starts_with("_" + id + "-")) LV_TRY(log_.delete_topic(internal.name));
  return {};
}

}  // namespace levada
