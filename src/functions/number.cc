// Mathematics. Angles are in radians; what has no result in the real numbers is NaN or an infinity, as in Java.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/random.h"
#include "batch/decimal.h"
#include "batch/kernels.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "MATHEMATICAL";

using Real = double (*)(double);
template <Real f>
std::vector<Overload> real() {
  return {{"(DOUBLE) DOUBLE", map<[](double x) { return f(x); }>}};
}

// With the extra digits of long double, so that the root of 27 is 3.
double cube_root(double v) { return static_cast<double>(std::cbrt(static_cast<long double>(v))); }

// ---- rounding ----

constexpr Int128 ten_to(int n) { return power_of_ten[static_cast<std::size_t>(n)]; }

// How a quotient that is cut towards zero is brought to the whole number that is meant: `rest` has the dividend's sign.
using Rounding = Int128 (*)(Int128 quotient, Int128 rest, Int128 unit);

Int128 up(Int128 q, Int128 rest, Int128) { return q + (rest > 0); }
Int128 down(Int128 q, Int128 rest, Int128) { return q - (rest < 0); }
Int128 towards_zero(Int128 q, Int128, Int128) { return q; }
// To the nearest; what lies in the middle goes up, also where it is negative.
Int128 nearest(Int128 q, Int128 rest, Int128 unit) {
  if (rest >= 0) return q + (rest >= unit - rest);
  return q - (-rest > unit + rest);
}

// The decimal at `scale`, rounded at `places` behind the point, and brought to the scale of the result.
std::optional<Int128> rounded(Int128 v, int scale, int places, int result_scale, Rounding rounding) {
  if (places < scale) {
    if (scale - places > max_decimal_digits) return Int128(0);
    Int128 unit = ten_to(scale - places);
    v = rounding(v / unit, v % unit, unit);
    return rescale(v, places, result_scale);
  }
  return rescale(v, scale, result_scale);
}

// (DECIMAL) and (DECIMAL, INT)
template <Rounding rounding>
void round_decimal(const Call& call) {
  const Argument& a = call.arguments[0];
  const Argument* places = call.arguments.size() > 1 ? &call.arguments[1] : nullptr;
  const Type& type = call.result.type();
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    int p = places ? std::clamp(places->value<std::int32_t>(row), -100, 100) : 0;
    auto v = rounded(a.value<Int128>(row), a.type().scale(), p, type.scale(), rounding);
    if (!v || !fits_precision(*v, type.precision()))
      return call.fail(row, "numeric field overflow: the rounded number does not fit into " + type.text());
    call.result.values<Int128>()[row] = *v;
  });
}

// The double's shortest text is what is rounded, so that 1.005 becomes 1.01.
template <Rounding rounding>
double round_double(double v, std::int32_t places) {
  if (!std::isfinite(v)) return v;
  places = std::clamp(places, -400, 400);
  char text[40];
  auto [end, error] = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific);
  auto digits = parse_decimal(std::string_view(text, static_cast<std::size_t>(end - text)));
  if (!digits || digits->scale <= places) return v;
  int drop = digits->scale - places;
  Int128 whole = 0, unit = drop > max_decimal_digits ? 0 : ten_to(drop);
  if (unit != 0)
    whole = rounding(digits->unscaled / unit, digits->unscaled % unit, unit);
  else
    whole = rounding(0, digits->unscaled < 0 ? -1 : digits->unscaled > 0 ? 1 : 0, 1'000);
  std::string result = decimal_text(whole, 0) + "e" + std::to_string(-places);
  double out = 0;
  std::from_chars(result.data(), result.data() + result.size(), out);
  return out;
}

