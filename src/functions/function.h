// Functions: what SQL computes from columns, a batch at a time. A function is a row in the table of its family
// (text.cc, number.cc, time.cc, …): name, signatures with their kernels, a line of documentation, an example that is
// run as a test. functions/functions.h finds the right signature for the types of a call.
//
//   {.name = "UCASE", .overloads = {{"(STRING) STRING", upper_case}}, .doc = "…", .example = {"UCASE('ab')", "AB"}}
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "batch/column.h"
#include "batch/selection.h"
#include "batch/type.h"
#include "formats/format.h"

namespace levada {

// One argument of a call: a column, or one value that stands for all rows.
struct Argument {
  const Column* column = nullptr;
  bool constant = false;

  std::uint32_t at(std::uint32_t row) const { return constant ? 0 : row; }
  bool is_null(std::uint32_t row) const { return column->is_null(at(row)); }
  template <class T>
  T value(std::uint32_t row) const {
    return column->values<T>()[at(row)];
  }
  std::string_view string(std::uint32_t row) const { return column->string(at(row)); }
  const Type& type() const { return column->type(); }
};

// What may differ from run to run, and is therefore fixed in one place.
struct Surroundings {
  const Clock* clock = &real_clock();
  std::string time_zone = "UTC";  // of conversions that name none
};

// One evaluation over one batch.
struct Call {
  std::span<const Argument> arguments;
  Rows rows;              // compute these; what stands in other rows of the result does not matter
  Column& result;         // as many rows as the batch, all valid and zero
  RowFailures& failures;  // a row that fails becomes null and is told here, once
  const Surroundings& surroundings;

  void fail(std::uint32_t row, std::string why) const {
    result.set_null(row);
    failures.push_back({row, std::move(why)});
  }
};

using Kernel = void (*)(const Call&);
// The type of the result where the signature alone does not say it (decimals, structures).
using ResultType = Result<Type> (*)(std::span<const Type> arguments);

struct Overload {
  // "(STRING, INT) STRING": functions/signature.h tells how it is written.
  std::string_view signature;
  // nullptr: the evaluator's own (AND, OR, COALESCE, IFNULL), computed only for the rows that reach it.
  Kernel kernel;
  ResultType result_type = nullptr;
};

struct Example {
  std::string_view call, result;  // "UCASE('ab')", "AB": the result as text_of() shows it
};

struct Function {
  std::string_view name;      // in capitals; operators are called like "+" and "[]"
  std::string_view category;  // as in SHOW FUNCTIONS: STRING, MATHEMATICAL, DATE / TIME, …
  std::vector<Overload> overloads;
  std::string_view doc;
  std::vector<Example> examples;
  // Null in, null out, for every argument: the kernel may ignore nulls, they are put into the result before it runs.
  bool strict = true;
  // Not the same result every time: never folded into a constant.
  bool volatile_ = false;
  // Never fails and takes a few instructions: computing it for all rows costs less than finding out which rows need it.
  bool cheap = false;
  // The first argument is a unit of time, written as a bare word: DATEADD(DAYS, 1, d). It is passed as a STRING.
  bool takes_unit = false;
};

// ---- aggregates ----

// What an aggregate remembers of one group lives in `state_size` bytes inside the group's row of a state table; it may
// own memory outside. All functions take many rows at once: state i belongs to rows[i].
struct AggregateCall {
  std::span<const Argument> arguments;
  Rows rows;
  std::span<char* const> states;  // one for each of the rows, the same group may come several times
  std::span<const std::int64_t>
      offsets;  // of the rows in their topic, for EARLIEST/LATEST_BY_OFFSET; by row number, may be empty
  RowFailures& failures;
};

struct AggregateOverload {
  std::string_view signature;
  ResultType result_type = nullptr;
  std::uint8_t literals = 0;  // so many of the last arguments must be literals
  std::uint32_t state_size;   // alignment 16
  void (*start)(char* state);
  void (*add)(const AggregateCall&);
  // Takes rows out again, for aggregates over tables; nullptr: cannot.
  void (*remove)(const AggregateCall&) = nullptr;
  // Appends the result of each state to the column.
  void (*result)(std::span<char* const> states, Column& out);
  // The state as bytes, appended, for changelogs and snapshots; and back, into a state that start() has made. load()
  // returns false for bytes that are no such state.
  void (*save)(const char* state, Buffer& out);
  bool (*load)(char* state, ByteReader& in);
  // Frees what the state owns outside; nullptr: nothing.
  void (*end)(char* state) = nullptr;
};

struct AggregateFunction {
  std::string_view name;
  std::vector<AggregateOverload> overloads;
  std::string_view doc;
  // The rows of one group, as arguments, then the result: {{"SUM(x)", "1, 2, 4", "7"}}.
  struct Example {
    std::string_view call, rows, result;
  };
  std::vector<Example> examples;
};

}  // namespace levada
