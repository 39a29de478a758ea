#include "pipeline/task_plan.h"

#include <algorithm>
#include <map>

#include "base/assert.h"

namespace levada {
namespace {

// Of the topics that the node's rows come from.
std::int32_t partitions_of(const PlanNode& node) {
  if (const auto* read = std::get_if<ReadNode>(&node.step)) return read->format.partitions;
  if (const auto* repartition = std::get_if<RepartitionNode>(&node.step)) return repartition->format.partitions;
  std::int32_t most = 0;
  for (const PlanRef& input : node.inputs) most = std::max(most, partitions_of(*input));
  return most;
}

// Takes a query's plan apart into task plans, one more at every repartition. Where there is one partition, equal keys
// are in it already, and nothing needs to go through a topic.
class Cutter {
 public:
  explicit Cutter(const PersistentQuery& query) : query_(query.plan) {}

  std::vector<TaskPlan> cut() {
    LV_ASSERT(query_.target.has_value());
    TaskPlan plan = start();
    std::size_t last = add(plan, *query_.root);
    const WriteTarget& target = *query_.target;
    add_output(plan, last, {query_.id, target.object, target.format, target.checks, target.keeps_partition, {}},
               query_.root->schema);
    finished_.push_back(std::move(plan));
    return std::move(finished_);
  }

 private:
  TaskPlan start() const {
    TaskPlan plan;
    plan.queries.push_back(query_.id);
    return plan;
  }

  static void add_output(TaskPlan& plan, std::size_t from, TaskOutput output, SchemaRef schema) {
    plan.nodes[from].next.push_back({plan.nodes.size(), 0});
    plan.nodes.push_back({std::move(output), std::move(schema), {}});
  }

  // Adds the node and all before it; returns its number.
  std::size_t add(TaskPlan& plan, const PlanNode& node) {
    if (const auto* read = std::get_if<ReadNode>(&node.step)) {
      plan.partitions = read->format.partitions;
      plan.nodes.push_back({TaskInput{query_.id, *read}, node.schema, {}});
      return plan.nodes.size() - 1;
    }
    if (const auto* repartition = std::get_if<RepartitionNode>(&node.step)) {
      if (repartition->format.partitions == 1 && partitions_of(*node.inputs[0]) == 1) return add(plan, *node.inputs[0]);
      TaskPlan before = start();
      std::size_t last = add(before, *node.inputs[0]);
      add_output(before, last, {query_.id, "", repartition->format, {}, false, {}}, node.schema);
      finished_.push_back(std::move(before));
      plan.partitions = repartition->format.partitions;
      ReadNode read{.format = repartition->format, .wanted = std::vector<bool>(node.schema->size(), true)};
      plan.nodes.push_back({TaskInput{query_.id, std::move(read)}, node.schema, {}});
      return plan.nodes.size() - 1;
    }
    std::vector<std::size_t> inputs;
    for (const PlanRef& input : node.inputs) inputs.push_back(add(plan, *input));
    std::size_t number = plan.nodes.size();
    for (std::size_t i = 0; i < inputs.size(); ++i) plan.nodes[inputs[i]].next.push_back({number, i});
    auto spec = operator_of(node.step);
    LV_ASSERT(spec.has_value());
    plan.nodes.push_back({TaskOperator{query_.id, *std::move(spec)}, node.schema, {}});
    return number;
  }

