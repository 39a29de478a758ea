// + - * / % on numbers, and + on text.
//
// Whole numbers wrap around and divide towards zero, as Java's; dividing them by zero fails. The types of decimal
// results are those of SQL Server, which ksqlDB has taken over:
//
//   + -   digits before the point: the larger of both, and one more; behind it: the larger of both
//   *     precision p1 + p2 + 1, scale s1 + s2
//   /     scale max(6, s1 + p2 + 1), precision p1 - s1 + s2 + scale
//   %     the smaller of the digits before the point, the larger of those behind it
//
// A decimal has 38 digits. Where + and - would have more, a result that is too large fails; for * and / digits behind
// the point are given up first, down to 6.
#include <algorithm>
#include <cmath>

#include "batch/decimal.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "OPERATOR";

// ---- whole numbers and doubles ----

template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
T add(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
}
template <class T>
T subtract(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
}
template <class T>
T multiply(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) * static_cast<Unsigned<T>>(b));
}
template <class T>
T negate(T a) {
  return subtract<T>(0, a);
}
template <class T>
Computed<T> divide(T a, T b) {
  if (b == 0) return Computed<T>::failure("division by zero");
  if (b == -1) return negate(a);  // the least number divided by -1 wraps around; the processor would trap
  return a / b;
}
template <class T>
Computed<T> modulo(T a, T b) {
  if (b == 0) return Computed<T>::failure("division by zero");
  if (b == -1) return T{0};
  return a % b;
}

// By a constant that makes no trouble nothing can fail.
template <class T, auto fallible, auto total>
void divide_kernel(const Call& call) {
  const Argument& by = call.arguments[1];
  bool harmless = by.constant && by.value<T>(0) != 0 && by.value<T>(0) != -1;
  (harmless ? map<total> : map<fallible>)(call);
}
template <class T>
constexpr Kernel quotient = divide_kernel<T, divide<T>, [](T a, T b) -> T { return a / b; }>;
template <class T>
constexpr Kernel remainder = divide_kernel<T, modulo<T>, [](T a, T b) -> T { return a % b; }>;

// ---- decimals ----

enum class Operation { add, subtract, multiply, divide, remainder };

template <Operation operation>
std::optional<Int128> compute(Int128 a, int a_scale, Int128 b, int b_scale, int scale) {
  switch (operation) {
    case Operation::add: return decimal_add(a, a_scale, b, b_scale, scale);
    case Operation::subtract: return decimal_subtract(a, a_scale, b, b_scale, scale);
    case Operation::multiply: return decimal_multiply(a, a_scale, b, b_scale, scale);
    case Operation::divide: return decimal_divide(a, a_scale, b, b_scale, scale);
    case Operation::remainder: return decimal_remainder(a, a_scale, b, b_scale, scale);
  }
}

// Sums and products for which the result's type has room cannot overflow: plain arithmetic on both numbers, brought to
// one scale. False where that is not so.
template <Operation operation>
bool add_or_multiply_plainly(const Call& call) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  const Type& type = call.result.type();
  if constexpr (operation == Operation::multiply) {
    if (a.type().precision() + b.type().precision() > Type::max_precision ||
        type.scale() != a.type().scale() + b.type().scale())
      return false;
    kernel::run<Int128>(call, kernel::Arguments<Int128, Int128>(), [](Int128 x, Int128 y) { return x * y; });
    return true;
  } else if constexpr (operation == Operation::add || operation == Operation::subtract) {
    int whole = std::max(a.type().precision() - a.type().scale(), b.type().precision() - b.type().scale());
    if (whole + type.scale() + 1 > Type::max_precision) return false;
    Int128 f = power_of_ten[static_cast<std::size_t>(type.scale() - a.type().scale())];
    Int128 g = power_of_ten[static_cast<std::size_t>(type.scale() - b.type().scale())];
    if (operation == Operation::subtract) g = -g;
    kernel::run<Int128>(call, kernel::Arguments<Int128, Int128>(), [=](Int128 x, Int128 y) { return x * f + y * g; });
    return true;
  }
  return false;
}

template <Operation operation>
void decimal_kernel(const Call& call) {
  if (add_or_multiply_plainly<operation>(call)) return;
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  const Type& type = call.result.type();
  int a_scale = a.type().scale(), b_scale = b.type().scale();
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    Int128 x = a.value<Int128>(row), y = b.value<Int128>(row);
    auto v = compute<operation>(x, a_scale, y, b_scale, type.scale());
    if (v && fits_precision(*v, type.precision())) [[likely]] {
      call.result.values<Int128>()[row] = *v;
      return;
    }
    constexpr bool divides = operation == Operation::divide || operation == Operation::remainder;
    if (divides && y == 0) return call.fail(row, "division by zero");
    call.fail(row, "numeric field overflow: the result does not fit into " + type.text());
  });
}

