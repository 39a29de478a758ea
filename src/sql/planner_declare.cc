// CREATE STREAM and CREATE TABLE over a topic: what is declared, and what is inferred.
#include <algorithm>

#include "formats/formats.h"
#include "sql/planner.h"
#include "sql/select_columns.h"

namespace levada {

Result<Schema> Planner::declared_schema(const ast::CreateSource& create) const {
  bool table = create.kind == ast::ObjectKind::table;
  Schema schema;
  for (const ast::ColumnDefinition& column : create.columns) {
    if (column.role == ast::ColumnRole::headers || column.role == ast::ColumnRole::header)
      return error(column.span, "not supported yet: columns over headers");
    Type type = LV_TRY(bind_type(script_, column.type, nullptr));
    bool key = column.role != ast::ColumnRole::value;
    if (is_pseudo_column(column.name.text))
      return error(column.name.span, column.name.text + " is the name of a pseudo column")
          .remedy("Choose another name.");
    if (column.role == ast::ColumnRole::key && table)
      return error(column.span, "a table's key is its PRIMARY KEY")
          .remedy("Write " + column.name.text + " … PRIMARY KEY.");
    if (column.role == ast::ColumnRole::primary_key && !table)
      return error(column.span, "a stream has no PRIMARY KEY").remedy("Write " + column.name.text + " … KEY.");
    if (schema.find(column.name.text)) return error(column.span, "there are two columns " + column.name.text);
    (key ? schema.key : schema.value).push_back({column.name.text, std::move(type)});
  }
  if (table && schema.key.empty())
    return error(create.name.span, "table " + create.name.text + " has no PRIMARY KEY")
        .remedy("Mark the column that rows are told apart by: id INT PRIMARY KEY.");
  return schema;
}

Result<std::int32_t> Planner::partitions_of(const RelationProperties& properties, const std::string& topic,
                                            std::optional<std::int32_t> fallback) const {
  std::optional<Topic> there = around_.topic(topic);
  if (there) {
    if (properties.partitions != 0 && properties.partitions != there->config.partitions)
      return error(properties.places.of({"PARTITIONS"}),
                   "topic " + topic + " has " + std::to_string(there->config.partitions) + " partitions, not " +
                       std::to_string(properties.partitions))
          .remedy("Leave PARTITIONS out, or choose another KAFKA_TOPIC.");
    return there->config.partitions;
  }
  if (properties.partitions != 0) return static_cast<std::int32_t>(properties.partitions);
  if (fallback) return *fallback;
  return error(properties.places.of({"KAFKA_TOPIC"}), "there is no topic " + topic)
      .remedy("To have it made, say how many partitions it shall have: WITH (PARTITIONS = 1, …).");
}

TopicConfig Planner::topic_config(const RelationProperties& properties, std::int32_t partitions, bool table) const {
  TopicConfig config{.partitions = partitions};
  config.compact = properties.cleanup_policy.empty() ? table : properties.cleanup_policy == "compact";
  if (config.compact) config.retention_ms = -1;
  if (properties.retention_ms) config.retention_ms = *properties.retention_ms;
  return config;
}

Result<ExpressionRef> Planner::event_time(const SchemaRef& schema, const std::string& name,
                                          const RelationProperties& properties) const {
  if (properties.timestamp.empty()) return ExpressionRef();
  ast::Span span = properties.places.of({"TIMESTAMP"});
  Script script{"TIMESTAMP", properties.timestamp};
  auto column = parse_expression(script);
  if (!column || column->kind != ast::ExpressionKind::column)
    return error(span, "'TIMESTAMP' is '" + properties.timestamp + "', which is no column's name");
  Scope scope{.schema = schema, .relation_names = {name}, .described = name, .pseudo_columns = false};
  auto bound = Binder(script, scope).bind(*column);
  if (!bound) return error(span, bound.error().what()).why(bound.error().why()).remedy(bound.error().remedy());
  TypeKind kind = (*bound)->type.kind();
  std::string text;
  if (kind == TypeKind::int64 && properties.timestamp_format.empty()) return bound;
  if (kind == TypeKind::timestamp && properties.timestamp_format.empty())
    text = "UNIX_TIMESTAMP(" + print(*column) + ")";
  if (kind == TypeKind::string && !properties.timestamp_format.empty()) {
    ast::Expression pattern{.kind = ast::ExpressionKind::string_literal, .text = properties.timestamp_format};
    text = "STRINGTOTIMESTAMP(" + print(*column) + ", " + print(pattern) + ")";
  }
  if (text.empty())
    return error(span, "column " + column->name.text + " cannot be the event time: it is " + (*bound)->type.text())
        .remedy("It must be BIGINT (milliseconds) or TIMESTAMP; or STRING, with TIMESTAMP_FORMAT.");
  Script call{"TIMESTAMP", text};
  auto tree = parse_expression(call);
  if (!tree) return std::move(tree).error();
  return Binder(call, scope).bind(*tree);
}

Result<std::vector<CheckRule>> Planner::bind_checks(const std::vector<ast::Check>& checks, const std::string& name,
                                                    const SchemaRef& schema) const {
  Scope scope{.schema = schema, .relation_names = {name}, .described = name, .pseudo_columns = false};
  Binder binder(script_, scope, {.unknown_comparisons = true});
  std::vector<CheckRule> rules;
  for (const ast::Check& check : checks) {
    CheckRule rule{.name = check.name ? check.name->text : name + "_CHECK_" + std::to_string(rules.size() + 1)};
    rule.condition = LV_TRY(binder.bind_condition(check.condition, "CHECK"));
    if (std::ranges::find(rules, rule.name, &CheckRule::name) != rules.end())
      return error(check.span, "there are two constraints " + rule.name);
    rules.push_back(std::move(rule));
  }
  return rules;
}

static std::string topic_of(const ast::CreateSource& create, const RelationProperties& properties) {
  return properties.topic.empty() ? create.name.text : properties.topic;
}

Result<ColumnsLeftOut> Planner::left_out(const ast::CreateSource& create) const {
  RelationProperties properties = LV_TRY(read_relation_properties(script_, create.name, create.properties));
  return columns_left_out(create, format_name(Side::key, properties.key_format, *around_.session),
                          format_name(Side::value, properties.value_format, *around_.session));
}

Result<std::optional<TopicConfig>> Planner::infer(ast::CreateSource& create, ColumnsLeftOut sides,
                                                  const std::string& topic) const {
  bool table = create.kind == ast::ObjectKind::table;
  auto key = LV_TRY(around_.schemas->latest(topic + "-key")), value = LV_TRY(around_.schemas->latest(topic + "-value"));
  if (sides.value ? value.has_value() : key.has_value()) {
    auto schema = find_format("AVRO")->read_schemas(key ? key->text : "", value ? value->text : "");
    if (!schema)
      return error(create.name.span,
                   "the columns of " + create.name.text + " cannot be taken from the schemas of " + topic)
          .why(schema.error().what())
          .remedy("Declare them.");
    add_columns(create, sides, *schema);
    return std::optional<TopicConfig>();
  }
  if (!sides.value && !table) return std::optional<TopicConfig>();  // a stream without a key
  std::vector<std::string> answers = {"there is no schema " + topic + (sides.value ? "-value" : "-key") +
                                      " in the log"};
  if (around_.describe)
    if (auto described = around_.describe(topic, answers)) {
      add_columns(create, sides, described->schema);
      return std::optional(described->config);
    }
  std::string why;
  for (const std::string& answer : answers) why += (why.empty() ? "" : "\n") + answer;
  return error(create.name.span, std::string(table ? "table " : "stream ") + create.name.text + " declares no " +
                                     (sides.value ? "columns" : "key") + ", and nobody knows those of topic " + topic)
      .why(why)
      .remedy(
          "Declare them, correct KAFKA_TOPIC, or put the CREATE SOURCE CONNECTOR that writes the topic before this.");
}

Result<PlannedRelation> Planner::create_source(const ast::Statement& statement,
                                               const ast::CreateSource& written) const {
  bool table = written.kind == ast::ObjectKind::table;
  RelationProperties properties = LV_TRY(read_relation_properties(script_, written.name, written.properties));
  ast::Statement complete = statement;
  auto& create = std::get<ast::CreateSource>(complete.body);
  PlannedRelation planned;
  Relation& relation = planned.relation;
  relation.format.topic = topic_of(create, properties);
  std::optional<TopicConfig> described;
  if (ColumnsLeftOut sides = LV_TRY(left_out(create)); sides.any())
    described = LV_TRY(infer(create, sides, relation.format.topic));
  if (create.columns.empty())
    return error(create.name.span, std::string(table ? "table " : "stream ") + create.name.text + " has no columns")
        .remedy("Declare them: CREATE " + std::string(table ? "TABLE" : "STREAM") + " " + create.name.text +
                " (id INT " + (table ? "PRIMARY KEY" : "KEY") + ", …) WITH (…);");
  auto schema = std::make_shared<const Schema>(LV_TRY(declared_schema(create)));
  relation.name = create.name.text;
  relation.table = table;
  relation.read_only = create.read_only;
  relation.schema = schema;
  relation.statement = print(complete);
  relation.format.partitions = LV_TRY(partitions_of(properties, relation.format.topic,
                                                    described ? std::optional(described->partitions) : std::nullopt));
  relation.format.key =
      LV_TRY(make_format(script_, properties.places, Side::key, properties.key_format, properties.key_delimiter, {},
                         schema->key, *around_.session, around_.schemas));
  relation.format.value =
      LV_TRY(make_format(script_, properties.places, Side::value, properties.value_format, properties.value_delimiter,
                         properties.wrap_single_value, schema->value, *around_.session, around_.schemas));
  relation.format.event_time = LV_TRY(event_time(schema, relation.name, properties));
  relation.checks = LV_TRY(bind_checks(create.checks, relation.name, schema));
  planned.topic = topic_config(properties, relation.format.partitions, table);
  if (described) {  // as the connector would make it, but for what is written here
    TopicConfig config = *described;
    config.partitions = planned.topic.partitions;
    if (!properties.cleanup_policy.empty()) config.compact = planned.topic.compact;
    if (properties.retention_ms) config.retention_ms = *properties.retention_ms;
    planned.topic = config;
  }
  return planned;
}

}  // namespace levada