std::int64_t to_bigint(double v) {
  if (std::isnan(v)) return 0;
  if (v >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (v < -0x1p63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(v);
}
// Java's Math.round(): the middle goes up.
std::int64_t round_to_bigint(double v) {
  double whole = std::floor(v);
  return to_bigint(v - whole >= 0.5 ? whole + 1 : whole);
}

Result<Type> same_type(std::span<const Type> types) { return types[0]; }
Result<Type> whole_part(std::span<const Type> types) {
  return Type::decimal(std::max(1, types[0].precision() - types[0].scale()), 0);
}

template <class T>
T itself(T v) {
  return v;
}

// ---- signs ----

template <class T>
T absolute(T v) {
  using U = std::make_unsigned_t<T>;
  return v < 0 ? static_cast<T>(U{0} - static_cast<U>(v)) : v;  // the least number stays what it is
}
void absolute_decimal(const Call& call) {
  call.rows.for_each([&](std::uint32_t row) {
    Int128 v = call.arguments[0].value<Int128>(row);
    call.result.values<Int128>()[row] = v < 0 ? -v : v;
  });
}
template <class T>
std::int32_t sign(T v) {
  return static_cast<std::int32_t>(v > 0) - static_cast<std::int32_t>(v < 0);
}
void sign_decimal(const Call& call) {
  call.rows.for_each(
      [&](std::uint32_t row) { call.result.values<std::int32_t>()[row] = sign(call.arguments[0].value<Int128>(row)); });
}

// ---- logarithms ----

double logarithm(double base, double v) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (base <= 0 || base == 1) return nan;
  return std::log(v) / std::log(base);
}

// ---- the greatest and the least ----

template <int wanted>
void extreme(const Call& call) {
  for (const Argument& a : call.arguments) hold_memory(call.result, *a.column);
  with_physical(call.result.type().kind(), [&]<class T>() {
    T* to = call.result.values<T>();
    call.rows.for_each([&](std::uint32_t row) {
      const Argument* best = nullptr;
      for (const Argument& a : call.arguments)
        if (!a.is_null(row) && (!best || compare(*a.column, a.at(row), *best->column, best->at(row)) * wanted > 0))
          best = &a;
      if (best)
        to[row] = best->column->values<T>()[best->at(row)];
      else
        call.result.set_null(row);
    });
  });
}
Result<Type> ordered_type(std::span<const Type> types) {
  if (types[0].nested() || types[0].kind() == TypeKind::boolean)
    return Error(ErrorKind::statement, types[0].text() + " has no order: GREATEST and LEAST cannot compare it");
  return types[0];
}

Random& random_numbers() {
  thread_local Random random(random_seed());
  return random;
}

}  // namespace