Type sum_type(std::span<const Type> t) {
  int scale = std::max(t[0].scale(), t[1].scale());
  int whole = std::max(t[0].precision() - t[0].scale(), t[1].precision() - t[1].scale());
  return Type::decimal(std::min(Type::max_precision, whole + scale + 1), scale);
}
// Digits behind the point make room for those before it, but six of them stay.
Type fitted(int precision, int scale) {
  if (precision <= Type::max_precision) return Type::decimal(precision, scale);
  int whole = precision - scale;
  return Type::decimal(Type::max_precision, std::max(Type::max_precision - whole, std::min(scale, 6)));
}
Result<Type> sum_result(std::span<const Type> t) { return sum_type(t); }
Result<Type> product_result(std::span<const Type> t) {
  return fitted(t[0].precision() + t[1].precision() + 1, t[0].scale() + t[1].scale());
}
Result<Type> quotient_result(std::span<const Type> t) {
  int scale = std::max(6, t[0].scale() + t[1].precision() + 1);
  return fitted(t[0].precision() - t[0].scale() + t[1].scale() + scale, scale);
}
Result<Type> remainder_result(std::span<const Type> t) {
  int scale = std::max(t[0].scale(), t[1].scale());
  int whole = std::min(t[0].precision() - t[0].scale(), t[1].precision() - t[1].scale());
  return Type::decimal(std::max(1, whole + scale), scale);
}
Result<Type> same_decimal(std::span<const Type> t) { return t[0]; }

void negate_decimal(const Call& call) {
  const Argument& a = call.arguments[0];
  call.rows.for_each([&](std::uint32_t row) { call.result.values<Int128>()[row] = -a.value<Int128>(row); });
}

// ---- text ----

std::string_view join(Arena& out, std::string_view a, std::string_view b) {
  char* const begin = out.allocate(a.size() + b.size());
  char* p = a.empty() ? begin : put_padded(begin, a.data(), a.size());
  if (!b.empty()) put_padded(p, b.data(), b.size());
  return {begin, a.size() + b.size()};
}

}  // namespace

std::span<const Function> arithmetic_functions() {
  static const Function table[] = {
      {.name = "+",
       .category = category,
       .overloads = {{"(INT, INT) INT", map<add<std::int32_t>>},
                     {"(BIGINT, BIGINT) BIGINT", map<add<std::int64_t>>},
                     {"(DECIMAL, DECIMAL) DECIMAL", decimal_kernel<Operation::add>, sum_result},
                     {"(DOUBLE, DOUBLE) DOUBLE", map<[](double a, double b) { return a + b; }>},
                     {"(STRING, STRING) STRING", map<join>}},
       .doc = "The sum of two numbers, or two texts joined. Whole numbers wrap around.",
       .examples = {{"1 + 2", "3"}, {"2147483647 + 1", "-2147483648"}, {"1.50 + 2", "3.50"}, {"'a' + 'b'", "ab"}}},
      {.name = "-",
       .category = category,
       .overloads = {{"(INT, INT) INT", map<subtract<std::int32_t>>},
                     {"(BIGINT, BIGINT) BIGINT", map<subtract<std::int64_t>>},
                     {"(DECIMAL, DECIMAL) DECIMAL", decimal_kernel<Operation::subtract>, sum_result},
                     {"(DOUBLE, DOUBLE) DOUBLE", map<[](double a, double b) { return a - b; }>},
                     {"(INT) INT", map<negate<std::int32_t>>},
                     {"(BIGINT) BIGINT", map<negate<std::int64_t>>},
                     {"(DECIMAL) DECIMAL", negate_decimal, same_decimal},
                     {"(DOUBLE) DOUBLE", map<[](double a) { return -a; }>}},
       .doc = "The difference of two numbers, or the negative of one.",
       .examples = {{"1 - 2", "-1"}, {"1.5 - 0.25", "1.25"}, {"-(1 + 2)", "-3"}}},
      {.name = "*",
       .category = category,
       .overloads = {{"(INT, INT) INT", map<multiply<std::int32_t>>},
                     {"(BIGINT, BIGINT) BIGINT", map<multiply<std::int64_t>>},
                     {"(DECIMAL, DECIMAL) DECIMAL", decimal_kernel<Operation::multiply>, product_result},
                     {"(DOUBLE, DOUBLE) DOUBLE", map<[](double a, double b) { return a * b; }>}},
       .doc = "The product of two numbers.",
       .examples = {{"6 * 7", "42"}, {"1.5 * 1.5", "2.25"}, {"2e0 * 3", "6.0"}}},
      {.name = "/",
       .category = category,
       .overloads = {{"(INT, INT) INT", quotient<std::int32_t>},
                     {"(BIGINT, BIGINT) BIGINT", quotient<std::int64_t>},
                     {"(DECIMAL, DECIMAL) DECIMAL", decimal_kernel<Operation::divide>, quotient_result},
                     {"(DOUBLE, DOUBLE) DOUBLE", map<[](double a, double b) { return a / b; }>}},
       .doc = "The quotient of two numbers. Of whole numbers it is cut towards zero.",
       .examples = {{"7 / 2", "3"}, {"-7 / 2", "-3"}, {"7.0 / 2", "3.500000000000"}, {"7e0 / 2", "3.5"}}},
      {.name = "%",
       .category = category,
       .overloads = {{"(INT, INT) INT", remainder<std::int32_t>},
                     {"(BIGINT, BIGINT) BIGINT", remainder<std::int64_t>},
                     {"(DECIMAL, DECIMAL) DECIMAL", decimal_kernel<Operation::remainder>, remainder_result},
                     {"(DOUBLE, DOUBLE) DOUBLE", map<[](double a, double b) { return std::fmod(a, b); }>}},
       .doc = "The remainder of a division, with the sign of the dividend.",
       .examples = {{"7 % 3", "1"}, {"-7 % 3", "-1"}, {"7.5 % 2", "1.5"}}},
  };
  return table;
}

}  // namespace levada
