#include "sql/catalog.h"

#include <algorithm>

#include "base/near_name.h"
#include "sql/parser.h"

namespace levada {
namespace {

void add_sources(const PlanNode& node, std::vector<std::string>& names) {
  if (const auto* read = std::get_if<ReadNode>(&node.step))
    if (std::ranges::find(names, read->object) == names.end()) names.push_back(read->object);
  for (const PlanRef& input : node.inputs) add_sources(*input, names);
}

}  // namespace

Error no_relation(const Script& script, const ast::Name& name, const std::string& what, const Catalog& catalog) {
  std::vector<std::string> names = catalog.relation_names();
  Error error = statement_error(script, name.span, "there is no " + what + " " + name.text);
  if (auto near = nearest_name(name.text, names))
    return std::move(error).remedy("Did you mean " + print(ast::Name{.text = *near}) + "?");
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < 8; ++i)
    list += (i == 0 ? "" : ", ") + print(ast::Name{.text = names[i]});
  if (names.size() > 8) list += ", …";
  return std::move(error).why(names.empty() ? "nothing has been declared yet"
                                            : (names.size() == 1 ? "there is " : "there are ") + list);
}

std::vector<std::string> sources_of(const QueryPlan& plan) {
  std::vector<std::string> names;
  add_sources(*plan.root, names);
  return names;
}

const Relation* Catalog::find(const std::string& name) const {
  auto it = relations.find(name);
  return it == relations.end() ? nullptr : &it->second;
}

std::vector<std::string> Catalog::relation_names() const {
  std::vector<std::string> names;
  for (const auto& [name, relation] : relations) names.push_back(name);
  return names;
}

std::vector<std::string> Catalog::writers_of(const std::string& relation) const {
  std::vector<std::string> ids;
  for (const auto& [id, query] : queries)
    if (query.plan.target && query.plan.target->object == relation) ids.push_back(id);
  return ids;
}

std::vector<std::string> Catalog::readers_of(const std::string& relation) const {
  std::vector<std::string> ids;
  for (const auto& [id, query] : queries) {
    auto sources = sources_of(query.plan);
    if (std::ranges::find(sources, relation) != sources.end()) ids.push_back(id);
  }
  return ids;
}

std::vector<const Relation*> Catalog::over_topic(const std::string& topic) const {
  std::vector<const Relation*> found;
  for (const auto& [name, relation] : relations)
    if (relation.format.topic == topic) found.push_back(&relation);
  return found;
}

}  // namespace levada