std::span<const Function> number_functions() {
  static const Function table[] = {
      {.name = "ABS",
       .category = category,
       .overloads = {{"(INT) INT", map<absolute<std::int32_t>>},
                     {"(BIGINT) BIGINT", map<absolute<std::int64_t>>},
                     {"(DECIMAL) DECIMAL", absolute_decimal, same_type},
                     {"(DOUBLE) DOUBLE", map<[](double v) { return std::fabs(v); }>}},
       .doc = "The number without its sign.",
       .examples = {{"ABS(-5)", "5"}, {"ABS(-1.50)", "1.50"}}},
      {.name = "ACOS",
       .category = category,
       .overloads = real<std::acos>(),
       .doc = "The arc cosine.",
       .examples = {{"ACOS(1)", "0.0"}}},
      {.name = "ASIN",
       .category = category,
       .overloads = real<std::asin>(),
       .doc = "The arc sine.",
       .examples = {{"ASIN(0)", "0.0"}, {"ASIN(2)", "NaN"}}},
      {.name = "ATAN",
       .category = category,
       .overloads = real<std::atan>(),
       .doc = "The arc tangent.",
       .examples = {{"ROUND(ATAN(1), 10)", "0.7853981634"}}},
      {.name = "ATAN2",
       .category = category,
       .overloads = {{"(DOUBLE, DOUBLE) DOUBLE", map<[](double y, double x) { return std::atan2(y, x); }>}},
       .doc = "The angle of the point with the second argument as x and the first as y.",
       .examples = {{"ROUND(ATAN2(1, -1), 10)", "2.3561944902"}}},
      {.name = "CBRT",
       .category = category,
       .overloads = real<cube_root>(),
       .doc = "The cube root.",
       .examples = {{"CBRT(27)", "3.0"}, {"CBRT(-8)", "-2.0"}}},
      {.name = "CEIL",
       .category = category,
       .overloads = {{"(INT) INT", map<itself<std::int32_t>>},
                     {"(BIGINT) BIGINT", map<itself<std::int64_t>>},
                     {"(DECIMAL) DECIMAL", round_decimal<up>, same_type},
                     {"(DOUBLE) DOUBLE", map<[](double v) { return std::ceil(v); }>}},
       .doc = "The least whole number that is not less.",
       .examples = {{"CEIL(1.2)", "2.0"}, {"CEIL(-1.2e0)", "-1.0"}, {"CEIL(3)", "3"}}},
      {.name = "COS",
       .category = category,
       .overloads = real<std::cos>(),
       .doc = "The cosine.",
       .examples = {{"COS(0)", "1.0"}}},
      {.name = "COSH",
       .category = category,
       .overloads = real<std::cosh>(),
       .doc = "The hyperbolic cosine.",
       .examples = {{"COSH(0)", "1.0"}}},
      {.name = "COT",
       .category = category,
       .overloads = {{"(DOUBLE) DOUBLE", map<[](double v) { return 1 / std::tan(v); }>}},
       .doc = "The cotangent.",
       .examples = {{"COT(0)", "Infinity"}, {"ROUND(COT(1), 10)", "0.6420926159"}}},
      {.name = "DEGREES",
       .category = category,
       .overloads = {{"(DOUBLE) DOUBLE", map<[](double v) { return v * (180 / std::numbers::pi); }>}},
       .doc = "An angle in radians, in degrees.",
       .examples = {{"ROUND(DEGREES(PI()), 10)", "180.0"}}},
      {.name = "EXP",
       .category = category,
       .overloads = real<std::exp>(),
       .doc = "e to the power of the number.",
       .examples = {{"EXP(0)", "1.0"}}},
      {.name = "FLOOR",
       .category = category,
       .overloads = {{"(INT) INT", map<itself<std::int32_t>>},
                     {"(BIGINT) BIGINT", map<itself<std::int64_t>>},
                     {"(DECIMAL) DECIMAL", round_decimal<down>, same_type},
                     {"(DOUBLE) DOUBLE", map<[](double v) { return std::floor(v); }>}},
       .doc = "The greatest whole number that is not greater.",
       .examples = {{"FLOOR(1.7)", "1.0"}, {"FLOOR(-1.2e0)", "-2.0"}, {"FLOOR(3)", "3"}}},
      {.name = "GREATEST",
       .category = category,
       .overloads = {{"(T...) T", extreme<1>, ordered_type}},
       .doc = "The greatest of the arguments; nulls are left out.",
       .examples = {{"GREATEST(1, NULL, 3, 2)", "3"}, {"GREATEST('a', 'b')", "b"}, {"GREATEST(1, 1.5)", "1.5"}},
       .strict = false},
      {.name = "LEAST",
       .category = category,
       .overloads = {{"(T...) T", extreme<-1>, ordered_type}},
       .doc = "The least of the arguments; nulls are left out.",
       .examples = {{"LEAST(1, NULL, 3, 2)", "1"}, {"LEAST(DATE '2024-01-01', '2023-12-31')", "2023-12-31"}},
       .strict = false},
      {.name = "LN",
       .category = category,
       .overloads = real<std::log>(),
       .doc = "The natural logarithm.",
       .examples = {{"LN(1)", "0.0"}, {"LN(0)", "-Infinity"}, {"LN(-1)", "NaN"}}},
      {.name = "LOG",
       .category = category,
       .overloads = {{"(DOUBLE) DOUBLE", map<[](double v) { return std::log(v); }>},
                     {"(DOUBLE, DOUBLE) DOUBLE", map<logarithm>}},
       .doc =
           "The logarithm of the last argument, to the base of the first one if there are two, else the natural one.",
       .examples = {{"LOG(1)", "0.0"}, {"ROUND(LOG(2, 8), 10)", "3.0"}, {"LOG(1, 8)", "NaN"}}},
      {.name = "PI",
       .category = category,
       .overloads = {{"() DOUBLE", map<[]() { return std::numbers::pi; }>}},
       .doc = "The circumference of a circle whose diameter is 1.",
       .examples = {{"PI()", "3.141592653589793"}}},
      {.name = "POWER",
       .category = category,
       .overloads = {{"(DOUBLE, DOUBLE) DOUBLE", map<[](double a, double b) { return std::pow(a, b); }>}},
       .doc = "The first number to the power of the second.",
       .examples = {{"POWER(2, 10)", "1024.0"}, {"POWER(0, 0)", "1.0"}}},
      {.name = "RADIANS",
       .category = category,
       .overloads = {{"(DOUBLE) DOUBLE", map<[](double v) { return v * (std::numbers::pi / 180); }>}},
       .doc = "An angle in degrees, in radians.",
       .examples = {{"ROUND(RADIANS(180), 10)", "3.1415926536"}}},
      {.name = "RANDOM",
       .category = category,
       .overloads = {{"() DOUBLE", map<[]() { return random_numbers().fraction(); }>}},
       .doc = "A number from 0 up to but not including 1, another one for every row.",
       .examples = {{"RANDOM() >= 0 AND RANDOM() < 1", "true"}},
       .volatile_ = true},
      {.name = "ROUND",
       .category = category,
       .overloads = {{"(INT) INT", map<itself<std::int32_t>>},
                     {"(BIGINT) BIGINT", map<itself<std::int64_t>>},
                     {"(DECIMAL) DECIMAL", round_decimal<nearest>, whole_part},
                     {"(DOUBLE) BIGINT", map<round_to_bigint>},
                     {"(DECIMAL, INT) DECIMAL", round_decimal<nearest>, same_type},
                     {"(DOUBLE, INT) DOUBLE", map<round_double<nearest>>}},
       .doc = "The nearest whole number, or the nearest with so many places behind the point (before it, if negative). "
              "The middle goes up.",
       .examples = {{"ROUND(2.5)", "3"},
                    {"ROUND(-2.5)", "-2"},
                    {"ROUND(1.2345, 2)", "1.2300"},
                    {"ROUND(1.005e0, 2)", "1.01"},
                    {"ROUND(123, -1)", "120"}}},
      {.name = "SIGN",
       .category = category,
       .overloads = {{"(INT) INT", map<sign<std::int32_t>>},
                     {"(BIGINT) INT", map<sign<std::int64_t>>},
                     {"(DECIMAL) INT", sign_decimal},
                     {"(DOUBLE) INT", map<sign<double>>}},
       .doc = "-1 for a negative number, 1 for a positive one, else 0.",
       .examples = {{"SIGN(-0.5)", "-1"}, {"SIGN(0)", "0"}}},
      {.name = "SIN",
       .category = category,
       .overloads = real<std::sin>(),
       .doc = "The sine.",
       .examples = {{"SIN(0)", "0.0"}}},
      {.name = "SINH",
       .category = category,
       .overloads = real<std::sinh>(),
       .doc = "The hyperbolic sine.",
       .examples = {{"SINH(0)", "0.0"}}},
      {.name = "SQRT",
       .category = category,
       .overloads = real<std::sqrt>(),
       .doc = "The square root.",
       .examples = {{"SQRT(2)", "1.4142135623730951"}, {"SQRT(-1)", "NaN"}}},
      {.name = "TAN",
       .category = category,
       .overloads = real<std::tan>(),
       .doc = "The tangent.",
       .examples = {{"TAN(0)", "0.0"}}},
      {.name = "TANH",
       .category = category,
       .overloads = real<std::tanh>(),
       .doc = "The hyperbolic tangent.",
       .examples = {{"TANH(0)", "0.0"}}},
      {.name = "TRUNC",
       .category = category,
       .overloads = {{"(INT) INT", map<itself<std::int32_t>>},
                     {"(BIGINT) BIGINT", map<itself<std::int64_t>>},
                     {"(DECIMAL) DECIMAL", round_decimal<towards_zero>, whole_part},
                     {"(DOUBLE) BIGINT", map<[](double v) { return to_bigint(std::trunc(v)); }>},
                     {"(DECIMAL, INT) DECIMAL", round_decimal<towards_zero>, same_type},
                     {"(DOUBLE, INT) DOUBLE", map<round_double<towards_zero>>}},
       .doc = "The number cut off at the point, or at so many places behind it (before it, if negative).",
       .examples = {{"TRUNC(-1.7)", "-1"}, {"TRUNC(1.789, 1)", "1.700"}, {"TRUNC(1.789e0, 1)", "1.7"}}},
  };
  return table;
}

}  // namespace levada
