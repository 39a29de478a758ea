// COUNT, SUM, AVG and the statistical moments: a few numbers for each group. Nulls are left out. All can take rows out
// again.
//
// A sum that does not fit into its type fails for the row, which then does not count.
#include <cmath>
#include <limits>

#include "batch/decimal.h"
#include "functions/aggregate_state.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

// ---- COUNT ----

template <int sign>
void count_rows(const AggregateCall& call) {
  each_row<std::int64_t>(call, [](std::int64_t& n, std::uint32_t) { n += sign; });
}
template <int sign>
void count_values(const AggregateCall& call) {
  const Argument& a = call.arguments[0];
  if (!a.column->has_nulls()) return count_rows<sign>(call);
  each_row<std::int64_t>(call, [&](std::int64_t& n, std::uint32_t row) { n += a.is_null(row) ? 0 : sign; });
}

template <class State, class T>
void append_state(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) out.append(static_cast<T>(state_at<State>(states, i)));
}

void save_int64(const char* state, Buffer& out) { ByteWriter(out).varint(load<std::int64_t>(state)); }
bool load_int64(char* state, ByteReader& in) {
  store(state, in.varint());
  return in.ok();
}

// ---- SUM ----

template <class T>
void fail_sum(const AggregateCall& call, std::uint32_t row, const T& type) {
  call.failures.push_back({row, "numeric field overflow: the sum does not fit into " + Type(type).text()});
}

// The running sum of whole numbers of type T.
template <class T, int sign>
void add_whole(const AggregateCall& call, std::int64_t& sum, std::uint32_t row, std::int64_t v) {
  std::int64_t next;
  bool overflow = sign > 0 ? __builtin_add_overflow(sum, v, &next) : __builtin_sub_overflow(sum, v, &next);
  if (overflow || next != static_cast<T>(next)) [[unlikely]]
    return fail_sum(call, row, sizeof(T) == 4 ? TypeKind::int32 : TypeKind::int64);
  sum = next;
}
template <class T, int sign>
void sum_whole(const AggregateCall& call) {
  each_value<std::int64_t, T>(
      call, [&](std::int64_t& sum, std::uint32_t row, T v) { add_whole<T, sign>(call, sum, row, v); });
}

template <int sign>
void sum_double(const AggregateCall& call) {
  each_value<double, double>(call, [](double& sum, std::uint32_t, double v) { sum += sign * v; });
}
void save_double(const char* state, Buffer& out) { ByteWriter(out).little(load<double>(state)); }
bool load_double(char* state, ByteReader& in) {
  store(state, in.little<double>());
  return in.ok();
}

template <int sign>
void add_decimal(const AggregateCall& call, Int128& sum, std::uint32_t row, Int128 v, const Type& type) {
  Int128 next;
  if (__builtin_add_overflow(sum, sign * v, &next) || !fits_precision(next, type.precision())) [[unlikely]]
    return fail_sum(call, row, type);
  sum = next;
}
template <int sign>
void sum_decimal(const AggregateCall& call) {
  const Type& type = call.arguments[0].type();
  each_value<Int128, Int128>(
      call, [&](Int128& sum, std::uint32_t row, Int128 v) { add_decimal<sign>(call, sum, row, v, type); });
}
void save_int128(const char* state, Buffer& out) {
  auto v = load<Int128>(state);
  ByteWriter writer(out);
  writer.varint(static_cast<std::int64_t>(v >> 64));
  writer.unsigned_varint(static_cast<std::uint64_t>(v));
}
bool load_int128(char* state, ByteReader& in) {
  auto high = static_cast<UInt128>(in.varint());
  store(state, static_cast<Int128>(high << 64 | in.unsigned_varint()));
  return in.ok();
}

Result<Type> same_type(std::span<const Type> types) { return types[0]; }
Result<Type> element_type(std::span<const Type> types) { return types[0].element(); }

