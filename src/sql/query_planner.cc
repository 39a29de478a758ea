#include "sql/query_planner.h"

#include <algorithm>

namespace levada {
namespace {

PlanRef node(PlanStep step, std::vector<PlanRef> inputs, SchemaRef schema) {
  return std::make_shared<const PlanNode>(PlanNode{std::move(step), std::move(inputs), std::move(schema)});
}

// Two expressions mean the same if they print alike once qualifiers are gone.
std::string canonical(ast::Expression e) {
  auto strip = [](auto&& self, ast::Expression& x) -> void {
    x.qualifier.reset();
    x.name.quoted = true;
    for (ast::Expression& child : x.children) self(self, child);
  };
  strip(strip, e);
  return print(e);
}

bool has_aggregate(const ast::Expression& e) {
  if (e.kind == ast::ExpressionKind::call && find_aggregate_function(e.name.text)) return true;
  return std::ranges::any_of(e.children, has_aggregate);
}

void find_aggregates(const ast::Expression& e, std::vector<const ast::Expression*>& found) {
  if (e.kind == ast::ExpressionKind::call && find_aggregate_function(e.name.text)) {
    found.push_back(&e);
    return;
  }
  for (const ast::Expression& child : e.children) find_aggregates(child, found);
}

}  // namespace

// ---- what is read ----

Result<const Relation*> QueryPlanner::source_of(const ast::Query& query) const {
  const Relation* relation = catalog_.find(query.from.name.text);
  if (relation) return relation;
  return no_relation(script_, query.from.name, "stream or table", catalog_);
}

Result<QueryPlanner::Planned> QueryPlanner::plan(const ast::Query& query, const QueryTarget& target) const {
  if (!query.joins.empty()) return error(query.joins[0].span, "not supported yet: JOIN");
  if (query.window) return error(query.window->span, "not supported yet: WINDOW");
  if (query.emit == ast::Emit::final) return error(query.span, "not supported yet: EMIT FINAL");
  const Relation* source = LV_TRY(source_of(query));
  Scope scope{.schema = source->schema, .relation_names = {source->name}, .described = source->name};
  if (query.from.alias) scope.relation_names.push_back(query.from.alias->text);

  ReadNode read{source->name, source->table, source->format, std::vector<bool>(source->schema->size(), true)};
  Planned planned{.root = node(std::move(read), {}, source->schema),
                  .source = source,
                  .table = source->table,
                  .same_key = true,
                  .same_place = true,
                  .partitions = source->format.partitions};
  if (query.where) {
    if (has_aggregate(*query.where))
      return error(query.where->span, "an aggregate cannot stand in WHERE")
          .remedy("Conditions on groups stand in HAVING.");
    ExpressionRef condition = LV_TRY(Binder(script_, scope).bind_condition(*query.where, "WHERE"));
    planned.root = node(FilterSpec{std::move(condition), source->table}, {planned.root}, source->schema);
  }
  bool aggregates = std::ranges::any_of(
      query.items, [](const ast::SelectItem& item) { return !item.star && has_aggregate(item.expression); });
  if (query.group_by.empty()) {
    if (aggregates) {
      auto item =
          std::ranges::find_if(query.items, [](const ast::SelectItem& i) { return has_aggregate(i.expression); });
      return error(item->span, "aggregate functions need a GROUP BY")
          .remedy("Add GROUP BY and the column of which each value shall have its own result.");
    }
    if (query.having) return error(query.having->span, "HAVING needs a GROUP BY");
    return plan_rows(query, scope, std::move(planned), target);
  }
  if (!query.partition_by.empty())
    return error(query.partition_by[0].span, "GROUP BY and PARTITION BY cannot stand together")
        .remedy("The key of the groups is what GROUP BY says.");
  if (!aggregates && !(query.having && has_aggregate(*query.having))) {
    // One that is misspelt is an unknown function.
    for (const ast::SelectItem& item : query.items)
      if (!item.star && item.expression.kind == ast::ExpressionKind::call)
        LV_TRY(Binder(script_, scope).bind(item.expression));
    return error(query.group_by[0].span, "GROUP BY needs an aggregate function among the columns or in HAVING");
  }
  return plan_groups(query, scope, std::move(planned), target);
}

// ---- columns ----

Result<std::vector<std::size_t>> QueryPlanner::find_key_items(const ast::Query& query, std::vector<SelectColumn>& items,
                                                              const std::vector<ast::Expression>& wanted, bool answer,
                                                              std::string_view clause) const {
  std::vector<std::size_t> found;
  for (const ast::Expression& key : wanted) {
    std::string text = canonical(key);
    std::vector<std::size_t> matches;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (canonical(items[i].expression) == text && std::ranges::find(found, i) == found.end()) matches.push_back(i);
    if (answer && matches.empty()) {
      matches.push_back(items.size());
      items.push_back({key, "KSQL_KEY_" + std::to_string(found.size()), key.span});
    }
    if (matches.empty())
      return error(query.items.front().span,
                   "the key column " + print(key) + " is missing among the columns of the SELECT")
          .why(std::string(clause))
          .remedy("Add " + print(key) + " to the SELECT.");
    if (matches.size() > 1 && !answer)
      return error(items[matches[1]].span,
                   "the key column " + print(key) + " stands twice among the columns of the SELECT")
          .remedy("Use AS_VALUE(" + print(key) + ") to copy it into the value.");
    found.push_back(matches[0]);
  }
  return found;
}

Result<ProjectSpec> QueryPlanner::project(const Binder& binder, const std::vector<SelectColumn>& items,
                                          const std::vector<std::size_t>& key_items,
                                          std::vector<std::size_t>& shown) const {
  auto schema = std::make_shared<Schema>();
  ProjectSpec project;
  shown.resize(items.size());
  for (std::size_t k : key_items) {
    shown[k] = project.key.size();
    project.key.push_back(LV_TRY(binder.bind(items[k].expression)));
    schema->key.push_back({items[k].name, project.key.back()->type});
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (std::ranges::find(key_items, i) != key_items.end()) continue;
    shown[i] = key_items.size() + project.value.size();
    project.value.push_back(LV_TRY(binder.bind(items[i].expression)));
    schema->value.push_back({items[i].name, project.value.back()->type});
  }
  project.schema = std::move(schema);
  return project;
}

// ---- without groups ----

Result<QueryPlanner::Planned> QueryPlanner::plan_rows(const ast::Query& query, const Scope& scope, Planned planned,
                                                      const QueryTarget& target) const {
  std::vector<SelectColumn> items = LV_TRY(select_columns(script_, query, scope, target.answer));
  std::vector<ast::Expression> key;
  bool no_key = query.partition_by.size() == 1 && query.partition_by[0].kind == ast::ExpressionKind::null_literal;
  if (!query.partition_by.empty()) {
    if (planned.table)
      return error(query.partition_by[0].span, "a table cannot be partitioned anew")
          .why("its rows are told apart by their key");
    if (!no_key) key = query.partition_by;
    planned.same_key = planned.same_place = false;
  } else {
    for (const Field& field : scope.schema->key) key.push_back(column_named(field.name, query.span));
  }
  std::string clause = query.partition_by.empty() ? "every key column of " + scope.described + " must be selected, once"
                                                  : "what PARTITION BY names must be selected, once";
  Binder binder(script_, scope);
  for (const SelectColumn& item : items)
    LV_TRY(binder.bind(item.expression));  // what is wrong here is told before a missing key
  std::size_t selected = items.size();
  std::vector<std::size_t> key_items = LV_TRY(find_key_items(query, items, key, target.answer, clause));
  ProjectSpec columns = LV_TRY(project(binder, items, key_items, planned.shown));
  planned.shown.resize(selected);
  SchemaRef schema = columns.schema;
  planned.root = node(std::move(columns), {planned.root}, schema);
  return planned;
}

// ---- with groups ----

// The names that AS gives are known to whoever reads the result, not within the query.
Result<void> QueryPlanner::no_alias(const ast::Expression& e, const ast::Query& query, const Scope& scope) const {
  if (e.kind != ast::ExpressionKind::column || scope.schema->find(e.name.text)) return {};
  for (const ast::SelectItem& item : query.items)
    if (item.alias && item.alias->text == e.name.text)
      return error(e.span, e.name.text + " is a name that this SELECT gives: it is not known inside of it")
          .remedy("Write what it stands for: " + print(item.expression) + ".");
  return {};
}

Result<QueryPlanner::Planned> QueryPlanner::plan_groups(const ast::Query& query, const Scope& scope, Planned planned,
                                                        const QueryTarget& target) const {
  if (planned.table) return error(query.group_by[0].span, "not supported yet: GROUP BY over a table");
  std::vector<SelectColumn> items = LV_TRY(select_columns(script_, query, scope, target.answer));
  // What the groups are made of, over the rows read.
  Binder rows_binder(script_, scope);
  std::vector<ExpressionRef> group;
  for (const ast::Expression& e : query.group_by) {
    if (has_aggregate(e)) return error(e.span, "an aggregate cannot stand in GROUP BY");
    LV_TRY(no_alias(e, query, scope));
    group.push_back(LV_TRY(rows_binder.bind(e)));
  }
  std::size_t selected = items.size();
  std::vector<std::size_t> key_items =
      LV_TRY(find_key_items(query, items, query.group_by, target.answer, "what GROUP BY names must be selected, once"));
  std::vector<const ast::Expression*> aggregates;
  for (const SelectColumn& item : items) find_aggregates(item.expression, aggregates);
  if (query.having) find_aggregates(*query.having, aggregates);
  AggregateSpec aggregate{
      .store = target.store_prefix + "-Aggregate", .merge = merge_, .before = query.having.has_value()};
  std::vector<std::string> call_texts;  // of each call, to find it again
  auto groups = std::make_shared<Schema>();
  for (std::size_t k = 0; k < group.size(); ++k) groups->key.push_back({items[key_items[k]].name, group[k]->type});
  for (const ast::Expression* e : aggregates) {
    std::string text = canonical(*e);
    if (std::ranges::find(call_texts, text) != call_texts.end()) continue;
    aggregate.calls.push_back(LV_TRY(rows_binder.bind_aggregate(*e)));
    groups->value.push_back(
        {"KSQL_AGG_VARIABLE_" + std::to_string(call_texts.size()), aggregate.calls.back().function.result});
    call_texts.push_back(std::move(text));
  }
  aggregate.schema = groups;

  // Rows of one group must meet in one partition. They do if the group is the key they are already placed by.
  bool placed = group.size() == scope.schema->key.size();
  for (std::size_t k = 0; placed && k < group.size(); ++k)
    placed = group[k]->kind == ExpressionKind::column && group[k]->column == k;
  if (!placed) {
    ProjectSpec sent;
    auto schema = std::make_shared<Schema>();
    schema->key = groups->key;
    sent.key = group;
    for (AggregateSpec::Call& call : aggregate.calls)
      for (ExpressionRef& argument : call.arguments) {
        if (argument->kind == ExpressionKind::literal) continue;
        schema->value.push_back({"KSQL_INTERNAL_COL_" + std::to_string(sent.value.size()), argument->type});
        sent.value.push_back(argument);
        argument = nullptr;  // becomes the column below, when all columns are known
      }
    sent.schema = schema;
    std::uint32_t next = static_cast<std::uint32_t>(schema->key.size());
    for (AggregateSpec::Call& call : aggregate.calls)
      for (ExpressionRef& argument : call.arguments)
        if (!argument) argument = column_expression(*schema, next++);
    RepartitionNode repartition;
    repartition.format.topic = "_" + aggregate.store + "-GroupBy-repartition";
    repartition.format.partitions = planned.partitions;
    repartition.format.key = target.key;
    repartition.format.key.fields = schema->key;
    repartition.format.value = {.format = "ROW", .side = Side::value, .fields = schema->value};
    planned.root = node(std::move(sent), {planned.root}, schema);
    planned.root = node(std::move(repartition), {planned.root}, schema);
    group.clear();
    for (std::size_t k = 0; k < schema->key.size(); ++k) group.push_back(column_expression(*schema, k));
    planned.same_key = false;
  }
  aggregate.group = group;
  planned.root = node(aggregate, {planned.root}, groups);

  // What is selected, over the groups: the groups' expressions and the calls stand for themselves.
  Scope group_scope{
      .schema = groups, .relation_names = scope.relation_names, .described = "the groups", .pseudo_columns = false};
  std::vector<std::string> group_texts;
  for (const ast::Expression& e : query.group_by) group_texts.push_back(canonical(e));
  BindRules rules;
  rules.instead = [&](const ast::Expression& e) -> Result<std::optional<ExpressionRef>> {
    std::string text = canonical(e);
    if (auto at = std::ranges::find(group_texts, text); at != group_texts.end())
      return column_expression(*groups, static_cast<std::size_t>(at - group_texts.begin()));
    if (auto at = std::ranges::find(call_texts, text); at != call_texts.end())
      return column_expression(*groups, groups->key.size() + static_cast<std::size_t>(at - call_texts.begin()));
    if (e.kind == ast::ExpressionKind::column) LV_TRY(no_alias(e, query, scope));
    if (e.kind == ast::ExpressionKind::column && !scope.schema->find(e.name.text)) LV_TRY(rows_binder.bind(e));
    if (e.kind == ast::ExpressionKind::column && scope.schema->find(e.name.text))
      return error(e.span, "column " + e.name.text + " is neither in GROUP BY nor inside an aggregate function")
          .remedy("Add it to GROUP BY, or choose one of the group's values with an aggregate.");
    return std::optional<ExpressionRef>();
  };
  Binder groups_binder(script_, group_scope, rules);
  if (query.having) {
    ExpressionRef condition = LV_TRY(groups_binder.bind_condition(*query.having, "HAVING"));
    planned.root = node(FilterSpec{std::move(condition), true}, {planned.root}, groups);
  }
  ProjectSpec columns = LV_TRY(project(groups_binder, items, key_items, planned.shown));
  planned.shown.resize(selected);
  SchemaRef schema = columns.schema;
  planned.root = node(std::move(columns), {planned.root}, schema);
  planned.table = true;
  return planned;
}

}  // namespace levada
