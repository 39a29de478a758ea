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
  // The same, as a value of this type: what casts implicitly, and text for dates and times.
  Result<ExpressionRef> bind_as(const ast::Expression& e, const Type& type) const;
  // The same, and it must be a BOOLEAN: for WHERE, HAVING, CHECK. `clause` is for the message.
  Result<ExpressionRef> bind_condition(const ast::Expression& e, std::string_view clause) const;
  // An aggregate function's call, its arguments bound here.
  Result<AggregateSpec::Call> bind_aggregate(const ast::Expression& call) const;

 private:
  // A null term is the untyped NULL.
  using Term = ExpressionRef;
  Result<Term> bind_term(const ast::Expression& e) const;
  Result<Term> bind_node(const ast::Expression& e) const;
  Result<std::vector<Term>> bind_children(const ast::Expression& e) const;
  Result<Term> bind_column(const ast::Expression& e) const;
  Result<Term> bind_literal(const ast::Expression& e) const;
  Result<Term> bind_typed_literal(const ast::Expression& e) const;
  Result<Term> bind_operator(const ast::Expression& e) const;
  Result<Term> bind_simple_case(const ast::Expression& e) const;
  Result<Term> bind_call(const ast::Expression& e) const;
  Result<void> read_times(const ast::Expression& e, std::vector<Term>& terms) const;
  Result<ExpressionRef> unknown_if_null(const std::vector<Term>& terms, ExpressionRef comparison) const;
  Result<ExpressionRef> at(const ast::Expression& e, Result<ExpressionRef> built) const;
  Error error(const ast::Expression& e, std::string what) const {
    return statement_error(script_, e.span, std::move(what));
  }

  const Script& script_;
  const Scope& scope_;
  const BindRules rules_;
};

// A type as written, custom types looked up by `custom`.
Result<Type> bind_type(const Script& script, const ast::TypeName& name,
                       const std::function<std::optional<Type>(const std::string&)>& custom);

}  // namespace levada
