// The operators, one factory each. What an operator is told is a plain struct, which plans carry and print.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "functions/functions.h"
#include "operators/operator.h"

namespace levada {

// Keeps the rows for which the condition is true. Of a table, a row that no longer passes becomes a deletion.
struct FilterSpec {
  static constexpr std::string_view name = "filter";
  ExpressionRef condition;
  bool table = false;
};
std::unique_ptr<Operator> make_filter(FilterSpec spec, const Surroundings& surroundings);

// Computes new columns. A value that fails is null; a row whose key fails is dropped.
struct ProjectSpec {
  static constexpr std::string_view name = "project";
  SchemaRef schema;  // of the result
  std::vector<ExpressionRef> key, value;
};
std::unique_ptr<Operator> make_project(ProjectSpec spec, const Surroundings& surroundings);

// Groups rows and keeps an accumulator for each call and group. Rows with a null in the group's key are dropped and
// counted.
struct AggregateSpec {
  struct Call {
    ResolvedAggregate function;
    std::vector<ExpressionRef> arguments;
    std::string text;
  };
  static constexpr std::string_view name = "aggregate";
  SchemaRef schema;                  // of the result: the group's key, then a value for each call
  std::vector<ExpressionRef> group;  // the key
  std::vector<Call> calls;
  std::string store;    // name of what it remembers
  bool merge = true;    // the updates of a key between two commits become one; false: every row gives its own result
  bool before = false;  // also tell what stood there before
};
std::unique_ptr<Operator> make_aggregate(AggregateSpec spec, const Surroundings& surroundings);

// The table of operators: what carries any of them, and makes it, asks here.
using OperatorSpec = std::variant<FilterSpec, ProjectSpec, AggregateSpec>;
std::unique_ptr<Operator> make_operator(const OperatorSpec& spec, const Surroundings& surroundings);
std::string_view name_of(const OperatorSpec& spec);

}  // namespace levada
