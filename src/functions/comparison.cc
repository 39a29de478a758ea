// Comparisons. With a null they are false, whatever they ask; only IS [NOT] DISTINCT FROM and IS [NOT] NULL see nulls.
#include <cmath>
#include <functional>

#include "batch/decimal.h"
#include "batch/kernels.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "OPERATOR";

// The rows where an argument is null are false, not null.
void nulls_are_false(const Call& call) {
  for (const Argument& a : call.arguments) {
    if (!a.column->has_nulls()) continue;
    std::uint8_t* to = call.result.values<std::uint8_t>();
    call.rows.for_each([&](std::uint32_t row) { to[row] &= !a.is_null(row); });
  }
}

// Text with one text that is the same for all rows, for equality: size and first bytes are one word, which settles
// most.
template <class Compare>
void compare_with_text(const Call& call, const Column& column, StringView wanted) {
  auto word = [](const StringView& s) { return load<std::uint64_t>(reinterpret_cast<const char*>(&s) + 8); };
  const StringView* values = column.values<StringView>();
  std::uint8_t* to = call.result.values<std::uint8_t>();
  constexpr bool equal = Compare()(0, 0);
  std::uint64_t w = word(wanted);
  if (wanted.size() <= 4)
    call.rows.for_each([=](std::uint32_t row) { to[row] = (word(values[row]) == w) == equal; });
  else
    call.rows.for_each(
        [=](std::uint32_t row) { to[row] = (word(values[row]) == w && values[row] == wanted) == equal; });
}

template <class Compare>
constexpr bool is_equality = std::is_same_v<Compare, std::equal_to<>> || std::is_same_v<Compare, std::not_equal_to<>>;

// Columns of one physical type.
template <class T, class Compare>
void compare_values(const Call& call) {
  const Argument &left = call.arguments[0], &right = call.arguments[1];
  if constexpr (std::is_same_v<T, StringView> && is_equality<Compare>) {
    if (left.constant != right.constant) {
      const Argument &constant = left.constant ? left : right, &other = left.constant ? right : left;
      compare_with_text<Compare>(call, *other.column, constant.value<StringView>(0));
      return nulls_are_false(call);
    }
  }
  if constexpr (std::is_arithmetic_v<T>) {
    map<[](T a, T b) -> bool { return Compare()(a, b); }>(call);
  } else {
    kernel::run<bool>(call, kernel::Arguments<T, T>(), [](const T& a, const T& b) -> bool { return Compare()(a, b); });
  }
  nulls_are_false(call);
}

template <class Compare>
void compare_decimals(const Call& call) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  int a_scale = a.type().scale(), b_scale = b.type().scale();
  std::uint8_t* to = call.result.values<std::uint8_t>();
  if (a_scale == b_scale) return compare_values<Int128, Compare>(call);
  call.rows.for_each([&](std::uint32_t row) {
    to[row] = Compare()(decimal_compare(a.value<Int128>(row), a_scale, b.value<Int128>(row), b_scale), 0);
  });
  nulls_are_false(call);
}

// Nested values know only equality.
template <class Compare>
void compare_nested(const Call& call) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  std::uint8_t* to = call.result.values<std::uint8_t>();
  call.rows.for_each(
      [&](std::uint32_t row) { to[row] = Compare()(compare(*a.column, a.at(row), *b.column, b.at(row)), 0); });
  nulls_are_false(call);
}

template <class Compare>
std::vector<Overload> ordered() {
  return {{"(INT, INT) BOOLEAN", compare_values<std::int32_t, Compare>},
          {"(BIGINT, BIGINT) BOOLEAN", compare_values<std::int64_t, Compare>},
          {"(DOUBLE, DOUBLE) BOOLEAN", compare_values<double, Compare>},
          {"(DECIMAL, DECIMAL) BOOLEAN", compare_decimals<Compare>},
          {"(STRING, STRING) BOOLEAN", compare_values<StringView, Compare>},
          {"(BYTES, BYTES) BOOLEAN", compare_values<StringView, Compare>},
          {"(DATE, DATE) BOOLEAN", compare_values<std::int32_t, Compare>},
          {"(TIME, TIME) BOOLEAN", compare_values<std::int64_t, Compare>},
          {"(TIMESTAMP, TIMESTAMP) BOOLEAN", compare_values<std::int64_t, Compare>}};
}
template <class Compare>
std::vector<Overload> equality() {
  std::vector<Overload> overloads = ordered<Compare>();
  overloads.push_back({"(BOOLEAN, BOOLEAN) BOOLEAN", compare_values<std::uint8_t, Compare>});
  overloads.push_back({"(T, T) BOOLEAN", compare_nested<Compare>});
  return overloads;
}