// f(state, row, value) for every element that is not null of every list.
template <class State, class T, class F>
void each_element(const AggregateCall& call, F f) {
  const Argument& a = call.arguments[0];
  const Column& elements = a.column->child(0);
  each_row<State>(call, [&](State& state, std::uint32_t row) {
    if (a.is_null(row)) return;
    List list = list_at(*a.column, a.at(row));
    for (std::uint32_t i = list.begin; i < list.end; ++i)
      if (!elements.is_null(i)) f(state, row, elements.values<T>()[i]);
  });
}
template <class T, int sign>
void sum_whole_list(const AggregateCall& call) {
  each_element<std::int64_t, T>(
      call, [&](std::int64_t& sum, std::uint32_t row, T v) { add_whole<T, sign>(call, sum, row, v); });
}
template <int sign>
void sum_double_list(const AggregateCall& call) {
  each_element<double, double>(call, [](double& sum, std::uint32_t, double v) { sum += sign * v; });
}
template <int sign>
void sum_decimal_list(const AggregateCall& call) {
  const Type& type = call.arguments[0].type().element();
  each_element<Int128, Int128>(
      call, [&](Int128& sum, std::uint32_t row, Int128 v) { add_decimal<sign>(call, sum, row, v, type); });
}

// ---- AVG ----

// Whole numbers are summed exactly.
template <class Sum>
struct Average {
  Sum sum;
  std::int64_t count;
};

template <class Sum, class T, int sign>
void average_add(const AggregateCall& call) {
  each_value<Average<Sum>, T>(call, [](Average<Sum>& state, std::uint32_t, T v) {
    state.sum += sign * static_cast<Sum>(v);
    state.count += sign;
  });
}
template <class Sum>
void average_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto& state = state_at<Average<Sum>>(states, i);
    out.append(state.count == 0 ? 0.0 : static_cast<double>(state.sum) / static_cast<double>(state.count));
  }
}
template <class Sum>
void average_save(const char* state, Buffer& out) {
  if constexpr (std::is_same_v<Sum, double>)
    save_double(state, out);
  else
    save_int128(state, out);
  save_int64(state + sizeof(Sum), out);
}
template <class Sum>
bool average_load(char* state, ByteReader& in) {
  bool sum = std::is_same_v<Sum, double> ? load_double(state, in) : load_int128(state, in);
  return load_int64(state + sizeof(Sum), in) && sum;
}
template <class Sum, class T>
AggregateOverload average(std::string_view signature) {
  return {.signature = signature,
          .state_size = sizeof(Average<Sum>),
          .start = start_zeroed<Average<Sum>>,
          .add = average_add<Sum, T, 1>,
          .remove = average_add<Sum, T, -1>,
          .result = average_result<Sum>,
          .save = average_save<Sum>,
          .load = average_load<Sum>};
}

// ---- variance ----

// The sum of squared distances from the mean grows by t^2 / (n (n - 1)) with the n-th value v, where t = n v - sum
// (Chan, Golub and LeVeque, "Updating formulae", 1979).
template <class Sum>
struct Variance {
  Sum sum;
  double squares;
  std::int64_t count;

  double step(Sum v) const {
    auto t = static_cast<double>(static_cast<Sum>(count) * v - sum);
    return count > 1 ? t * t / static_cast<double>(count * (count - 1)) : 0;
  }
  void add(Sum v) {
    ++count;
    sum += v;
    squares += step(v);
  }
  void remove(Sum v) {
    squares = count > 2 ? squares - step(v) : 0;
    sum -= v;
    --count;
  }
  double value() const { return count > 1 ? squares / static_cast<double>(count - 1) : 0; }
};

