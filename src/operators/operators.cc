#include "operators/operators.h"

namespace levada {
namespace {

struct Factory {
  const Surroundings& surroundings;
  auto operator()(const FilterSpec& spec) const { return make_filter(spec, surroundings); }
  auto operator()(const ProjectSpec& spec) const { return make_project(spec, surroundings); }
  auto operator()(const AggregateSpec& spec) const { return make_aggregate(spec, surroundings); }
};

}  // namespace

std::unique_ptr<Operator> make_operator(const OperatorSpec& spec, const Surroundings& surroundings) {
  return std::visit(Factory{surroundings}, spec);
}

std::string_view name_of(const OperatorSpec& spec) {
  return std::visit([](const auto& s) { return s.name; }, spec);
}

}  // namespace levada
