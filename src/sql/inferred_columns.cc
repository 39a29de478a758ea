#include "sql/inferred_columns.h"

#include <algorithm>

#include "formats/formats.h"
#include "sql/words.h"

namespace levada {
namespace {

std::vector<std::string> names_in_sql(const std::vector<Field>& fields) {
  std::vector<std::string> capitals;
  for (const Field& field : fields) capitals.push_back(in_capitals(field.name));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < fields.size(); ++i)
    names.push_back(std::ranges::count(capitals, capitals[i]) == 1 ? capitals[i] : fields[i].name);
  return names;
}

ast::TypeName type_name(const Type& type, ast::Span span) {
  ast::TypeName name{.span = span};
  name.name.span = span;
  switch (type.kind()) {
    case TypeKind::decimal:
      name.name.text = "DECIMAL";
      name.numbers = {type.precision(), type.scale()};
      return name;
    case TypeKind::array: name.name.text = "ARRAY"; break;
    case TypeKind::map: name.name.text = "MAP"; break;
    case TypeKind::structure: name.name.text = "STRUCT"; break;
    default: name.name.text = type.text(); return name;
  }
  std::vector<std::string> names = names_in_sql(type.children());
  for (std::size_t i = 0; i < names.size(); ++i) {
    ast::Name field{.span = span};
    if (type.kind() == TypeKind::structure) field.text = std::move(names[i]);
    name.fields.push_back({std::move(field), type_name(type.children()[i].type, span)});
  }
  return name;
}

bool is_value(const ast::ColumnDefinition& column) { return column.role == ast::ColumnRole::value; }

bool tells_columns(const std::string& format) {
  const Format* found = find_format(format);
  return found && found->read_schemas;
}

}  // namespace

ColumnsLeftOut columns_left_out(const ast::CreateSource& create, const std::string& key_format,
                                const std::string& value_format) {
  auto is_key = [](const ast::ColumnDefinition& column) {
    return column.role == ast::ColumnRole::key || column.role == ast::ColumnRole::primary_key;
  };
  return {.key = std::ranges::none_of(create.columns, is_key) && tells_columns(key_format),
          .value = std::ranges::none_of(create.columns, is_value) && tells_columns(value_format)};
}

void add_columns(ast::CreateSource& create, ColumnsLeftOut sides, const Schema& schema) {
  ast::CreateSource inferred{.kind = create.kind, .name = create.name};
  auto add = [&](const std::vector<Field>& fields, ast::ColumnRole role) {
    std::vector<std::string> names = names_in_sql(fields);
    for (std::size_t i = 0; i < fields.size(); ++i)
      inferred.columns.push_back({.name = {.text = names[i], .span = create.name.span},
                                  .type = type_name(fields[i].type, create.name.span),
                                  .role = role});
  };
  add(schema.key, create.kind == ast::ObjectKind::table ? ast::ColumnRole::primary_key : ast::ColumnRole::key);
  add(schema.value, ast::ColumnRole::value);
  add_columns(create, sides, inferred);
}

void add_columns(ast::CreateSource& create, ColumnsLeftOut sides, const ast::CreateSource& before) {
  std::vector<ast::ColumnDefinition> keys, values;
  auto is_declared = [&](const ast::ColumnDefinition& column) {
    auto same = [&](const ast::ColumnDefinition& other) { return other.name == column.name; };
    return std::ranges::any_of(create.columns, same) || std::ranges::any_of(keys, same);
  };
  for (ast::ColumnDefinition column : before.columns) {
    column.name.span = column.type.span = column.span = create.name.span;
    if (!(is_value(column) ? sides.value : sides.key) || is_declared(column)) continue;
    (is_value(column) ? values : keys).push_back(std::move(column));
  }
  create.columns.insert(create.columns.begin(), keys.begin(), keys.end());
  create.columns.insert(create.columns.end(), values.begin(), values.end());
}

}  // namespace levada
