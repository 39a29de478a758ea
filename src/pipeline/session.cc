#include "pipeline/session.h"

#include <algorithm>

#include "connectors/connectors.h"
#include "pipeline/describe.h"
#include "pipeline/topic_printer.h"
#include "pipeline/topic_writer.h"
#include "pipeline/transient_query.h"
#include "sql/words.h"

namespace levada {
namespace {

std::string relation_object(const std::string& name) { return "relation " + name; }
std::string query_object(const std::string& id) { return "query " + id; }
std::string connector_object(const std::string& name) { return "connector " + name; }

// Types that are the same are written the same.
void settle(ast::TypeName& type) {
  if (type.name.quoted) return;
  if (type.name.text == "INTEGER") type.name.text = "INT";
  if (type.name.text == "VARCHAR") type.name.text = "STRING";
  if (type.name.text == "STRING") type.numbers.clear();
  for (ast::TypeField& field : type.fields) settle(field.type);
}

void settle(std::vector<ast::PropertySetting>& settings) {
  for (ast::PropertySetting& setting : settings) setting.name.text = in_capitals(setting.name.text);
  std::ranges::sort(settings, {}, [](const ast::PropertySetting& setting) { return setting.name.text; });
}

// Statements that declare the same have the same text.
ast::Statement settled(ast::Statement statement) {
  if (auto* create = std::get_if<ast::CreateSource>(&statement.body)) {
    create->if_not_exists = false;
    settle(create->properties);
    for (ast::ColumnDefinition& column : create->columns) settle(column.type);
  }
  if (auto* create = std::get_if<ast::CreateAs>(&statement.body)) {
    create->if_not_exists = false;
    settle(create->properties);
  }
  return statement;
}

// Without what may be changed at any time: rules apply to what comes.
std::string stateful_text(ast::Statement statement) {
  statement = settled(std::move(statement));
  if (auto* create = std::get_if<ast::CreateSource>(&statement.body)) create->checks.clear();
  if (auto* create = std::get_if<ast::CreateAs>(&statement.body)) create->checks.clear();
  return print(statement);
}

Result<ast::Statement> parse_stored(const std::string& text) {
  Script script{"stored catalog", text};
  auto statements = LV_TRY(parse(script));
  if (statements.size() != 1)
    return Error(ErrorKind::damaged, "the stored catalog cannot be read").why("not one statement: " + text);
  return std::move(statements[0]);
}

bool says_the_same(const ast::Statement& statement, const std::string& stored) {
  auto parsed = parse_stored(stored);
  return parsed && print(settled(statement)) == print(settled(*std::move(parsed)));
}

// Connectors are stored without what is secret in them.
std::string without_secrets(const ast::Statement& statement) {
  ast::Statement copy = statement;
  auto& create = std::get<ast::CreateConnector>(copy.body);
  std::span<const Option> options;
  for (const ast::PropertySetting& setting : create.properties) {
    if (setting.name.text != "connector.class") continue;
    auto connector = create.sink ? find_sink(setting.value.text) : find_source(setting.value.text);
    if (connector) options = (*connector)->options;
  }
  for (ast::PropertySetting& setting : create.properties) {
    auto option = std::ranges::find(options, setting.name.text, &Option::name);
    if (option != options.end() && option->field.type == "secret" && !setting.value.text.starts_with("${"))
      setting.value.text = "***";
  }
  return print(copy);
}

// ALTER STREAM, CREATE TYPE, …
std::string first_words(const std::string& text) { return text.substr(0, text.find(' ', text.find(' ') + 1)); }

Answer message(std::string text) { return {.message = std::move(text)}; }

Answer head_of(const QueryPlan& plan) {
  Answer answer;
  for (std::size_t c : plan.shown) {
    const Field& field = (*plan.root->schema)[c];
    answer.columns.push_back(field.name);
    answer.types.push_back(field.type.text());
  }
  return answer;
}

std::vector<std::optional<std::string>> row_of(const QueryPlan& plan, const Batch& batch, std::uint32_t row) {
  std::vector<std::optional<std::string>> values;
  for (std::size_t c : plan.shown) {
    const Column& column = *batch.column(c);
    if (column.is_null(row))
      values.emplace_back();
    else
      values.emplace_back(text_of(column.value(row), column.type()));
  }
  return values;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(Log& log, const Clock& clock, bool read_only) {
  auto store = LV_TRY(CatalogStore::open(log, read_only));
  std::unique_ptr<Session> session(new Session(log, clock, std::move(store)));
  session->around_ = {.catalog = &session->catalog_,
                      .session = &session->session_,
                      .topic = [&log](const std::string& name) { return log.topic(name); }};
  LV_TRY(session->restore());
  return session;
}

// Plans are made anew from the stored statements, each with the session's properties and the number it was made with.
Result<void> Session::restore() {
  for (const StoredDeclaration& stored : store_.declarations()) {
    ast::Statement statement = LV_TRY(parse_stored(stored.statement));
    Script script{"stored catalog", stored.statement};
    session_ = stored.session;
    if (!stored.query.empty()) catalog_.next_query_number = query_number(stored.query);
    Planner planner(script, around_);
    if (const auto* create = std::get_if<ast::CreateSource>(&statement.body)) {
      PlannedRelation planned = LV_TRY(planner.create_source(statement, *create));
      catalog_.relations[planned.relation.name] = std::move(planned.relation);
    } else if (const auto* as = std::get_if<ast::CreateAs>(&statement.body)) {
      PlannedQuery planned = LV_TRY(planner.create_as(statement, *as));
      catalog_.relations[planned.created->relation.name] = std::move(planned.created->relation);
      LV_TRY(add_query(planned.query));
    } else if (const auto* insert = std::get_if<ast::InsertInto>(&statement.body)) {
      LV_TRY(add_query(LV_TRY(planner.insert_into(statement, *insert)).query));
    } else if (const auto* connector = std::get_if<ast::CreateConnector>(&statement.body)) {
      ConnectorDeclaration declaration{
          .name = connector->name.text, .sink = connector->sink, .statement = stored.statement};
      declaration.properties = written_properties(script, connector->properties);
      catalog_.connectors[declaration.name] = std::move(declaration);
    }
  }
  catalog_.next_query_number = store_.next_query_number();
  session_.clear();
  return {};
}

Catalog Session::declared() const {
  Catalog declared = catalog_;
  std::erase_if(declared.queries, [&](const auto& q) { return !mentioned_.contains(query_object(q.first)); });
  std::erase_if(declared.query_order, [&](const std::string& id) { return !mentioned_.contains(query_object(id)); });
  std::erase_if(declared.connectors, [&](const auto& c) { return !mentioned_.contains(connector_object(c.first)); });
  return declared;
}

std::vector<std::string> Session::not_mentioned() const {
  std::vector<std::string> objects;
  for (const StoredDeclaration& stored : store_.declarations())
    if (!mentioned_.contains(stored.object)) objects.push_back(stored.object);
  return objects;
}

Result<std::vector<Answer>> Session::execute(const Script& script, bool once) {
  std::vector<Answer> answers;
  inserts_.clear();
  insert_queries_.clear();
  Parser parser(script);
  while (auto statement = LV_TRY(parser.next(variables_))) {
    Answer answer = LV_TRY(execute_one(script, *statement, once));
    answer.statement = script.text.substr(statement->span.begin, statement->span.end - statement->span.begin);
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<Error> Session::check(const Script& script) {
  std::vector<Error> found;
  inserts_.clear();
  insert_queries_.clear();
  Parser parser(script);
  while (found.size() < most_mistakes) {
    auto statement = parser.next(variables_);
    if (statement && !*statement) break;
    Result<Answer> answer = statement ? execute_one(script, **statement, false)
                                      : Result<Answer>(std::unexpected(std::move(statement).error()));
    if (answer) continue;
    ast::Span span = parser.last();
    if (!statement || !mentions(script, span, missing_)) found.push_back(std::move(answer).error());
    missing_.merge(declared_in(script, span));
  }
  return found;
}

Result<Answer> Session::execute_one(const Script& script, const ast::Statement& statement, bool once) {
  return std::visit(
      [&](const auto& body) -> Result<Answer> {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, ast::InsertValues>)
          return run_insert(script, statement, body, once);
        else if constexpr (requires { run(script, statement, body); })
          return run(script, statement, body);
        else if constexpr (std::is_same_v<Body, ast::AssertRows> || std::is_same_v<Body, ast::RunScript>)
          return statement_error(script, statement.span, "this statement is for tests only");
        else
          return statement_error(script, statement.span, "not supported yet: " + first_words(print(statement)));
      },
      statement.body);
}

// ---- declarations ----

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

Result<Answer> Session::run(const Script& script, const ast::Statement& statement, const ast::CreateSource& create) {
  std::string object = relation_object(create.name.text);
  bool before = LV_TRY(declared_before(script, statement, create.name, create.if_not_exists, create.or_replace));
  std::string what = (create.kind == ast::ObjectKind::table ? "Table " : "Stream ") + create.name.text;
  mentioned_.insert(object);
  if (before && create.if_not_exists) return message(what + " exists already");
  PlannedRelation planned = LV_TRY(planner(script).create_source(statement, create));
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
  if (drop.delete_topic) LV_TRY(log_.delete_topic(topic));
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

// ---- rows ----

Result<Answer> Session::run_insert(const Script& script, const ast::Statement& statement,
                                   const ast::InsertValues& insert, bool once) {
  PlannedRows planned = LV_TRY(planner(script).insert_values(insert, clock_.now_ms()));
  const Relation& into = *planned.relation;
  std::string text = print(statement);
  std::string mark = "insert " + std::to_string(inserts_[text]++) + " " + text;
  if (once && log_.position(mark)) return message("Inserted before");
  Surroundings surroundings{.clock = &clock_};
  TopicWriter writer(into.format, into.schema, into.checks, Compression::none, surroundings);
  auto transaction = LV_TRY(log_.begin("_insert"));
  TopicWriter::Problems problems;
  Batch admitted = writer.admit(planned.rows, problems);
  writer.append(admitted, std::nullopt, *transaction, problems);
  for (std::uint32_t row = 0; !problems.empty() && row < planned.rows.size; ++row) {
    // One by one, to find the first that is wrong.
    Batch one = planned.rows;
    one.selection = Selection({row});
    TopicWriter::Problems its;
    writer.append(writer.admit(one, its), std::nullopt, *transaction, its);
    if (its.empty()) continue;
    ast::Span place{insert.rows[row].front().span.begin, insert.rows[row].back().span.end};
    return statement_error(script, place, its.refused.empty() ? its.failures.front().why : its.refused.front().cause)
        .why("no row of the statement was inserted");
  }
  LV_ASSERT(problems.empty());
  writer.flush(*transaction);
  if (once) transaction->put_position(mark, "done");
  LV_TRY(transaction->commit());
  return message(std::to_string(planned.rows.size) + (planned.rows.size == 1 ? " row inserted" : " rows inserted"));
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Select& select) {
  QueryPlan plan = LV_TRY(planner(script).select(select));
  plan.follow = false;  // an answer has an end; select() is for those who follow
  Answer answer = head_of(plan);
  std::uint64_t failed = 0;
  std::int64_t left = plan.limit.value_or(INT64_MAX);
  auto take = [&](const Batch& batch) {
    batch.rows().for_each([&](std::uint32_t row) {
      if (left <= 0 || batch.is_deletion(row)) return;
      answer.rows.push_back(row_of(plan, batch, row));
      --left;
    });
    return left > 0;
  };
  LV_TRY(run_transient_query(plan, log_, Surroundings{.clock = &clock_}, {}, take, failed));
  if (failed > 0)
    answer.message = std::to_string(failed) + (failed == 1 ? " row" : " rows") + " could not be read or computed";
  return answer;
}

Result<void> Session::select(const Script& script, std::stop_token stop,
                             const std::function<bool(const Answer& head, std::size_t row)>& row) {
  Parser parser(script);
  auto statement = LV_TRY(parser.next(variables_));
  const auto* select = statement ? std::get_if<ast::Select>(&statement->body) : nullptr;
  if (!select) return Error(ErrorKind::usage, "this is not a SELECT");
  QueryPlan plan = LV_TRY(planner(script).select(*select));
  Answer answer = head_of(plan);
  std::uint64_t failed = 0;
  std::int64_t left = plan.limit.value_or(INT64_MAX);
  bool more = true;
  auto take = [&](const Batch& batch) {
    batch.rows().for_each([&](std::uint32_t r) {
      if (!more || left <= 0 || batch.is_deletion(r)) return;
      answer.rows.assign(1, row_of(plan, batch, r));
      more = row(answer, 0);
      --left;
    });
    return more && left > 0;
  };
  return run_transient_query(plan, log_, Surroundings{.clock = &clock_}, stop, take, failed);
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Print& print) {
  TopicPrinter printer(log_, catalog_);
  Answer answer{.columns = {"partition", "offset", "time", "key", "value"},
                .types = {"INTEGER", "BIGINT", "TIMESTAMP", "STRING", "STRING"}};
  std::int64_t left = print.limit.value_or(INT64_MAX), at = 0;
  auto printed = printer.print(print.topic, {.from_beginning = true}, {}, [&](const PrintedRecord& record) {
    if (at++ % print.interval == 0) {
      answer.rows.push_back(
          {std::to_string(record.partition), std::to_string(record.offset), record.time, record.key, record.value});
      --left;
    }
    return left > 0;
  });
  if (!printed) return std::move(printed).error().where(statement_error(script, print.span, "").where());
  return answer;
}

// ---- questions ----

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Explain& explain) {
  if (explain.query) {
    auto query = catalog_.queries.find(explain.query->text);
    if (query != catalog_.queries.end()) return message(text_of(query->second.plan));
    return no_query(script, *explain.query, catalog_);
  }
  const ast::Statement& inner = *explain.statement;
  Planner p = planner(script);
  if (const auto* select = std::get_if<ast::Select>(&inner.body)) return message(text_of(LV_TRY(p.select(*select))));
  if (const auto* as = std::get_if<ast::CreateAs>(&inner.body))
    return message(text_of(LV_TRY(p.create_as(inner, *as)).query.plan));
  if (const auto* insert = std::get_if<ast::InsertInto>(&inner.body))
    return message(text_of(LV_TRY(p.insert_into(inner, *insert)).query.plan));
  return statement_error(script, inner.span,
                         "only queries have a plan: SELECT, CREATE … AS SELECT, INSERT INTO … SELECT");
}

Result<Answer> Session::run(const Script& script, const ast::Statement& statement, const ast::Show& show) {
  if (show.what == ast::Show::What::types)
    return statement_error(script, statement.span, "not supported yet: SHOW TYPES");
  return describe_list(show, catalog_, session_, variables_, log_);
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Describe& describe) {
  return describe_object(script, describe, catalog_, log_);
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::SetProperty& set) {
  if (set.action == ast::SetProperty::Action::alter_system)
    return statement_error(script, set.span, "not supported yet: ALTER SYSTEM");
  LV_TRY(check_session_property(script, set));
  if (set.action == ast::SetProperty::Action::unset) {
    session_.erase(set.name);
    return message("Property " + set.name + " is at its default");
  }
  session_[set.name] = set.value;
  return message("Property " + set.name + " set to " + set.value);
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Define& define) {
  if (define.value) {
    variables_[define.name.text] = *define.value;
    return message("Variable " + define.name.text + " defined");
  }
  if (variables_.erase(define.name.text) == 0)
    return statement_error(script, define.name.span, "variable " + define.name.text + " is not defined");
  return message("Variable " + define.name.text + " undefined");
}

}  // namespace levada
