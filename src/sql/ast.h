// The syntax tree: what was written, before anything is known of names and types. Plain values; every node knows its
// place. The whole grammar of ksqlDB's dialect is here, also what the planner cannot do yet.
//
// Two trees are equal if they say the same: where it stands, and whether a name was quoted, does not count.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace levada::ast {

// [begin, end) in the text of the script.
struct Span {
  std::uint32_t begin = 0, end = 0;
  friend bool operator==(Span, Span) { return true; }
};

// As SQL sees it: in capitals, unless it was quoted.
struct Name {
  std::string text;
  bool quoted = false;
  Span span;
  friend bool operator==(const Name& a, const Name& b) { return a.text == b.text; }
};

// ---- types ----

struct TypeField;
struct TypeName {
  Name name;                          // BOOLEAN, INT, …, DECIMAL, ARRAY, MAP, STRUCT, or a name of CREATE TYPE
  std::vector<std::int64_t> numbers;  // DECIMAL's precision and scale, VARCHAR's ignored length
  std::vector<TypeField> fields;      // ARRAY: one, MAP: two (without names), STRUCT: all
  Span span;
  bool operator==(const TypeName&) const = default;
};
struct TypeField {
  Name name;
  TypeName type;
  bool operator==(const TypeField&) const = default;
};

// ---- expressions ----

enum class ExpressionKind : std::uint8_t {
  null_literal,
  boolean_literal,
  integer_literal,
  decimal_literal,
  double_literal,
  string_literal,  // `text`
  typed_literal,   // DATE '…': name DATE, TIME or TIMESTAMP, text
  column,          // [qualifier.]name; also the unit of time in DATEADD(DAYS, …)
  negate,
  plus,
  logical_not,  // 1 child
  add,
  subtract,
  multiply,
  divide,
  modulo,
  concat,  // 2
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,  // 2
  distinct_from,
  not_distinct_from,  // 2
  logical_and,
  logical_or,  // 2
  is_null,
  is_not_null,  // 1
  between,
  not_between,  // 3: value, low, high
  in,
  not_in,  // value, then the list
  like,
  not_like,       // value, pattern[, escape]
  searched_case,  // condition, result, …[, else]: an odd count has an else
  simple_case,    // operand, value, result, …[, else]: an even count has an else
  cast,           // 1 child, `type`
  at_time_zone,   // 2
  subscript,      // base, index
  field,          // base; `name`
  all_fields,     // base->*; only as a SelectItem's expression
  call,           // `name`, arguments; f(*) is a call without arguments whose `text` is *
  lambda,         // `names`: parameters; 1 child: the body. Only as an argument
  array,
  map,
  structure,  // ARRAY[…]; MAP(k := v, …): k, v, k, v; STRUCT(n := v, …): `names`, values
};

// The parser makes no tree that is higher, so whoever walks one may recurse.
inline constexpr std::uint16_t max_height = 1000;

struct Expression {
  ExpressionKind kind = ExpressionKind::null_literal;
  std::uint16_t height = 0;  // levels below this one
  Span span;
  std::string text;  // of literals: strings without quotes, numbers as written with their minus, TRUE or FALSE
  std::optional<Name> qualifier;  // of columns
  Name name;
  std::vector<Name> names;
  std::optional<TypeName> type;
  std::vector<Expression> children;

  bool operator==(const Expression&) const;  // heights aside
};

// ---- queries ----

struct Duration {
  std::int64_t count = 0;
  std::string unit;  // DAY, HOUR, MINUTE, SECOND, MILLISECOND (singular, in capitals)
  Span span;
  std::int64_t milliseconds() const;  // the parser lets none pass that does not fit
  bool operator==(const Duration&) const = default;
};

struct Source {
  Name name;
  std::optional<Name> alias;
  Span span;
  bool operator==(const Source&) const = default;
};

enum class JoinKind : std::uint8_t { inner, left, right, full };
struct Join {
  JoinKind kind = JoinKind::inner;
  Source right;
  std::optional<Duration> before, after, grace;  // WITHIN: both set, equal if one was written
  Expression on;
  Span span;
  bool operator==(const Join&) const = default;
};

enum class WindowKind : std::uint8_t { tumbling, hopping, session };
struct Window {
  WindowKind kind = WindowKind::tumbling;
  std::optional<Name> name;
  Duration size;  // of sessions: the gap
  std::optional<Duration> advance, retention, grace;
  Span span;
  bool operator==(const Window&) const = default;
};

struct SelectItem {
  bool star = false;              // * or qualifier.*
  std::optional<Name> qualifier;  // of a star
  Expression expression;          // else; all_fields for s->*
  std::optional<Name> alias;
  Span span;
  bool operator==(const SelectItem&) const = default;
};

enum class Emit : std::uint8_t { none, changes, final };

struct Query {
  std::vector<SelectItem> items;
  Source from;
  std::vector<Join> joins;
  std::optional<Window> window;
  std::optional<Expression> where;
  std::vector<Expression> group_by, partition_by;
  std::optional<Expression> having;
  Emit emit = Emit::none;
  std::optional<std::int64_t> limit;
  Span span;
  bool operator==(const Query&) const = default;
};

// ---- statements ----

// In WITH (…): name = literal. Values keep their kind; `text` is the value.
struct PropertySetting {
  Name name;  // quoted if it was a string, too: letter case counts then
  Expression value;
  bool operator==(const PropertySetting&) const = default;
};

