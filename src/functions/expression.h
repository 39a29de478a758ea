// A bound expression: names are columns, types are known, overloads are chosen. It is a value, shared as const;
// evaluate() runs it over the rows of a batch.
//
// A row for which it fails becomes null there and a failure in the list, never an exception across the batch. Of CASE,
// COALESCE, AND and OR only the parts that a row reaches are computed for it. Comparisons with null are false, as in
// ksqlDB; AND, OR and NOT take null as unknown.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "functions/function.h"

namespace levada {

struct Expression;
using ExpressionRef = std::shared_ptr<const Expression>;

enum class ExpressionKind : std::uint8_t {
  column,         // `column` of the batch: key, then after
  before,         // the same column before the change; a key column is itself
  row_time,       // ROWTIME: BIGINT milliseconds
  row_partition,  // ROWPARTITION: INT
  row_offset,     // ROWOFFSET: BIGINT
  literal,        // `literal`
  field,          // of the structure that is the argument: number `column` of its fields
  call,           // `kernel` over `arguments`
  logical_and,    // two arguments
  logical_or,
  case_,     // condition, value, condition, value, …, else (always there, a null literal if not written)
  coalesce,  // the first that is not null
};

struct Expression {
  ExpressionKind kind = ExpressionKind::literal;
  Type type;
  std::uint32_t column = 0;
  Value literal;
  ColumnRef constant;  // the literal as a column of one row
  Kernel kernel = nullptr;
  bool strict = true;  // of the called function
  bool volatile_ = false;
  bool cheap = false;  // it and all its arguments
  std::vector<ExpressionRef> arguments;
  std::string text;  // as SQL, for plans and messages
};

ExpressionRef column_expression(const Schema& schema, std::size_t column);
// ROWTIME, ROWPARTITION or ROWOFFSET.
ExpressionRef row_expression(ExpressionKind kind);
ExpressionRef literal_expression(Value value, Type type);
// The error says that there is no such field, or no structure.
Result<ExpressionRef> field_expression(ExpressionRef structure, std::string_view field);
// The function's resolved overload over arguments that have its types already.
ExpressionRef call_expression(const Function& function, const Overload& overload, Type result,
                              std::vector<ExpressionRef> arguments);
// CASE, as the kind says: all conditions BOOLEAN, all values of one type, the else at the end.
ExpressionRef case_expression(std::vector<ExpressionRef> parts);
// STRUCT(name := value, …).
ExpressionRef structure_expression(const std::vector<std::string>& names, std::vector<ExpressionRef> values);
// The argument itself if it has the type. The error says that there is no such cast.
Result<ExpressionRef> cast_expression(ExpressionRef argument, const Type& to);

// A column of batch.size rows, of which only `rows` are meant; failures are appended.
ColumnRef evaluate(const Expression& expression, const Batch& batch, Rows rows, const Surroundings& surroundings,
                   RowFailures& failures);

// Without columns and without volatile functions: the same for all rows.
bool is_constant(const Expression& expression);
// The value of a constant expression; a failure becomes an error of kind statement.
Result<Value> fold(const Expression& expression, const Surroundings& surroundings);
// The expression with its constant parts computed, except those that fail: they fail for every row.
ExpressionRef folded(const ExpressionRef& expression, const Surroundings& surroundings);
// The columns it reads, by position in the schema, sorted.
std::vector<std::uint32_t> columns_of(const Expression& expression);
// The same result for every row, so that it may be computed once for both; volatile functions are the same as nothing.
bool same_expression(const Expression& a, const Expression& b);

}  // namespace levada
