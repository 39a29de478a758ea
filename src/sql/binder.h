// Names and types: a syntax tree of an expression becomes a bound expression over the columns that are in scope.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "functions/expression.h"
#include "functions/functions.h"
#include "operators/operators.h"
#include "sql/ast.h"
#include "sql/parser.h"

namespace levada {

// The columns that names may stand for: those of a schema, under the names the relation goes by.
struct Scope {
  SchemaRef schema;
  std::vector<std::string> relation_names;  // its name and alias; a qualifier must be one of them
  std::string described;                    // "ORDERS", in messages
  bool pseudo_columns = true;               // ROWTIME, ROWPARTITION, ROWOFFSET
};

struct BindRules {
  // Asked before every node: an answer stands for the whole subtree. This is how what GROUP BY groups by, and the
  // results of aggregates, take the place of the expressions they were computed from.
  std::function<Result<std::optional<ExpressionRef>>(const ast::Expression&)> instead;
  // Comparisons with null are unknown, as in standard SQL, rather than false: for CHECK.
  bool unknown_comparisons = false;
};

class Binder {
 public:
  // All outlive the binder.
  Binder(const Script& script, const Scope& scope, BindRules rules = {})
      : script_(script), scope_(scope), rules_(std::move(rules)) {}

  Result<ExpressionRef> bind(const ast::Expression& e) const;
  // The same, and it must be a BOOLEAN: for WHERE, HAVING, CHECK. `clause` is for the message.
  Result<ExpressionRef> bind_condition(const ast::Expression& e, std::string_view clause) const;
  // An aggregate function's call, its arguments bound here.
  Result<AggregateSpec::Call> bind_aggregate(const ast::Expression& call) const;

 private:
  using Kind = ast::ExpressionKind;
  Result<ExpressionRef> bind_node(const ast::Expression& e) const;
  Result<ExpressionRef> bind_column(const ast::Expression& e) const;
  Result<ExpressionRef> bind_literal(const ast::Expression& e) const;
  Result<ExpressionRef> bind_typed_literal(const ast::Expression& e) const;
  Result<ExpressionRef> bind_comparison(const ast::Expression& e) const;
  Result<ExpressionRef> compare(const ast::Expression& e, std::string_view op, ExpressionRef a, ExpressionRef b) const;
  Result<ExpressionRef> bind_case(const ast::Expression& e) const;
  Result<ExpressionRef> bind_in(const ast::Expression& e) const;
  Result<ExpressionRef> bind_between(const ast::Expression& e) const;
  Result<ExpressionRef> bind_field(const ast::Expression& e) const;
  Result<ExpressionRef> bind_structure(const ast::Expression& e) const;
  Result<ExpressionRef> bind_call(const ast::Expression& e) const;
  Result<ExpressionRef> call(const ast::Expression& at, std::string_view name,
                             std::vector<ExpressionRef> arguments) const;
  Result<ExpressionRef> logical(const ast::Expression& at, ExpressionKind kind, ExpressionRef a, ExpressionRef b) const;
  Result<ExpressionRef> negation(const ast::Expression& at, ExpressionRef e) const;
  // All to the one type that all fit into.
  Result<Type> unify(const ast::Expression& at, std::vector<ExpressionRef>& expressions) const;
  Error error(const ast::Expression& at, std::string what) const {
    return statement_error(script_, at.span, std::move(what));
  }

  const Script& script_;
  const Scope& scope_;
  const BindRules rules_;
};

// A type as written, custom types looked up by `custom`.
Result<Type> bind_type(const Script& script, const ast::TypeName& name,
                       const std::function<std::optional<Type>(const std::string&)>& custom);

// The untyped NULL: a literal of type STRING that may stand for any type.
bool is_untyped_null(const Expression& e);

}  // namespace levada