  const QueryPlan& query_;
  std::vector<TaskPlan> finished_;
};

// The topic a plan reads if it reads just one, else an empty name.
const TaskInput* only_input(const TaskPlan& plan) {
  const TaskInput* found = nullptr;
  for (const TaskNode& node : plan.nodes)
    if (const auto* input = std::get_if<TaskInput>(&node.part)) {
      if (found) return nullptr;
      found = input;
    }
  return found;
}

// Puts the reader's nodes behind the output in `plan` that writes what it reads.
void join(TaskPlan& plan, std::size_t output, TaskPlan&& reader) {
  std::size_t first = plan.nodes.size();
  LV_ASSERT(std::holds_alternative<TaskInput>(reader.nodes[0].part));
  auto& out = std::get<TaskOutput>(plan.nodes[output].part);
  out.readers.push_back(std::get<TaskInput>(reader.nodes[0].part).query);
  // The input falls away: its edges become the output's.
  auto moved = [&](TaskNode::Edge edge) { return TaskNode::Edge{edge.node - 1 + first, edge.input}; };
  for (TaskNode::Edge edge : reader.nodes[0].next) plan.nodes[output].next.push_back(moved(edge));
  for (std::size_t i = 1; i < reader.nodes.size(); ++i) {
    for (TaskNode::Edge& edge : reader.nodes[i].next) edge = moved(edge);
    plan.nodes.push_back(std::move(reader.nodes[i]));
  }
  for (std::string& query : reader.queries)
    if (std::ranges::find(plan.queries, query) == plan.queries.end()) plan.queries.push_back(std::move(query));
}

}  // namespace

std::string TaskPlan::name() const {
  std::string name;
  for (const std::string& query : queries) name += (name.empty() ? "" : "+") + query;
  return name;
}

std::vector<TaskPlan> assemble_alone(const PersistentQuery& query) { return Cutter(query).cut(); }

std::vector<TaskPlan> assemble(const Catalog& catalog) {
  std::vector<TaskPlan> plans;
  for (const std::string& id : catalog.query_order)
    for (TaskPlan& plan : assemble_alone(catalog.queries.at(id))) plans.push_back(std::move(plan));

  // A topic with more than one writer is read from the log by all: nobody could tell whose record came when.
  std::map<std::string, int> writers;
  for (const TaskPlan& plan : plans)
    for (const TaskNode& node : plan.nodes)
      if (const auto* output = std::get_if<TaskOutput>(&node.part)) ++writers[output->format.topic];
  for (const auto& [name, connector] : catalog.connectors) {
    if (connector.sink) continue;
    if (const Property* topic = find_property(connector.properties, "topic")) ++writers[topic->value];
  }

  for (std::size_t r = 0; r < plans.size(); ++r) {
    const TaskInput* input = only_input(plans[r]);
    if (!input || plans[r].nodes.empty()) continue;
    std::string topic = input->read.format.topic;
    if (writers[topic] != 1) continue;
    for (std::size_t w = 0; w < plans.size(); ++w) {
      if (w == r) continue;
      auto& nodes = plans[w].nodes;
      auto output = std::ranges::find_if(nodes, [&](const TaskNode& node) {
        const auto* out = std::get_if<TaskOutput>(&node.part);
        return out && out->format.topic == topic && out->keeps_partition && !out->object.empty();
      });
      if (output == nodes.end()) continue;
      TaskPlan reader = std::move(plans[r]);
      join(plans[w], static_cast<std::size_t>(output - nodes.begin()), std::move(reader));
      plans.erase(plans.begin() + static_cast<std::ptrdiff_t>(r));
      r = static_cast<std::size_t>(-1);  // numbers have changed: look again from the start
      break;
    }
  }
  return plans;
}

std::string text_of(const std::vector<TaskPlan>& plans) {
  std::string text;
  for (const TaskPlan& plan : plans) {
    text += "task " + plan.name() + ", " + std::to_string(plan.partitions) +
            (plan.partitions == 1 ? " partition\n" : " partitions\n");
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
      const TaskNode& node = plan.nodes[i];
      text += "  " + std::to_string(i) + " ";
      if (const auto* input = std::get_if<TaskInput>(&node.part)) {
        text += "read " + input->read.format.topic;
      } else if (const auto* output = std::get_if<TaskOutput>(&node.part)) {
        text += "write " + output->format.topic + (output->keeps_partition ? ", same partition" : ", partition by key");
      } else {
        text += name_of(std::get<TaskOperator>(node.part).spec);
      }
      for (const TaskNode::Edge& edge : node.next)
        text += (&edge == &node.next.front() ? " -> " : ", ") + std::to_string(edge.node);
      text += "\n";
    }
  }
  return text;
}

std::string changelog_topic(const std::string& store) { return "_" + store + "-changelog"; }

}  // namespace levada
