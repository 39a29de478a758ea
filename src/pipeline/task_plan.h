// What one task runs: the operators of one or more queries between the topics they read and the topics they write,
// without the log in between. The same for every partition.
//
//   input ─► operator ─► … ─► output ─► operator ─► … ─► output
//
// A query that reads what another one writes, in the same partition, takes the rows from its hands: both outputs, both
// offsets and both states then go into one transaction. A node's number is larger than those of the nodes it gets rows
// from.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "plan/plan.h"
#include "sql/catalog.h"

namespace levada {

// Reads a topic for a query; its group is the query's id.
struct TaskInput {
  std::string query;
  ReadNode read;
};
struct TaskOperator {
  std::string query;
  OperatorSpec spec;
};
// Writes a topic; `readers` are the queries that take the rows from here instead of reading the topic.
struct TaskOutput {
  std::string query;
  std::string object;  // empty for internal topics
  RecordFormat format;
  std::vector<CheckRule> checks;
  bool keeps_partition = false;
  std::vector<std::string> readers;
};

struct TaskNode {
  std::variant<TaskInput, TaskOperator, TaskOutput> part;
  SchemaRef schema;  // of what comes out, or goes in for an output
  struct Edge {
    std::size_t node, input;
  };
  std::vector<Edge> next;
};

struct TaskPlan {
  std::vector<std::string> queries;  // in the order in which rows pass them
  std::int32_t partitions = 1;
  std::vector<TaskNode> nodes;

  std::string name() const;  // the queries, joined
};

// The queries' plans cut at their repartitions, and joined where one may hand its rows to the next.
std::vector<TaskPlan> assemble(const Catalog& catalog);
// The same for a single query, joined with nothing.
std::vector<TaskPlan> assemble_alone(const PersistentQuery& query);

// As text, one node a line: EXPLAIN's last stage.
std::string text_of(const std::vector<TaskPlan>& plans);

// Internal topics of a query: repartitions and the changelogs of its stores.
std::string changelog_topic(const std::string& store);

}  // namespace levada