template <class Sum, class T>
void variance_add(const AggregateCall& call) {
  each_value<Variance<Sum>, T>(call, [](auto& state, std::uint32_t, T v) { state.add(static_cast<Sum>(v)); });
}
template <class Sum, class T>
void variance_remove(const AggregateCall& call) {
  each_value<Variance<Sum>, T>(call, [](auto& state, std::uint32_t, T v) { state.remove(static_cast<Sum>(v)); });
}
template <class Sum, bool root>
void variance_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    double v = state_at<Variance<Sum>>(states, i).value();
    out.append(root ? std::sqrt(v) : v);
  }
}
template <class Sum>
void variance_save(const char* state, Buffer& out) {
  const auto& v = *reinterpret_cast<const Variance<Sum>*>(state);
  if constexpr (std::is_same_v<Sum, double>)
    save_double(state, out);
  else
    save_int128(state, out);
  ByteWriter(out).little(v.squares);
  ByteWriter(out).varint(v.count);
}
template <class Sum>
bool variance_load(char* state, ByteReader& in) {
  auto& v = *reinterpret_cast<Variance<Sum>*>(state);
  bool sum = std::is_same_v<Sum, double> ? load_double(state, in) : load_int128(state, in);
  v.squares = in.little<double>();
  v.count = in.varint();
  return sum && in.ok();
}
template <class Sum, class T, bool root>
AggregateOverload variance(std::string_view signature) {
  return {.signature = signature,
          .state_size = sizeof(Variance<Sum>),
          .start = start_zeroed<Variance<Sum>>,
          .add = variance_add<Sum, T>,
          .remove = variance_remove<Sum, T>,
          .result = variance_result<Sum, root>,
          .save = variance_save<Sum>,
          .load = variance_load<Sum>};
}

// ---- CORRELATION ----

struct Pairs {
  double x, y, xx, yy, xy;
  std::int64_t count;

  double correlation() const {
    auto n = static_cast<double>(count);
    return (n * xy - x * y) / (std::sqrt(n * xx - x * x) * std::sqrt(n * yy - y * y));
  }
};

template <int sign>
void correlation_add(const AggregateCall& call) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  each_row<Pairs>(call, [&](Pairs& p, std::uint32_t row) {
    if (a.is_null(row) || b.is_null(row)) return;
    double x = a.value<double>(row), y = b.value<double>(row);
    p.x += sign * x;
    p.y += sign * y;
    p.xx += sign * x * x;
    p.yy += sign * y * y;
    p.xy += sign * x * y;
    p.count += sign;
  });
}
void correlation_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) out.append(state_at<Pairs>(states, i).correlation());
}
void correlation_save(const char* state, Buffer& out) {
  const auto& p = *reinterpret_cast<const Pairs*>(state);
  for (double v : {p.x, p.y, p.xx, p.yy, p.xy}) ByteWriter(out).little(v);
  ByteWriter(out).varint(p.count);
}
bool correlation_load(char* state, ByteReader& in) {
  auto& p = *reinterpret_cast<Pairs*>(state);
  for (double* v : {&p.x, &p.y, &p.xx, &p.yy, &p.xy}) *v = in.little<double>();
  p.count = in.varint();
  return in.ok();
}

// ---- rows of the table ----

AggregateOverload count(std::string_view signature, void (*add)(const AggregateCall&),
                        void (*remove)(const AggregateCall&)) {
  return {.signature = signature,
          .state_size = sizeof(std::int64_t),
          .start = start_zeroed<std::int64_t>,
          .add = add,
          .remove = remove,
          .result = append_state<std::int64_t, std::int64_t>,
          .save = save_int64,
          .load = load_int64};
}
template <class T>
AggregateOverload whole(std::string_view signature, void (*add)(const AggregateCall&),
                        void (*remove)(const AggregateCall&)) {
  AggregateOverload overload = count(signature, add, remove);
  overload.result = append_state<std::int64_t, T>;
  return overload;
}
AggregateOverload real(std::string_view signature, void (*add)(const AggregateCall&),
                       void (*remove)(const AggregateCall&)) {
  return {.signature = signature,
          .state_size = sizeof(double),
          .start = start_zeroed<double>,
          .add = add,
          .remove = remove,
          .result = append_state<double, double>,
          .save = save_double,
          .load = load_double};
}
AggregateOverload decimal(std::string_view signature, ResultType type, void (*add)(const AggregateCall&),
                          void (*remove)(const AggregateCall&)) {
  return {.signature = signature,
          .result_type = type,
          .state_size = sizeof(Int128),
          .start = start_zeroed<Int128>,
          .add = add,
          .remove = remove,
          .result = append_state<Int128, Int128>,
          .save = save_int128,
          .load = load_int128};
}

}  // namespace

