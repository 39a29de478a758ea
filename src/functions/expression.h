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
  before,         // the same column before the change
  row_time,       // ROWTIME: BIGINT milliseconds
  row_partition,  // ROWPARTITION: INT
  row_offset,     // ROWOFFSET: BIGINT
  literal,        // `literal`
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
  Kernel kernel = nullptr;
  bool strict = true;  // of the called function
  bool volatile_ = false;
  std::vector<ExpressionRef> arguments;
  std::string text;  // as SQL, for plans and messages
};

ExpressionRef column_expression(const Schema& schema, std::size_t column);
ExpressionRef literal_expression(Value value, Type type);
// The function's resolved overload over arguments that have its types already.
ExpressionRef call_expression(const Function& function, const Overload& overload, Type result,
                              std::vector<ExpressionRef> arguments);
// The argument itself if it has the type. The error says that there is no such cast.
Result<ExpressionRef> cast_expression(ExpressionRef argument, const Type& to);

// A column of batch.size rows, of which only `rows` are meant; failures are appended.
ColumnRef evaluate(const Expression& expression, const Batch& batch, Rows rows, const Surroundings& surroundings,
                   RowFailures& failures);

// Without columns and without volatile functions: the same for all rows.
bool is_constant(const Expression& expression);
// The value of a constant expression; a failure becomes an error of kind statement.
Result<Value> fold(const Expression& expression, const Surroundings& surroundings);
// The columns it reads, by position in the schema, sorted.
std::vector<std::uint32_t> columns_of(const Expression& expression);
// True if no row can make it fail or be volatile, so that it may be computed once for many queries.
bool same_expression(const Expression& a, const Expression& b);

}  // namespace levada