// Equal, or both null. NaN is not distinct from NaN.
template <bool distinct>
void compare_with_nulls(const Call& call) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  bool decimals = a.type().kind() == TypeKind::decimal;
  std::uint8_t* to = call.result.values<std::uint8_t>();
  call.rows.for_each([&](std::uint32_t row) {
    bool same;
    if (a.is_null(row) || b.is_null(row))
      same = a.is_null(row) && b.is_null(row);
    else if (decimals)
      same = decimal_compare(a.value<Int128>(row), a.type().scale(), b.value<Int128>(row), b.type().scale()) == 0;
    else
      same = compare(*a.column, a.at(row), *b.column, b.at(row)) == 0;
    to[row] = same != distinct;
  });
}

// The arguments have one type: what a value stands for does not matter, only how it compares.
void between(const Call& call) {
  const Argument &v = call.arguments[0], &low = call.arguments[1], &high = call.arguments[2];
  std::uint8_t* to = call.result.values<std::uint8_t>();
  with_physical(v.type().kind(), [&]<class T>() {
    const T* values = v.column->values<T>();
    bool plain = !v.constant && low.constant && high.constant && !low.is_null(0) && !high.is_null(0);
    if (plain && std::is_arithmetic_v<T>) {
      call.rows.for_each([=, l = low.value<T>(0), h = high.value<T>(0)](std::uint32_t row) {
        to[row] = static_cast<std::uint8_t>((values[row] >= l) & (values[row] <= h));
      });
    } else {
      call.rows.for_each([&](std::uint32_t row) {
        const T& x = values[v.at(row)];
        to[row] = x >= low.value<T>(row) && x <= high.value<T>(row);
      });
    }
  });
  nulls_are_false(call);
}

// NaN is in a list where NaN is.
void in_list(const Call& call) {
  const Argument& v = call.arguments[0];
  std::uint8_t* to = call.result.values<std::uint8_t>();
  for (const Argument& item : call.arguments.subspan(1)) {
    if (item.constant && item.is_null(0)) continue;
    if (!v.type().nested() && v.type().kind() != TypeKind::float64) {
      with_physical(v.type().kind(), [&]<class T>() {
        const T *values = v.column->values<T>(), *items = item.column->values<T>();
        call.rows.for_each([&](std::uint32_t row) {
          to[row] = to[row] | static_cast<std::uint8_t>(values[v.at(row)] == items[item.at(row)] && !item.is_null(row));
        });
      });
    } else {
      call.rows.for_each([&](std::uint32_t row) {
        bool same = !item.is_null(row) && compare(*v.column, v.at(row), *item.column, item.at(row)) == 0;
        to[row] = to[row] | static_cast<std::uint8_t>(same);
      });
    }
  }
  if (v.column->has_nulls()) call.rows.for_each([&](std::uint32_t row) { to[row] &= !v.is_null(row); });
}

template <bool null>
void is_null(const Call& call) {
  const Argument& a = call.arguments[0];
  std::uint8_t* to = call.result.values<std::uint8_t>();
  if (!a.column->has_nulls())
    call.rows.for_each([=](std::uint32_t row) { to[row] = !null; });
  else
    call.rows.for_each([&](std::uint32_t row) { to[row] = a.is_null(row) == null; });
}

Result<Type> ordered_boolean(std::span<const Type> types) {
  if (types[0].nested() || types[0].kind() == TypeKind::boolean)
    return Error(ErrorKind::statement, types[0].text() + " has no order: BETWEEN cannot compare it");
  return Type(TypeKind::boolean);
}

}  // namespace

