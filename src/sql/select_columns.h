// The columns of a SELECT as they are computed: stars opened, each with its name.
//
//   *       every column of what is read          A + 1   KSQL_COL_0
//   S->*    every field of the structure          S->F    F
#pragma once
#include <string>
#include <vector>

#include "sql/ast.h"
#include "sql/binder.h"
#include "sql/parser.h"

namespace levada {

struct SelectColumn {
  ast::Expression expression;
  std::string name;
  ast::Span span;  // of what it was written as
};

// `answer`: of a transient query, whose columns may be pseudo columns. Errors: two of one name, a name that is taken by
// a pseudo column, what a star cannot open.
Result<std::vector<SelectColumn>> select_columns(const Script& script, const ast::Query& query, const Scope& scope,
                                                 bool answer);

// The expression that is a column.
ast::Expression column_named(const std::string& name, ast::Span span);

// ROWTIME and its like: what every row has beside its columns.
bool is_pseudo_column(const std::string& name);

}  // namespace levada
