#include "pipeline/session.h"

#include <algorithm>

#include "pipeline/describe.h"
#include "pipeline/stored_statement.h"

namespace levada {

// ALTER STREAM, CREATE TYPE, …
static std::string first_words(const std::string& text) { return text.substr(0, text.find(' ', text.find(' ') + 1)); }

Result<std::unique_ptr<Session>> Session::open(Log& log, SchemaStore& schemas, const Clock& clock, bool read_only) {
  auto store = LV_TRY(CatalogStore::open(log, read_only));
  std::unique_ptr<Session> session(new Session(log, schemas, clock, std::move(store)));
  session->around_ = {.catalog = &session->catalog_,
                      .session = &session->session_,
                      .topic = [&log](const std::string& name) { return log.topic(name); },
                      .schemas = &schemas};
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

void Session::ask(Describe describe) {
  around_.describe = [this, describe = std::move(describe)](const std::string& topic,
                                                            std::vector<std::string>& answers) {
    return describe(declared(), topic, answers);
  };
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