std::span<const Function> comparison_functions() {
  static const Function table[] = {
      {.name = "=",
       .category = category,
       .overloads = equality<std::equal_to<>>(),
       .doc = "True if both sides are equal. Arrays, maps and structures are compared element by element.",
       .examples = {{"1 = 1.0", "true"},
                    {"'a' = 'A'", "false"},
                    {"ARRAY[1, 2] = ARRAY[1, 2]", "true"},
                    {"1 = NULL", "false"},
                    {"DATE '2024-02-29' = '2024-02-29'", "true"}},
       .strict = false,
       .cheap = true},
      {.name = "<>",
       .category = category,
       .overloads = equality<std::not_equal_to<>>(),
       .doc = "True if both sides differ and none of them is null.",
       .examples = {{"1 <> 2", "true"}, {"1 <> NULL", "false"}},
       .strict = false,
       .cheap = true},
      {.name = "<",
       .category = category,
       .overloads = ordered<std::less<>>(),
       .doc = "True if the left side is less. Text is compared by its bytes.",
       .examples = {{"1 < 2", "true"}, {"'b10' < 'b2'", "true"}, {"0.07 < 0.08", "true"}},
       .strict = false,
       .cheap = true},
      {.name = "<=",
       .category = category,
       .overloads = ordered<std::less_equal<>>(),
       .doc = "True if the left side is less or equal.",
       .examples = {{"2 <= 2", "true"}, {"TIME '10:00' <= '09:59'", "false"}},
       .strict = false,
       .cheap = true},
      {.name = ">",
       .category = category,
       .overloads = ordered<std::greater<>>(),
       .doc = "True if the left side is greater.",
       .examples = {{"2 > 1.5", "true"}, {"NULL > 1", "false"}},
       .strict = false,
       .cheap = true},
      {.name = ">=",
       .category = category,
       .overloads = ordered<std::greater_equal<>>(),
       .doc = "True if the left side is greater or equal.",
       .examples = {{"2 >= 3", "false"}, {"TIMESTAMP '2024-01-01T00:00:00' >= DATE '2024-01-01'", "true"}},
       .strict = false,
       .cheap = true},
      {.name = "IS DISTINCT FROM",
       .category = category,
       .overloads = {{"(DECIMAL, DECIMAL) BOOLEAN", compare_with_nulls<true>},
                     {"(T, T) BOOLEAN", compare_with_nulls<true>}},
       .doc = "True if both sides differ; null is a value like any other.",
       .examples = {{"1 IS DISTINCT FROM NULL", "true"}, {"1 IS DISTINCT FROM 1", "false"}},
       .strict = false},
      {.name = "IS NOT DISTINCT FROM",
       .category = category,
       .overloads = {{"(DECIMAL, DECIMAL) BOOLEAN", compare_with_nulls<false>},
                     {"(T, T) BOOLEAN", compare_with_nulls<false>}},
       .doc = "True if both sides are equal or both are null.",
       .examples = {{"CAST(NULL AS INT) IS NOT DISTINCT FROM NULL", "true"}, {"1 IS NOT DISTINCT FROM 2", "false"}},
       .strict = false},
      {.name = "BETWEEN",
       .category = category,
       .overloads = {{"(T, T, T) BOOLEAN", between, ordered_boolean}},
       .doc = "True if the value is not less than the first bound and not greater than the second.",
       .examples = {{"2 BETWEEN 1 AND 3", "true"},
                    {"'b' BETWEEN 'c' AND 'd'", "false"},
                    {"2 NOT BETWEEN 1 AND NULL", "true"}},
       .strict = false,
       .cheap = true},
      {.name = "IN",
       .category = category,
       .overloads = {{"(T, T...) BOOLEAN", in_list}},
       .doc = "True if the value equals one of the list.",
       .examples = {{"2 IN (1, 2, 3)", "true"}, {"'x' NOT IN ('y', 'z')", "true"}, {"NULL IN (1)", "false"}},
       .strict = false,
       .cheap = true},
      {.name = "IS NULL",
       .category = category,
       .overloads = {{"(ANY) BOOLEAN", is_null<true>}},
       .doc = "True if there is no value.",
       .examples = {{"NULL IS NULL", "true"}, {"1 IS NULL", "false"}},
       .strict = false,
       .cheap = true},
      {.name = "IS NOT NULL",
       .category = category,
       .overloads = {{"(ANY) BOOLEAN", is_null<false>}},
       .doc = "True if there is a value.",
       .examples = {{"1 IS NOT NULL", "true"}},
       .strict = false,
       .cheap = true},
  };
  return table;
}

}  // namespace levada
