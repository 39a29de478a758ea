#include "sql/select_columns.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/near_name.h"

namespace levada {
namespace {

// Names for what has none: KSQL_COL_0, …; fields have their own, or FIELD_1, … where that is taken.
class MadeNames {
 public:
  explicit MadeNames(const Schema& schema) : schema_(schema) {}

  std::string name_of(const ast::Expression& e) {
    if (e.kind == ast::ExpressionKind::column) return e.name.text;
    if (e.kind == ast::ExpressionKind::field) {
      std::string name = e.name.text;
      for (int n = 1; schema_.find(name) || fields_.contains(name); ++n) name = e.name.text + "_" + std::to_string(n);
      fields_.insert(name);
      return name;
    }
    while (schema_.find("KSQL_COL_" + std::to_string(next_))) ++next_;
    return "KSQL_COL_" + std::to_string(next_++);
  }

 private:
  const Schema& schema_;
  std::set<std::string> fields_;
  int next_ = 0;
};

// All columns. Behind a PARTITION BY they are those of the rows as they are then: the new key, the values, the old key.
void add_star(const ast::Query& query, const ast::SelectItem& star, const Schema& schema, MadeNames& names,
              std::vector<SelectColumn>& items) {
  std::set<std::string> taken;
  for (const ast::Expression& key : query.partition_by) {
    if (key.kind == ast::ExpressionKind::null_literal) continue;
    items.push_back({key, names.name_of(key), star.span});
    if (key.kind == ast::ExpressionKind::column) taken.insert(key.name.text);
  }
  auto add = [&](const std::vector<Field>& fields) {
    for (const Field& field : fields)
      if (!taken.contains(field.name)) items.push_back({column_named(field.name, star.span), field.name, star.span});
  };
  if (query.partition_by.empty()) add(schema.key);
  add(schema.value);
  if (!query.partition_by.empty()) add(schema.key);
}

Result<void> check_names(const Script& script, const std::vector<SelectColumn>& items) {
  for (std::size_t i = 0; i < items.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (items[i].name == items[j].name)
        return statement_error(script, items[i].span, "there are two columns " + items[i].name)
            .remedy("Give one of them another name with AS.");
  return {};
}

}  // namespace

bool is_pseudo_column(const std::string& name) {
  static constexpr std::array names = {"ROWTIME", "ROWPARTITION", "ROWOFFSET", "WINDOWSTART", "WINDOWEND"};
  return std::ranges::find(names, name) != names.end();
}

ast::Expression column_named(const std::string& name, ast::Span span) {
  ast::Expression e;
  e.kind = ast::ExpressionKind::column;
  e.span = span;
  e.name = {name, true, span};
  return e;
}

Result<std::vector<SelectColumn>> select_columns(const Script& script, const ast::Query& query, const Scope& scope,
                                                 bool answer) {
  std::vector<SelectColumn> items;
  MadeNames names(*scope.schema);
  for (const ast::SelectItem& item : query.items) {
    if (item.star) {
      if (item.qualifier && std::ranges::find(scope.relation_names, item.qualifier->text) == scope.relation_names.end())
        return statement_error(script, item.qualifier->span,
                               "there is no relation " + item.qualifier->text + " in this statement")
            .remedy(did_you_mean(item.qualifier->text, scope.relation_names));
      add_star(query, item, *scope.schema, names, items);
      continue;
    }
    const ast::Expression& e = item.expression;
    if (e.kind == ast::ExpressionKind::all_fields) {
      ExpressionRef base = LV_TRY(Binder(script, scope).bind(e.children[0]));
      if (base->type.kind() != TypeKind::structure)
        return statement_error(script, e.span, "->* needs a STRUCT, this is " + base->type.text());
      for (const Field& field : base->type.fields()) {
        ast::Expression access;
        access.kind = ast::ExpressionKind::field;
        access.span = e.span;
        access.name = {field.name, true, e.span};
        access.children.push_back(e.children[0]);
        items.push_back({std::move(access), field.name, item.span});
      }
      continue;
    }
    std::string name = item.alias ? item.alias->text : names.name_of(e);
    if (is_pseudo_column(name) && !item.alias && !answer) {
      // A pseudo column keeps no such name: it would hide the one of the new relation.
      return statement_error(script, item.span, "the pseudo column " + name + " needs another name here")
          .remedy("Write " + name + " AS …");
    }
    if (is_pseudo_column(name) && item.alias)
      return statement_error(script, item.alias->span, name + " is the name of a pseudo column")
          .remedy("Choose another name behind AS.");
    items.push_back({e, std::move(name), item.span});
  }
  LV_TRY(check_names(script, items));
  return items;
}

}  // namespace levada
