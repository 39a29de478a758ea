// Statements, but for those that make, change and fill something (grammar_sources.cc).
#include "sql/grammar.h"

namespace levada {

using ast::AssertRows;
using ast::QueryControl;
using ast::SetProperty;

Result<ast::Statement> Grammar::only_statement() {
  auto result = LV_TRY(statement());
  if (!at(TokenKind::end)) return expected("the end of the statement");
  return result;
}

Result<ast::Expression> Grammar::only_expression() {
  auto result = LV_TRY(expression());
  if (!at(TokenKind::end)) return expected("the end of the expression");
  return result;
}

Result<ast::Statement> Grammar::statement() {
  Level level(*this);
  LV_TRY(level.check());
  std::uint32_t first = begin();
  auto body = LV_TRY([&]() -> Result<Body> {
    if (at("SELECT")) return select();
    if (accept("CREATE")) return create();
    if (accept("INSERT")) return insert();
    if (accept("ALTER")) return alter();
    if (accept("DROP")) return drop();
    if (accept("TERMINATE")) return query_control(QueryControl::Action::terminate);
    if (accept("PAUSE")) return query_control(QueryControl::Action::pause);
    if (accept("RESUME")) return query_control(QueryControl::Action::resume);
    if (accept("EXPLAIN")) return explain();
    if (accept("SHOW") || accept("LIST")) return show();
    if (accept("DESCRIBE")) return describe();
    if (accept("PRINT")) return print_topic();
    if (accept("SET")) return set_property(SetProperty::Action::set);
    if (accept("UNSET")) return set_property(SetProperty::Action::unset);
    if (accept("DEFINE")) return define(true);
    if (accept("UNDEFINE")) return define(false);
    if (accept("ASSERT")) return assertion();
    if (accept({"RUN", "SCRIPT"})) return run_script();
    Form form(*this,
              "SELECT … | CREATE … | INSERT INTO … | ALTER … | DROP … | SHOW … | DESCRIBE … | EXPLAIN … | SET …");
    return expected("a statement");
  }());
  return ast::Statement{std::move(body), since(first)};
}

Result<Grammar::Body> Grammar::select() {
  auto query = LV_TRY(this->query());
  return ast::Select{std::move(query)};
}

Result<Grammar::Body> Grammar::query_control(QueryControl::Action action) {
  Form form(*this, "TERMINATE|PAUSE|RESUME query | ALL");
  QueryControl control{action, {}};
  if (!accept("ALL")) control.query = LV_TRY(name("the name of a query, or ALL"));
  return control;
}

Result<Grammar::Body> Grammar::explain() {
  Form form(*this, "EXPLAIN query | statement");
  ast::Explain explain;
  bool single = at(TokenKind::word) && at(TokenKind::end, 1);
  if (single || at(TokenKind::quoted_name)) {
    explain.query = LV_TRY(name("the name of a query, or a statement"));
  } else {
    auto explained = LV_TRY(statement());
    explain.statement = std::make_shared<const ast::Statement>(std::move(explained));
  }
  return explain;
}

Result<Grammar::Body> Grammar::show() {
  using What = ast::Show::What;
  auto extended = [&](What what) { return ast::Show{what, accept("EXTENDED")}; };
  Form form(*this,
            "SHOW PROPERTIES | [ALL] TOPICS | STREAMS | TABLES | FUNCTIONS | VARIABLES | TYPES | QUERIES | "
            "[SOURCE | SINK] CONNECTORS | CONNECTOR PLUGINS");
  if (accept("PROPERTIES")) return ast::Show{What::properties};
  if (accept("TOPICS")) return extended(What::topics);
  if (accept({"ALL", "TOPICS"})) return extended(What::all_topics);
  if (accept("STREAMS")) return extended(What::streams);
  if (accept("TABLES")) return extended(What::tables);
  if (accept("FUNCTIONS")) return ast::Show{What::functions};
  if (accept("VARIABLES")) return ast::Show{What::variables};
  if (accept("TYPES")) return ast::Show{What::types};
  if (accept("QUERIES")) return extended(What::queries);
  if (accept("CONNECTORS")) return ast::Show{What::connectors};
  if (accept({"SOURCE", "CONNECTORS"})) return ast::Show{What::source_connectors};
  if (accept({"SINK", "CONNECTORS"})) return ast::Show{What::sink_connectors};
  if (accept({"CONNECTOR", "PLUGINS"})) return ast::Show{What::connector_plugins};
  return expected("what to show");
}

Result<Grammar::Body> Grammar::describe() {
  using What = ast::Describe::What;
  Form form(*this,
            "DESCRIBE name [EXTENDED] | STREAMS [EXTENDED] | TABLES [EXTENDED] | FUNCTION name | CONNECTOR name");
  ast::Describe describe;
  if (accept("STREAMS")) {
    describe.what = What::streams;
  } else if (accept("TABLES")) {
    describe.what = What::tables;
  } else {
    if (accept("FUNCTION"))
      describe.what = What::function;
    else if (accept("CONNECTOR"))
      describe.what = What::connector;
    describe.name = LV_TRY(name("the name of what to describe"));
  }
  if (describe.what != What::function && describe.what != What::connector) describe.extended = accept("EXTENDED");
  return describe;
}

Result<Grammar::Body> Grammar::print_topic() {
  Form form(*this, "PRINT topic [FROM BEGINNING] [INTERVAL n] [LIMIT n]");
  std::uint32_t first = begin();
  ast::Print print;
  print.topic = LV_TRY(resource("the name of a topic"));
  print.from_beginning = accept({"FROM", "BEGINNING"});
  if (accept("INTERVAL") || accept("SAMPLE")) print.interval = LV_TRY(whole_number("every how many records to print"));
  if (accept("LIMIT")) print.limit = LV_TRY(whole_number("how many records to print"));
  print.span = since(first);
  return print;
}

Result<Grammar::Body> Grammar::set_property(SetProperty::Action action) {
  constexpr std::string_view forms[] = {"SET 'property' = 'value'", "UNSET 'property'",
                                        "ALTER SYSTEM 'property' = 'value'"};
  Form form(*this, forms[static_cast<std::size_t>(action)]);
  std::uint32_t first = begin();
  SetProperty set{action, {}, {}, {}};
  set.name = LV_TRY(string("the property as a string"));
  if (action != SetProperty::Action::unset) {
    LV_TRY(expect("="));
    set.value = LV_TRY(string("the value as a string"));
  }
  set.span = since(first);
  return set;
}

Result<Grammar::Body> Grammar::define(bool with_value) {
  Form form(*this, with_value ? "DEFINE variable = 'value'" : "UNDEFINE variable");
  ast::Define define;
  define.name = LV_TRY(name("the name of a variable"));
  if (with_value) {
    LV_TRY(expect("="));
    define.value = LV_TRY(string("the value as a string"));
  }
  return define;
}

Result<Grammar::Body> Grammar::assertion() {
  Form form(*this, "ASSERT [NOT EXISTS] TOPIC topic … | ASSERT [NOT EXISTS] SCHEMA …");
  bool exists = !accept({"NOT", "EXISTS"});
  if (accept("TOPIC")) return assert_topic(exists);
  if (accept("SCHEMA")) return assert_schema(exists);
  if (exists) {
    if (accept("VALUES")) return assert_rows(AssertRows::What::values);
    if (accept({"NULL", "VALUES"})) return assert_rows(AssertRows::What::null_values);
    if (accept("STREAM")) return assert_definition(ast::ObjectKind::stream);
    if (accept("TABLE")) return assert_definition(ast::ObjectKind::table);
  }
  return expected("what to assert: TOPIC or SCHEMA");
}

Result<Grammar::Body> Grammar::assert_topic(bool exists) {
  Form form(*this, "ASSERT [NOT EXISTS] TOPIC topic [WITH (property = value, …)] [TIMEOUT n SECONDS]");
  ast::AssertTopic assert{exists, {}, {}, {}};
  assert.topic = LV_TRY(resource("the name of a topic"));
  assert.properties = LV_TRY(properties());
  assert.timeout = LV_TRY(timeout());
  return assert;
}

Result<Grammar::Body> Grammar::assert_schema(bool exists) {
  Form form(*this, "ASSERT [NOT EXISTS] SCHEMA [SUBJECT 'subject'] [ID n] [TIMEOUT n SECONDS]");
  ast::AssertSchema assert{exists, {}, {}, {}};
  if (accept("SUBJECT")) assert.subject = LV_TRY(resource("the name of a subject"));
  if (accept("ID")) assert.id = LV_TRY(whole_number("the number of a schema"));
  if (!assert.subject && !assert.id) return expected("SUBJECT or ID");
  assert.timeout = LV_TRY(timeout());
  return assert;
}

Result<Grammar::Body> Grammar::assert_rows(AssertRows::What what) {
  bool with_value = what == AssertRows::What::values;
  Form form(*this, with_value ? "ASSERT VALUES name [(column, …)] VALUES (value, …)"
                              : "ASSERT NULL VALUES name [(column, …)] KEY (value, …)");
  AssertRows assert;
  assert.what = what;
  assert.name = LV_TRY(name("the name of a stream or table"));
  if (at("(")) assert.columns = LV_TRY(column_names());
  LV_TRY(expect(with_value ? "VALUES" : "KEY"));
  assert.row = LV_TRY(row());
  return assert;
}

Result<Grammar::Body> Grammar::assert_definition(ast::ObjectKind kind) {
  Form form(*this, "ASSERT STREAM|TABLE name [(column TYPE, …)] [WITH (property = value, …)]");
  AssertRows assert;
  assert.what = kind == ast::ObjectKind::stream ? AssertRows::What::stream : AssertRows::What::table;
  assert.name = LV_TRY(name("the name of a stream or table"));
  if (at("(")) {
    std::uint32_t first = begin();
    auto elements = LV_TRY(this->elements(kind));
    if (!elements.checks.empty()) return wrong(since(first), "an ASSERT cannot hold a CHECK");
    assert.definitions = std::move(elements.columns);
  }
  assert.properties = LV_TRY(properties());
  return assert;
}

Result<Grammar::Body> Grammar::run_script() {
  Form form(*this, "RUN SCRIPT 'path'");
  auto path = LV_TRY(string("the path as a string"));
  return ast::RunScript{std::move(path)};
}

// Names outside of SQL: their letter case counts, quoted or not.
Result<std::string> Grammar::resource(std::string_view what) {
  if (!at_name() && !at(TokenKind::string)) return expected(what);
  return take().text;
}

Result<std::optional<ast::Duration>> Grammar::timeout() {
  if (!accept("TIMEOUT")) return std::nullopt;
  return duration();
}

}  // namespace levada
