// What a query means, as plain values: a tree of nodes from the topics it reads to the topic it writes. Plans are made
// by sql/, printed by EXPLAIN, compared with what ran before, and turned into running parts by pipeline/assemble.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "formats/format.h"
#include "functions/expression.h"
#include "operators/operators.h"

namespace levada {

// How the records of a topic are made of columns.
struct RecordFormat {
  std::string topic;
  std::int32_t partitions = 1;
  FormatSpec key, value;
  // Event time in milliseconds, over the topic's columns; null: the record's own timestamp.
  ExpressionRef event_time;
  // A key whose columns are all null is null itself; false: it is written, if it has several.
  bool null_keys = true;
};

// A rule that rows must keep: CONSTRAINT name CHECK (condition). A row for which it is false is not written.
struct CheckRule {
  std::string name;
  ExpressionRef condition;
};

// Reads a stream or table.
struct ReadNode {
  std::string object;
  bool table = false;
  RecordFormat format;
  std::vector<bool> wanted;  // of key and value columns; others are not decoded
};
// Sends rows through an internal topic, so that equal keys meet in one partition. The rows' schema does not change.
struct RepartitionNode {
  RecordFormat format;
};

struct PlanNode;
using PlanRef = std::shared_ptr<const PlanNode>;
// Every OperatorSpec can be a step.
using PlanStep = std::variant<ReadNode, FilterSpec, ProjectSpec, AggregateSpec, RepartitionNode>;

struct PlanNode {
  PlanStep step;
  std::vector<PlanRef> inputs;  // a ReadNode has none
  SchemaRef schema;             // of what comes out
};
// The step as an operator; nullopt: it is none.
std::optional<OperatorSpec> operator_of(const PlanStep& step);

// Where the rows of a persistent query go.
struct WriteTarget {
  std::string object;
  bool table = false;
  RecordFormat format;
  std::vector<CheckRule> checks;
  // The key is that of the rows read, in the same format and number of partitions: each row stays in its partition.
  bool keeps_partition = false;
};

struct QueryPlan {
  std::string id;  // CSAS_X_1, CTAS_X_2, INSERTQUERY_3; empty for a transient query
  PlanRef root;
  std::optional<WriteTarget> target;  // persistent queries
  // Transient ones:
  std::vector<std::size_t> shown;  // the root's columns in the order in which they were selected
  std::optional<std::int64_t> limit;
  bool follow = false;  // EMIT CHANGES
};

// The plan as text, one node a line, inputs below and further in: what EXPLAIN shows and .plan files hold.
std::string text_of(const QueryPlan& plan);

}  // namespace levada
