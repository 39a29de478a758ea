// Statements and queries as SQL.
#include <string>

#include "sql/parser.h"
#include "sql/sql_text.h"
#include "sql/words.h"

namespace levada::ast {
namespace {

std::string_view word_of(ObjectKind kind) { return kind == ObjectKind::stream ? "STREAM" : "TABLE"; }

SqlText& operator<<(SqlText& text, const Duration& duration) {
  return text << std::to_string(duration.count) << " " << duration.unit << (duration.count == 1 ? "" : "S");
}

// ---- queries ----

SqlText& operator<<(SqlText& text, const Source& source) {
  text << source.name;
  return source.alias ? text << " AS " << *source.alias : text;
}

SqlText& operator<<(SqlText& text, const SelectItem& item) {
  if (item.qualifier) text << *item.qualifier << ".";
  if (item.star) return text << "*";
  text << item.expression;
  return item.alias ? text << " AS " << *item.alias : text;
}

SqlText& operator<<(SqlText& text, const Join& join) {
  constexpr std::string_view kinds[] = {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"};
  text << " " << kinds[static_cast<std::size_t>(join.kind)] << " " << join.right;
  if (join.before && join.after) {
    bool same = *join.before == *join.after;
    text << " WITHIN " << (same ? "" : "(") << *join.before;
    if (!same) text << ", " << *join.after << ")";
    if (join.grace) text << " GRACE PERIOD " << *join.grace;
  }
  return text << " ON " << join.on;
}

SqlText& operator<<(SqlText& text, const Window& window) {
  constexpr std::string_view kinds[] = {"TUMBLING (SIZE ", "HOPPING (SIZE ", "SESSION ("};
  text << " WINDOW ";
  if (window.name) text << *window.name << " ";
  text << kinds[static_cast<std::size_t>(window.kind)] << window.size;
  if (window.advance) text << ", ADVANCE BY " << *window.advance;
  if (window.retention) text << ", RETENTION " << *window.retention;
  if (window.grace) text << ", GRACE PERIOD " << *window.grace;
  return text << ")";
}

SqlText& operator<<(SqlText& text, const Query& query) {
  text << "SELECT ";
  text.list(query.items, [&](const SelectItem& item) { text << item; });
  text << " FROM " << query.from;
  for (const Join& join : query.joins) text << join;
  if (query.window) text << *query.window;
  if (query.where) text << " WHERE " << *query.where;
  auto grouping = [&](std::string_view words, const std::vector<Expression>& by) {
    if (!by.empty()) (text << words).list(by, [&](const Expression& e) { text.add(e, value_level); });
  };
  grouping(" GROUP BY ", query.group_by);
  grouping(" PARTITION BY ", query.partition_by);
  if (query.having) text << " HAVING " << *query.having;
  if (query.emit != Emit::none) text << (query.emit == Emit::changes ? " EMIT CHANGES" : " EMIT FINAL");
  if (query.limit) text << " LIMIT " << std::to_string(*query.limit);
  return text;
}

// ---- parts of statements ----

SqlText& operator<<(SqlText& text, const ColumnDefinition& column) {
  text << column.name << " " << column.type;
  switch (column.role) {
    case ColumnRole::value: return text;
    case ColumnRole::key: return text << " KEY";
    case ColumnRole::primary_key: return text << " PRIMARY KEY";
    case ColumnRole::headers: return text << " HEADERS";
    case ColumnRole::header: return (text << " HEADER(").string(column.header) << ")";
  }
  return text;
}

void add_elements(SqlText& text, const std::vector<ColumnDefinition>& columns, const std::vector<Check>& checks) {
  if (columns.empty() && checks.empty()) return;
  text << " (";
  text.list(columns, [&](const ColumnDefinition& column) { text << column; });
  if (!columns.empty() && !checks.empty()) text << ", ";
  text.list(checks, [&](const Check& check) {
    if (check.name) text << "CONSTRAINT " << *check.name << " ";
    text << "CHECK (" << check.condition << ")";
  });
  text << ")";
}

void add_properties(SqlText& text, const std::vector<PropertySetting>& properties) {
  if (properties.empty()) return;
  text << " WITH (";
  text.list(properties, [&](const PropertySetting& property) {
    property.name.quoted || !is_plain_name(property.name.text) ? text.string(property.name.text)
                                                               : text << property.name;
    text << " = " << property.value;
  });
  text << ")";
}

void add_names(SqlText& text, const std::vector<Name>& names) {
  if (!names.empty()) (text << " (").list(names) << ")";
}

void add_timeout(SqlText& text, const std::optional<Duration>& timeout) {
  if (timeout) text << " TIMEOUT " << *timeout;
}

// ---- statements ----

struct StatementText {
  SqlText& text;

  void operator()(const CreateSource& s) const {
    text << "CREATE " << (s.or_replace ? "OR REPLACE " : "") << (s.read_only ? "SOURCE " : "") << word_of(s.kind)
         << (s.if_not_exists ? " IF NOT EXISTS " : " ") << s.name;
    add_elements(text, s.columns, s.checks);
    add_properties(text, s.properties);
  }
  void operator()(const CreateAs& s) const {
    text << "CREATE " << (s.or_replace ? "OR REPLACE " : "") << word_of(s.kind)
         << (s.if_not_exists ? " IF NOT EXISTS " : " ") << s.name;
    add_elements(text, {}, s.checks);
    add_properties(text, s.properties);
    text << " AS " << s.query;
  }
  void operator()(const InsertInto& s) const {
    text << "INSERT INTO " << s.target;
    add_properties(text, s.properties);
    text << " " << s.query;
  }
  void operator()(const InsertValues& s) const {
    text << "INSERT INTO " << s.target;
    add_names(text, s.columns);
    text << " VALUES ";
    text.list(s.rows, [&](const std::vector<Expression>& row) { (text << "(").list(row) << ")"; });
  }
  void operator()(const Select& s) const { text << s.query; }
  void operator()(const AlterSource& s) const {
    text << "ALTER " << word_of(s.kind) << " " << s.name << " ";
    text.list(s.columns, [&](const ColumnDefinition& column) { text << "ADD COLUMN " << column; });
  }
  void operator()(const Drop& s) const {
    constexpr std::string_view kinds[] = {"STREAM", "TABLE", "CONNECTOR", "TYPE"};
    text << "DROP " << kinds[static_cast<std::size_t>(s.what)] << (s.if_exists ? " IF EXISTS " : " ") << s.name
         << (s.delete_topic ? " DELETE TOPIC" : "");
  }
  void operator()(const CreateType& s) const {
    text << "CREATE TYPE " << (s.if_not_exists ? "IF NOT EXISTS " : "") << s.name << " AS " << s.type;
  }
  void operator()(const QueryControl& s) const {
    constexpr std::string_view actions[] = {"TERMINATE ", "PAUSE ", "RESUME "};
    text << actions[static_cast<std::size_t>(s.action)];
    if (!s.query)
      text << "ALL";
    else
      s.query->text == "ALL" ? text.quoted("ALL") : text << *s.query;
  }
  void operator()(const Explain& s) const {
    text << "EXPLAIN ";
    if (s.statement) text << print(*s.statement);
    if (s.query) text << *s.query;
  }
  void operator()(const Show& s) const {
    constexpr std::string_view kinds[] = {
        "PROPERTIES", "TOPICS",  "ALL TOPICS", "STREAMS",           "TABLES",          "FUNCTIONS",        "VARIABLES",
        "TYPES",      "QUERIES", "CONNECTORS", "SOURCE CONNECTORS", "SINK CONNECTORS", "CONNECTOR PLUGINS"};
    text << "SHOW " << kinds[static_cast<std::size_t>(s.what)] << (s.extended ? " EXTENDED" : "");
  }
  void operator()(const Describe& s) const {
    constexpr std::string_view kinds[] = {"", "STREAMS", "TABLES", "FUNCTION ", "CONNECTOR "};
    text << "DESCRIBE " << kinds[static_cast<std::size_t>(s.what)];
    if (s.what == Describe::What::source && is_kind_of_description(s.name.text))
      text.quoted(s.name.text);
    else if (s.what != Describe::What::streams && s.what != Describe::What::tables)
      text << s.name;
    text << (s.extended ? " EXTENDED" : "");
  }
  static bool is_kind_of_description(std::string_view name) {
    return name == "STREAMS" || name == "TABLES" || name == "FUNCTION" || name == "CONNECTOR";
  }
  void operator()(const Print& s) const {
    (text << "PRINT ").string(s.topic) << (s.from_beginning ? " FROM BEGINNING" : "");
    if (s.interval != 1) text << " INTERVAL " << std::to_string(s.interval);
    if (s.limit) text << " LIMIT " << std::to_string(*s.limit);
  }
  void operator()(const CreateConnector& s) const {
    text << "CREATE " << (s.sink ? "SINK" : "SOURCE") << " CONNECTOR " << (s.if_not_exists ? "IF NOT EXISTS " : "")
         << s.name;
    add_properties(text, s.properties);
  }
  void operator()(const SetProperty& s) const {
    constexpr std::string_view actions[] = {"SET ", "UNSET ", "ALTER SYSTEM "};
    (text << actions[static_cast<std::size_t>(s.action)]).string(s.name);
    if (s.action != SetProperty::Action::unset) (text << " = ").string(s.value);
  }
  void operator()(const Define& s) const {
    text << (s.value ? "DEFINE " : "UNDEFINE ") << s.name;
    if (s.value) (text << " = ").string(*s.value);
  }
  void operator()(const AssertTopic& s) const {
    (text << "ASSERT " << (s.exists ? "" : "NOT EXISTS ") << "TOPIC ").string(s.topic);
    add_properties(text, s.properties);
    add_timeout(text, s.timeout);
  }
  void operator()(const AssertSchema& s) const {
    text << "ASSERT " << (s.exists ? "" : "NOT EXISTS ") << "SCHEMA";
    if (s.subject) (text << " SUBJECT ").string(*s.subject);
    if (s.id) text << " ID " << std::to_string(*s.id);
    add_timeout(text, s.timeout);
  }
  void operator()(const AssertRows& s) const {
    constexpr std::string_view kinds[] = {"VALUES ", "NULL VALUES ", "STREAM ", "TABLE "};
    text << "ASSERT " << kinds[static_cast<std::size_t>(s.what)] << s.name;
    if (s.what == AssertRows::What::values || s.what == AssertRows::What::null_values) {
      add_names(text, s.columns);
      text << (s.what == AssertRows::What::values ? " VALUES (" : " KEY (");
      text.list(s.row) << ")";
    } else {
      add_elements(text, s.definitions, {});
      add_properties(text, s.properties);
    }
  }
  void operator()(const RunScript& s) const { (text << "RUN SCRIPT ").string(s.path); }
};

}  // namespace
}  // namespace levada::ast

namespace levada {

std::string print(const ast::Statement& statement) {
  SqlText text;
  std::visit(ast::StatementText{text}, statement.body);
  return text.take();
}

}  // namespace levada
