#include "plan/plan.h"

namespace levada {
namespace {

std::string side_text(const FormatSpec& spec) {
  std::string text = spec.format;
  if (spec.format == "DELIMITED" && spec.delimiter != ",") text += " '" + spec.delimiter + "'";
  return text;
}

std::string format_text(const RecordFormat& format) {
  std::string text =
      format.topic + ", " + std::to_string(format.partitions) + (format.partitions == 1 ? " partition" : " partitions");
  text += ", key " + side_text(format.key) + ", value " + side_text(format.value);
  if (format.event_time) text += ", event time " + format.event_time->text;
  return text;
}

std::string schema_text(const Schema& schema) {
  std::string text = "(";
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (i > 0) text += ", ";
    text += schema[i].name + " " + schema[i].type.text() + (i < schema.key.size() ? " KEY" : "");
  }
  return text + ")";
}

// "NAME" where the expression is just that column, else "expression AS NAME".
void add_items(std::string& text, const std::vector<ExpressionRef>& expressions, const std::vector<Field>& fields,
               const char* role) {
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    if (!text.empty()) text += ", ";
    text += expressions[i]->text;
    if (expressions[i]->text != fields[i].name) text += " AS " + fields[i].name;
    text += role;
  }
}

struct StepText {
  const PlanNode& node;

  std::string operator()(const ReadNode& n) const {
    std::string text =
        std::string("read ") + (n.table ? "table " : "stream ") + n.object + " from " + format_text(n.format) + "\n";
    std::string columns;
    for (std::size_t i = 0; i < node.schema->size(); ++i)
      if (n.wanted[i]) columns += (columns.empty() ? "" : ", ") + (*node.schema)[i].name;
    return text + "  columns " + (columns.empty() ? "none" : columns);
  }
  std::string operator()(const FilterSpec& n) const { return "filter " + n.condition->text; }
  std::string operator()(const ProjectSpec& n) const {
    std::string items;
    add_items(items, n.key, n.schema->key, " KEY");
    add_items(items, n.value, n.schema->value, "");
    return "project " + items;
  }
  std::string operator()(const AggregateSpec& n) const {
    std::string group, calls;
    for (const ExpressionRef& e : n.group) group += (group.empty() ? "" : ", ") + e->text;
    for (const AggregateSpec::Call& c : n.calls) calls += (calls.empty() ? "" : ", ") + c.text;
    return "aggregate " + calls + " by " + group + "\n  state " + n.store + (n.merge ? "" : ", every update");
  }
  std::string operator()(const RepartitionNode& n) const { return "repartition through " + format_text(n.format); }
};

void add_node(std::string& text, const PlanNode& node, std::size_t depth) {
  std::string step = std::visit(StepText{node}, node.step);
  std::string indent(depth * 2, ' ');
  std::size_t at = 0;
  while (at <= step.size()) {
    std::size_t end = std::min(step.find('\n', at), step.size());
    text += indent + step.substr(at, end - at) + "\n";
    at = end + 1;
  }
  for (const PlanRef& input : node.inputs) add_node(text, *input, depth + 1);
}

}  // namespace

// Every operator can stand in a plan.
static_assert([]<class... Specs>(const std::variant<Specs...>*) {
  return (std::is_constructible_v<PlanStep, Specs> && ...);
}(static_cast<const OperatorSpec*>(nullptr)));

std::optional<OperatorSpec> operator_of(const PlanStep& step) {
  return std::visit(
      [](const auto& s) -> std::optional<OperatorSpec> {
        if constexpr (requires { OperatorSpec(s); }) return OperatorSpec(s);
        return std::nullopt;
      },
      step);
}

std::string text_of(const QueryPlan& plan) {
  std::string text;
  std::size_t depth = 0;
  if (plan.target) {
    const WriteTarget& t = *plan.target;
    text += plan.id + ": write " + (t.table ? "table " : "stream ") + t.object + " to " + format_text(t.format) +
            (t.keeps_partition ? ", same partition" : ", partition by key") + "\n";
    text += "  columns " + schema_text(*plan.root->schema) + "\n";
    for (const CheckRule& check : t.checks) text += "  check " + check.name + ": " + check.condition->text + "\n";
    depth = 1;
  } else {
    text += std::string("answer") + (plan.follow ? " and follow" : "") +
            (plan.limit ? ", at most " + std::to_string(*plan.limit) + " rows" : "") + "\n";
    text += "  columns (";
    for (std::size_t c : plan.shown) {
      const Field& field = (*plan.root->schema)[c];
      text += (text.ends_with("(") ? "" : ", ") + field.name + " " + field.type.text();
    }
    text += ")\n";
    depth = 1;
  }
  add_node(text, *plan.root, depth);
  return text;
}

}  // namespace levada
