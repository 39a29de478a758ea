// Statements to plans: what a CREATE, an INSERT or a SELECT means, as values of plan/plan.h and sql/catalog.h. Nothing
// is done: the engine puts the results into the catalog and the log.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "log/log.h"
#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/inferred_columns.h"
#include "sql/parser.h"
#include "sql/query_planner.h"
#include "sql/relation_properties.h"

namespace levada {

// What a source connector says of a topic that it writes.
struct DescribedTopic {
  Schema schema;
  TopicConfig config;  // as the connector would make it
};

// All that a statement is seen against; outlives the planner.
struct PlanSurroundings {
  const Catalog* catalog = nullptr;
  const SessionProperties* session = nullptr;
  std::function<std::optional<Topic>(const std::string&)> topic;  // what the log has
  SchemaStore* schemas = nullptr;                                 // of formats that write a schema's number
  // Asks the source connectors; nullopt: none of them writes the topic. Each of them adds a line to `answers`, which
  // says why it does not know it. None: nobody can be asked.
  std::function<std::optional<DescribedTopic>(const std::string& topic, std::vector<std::string>& answers)> describe =
      nullptr;
};

// A new stream or table, and how its topic is to be made if it is not there.
struct PlannedRelation {
  Relation relation;
  TopicConfig topic;
};
struct PlannedQuery {
  std::optional<PlannedRelation> created;  // by CREATE … AS
  PersistentQuery query;
};
// INSERT … VALUES: rows for a relation's topic.
struct PlannedRows {
  const Relation* relation;
  Batch rows;
};

class Planner {
 public:
  Planner(const Script& script, const PlanSurroundings& around) : script_(script), around_(around) {}

  // Columns that the statement leaves out are inferred (sql/inferred_columns.h); the relation's statement has them.
  Result<PlannedRelation> create_source(const ast::Statement& statement, const ast::CreateSource& create) const;
  Result<PlannedQuery> create_as(const ast::Statement& statement, const ast::CreateAs& create) const;
  Result<PlannedQuery> insert_into(const ast::Statement& statement, const ast::InsertInto& insert) const;
  Result<PlannedRows> insert_values(const ast::InsertValues& insert, std::int64_t now_ms) const;
  Result<QueryPlan> select(const ast::Select& select) const;

  // What create_source() would infer.
  Result<ColumnsLeftOut> left_out(const ast::CreateSource& create) const;

 private:
  // Adds what is left out; the topic as the connector that knew it would make it.
  Result<std::optional<TopicConfig>> infer(ast::CreateSource& create, ColumnsLeftOut sides,
                                           const std::string& topic) const;
  Result<Schema> declared_schema(const ast::CreateSource& create) const;
  Result<std::int32_t> partitions_of(const RelationProperties& properties, const std::string& topic,
                                     std::optional<std::int32_t> fallback) const;
  Result<ExpressionRef> event_time(const SchemaRef& schema, const std::string& name,
                                   const RelationProperties& properties) const;
  Result<std::vector<CheckRule>> bind_checks(const std::vector<ast::Check>& checks, const std::string& name,
                                             const SchemaRef& schema) const;
  // What WITH leaves out comes from the relation that is read.
  Result<RecordFormat> derived_format(const SchemaRef& schema, const Relation& source,
                                      const RelationProperties& properties, const std::string& topic,
                                      const std::string& name) const;
  TopicConfig topic_config(const RelationProperties& properties, std::int32_t partitions, bool table) const;
  std::string query_id(std::string_view prefix, const std::string& name) const;
  bool merges() const;  // caching is on
  Error error(ast::Span span, std::string what) const { return statement_error(script_, span, std::move(what)); }

  const Script& script_;
  const PlanSurroundings& around_;
};

}  // namespace levada