enum class ColumnRole : std::uint8_t { value, key, primary_key, headers, header };
struct ColumnDefinition {
  Name name;
  TypeName type;
  ColumnRole role = ColumnRole::value;
  std::string header;  // HEADER('…')
  Span span;
  bool operator==(const ColumnDefinition&) const = default;
};
// [CONSTRAINT name] CHECK (expression), on a column or beside the columns; standard SQL, beyond ksqlDB.
struct Check {
  std::optional<Name> name;
  Expression condition;
  Span span;
  bool operator==(const Check&) const = default;
};

enum class ObjectKind : std::uint8_t { stream, table };

struct CreateSource {  // CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] n [(columns)] [WITH (…)]
  ObjectKind kind = ObjectKind::stream;
  bool or_replace = false, if_not_exists = false, read_only = false;  // read_only: SOURCE
  Name name;
  std::vector<ColumnDefinition> columns;
  std::vector<Check> checks;
  std::vector<PropertySetting> properties;
  bool operator==(const CreateSource&) const = default;
};
struct CreateAs {  // CREATE [OR REPLACE] STREAM|TABLE [IF NOT EXISTS] n [WITH (…)] AS query
  ObjectKind kind = ObjectKind::stream;
  bool or_replace = false, if_not_exists = false;
  Name name;
  std::vector<Check> checks;  // CREATE STREAM n (CHECK (…)) … AS
  std::vector<PropertySetting> properties;
  Query query;
  bool operator==(const CreateAs&) const = default;
};
struct InsertInto {  // INSERT INTO n [WITH (…)] query
  Name target;
  std::vector<PropertySetting> properties;
  Query query;
  bool operator==(const InsertInto&) const = default;
};
struct InsertValues {
  Name target;
  std::vector<Name> columns;  // empty: all
  std::vector<std::vector<Expression>> rows;
  bool operator==(const InsertValues&) const = default;
};
struct Select {
  Query query;
  bool operator==(const Select&) const = default;
};
struct AlterSource {  // ADD COLUMN
  ObjectKind kind = ObjectKind::stream;
  Name name;
  std::vector<ColumnDefinition> columns;
  bool operator==(const AlterSource&) const = default;
};
struct Drop {
  enum class What : std::uint8_t { stream, table, connector, type } what = What::stream;
  bool if_exists = false, delete_topic = false;
  Name name;
  bool operator==(const Drop&) const = default;
};
struct CreateType {
  bool if_not_exists = false;
  Name name;
  TypeName type;
  bool operator==(const CreateType&) const = default;
};
struct QueryControl {  // TERMINATE, PAUSE, RESUME id | ALL
  enum class Action : std::uint8_t { terminate, pause, resume } action = Action::terminate;
  std::optional<Name> query;  // nullopt: ALL
  bool operator==(const QueryControl&) const = default;
};
struct Statement;
struct Explain {
  std::optional<Name> query;                   // a running one
  std::shared_ptr<const Statement> statement;  // or this
  bool operator==(const Explain&) const;
};
struct Show {
  enum class What : std::uint8_t {
    properties,
    topics,
    all_topics,
    streams,
    tables,
    functions,
    variables,
    types,
    queries,
    connectors,
    source_connectors,
    sink_connectors,
    connector_plugins
  } what = What::streams;
  bool extended = false;
  bool operator==(const Show&) const = default;
};
struct Describe {
  enum class What : std::uint8_t { source, streams, tables, function, connector } what = What::source;
  Name name;
  bool extended = false;
  bool operator==(const Describe&) const = default;
};
struct Print {
  std::string topic;
  bool from_beginning = false;
  std::int64_t interval = 1;
  std::optional<std::int64_t> limit;
  Span span;
  bool operator==(const Print&) const = default;
};
struct CreateConnector {
  bool sink = false, if_not_exists = false;
  Name name;
  std::vector<PropertySetting> properties;
  bool operator==(const CreateConnector&) const = default;
};
struct SetProperty {
  enum class Action : std::uint8_t { set, unset, alter_system } action = Action::set;
  std::string name, value;
  Span span;
  bool operator==(const SetProperty&) const = default;
};
struct Define {  // DEFINE v = 'x', UNDEFINE v
  Name name;
  std::optional<std::string> value;
  bool operator==(const Define&) const = default;
};
struct AssertTopic {
  bool exists = true;
  std::string topic;
  std::vector<PropertySetting> properties;
  std::optional<Duration> timeout;
  bool operator==(const AssertTopic&) const = default;
};
struct AssertSchema {
  bool exists = true;
  std::optional<std::string> subject;
  std::optional<std::int64_t> id;
  std::optional<Duration> timeout;
  bool operator==(const AssertSchema&) const = default;
};
// Only for the SQL test tool; a server rejects them.
struct AssertRows {
  enum class What : std::uint8_t { values, null_values, stream, table } what = What::values;
  Name name;
  std::vector<Name> columns;
  std::vector<Expression> row;
  std::vector<ColumnDefinition> definitions;
  std::vector<PropertySetting> properties;
  bool operator==(const AssertRows&) const = default;
};
struct RunScript {
  std::string path;
  bool operator==(const RunScript&) const = default;
};

struct Statement {
  std::variant<CreateSource, CreateAs, InsertInto, InsertValues, Select, AlterSource, Drop, CreateType, QueryControl,
               Explain, Show, Describe, Print, CreateConnector, SetProperty, Define, AssertTopic, AssertSchema,
               AssertRows, RunScript>
      body;
  Span span;  // without the semicolon
  bool operator==(const Statement&) const = default;
};

}  // namespace levada::ast
