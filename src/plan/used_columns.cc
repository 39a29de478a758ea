#include "plan/used_columns.h"

#include <optional>
#include <set>

namespace levada {
namespace {

void note_columns(const Expression& e, std::set<std::uint32_t>& columns) {
  for (std::uint32_t c : columns_of(e)) columns.insert(c);
}

// The columns of its input that the node uses; nullopt: all.
std::optional<std::set<std::uint32_t>> used_by(const PlanNode& n,
                                               const std::optional<std::set<std::uint32_t>>& used_above) {
  std::set<std::uint32_t> used;
  if (const auto* filter = std::get_if<FilterSpec>(&n.step)) {
    if (!used_above) return std::nullopt;
    used = *used_above;
    note_columns(*filter->condition, used);
    return used;
  }
  if (const auto* project = std::get_if<ProjectSpec>(&n.step)) {
    for (const auto* list : {&project->key, &project->value})
      for (const ExpressionRef& e : *list) note_columns(*e, used);
    return used;
  }
  if (const auto* aggregate = std::get_if<AggregateSpec>(&n.step)) {
    for (const ExpressionRef& e : aggregate->group) note_columns(*e, used);
    for (const auto& call : aggregate->calls)
      for (const ExpressionRef& e : call.arguments) note_columns(*e, used);
    return used;
  }
  return std::nullopt;
}

PlanRef prune(const PlanRef& n, const std::optional<std::set<std::uint32_t>>& used_above) {
  PlanNode copy = *n;
  if (auto* read = std::get_if<ReadNode>(&copy.step)) {
    if (!used_above) return n;
    std::set<std::uint32_t> used = *used_above;
    if (read->format.event_time) note_columns(*read->format.event_time, used);
    for (std::size_t i = 0; i < read->wanted.size(); ++i)
      read->wanted[i] = used.contains(static_cast<std::uint32_t>(i));
    return std::make_shared<const PlanNode>(std::move(copy));
  }
  for (PlanRef& input : copy.inputs) input = prune(input, used_by(copy, used_above));
  return std::make_shared<const PlanNode>(std::move(copy));
}

}  // namespace

PlanRef read_only_what_is_used(const PlanRef& root) { return prune(root, std::nullopt); }

}  // namespace levada