std::span<const AggregateFunction> sum_functions() {
  static const AggregateFunction table[] = {
      {.name = "AVG",
       .overloads = {average<Int128, std::int32_t>("(INT) DOUBLE"), average<Int128, std::int64_t>("(BIGINT) DOUBLE"),
                     average<double, double>("(DOUBLE) DOUBLE")},
       .doc = "The mean of all values that are not null; 0 if there is none.",
       .examples = {{"AVG(x)", "1, 2, NULL, 6", "3.0"}, {"AVG(x)", "0.5, 1.5", "1.0"}}},
      {.name = "CORRELATION",
       .overloads = {{.signature = "(DOUBLE, DOUBLE) DOUBLE",
                      .state_size = sizeof(Pairs),
                      .start = start_zeroed<Pairs>,
                      .add = correlation_add<1>,
                      .remove = correlation_add<-1>,
                      .result = correlation_result,
                      .save = correlation_save,
                      .load = correlation_load}},
       .doc = "Pearson's correlation of two columns; NaN where it has none.",
       .examples = {{"CORRELATION(x, x * 2 + 1)", "1, 2, 4", "1.0"}, {"CORRELATION(x, x)", "1", "NaN"}}},
      {.name = "COUNT",
       .overloads = {count("() BIGINT", count_rows<1>, count_rows<-1>),
                     count("(ANY) BIGINT", count_values<1>, count_values<-1>)},
       .doc = "The number of rows, or of those where the argument is not null.",
       .examples = {{"COUNT()", "1, NULL, 3", "3"}, {"COUNT(x)", "1, NULL, 3", "2"}}},
      {.name = "STDDEV_SAMP",
       .overloads = {variance<Int128, std::int32_t, false>("(INT) DOUBLE"),
                     variance<Int128, std::int64_t, false>("(BIGINT) DOUBLE"),
                     variance<double, double, false>("(DOUBLE) DOUBLE")},
       .doc = "The variance of a sample: the square of the standard deviation, in spite of its name, as in ksqlDB. "
              "STDDEV_SAMPLE is the deviation.",
       .examples = {{"STDDEV_SAMP(x)", "10, 12, 14", "4.0"}}},
      {.name = "STDDEV_SAMPLE",
       .overloads = {variance<Int128, std::int32_t, true>("(INT) DOUBLE"),
                     variance<Int128, std::int64_t, true>("(BIGINT) DOUBLE"),
                     variance<double, double, true>("(DOUBLE) DOUBLE")},
       .doc = "The standard deviation of a sample; 0 for fewer than two values.",
       .examples = {{"STDDEV_SAMPLE(x)", "10, 12, 14", "2.0"}, {"STDDEV_SAMPLE(x)", "10", "0.0"}}},
      {.name = "SUM",
       .overloads = {whole<std::int32_t>("(INT) INT", sum_whole<std::int32_t, 1>, sum_whole<std::int32_t, -1>),
                     whole<std::int64_t>("(BIGINT) BIGINT", sum_whole<std::int64_t, 1>, sum_whole<std::int64_t, -1>),
                     decimal("(DECIMAL) DECIMAL", same_type, sum_decimal<1>, sum_decimal<-1>),
                     real("(DOUBLE) DOUBLE", sum_double<1>, sum_double<-1>)},
       .doc = "The sum of all values that are not null, of their type; 0 if there is none.",
       .examples = {{"SUM(x)", "1, 2, NULL, 4", "7"},
                    {"SUM(x)", "1.50, 2.25", "3.75"},
                    {"SUM(x)", "CAST(NULL AS INT)", "0"}}},
      {.name = "SUM_LIST",
       .overloads = {whole<std::int32_t>("(ARRAY<INT>) INT", sum_whole_list<std::int32_t, 1>,
                                         sum_whole_list<std::int32_t, -1>),
                     whole<std::int64_t>("(ARRAY<BIGINT>) BIGINT", sum_whole_list<std::int64_t, 1>,
                                         sum_whole_list<std::int64_t, -1>),
                     decimal("(ARRAY<DECIMAL>) ANY", element_type, sum_decimal_list<1>, sum_decimal_list<-1>),
                     real("(ARRAY<DOUBLE>) DOUBLE", sum_double_list<1>, sum_double_list<-1>)},
       .doc = "The sum of all elements of all arrays.",
       .examples = {{"SUM_LIST(x)", "ARRAY[1, 2], ARRAY[3, NULL]", "6"}}},
  };
  return table;
}

}  // namespace levada
