// A SELECT to a plan: what is read, filtered, grouped and computed. Where the rows go is sql/planner.h's business.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sql/ast.h"
#include "sql/binder.h"
#include "sql/catalog.h"
#include "sql/parser.h"
#include "sql/select_columns.h"

namespace levada {

// What the planner must know of the target before it plans the query.
struct QueryTarget {
  bool table = false;
  bool answer = false;       // a transient query: its key need not be selected
  FormatSpec key;            // of a topic that rows are sent through to be grouped; `fields` are set by the plan
  std::string store_prefix;  // of what the query remembers: its id
};

class QueryPlanner {
 public:
  // `merge`: updates of a key between two commits become one.
  QueryPlanner(const Script& script, const Catalog& catalog, bool merge)
      : script_(script), catalog_(catalog), merge_(merge) {}

  struct Planned {
    PlanRef root;
    const Relation* source;          // what it reads
    bool table;                      // rows replace each other by key
    bool same_key;                   // the key is the source's, unchanged
    bool same_place;                 // each row stays in the partition its source row, or its group, was in
    std::int32_t partitions;         // of the rows as they come out
    std::vector<std::size_t> shown;  // of each column of the SELECT: which one of the root's schema it is
  };
  Result<Planned> plan(const ast::Query& query, const QueryTarget& target) const;
  // Only what is read: for defaults that come from the source.
  Result<const Relation*> source_of(const ast::Query& query) const;

 private:
  Result<Planned> plan_rows(const ast::Query& query, const Scope& scope, Planned planned,
                            const QueryTarget& target) const;
  Result<Planned> plan_groups(const ast::Query& query, const Scope& scope, Planned planned,
                              const QueryTarget& target) const;
  // Splits items into key columns, found by what they must be, and value columns. `wanted` are the key's expressions;
  // of an answer, those that are missing are added to the items.
  Result<std::vector<std::size_t>> find_key_items(const ast::Query& query, std::vector<SelectColumn>& items,
                                                  const std::vector<ast::Expression>& wanted, bool answer,
                                                  std::string_view clause) const;
  // Binds the items to the columns of a projection, those of the key first.
  Result<ProjectSpec> project(const Binder& binder, const std::vector<SelectColumn>& items,
                              const std::vector<std::size_t>& key_items, std::vector<std::size_t>& shown) const;
  Result<void> no_alias(const ast::Expression& e, const ast::Query& query, const Scope& scope) const;
  Error error(ast::Span span, std::string what) const { return statement_error(script_, span, std::move(what)); }

  const Script& script_;
  const Catalog& catalog_;
  const bool merge_;
};

}  // namespace levada
