// AND, OR, NOT with three values, and what chooses between a value and null. The evaluator itself computes AND, OR,
// COALESCE and IFNULL, argument by argument, only for the rows that reach it.
#include "batch/kernels.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

// The first argument, or null where the second one equals it.
void null_if(const Call& call) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  std::uint32_t size = call.result.size();
  std::vector<std::uint32_t> zeros;
  if (a.constant) zeros.assign(size, 0);
  Column result(call.result.type());
  result.append_from(*a.column, a.constant ? Rows(zeros) : Rows::all(size));
  call.rows.for_each([&](std::uint32_t row) {
    if (!a.is_null(row) && !b.is_null(row) && compare(*a.column, a.at(row), *b.column, b.at(row)) == 0)
      result.set_null(row);
  });
  call.result = std::move(result);
}

}  // namespace

std::span<const Function> logical_functions() {
  static const Function table[] = {
      {.name = "AND",
       .category = "OPERATOR",
       .overloads = {{"(BOOLEAN, BOOLEAN) BOOLEAN", nullptr}},
       .doc = "True if both are true, false if one is false, else null.",
       .examples = {{"true AND false", "false"}, {"true AND NULL", "null"}, {"false AND NULL", "false"}},
       .strict = false,
       .cheap = true},
      {.name = "OR",
       .category = "OPERATOR",
       .overloads = {{"(BOOLEAN, BOOLEAN) BOOLEAN", nullptr}},
       .doc = "True if one is true, false if both are false, else null.",
       .examples = {{"true OR false", "true"}, {"false OR NULL", "null"}, {"true OR NULL", "true"}},
       .strict = false,
       .cheap = true},
      {.name = "NOT",
       .category = "OPERATOR",
       .overloads = {{"(BOOLEAN) BOOLEAN", map<[](bool a) { return !a; }>}},
       .doc = "The opposite of a truth value.",
       .examples = {{"NOT true", "false"}, {"NOT NULL", "null"}, {"NOT 1 = 2", "true"}},
       .cheap = true},
      {.name = "COALESCE",
       .category = "CONDITIONAL",
       .overloads = {{"(T...) T", nullptr}},
       .doc = "The first of the arguments that is not null. Those behind it are not computed.",
       .examples = {{"COALESCE(NULL, 'a', 'b')", "a"}, {"COALESCE(NULL, CAST(NULL AS INT))", "null"}},
       .strict = false},
      {.name = "IFNULL",
       .category = "CONDITIONAL",
       .overloads = {{"(T, T) T", nullptr}},
       .doc = "The first argument, or the second where the first is null.",
       .examples = {{"IFNULL(NULL, 1)", "1"}, {"IFNULL('a', 'b')", "a"}},
       .strict = false},
      {.name = "NULLIF",
       .category = "CONDITIONAL",
       .overloads = {{"(T, T) T", null_if}},
       .doc = "Null if both arguments are equal, else the first.",
       .examples = {{"NULLIF('a', 'b')", "a"}, {"NULLIF(1, 1)", "null"}, {"NULLIF(NULL, 1)", "null"}},
       .strict = false},
  };
  return table;
}

}  // namespace levada
