#include "functions/expression.h"

#include <algorithm>
#include <set>

#include "base/near_name.h"
#include "functions/expression_text.h"
#include "functions/functions.h"

namespace levada {
namespace {

std::shared_ptr<Expression> make(ExpressionKind kind, Type type, std::vector<ExpressionRef> arguments = {}) {
  auto e = std::make_shared<Expression>();
  e->kind = kind;
  e->type = std::move(type);
  e->arguments = std::move(arguments);
  return e;
}

bool all_cheap(const std::vector<ExpressionRef>& arguments) {
  return std::ranges::all_of(arguments, [](const ExpressionRef& a) { return a->cheap; });
}

// What the evaluator does itself, by the function's name.
ExpressionKind kind_of(const Function& function) {
  static constexpr std::pair<std::string_view, ExpressionKind> kinds[] = {{"AND", ExpressionKind::logical_and},
                                                                          {"OR", ExpressionKind::logical_or},
                                                                          {"COALESCE", ExpressionKind::coalesce},
                                                                          {"IFNULL", ExpressionKind::coalesce}};
  for (auto [name, kind] : kinds)
    if (function.name == name) return kind;
  LV_UNREACHABLE();
}

void build_structure(const Call& call) {
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const Argument& a = call.arguments[i];
    Column child(a.type());
    if (a.constant) {
      std::vector<std::uint32_t> zeros(call.result.size(), 0);
      child.append_from(*a.column, Rows(zeros));
    } else {
      child.append_from(*a.column, Rows::all(call.result.size()));
    }
    call.result.child(i) = std::move(child);
  }
}

void collect_columns(const Expression& e, std::set<std::uint32_t>& columns) {
  if (e.kind == ExpressionKind::column || e.kind == ExpressionKind::before) columns.insert(e.column);
  for (const ExpressionRef& a : e.arguments) collect_columns(*a, columns);
}

}  // namespace

ExpressionRef column_expression(const Schema& schema, std::size_t column) {
  auto e = make(ExpressionKind::column, schema[column].type);
  e->column = static_cast<std::uint32_t>(column);
  e->text = name_text(schema[column].name);
  e->cheap = true;
  return e;
}

ExpressionRef row_expression(ExpressionKind kind) {
  bool partition = kind == ExpressionKind::row_partition;
  auto e = make(kind, partition ? TypeKind::int32 : TypeKind::int64);
  e->text = partition ? "ROWPARTITION" : kind == ExpressionKind::row_time ? "ROWTIME" : "ROWOFFSET";
  e->cheap = true;
  return e;
}

ExpressionRef literal_expression(Value value, Type type) {
  auto e = make(ExpressionKind::literal, std::move(type));
  auto column = std::make_shared<Column>(e->type);
  column->append(value);
  e->constant = std::move(column);
  e->literal = std::move(value);
  e->text = literal_text(e->literal, e->type);
  e->cheap = true;
  return e;
}

Result<ExpressionRef> field_expression(ExpressionRef structure, std::string_view field) {
  if (structure->type.kind() != TypeKind::structure)
    return Error(ErrorKind::statement, "'->' wants a STRUCT, not " + structure->type.text())
        .why(structure->text + " has no fields");
  const auto& fields = structure->type.fields();
  auto it = std::ranges::find(fields, field, &Field::name);
  if (it == fields.end()) {
    std::vector<std::string> names;
    for (const Field& f : fields) names.push_back(f.name);
    return Error(ErrorKind::statement, structure->text + " has no field " + name_text(field))
        .remedy(did_you_mean(field, names));
  }
  auto e = make(ExpressionKind::field, it->type, {structure});
  e->column = static_cast<std::uint32_t>(it - fields.begin());
  e->text = structure->text + "->" + name_text(field);
  e->cheap = structure->cheap;
  return e;
}

