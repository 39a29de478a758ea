// Statements that make, change, fill and drop streams, tables, types and connectors.
#include "sql/grammar.h"

namespace levada {

using ast::ObjectKind;

namespace {

constexpr std::string_view create_form =
    "CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name [(column TYPE [KEY], …)] [WITH (property = value, "
    "…)] "
    "[AS SELECT …]";

constexpr std::string_view connector_form =
    "CREATE SOURCE|SINK CONNECTOR [IF NOT EXISTS] name WITH ('property' = 'value', …)";

}  // namespace

Result<Grammar::Body> Grammar::create() {
  Form form(*this, create_form);
  bool or_replace = accept("OR");
  if (or_replace) LV_TRY(expect("REPLACE"));
  bool source = accept("SOURCE"), sink = !source && !or_replace && accept("SINK");
  if (!sink && accept("STREAM")) return create_source(ObjectKind::stream, or_replace, source);
  if (!sink && accept("TABLE")) return create_source(ObjectKind::table, or_replace, source);
  if (or_replace) return expected("STREAM or TABLE");
  if (sink || source) {
    if (accept("CONNECTOR")) return create_connector(sink);
    Form connector(*this, sink ? connector_form : create_form);
    return expected(sink ? "CONNECTOR" : "STREAM, TABLE or CONNECTOR");
  }
  if (accept("TYPE")) return create_type();
  return expected("STREAM, TABLE, TYPE, SOURCE or SINK CONNECTOR");
}

Result<bool> Grammar::if_not_exists() {
  if (!at("IF") || !at("NOT", 1)) return false;
  LV_TRY(expect({"IF", "NOT", "EXISTS"}));
  return true;
}

Result<Grammar::Body> Grammar::create_source(ObjectKind kind, bool or_replace, bool read_only) {
  bool if_not_exists = LV_TRY(this->if_not_exists());
  auto name = LV_TRY(this->name(kind == ObjectKind::stream ? "the name of the stream" : "the name of the table"));
  std::uint32_t elements_begin = begin();
  Elements elements;
  if (at("(")) elements = LV_TRY(this->elements(kind));
  ast::Span elements_span = since(elements_begin);
  auto properties = LV_TRY(this->properties());
  if (!at("AS")) {
    return ast::CreateSource{kind,
                             or_replace,
                             if_not_exists,
                             read_only,
                             std::move(name),
                             std::move(elements.columns),
                             std::move(elements.checks),
                             std::move(properties)};
  }
  if (read_only)
    return wrong(token().span, "what is made by a query cannot be a SOURCE")
        .remedy("Leave SOURCE out: it is for what is only read here.");
  if (!elements.columns.empty())
    return wrong(elements_span, "the query says which columns " + name.text + " has")
        .remedy("Leave the columns out; only CHECK (…) may stand in the parentheses before AS.");
  take();
  auto query = LV_TRY(this->query());
  return ast::CreateAs{kind,
                       or_replace,
                       if_not_exists,
                       std::move(name),
                       std::move(elements.checks),
                       std::move(properties),
                       std::move(query)};
}

Result<Grammar::Body> Grammar::create_connector(bool sink) {
  Form form(*this, connector_form);
  bool if_not_exists = LV_TRY(this->if_not_exists());
  auto name = LV_TRY(this->name("the name of the connector"));
  if (!at("WITH")) return expected("WITH");
  auto properties = LV_TRY(this->properties());
  return ast::CreateConnector{sink, if_not_exists, std::move(name), std::move(properties)};
}

Result<Grammar::Body> Grammar::create_type() {
  Form form(*this, "CREATE TYPE [IF NOT EXISTS] name AS type");
  bool if_not_exists = LV_TRY(this->if_not_exists());
  auto name = LV_TRY(this->name("the name of the type"));
  LV_TRY(expect("AS"));
  auto type = LV_TRY(this->type());
  return ast::CreateType{if_not_exists, std::move(name), std::move(type)};
}

Result<Grammar::Body> Grammar::insert() {
  Form form(*this, "INSERT INTO name [(column, …)] VALUES (value, …) | INSERT INTO name [WITH (…)] SELECT …");
  LV_TRY(expect("INTO"));
  auto target = LV_TRY(name("the name of a stream or table"));
  if (at("(") || at("VALUES")) return insert_values(std::move(target));
  auto properties = LV_TRY(this->properties());
  if (!at("SELECT")) return expected(properties.empty() ? "VALUES or SELECT" : "SELECT");
  auto query = LV_TRY(this->query());
  return ast::InsertInto{std::move(target), std::move(properties), std::move(query)};
}

Result<Grammar::Body> Grammar::insert_values(ast::Name target) {
  ast::InsertValues insert;
  insert.target = std::move(target);
  if (at("(")) insert.columns = LV_TRY(column_names());
  LV_TRY(expect("VALUES"));
  do {
    auto row = LV_TRY(this->row());
    insert.rows.push_back(std::move(row));
  } while (accept(","));
  return insert;
}

Result<Grammar::Body> Grammar::alter() {
  Form form(*this, "ALTER STREAM|TABLE name ADD [COLUMN] column TYPE, …");
  if (accept("SYSTEM")) return set_property(ast::SetProperty::Action::alter_system);
  ast::AlterSource alter;
  if (accept("TABLE"))
    alter.kind = ObjectKind::table;
  else if (!accept("STREAM"))
    return expected("STREAM, TABLE or SYSTEM");
  alter.name = LV_TRY(name("the name of a stream or table"));
  LV_TRY(expect("ADD"));
  // ADD and COLUMN may also be names of columns: then a type follows and not one more name.
  auto word_before_column = [&] { return at_name(1) && at_name(2); };
  do {
    if (!alter.columns.empty() && at("ADD") && word_before_column()) take();
    if (at("COLUMN") && word_before_column()) take();
    auto column = LV_TRY(column_and_type());
    alter.columns.push_back(std::move(column));
  } while (accept(","));
  return alter;
}

Result<Grammar::Body> Grammar::drop() {
  using What = ast::Drop::What;
  Form form(*this, "DROP STREAM|TABLE [IF EXISTS] name [DELETE TOPIC] | DROP CONNECTOR|TYPE [IF EXISTS] name");
  ast::Drop drop;
  if (accept("STREAM"))
    drop.what = What::stream;
  else if (accept("TABLE"))
    drop.what = What::table;
  else if (accept("CONNECTOR"))
    drop.what = What::connector;
  else if (accept("TYPE"))
    drop.what = What::type;
  else
    return expected("STREAM, TABLE, CONNECTOR or TYPE");
  drop.if_exists = accept({"IF", "EXISTS"});
  drop.name = LV_TRY(name("the name of what to drop"));
  if ((drop.what == What::stream || drop.what == What::table) && accept("DELETE")) {
    LV_TRY(expect("TOPIC"));
    drop.delete_topic = true;
  }
  return drop;
}

Result<Grammar::Elements> Grammar::elements(ObjectKind kind) {
  Elements elements;
  LV_TRY(expect("("));
  do LV_TRY(element(kind, elements));
  while (accept(","));
  LV_TRY(expect(")"));
  return elements;
}

Result<void> Grammar::element(ObjectKind kind, Elements& elements) {
  if (at_check()) {
    auto check = LV_TRY(this->check());
    elements.checks.push_back(std::move(check));
    return {};
  }
  std::uint32_t first = begin();
  auto column = LV_TRY(column_and_type());
  for (bool more = true; more;) {
    if (at_check()) {
      auto check = LV_TRY(this->check());
      elements.checks.push_back(std::move(check));
    } else {
      more = LV_TRY(column_role(kind, column));
    }
  }
  column.span = since(first);
  elements.columns.push_back(std::move(column));
  return {};
}

Result<ast::ColumnDefinition> Grammar::column_and_type() {
  std::uint32_t first = begin();
  ast::ColumnDefinition column;
  column.name = LV_TRY(name("a column name"));
  column.type = LV_TRY(type());
  column.span = since(first);
  return column;
}

// False if none stands here.
Result<bool> Grammar::column_role(ObjectKind kind, ast::ColumnDefinition& column) {
  std::uint32_t first = begin();
  ast::ColumnRole role;
  if (accept("KEY")) {
    role = ast::ColumnRole::key;
    if (kind == ObjectKind::table)
      return wrong(since(first), "the column " + column.name.text + " of a table cannot be a KEY")
          .remedy("Tables have a PRIMARY KEY: write " + column.name.text + " … PRIMARY KEY.");
  } else if (accept("PRIMARY")) {
    LV_TRY(expect("KEY"));
    role = ast::ColumnRole::primary_key;
    if (kind == ObjectKind::stream)
      return wrong(since(first), "the column " + column.name.text + " of a stream cannot be a PRIMARY KEY")
          .remedy("Streams may have many rows with one key: write " + column.name.text + " … KEY.");
  } else if (accept("HEADERS")) {
    role = ast::ColumnRole::headers;
  } else if (accept("HEADER")) {
    LV_TRY(expect("("));
    column.header = LV_TRY(string("the header's name as a string"));
    LV_TRY(expect(")"));
    role = ast::ColumnRole::header;
  } else {
    return false;
  }
  if (column.role != ast::ColumnRole::value)
    return wrong(since(first), "the column " + column.name.text + " can be only one of KEY, HEADERS and HEADER");
  column.role = role;
  return true;
}

// CHECK and CONSTRAINT may also be names of columns.
bool Grammar::at_check() { return (at("CHECK") && at("(", 1)) || (at("CONSTRAINT") && at_name(1) && at("CHECK", 2)); }

Result<ast::Check> Grammar::check() {
  Form form(*this, "[CONSTRAINT name] CHECK (condition)");
  std::uint32_t first = begin();
  ast::Check check;
  if (accept("CONSTRAINT")) check.name = LV_TRY(name("the name of the constraint"));
  LV_TRY(expect({"CHECK", "("}));
  check.condition = LV_TRY(expression());
  LV_TRY(expect(")"));
  check.span = since(first);
  return check;
}

Result<std::vector<ast::PropertySetting>> Grammar::properties() {
  std::vector<ast::PropertySetting> properties;
  if (!accept("WITH")) return properties;
  Form form(*this, "WITH (property = value, 'property' = 'value', …)");
  LV_TRY(expect("("));
  do {
    ast::PropertySetting property;
    if (at(TokenKind::string)) {
      Token name = take();
      property.name = {std::move(name.text), true, name.span};
    } else {
      property.name = LV_TRY(name("the name of a property"));
    }
    for (const auto& other : properties)
      if (other.name == property.name)
        return wrong(property.name.span, "the property " + property.name.text + " is set twice");
    LV_TRY(expect("="));
    property.value = LV_TRY(literal("a string, a number, TRUE, FALSE or NULL"));
    properties.push_back(std::move(property));
  } while (accept(","));
  LV_TRY(expect(")"));
  return properties;
}

Result<std::vector<ast::Name>> Grammar::column_names() {
  std::vector<ast::Name> names;
  LV_TRY(expect("("));
  do {
    auto name = LV_TRY(this->name("a column name"));
    names.push_back(std::move(name));
  } while (accept(","));
  LV_TRY(expect(")"));
  return names;
}

Result<std::vector<ast::Expression>> Grammar::row() {
  std::vector<ast::Expression> row;
  LV_TRY(expect("("));
  do {
    auto value = LV_TRY(expression());
    row.push_back(std::move(value));
  } while (accept(","));
  LV_TRY(expect(")"));
  return row;
}

}  // namespace levada