ExpressionRef call_expression(const Function& function, const Overload& overload, Type result,
                              std::vector<ExpressionRef> arguments) {
  auto e = make(ExpressionKind::call, std::move(result), std::move(arguments));
  if (!overload.kernel) e->kind = kind_of(function);
  e->kernel = overload.kernel;
  e->strict = function.strict;
  e->volatile_ = function.volatile_;
  e->cheap = function.cheap && all_cheap(e->arguments);
  e->text = call_text(function.name, e->arguments);
  return e;
}

ExpressionRef case_expression(std::vector<ExpressionRef> parts) {
  LV_ASSERT(parts.size() % 2 == 1);
  Type type = parts.back()->type;
  auto e = make(ExpressionKind::case_, std::move(type), std::move(parts));
  e->text = case_text(e->arguments);
  return e;
}

ExpressionRef structure_expression(const std::vector<std::string>& names, std::vector<ExpressionRef> values) {
  LV_ASSERT(names.size() == values.size());
  std::vector<Field> fields;
  for (std::size_t i = 0; i < names.size(); ++i) fields.push_back({names[i], values[i]->type});
  auto e = make(ExpressionKind::call, Type::structure(std::move(fields)), std::move(values));
  e->kernel = build_structure;
  e->strict = false;
  e->text = structure_text(names, e->arguments);
  return e;
}

Result<ExpressionRef> cast_expression(ExpressionRef argument, const Type& to) {
  if (argument->type == to) return argument;
  Kernel kernel = LV_TRY(find_cast(argument->type, to));
  auto e = make(ExpressionKind::call, to, {std::move(argument)});
  e->kernel = kernel;
  e->text = "CAST(" + e->arguments[0]->text + " AS " + to.text() + ")";
  return ExpressionRef(std::move(e));
}

bool is_constant(const Expression& e) {
  switch (e.kind) {
    case ExpressionKind::literal: return true;
    case ExpressionKind::column:
    case ExpressionKind::before:
    case ExpressionKind::row_time:
    case ExpressionKind::row_partition:
    case ExpressionKind::row_offset: return false;
    default:
      return !e.volatile_ && std::ranges::all_of(e.arguments, [](const ExpressionRef& a) { return is_constant(*a); });
  }
}

Result<Value> fold(const Expression& e, const Surroundings& surroundings) {
  LV_ASSERT(is_constant(e));
  Batch row;
  row.schema = std::make_shared<Schema>();
  row.size = 1;
  row.selection = Selection::all(1);
  RowFailures failures;
  ColumnRef column = evaluate(e, row, row.rows(), surroundings, failures);
  if (!failures.empty()) return Error(ErrorKind::statement, "cannot compute " + e.text).why(failures[0].why);
  return column->value(0);
}

ExpressionRef folded(const ExpressionRef& e, const Surroundings& surroundings) {
  if (e->kind == ExpressionKind::literal) return e;
  if (is_constant(*e)) {
    auto value = fold(*e, surroundings);
    if (value) return literal_expression(*std::move(value), e->type);
  }
  std::shared_ptr<Expression> changed;
  for (std::size_t i = 0; i < e->arguments.size(); ++i) {
    ExpressionRef argument = folded(e->arguments[i], surroundings);
    if (argument == e->arguments[i]) continue;
    if (!changed) changed = std::make_shared<Expression>(*e);
    changed->arguments[i] = std::move(argument);
  }
  return changed ? ExpressionRef(std::move(changed)) : e;
}

std::vector<std::uint32_t> columns_of(const Expression& e) {
  std::set<std::uint32_t> columns;
  collect_columns(e, columns);
  return {columns.begin(), columns.end()};
}

bool same_expression(const Expression& a, const Expression& b) {
  if (a.kind != b.kind || a.type != b.type || a.column != b.column || a.kernel != b.kernel || a.volatile_ ||
      b.volatile_ || a.literal != b.literal)
    return false;
  return std::ranges::equal(a.arguments, b.arguments, [](const ExpressionRef& x, const ExpressionRef& y) {
    return x == y || same_expression(*x, *y);
  });
}

}  // namespace levada
