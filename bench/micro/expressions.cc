// What expressions and the kernels of batch/kernels.h cost a row, beside a plain loop over plain arrays that does the
// same: the limit. `row` is the time of one row.
//
//   build/release/bench/micro_expressions [--benchmark_filter=REGEX]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "base/random.h"
#include "batch/kernels.h"
#include "functions/builder.h"

namespace levada {
namespace {

constexpr std::uint32_t rows = batch_rows;

template <class T>
T checked(Result<T>&& result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

// A table of salaries: what the rows of a batch might be.
struct Salaries {
  Batch batch;
  std::vector<std::uint32_t> half;  // every other row, about

  enum : std::size_t { id, amount, rate, price, department, note, hired, code };

  Salaries() {
    Random random(7);
    auto schema = std::make_shared<Schema>(Schema{{},
                                                  {{"ID", TypeKind::int64},
                                                   {"AMOUNT", TypeKind::int64},
                                                   {"RATE", TypeKind::float64},
                                                   {"PRICE", Type::decimal(10, 2)},
                                                   {"DEPARTMENT", TypeKind::string},
                                                   {"NOTE", TypeKind::string},
                                                   {"HIRED", TypeKind::string},
                                                   {"CODE", TypeKind::int32}}});
    std::vector<std::shared_ptr<Column>> columns;
    for (const Field& field : schema->value) columns.push_back(std::make_shared<Column>(field.type));
    static constexpr std::string_view names[] = {"EMS", "CIT", "ECC", "POL", "FRS", "HHS", "DOT", "DEP"};
    for (std::uint32_t i = 0; i < rows; ++i) {
      columns[id]->append(static_cast<std::int64_t>(i));
      columns[amount]->append(static_cast<std::int64_t>(random.below(5600)));
      columns[rate]->append(random.fraction() * 100);
      columns[price]->append(static_cast<Int128>(random.below(10'000'000)));
      columns[department]->append_string(names[random.below(8)]);
      columns[note]->append_string("a note of some length, number " + std::to_string(random.below(100'000)));
      columns[hired]->append_string("2" + std::to_string(10 + random.below(10)) + "5-0" +
                                    std::to_string(1 + random.below(9)) + "-1" + std::to_string(random.below(9)));
      columns[code]->append(static_cast<std::int32_t>(random.below(1000)) - 500);
      if (random.one_in(2)) half.push_back(i);
    }
    batch.schema = schema;
    batch.size = rows;
    batch.selection = Selection::all(rows);
    for (auto& column : columns) batch.after.push_back(std::move(column));
    batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(rows, 0);
  }

  ExpressionRef column(std::size_t i) const { return column_expression(*batch.schema, i); }
  template <class T>
  const T* values(std::size_t i) const {
    return batch.after[i]->values<T>();
  }
};

const Salaries& data() {
  static const Salaries d;
  return d;
}

ExpressionRef number(std::int64_t v) { return literal_expression(v, TypeKind::int32); }
ExpressionRef text(std::string v) { return literal_expression(std::move(v), TypeKind::string); }
ExpressionRef call(std::string_view name, std::vector<Term> arguments) {
  return checked(build_call(name, std::move(arguments)));
}

// Shown as the time of one row.
void per_row(benchmark::State& state, std::uint32_t n = rows) {
  state.counters["row"] = benchmark::Counter(static_cast<double>(state.iterations()) * n,
                                             benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Evaluates over all rows.
void run(benchmark::State& state, const ExpressionRef& e) {
  const Batch& batch = data().batch;
  Surroundings surroundings;
  RowFailures failures;
  for (auto _ : state) {
    failures.clear();
    benchmark::DoNotOptimize(evaluate(*e, batch, batch.rows(), surroundings, failures));
  }
  per_row(state);
}

// The limit: out[i] = f(i) into memory that is there already.
template <class T, class F>
void loop(benchmark::State& state, F f) {
  std::vector<T> out(rows);
  for (auto _ : state) {
    T* __restrict to = out.data();
    for (std::uint32_t i = 0; i < rows; ++i) to[i] = f(i);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_row(state);
}

// ---- filter: WHERE amount > 2800 ----

void filter_expression(benchmark::State& state) {
  ExpressionRef e = call(">", {data().column(Salaries::amount), number(2800)});
  const Batch& batch = data().batch;
  RowFailures failures;
  for (auto _ : state)
    benchmark::DoNotOptimize(select_true(*evaluate(*e, batch, batch.rows(), {}, failures), batch.rows()));
  per_row(state);
}
void filter_loop(benchmark::State& state) {
  const auto* amount = data().values<std::int64_t>(Salaries::amount);
  std::vector<std::uint32_t> out(rows);
  for (auto _ : state) {
    std::uint32_t* to = out.data();
    for (std::uint32_t i = 0; i < rows; ++i) {
      *to = i;
      to += amount[i] > 2800;
    }
    benchmark::DoNotOptimize(to);
    benchmark::ClobberMemory();
  }
  per_row(state);
}
BENCHMARK(filter_expression);
BENCHMARK(filter_loop);

// department = 'EMS' AND amount > 2800 AND rate < 50
void filter_and_expression(benchmark::State& state) {
  ExpressionRef e = call("AND", {call("AND", {call("=", {data().column(Salaries::department), text("EMS")}),
                                              call(">", {data().column(Salaries::amount), number(2800)})}),
                                 call("<", {data().column(Salaries::rate), number(50)})});
  const Batch& batch = data().batch;
  RowFailures failures;
  for (auto _ : state)
    benchmark::DoNotOptimize(select_true(*evaluate(*e, batch, batch.rows(), {}, failures), batch.rows()));
  per_row(state);
}
void filter_and_loop(benchmark::State& state) {
  const auto* department = data().values<StringView>(Salaries::department);
  const auto* amount = data().values<std::int64_t>(Salaries::amount);
  const auto* rate = data().values<double>(Salaries::rate);
  StringView wanted("EMS             ", 3);
  std::vector<std::uint32_t> out(rows);
  for (auto _ : state) {
    std::uint32_t* to = out.data();
    for (std::uint32_t i = 0; i < rows; ++i) {
      *to = i;
      to += static_cast<int>(department[i] == wanted) & static_cast<int>(amount[i] > 2800) &
            static_cast<int>(rate[i] < 50);
    }
    benchmark::DoNotOptimize(to);
    benchmark::ClobberMemory();
  }
  per_row(state);
}
BENCHMARK(filter_and_expression);
BENCHMARK(filter_and_loop);

// ---- arithmetic ----

void add_expression(benchmark::State& state) {
  run(state, call("+", {data().column(Salaries::amount), data().column(Salaries::id)}));
}
void add_loop(benchmark::State& state) {
  const auto *a = data().values<std::int64_t>(Salaries::amount), *b = data().values<std::int64_t>(Salaries::id);
  loop<std::int64_t>(state, [=](std::uint32_t i) { return a[i] + b[i]; });
}
void polynomial_expression(benchmark::State& state) {  // rate * 1.07 + amount
  run(state, call("+", {call("*", {data().column(Salaries::rate), literal_expression(1.07, TypeKind::float64)}),
                        data().column(Salaries::amount)}));
}
void polynomial_loop(benchmark::State& state) {
  const auto* rate = data().values<double>(Salaries::rate);
  const auto* amount = data().values<std::int64_t>(Salaries::amount);
  loop<double>(state, [=](std::uint32_t i) { return rate[i] * 1.07 + static_cast<double>(amount[i]); });
}
void divide_expression(benchmark::State& state) { run(state, call("/", {data().column(Salaries::amount), number(7)})); }
void divide_loop(benchmark::State& state) {
  const auto* a = data().values<std::int64_t>(Salaries::amount);
  volatile std::int64_t by = 7;
  std::int64_t d = by;
  loop<std::int64_t>(state, [=](std::uint32_t i) { return a[i] / d; });
}
void decimal_expression(benchmark::State& state) {  // price * 1.19
  run(state, call("*", {data().column(Salaries::price), literal_expression(Int128(119), Type::decimal(3, 2))}));
}
void decimal_loop(benchmark::State& state) {
  const auto* price = data().values<Int128>(Salaries::price);
  loop<Int128>(state, [=](std::uint32_t i) { return price[i] * 119; });
}
void floor_expression(benchmark::State& state) { run(state, call("FLOOR", {data().column(Salaries::rate)})); }
void floor_loop(benchmark::State& state) {
  const auto* rate = data().values<double>(Salaries::rate);
  loop<double>(state, [=](std::uint32_t i) { return __builtin_floor(rate[i]); });
}
BENCHMARK(add_expression);
BENCHMARK(add_loop);
BENCHMARK(polynomial_expression);
BENCHMARK(polynomial_loop);
BENCHMARK(divide_expression);
BENCHMARK(divide_loop);
BENCHMARK(decimal_expression);
BENCHMARK(decimal_loop);
BENCHMARK(floor_expression);
BENCHMARK(floor_loop);

// ---- text ----

void equal_expression(benchmark::State& state) {
  run(state, call("=", {data().column(Salaries::department), text("EMS")}));
}
void equal_loop(benchmark::State& state) {
  const auto* department = data().values<StringView>(Salaries::department);
  StringView wanted("EMS             ", 3);
  loop<std::uint8_t>(state, [=](std::uint32_t i) { return department[i] == wanted; });
}
void lcase_expression(benchmark::State& state) { run(state, call("LCASE", {data().column(Salaries::note)})); }
void substring_expression(benchmark::State& state) {
  run(state, call("SUBSTRING", {data().column(Salaries::note), number(3), number(10)}));
}
void concat_expression(benchmark::State& state) {
  run(state, call("CONCAT", {data().column(Salaries::department), text("-"), data().column(Salaries::hired)}));
}
void like_expression(benchmark::State& state) {
  run(state, call("LIKE", {data().column(Salaries::note), text("%number 99%")}));
}
void like_loop(benchmark::State& state) {
  const auto* note = data().values<StringView>(Salaries::note);
  loop<std::uint8_t>(state,
                     [=](std::uint32_t i) { return note[i].view().find("number 99") != std::string_view::npos; });
}
void regexp_expression(benchmark::State& state) {
  run(state, call("REGEXP_EXTRACT", {text("([0-9]+)$"), data().column(Salaries::note), number(1)}));
}
void cast_expression_of_text(benchmark::State& state) {
  run(state, checked(build_cast(data().column(Salaries::amount), TypeKind::string)));
}
void parse_date_expression(benchmark::State& state) {
  run(state, call("PARSE_DATE", {data().column(Salaries::hired), text("yyyy-MM-dd")}));
}
BENCHMARK(equal_expression);
BENCHMARK(equal_loop);
BENCHMARK(lcase_expression);
BENCHMARK(substring_expression);
BENCHMARK(concat_expression);
BENCHMARK(like_expression);
BENCHMARK(like_loop);
BENCHMARK(regexp_expression);
BENCHMARK(cast_expression_of_text);
BENCHMARK(parse_date_expression);

// ---- CASE WHEN amount > 2800 THEN rate ELSE 0 END ----

void case_expression_of_numbers(benchmark::State& state) {
  run(state, checked(build_case({call(">", {data().column(Salaries::amount), number(2800)}),
                                 data().column(Salaries::rate), literal_expression(0.0, TypeKind::float64)})));
}
void case_loop(benchmark::State& state) {
  const auto* amount = data().values<std::int64_t>(Salaries::amount);
  const auto* rate = data().values<double>(Salaries::rate);
  loop<double>(state, [=](std::uint32_t i) { return amount[i] > 2800 ? rate[i] : 0; });
}
BENCHMARK(case_expression_of_numbers);
BENCHMARK(case_loop);

// ---- kernels of batch/kernels.h ----

void select_kernel(benchmark::State& state) {
  Column booleans(TypeKind::boolean);
  for (std::uint32_t i = 0; i < rows; ++i)
    booleans.append<std::uint8_t>(data().values<std::int64_t>(Salaries::amount)[i] > 2800);
  for (auto _ : state) benchmark::DoNotOptimize(select_true(booleans, Rows::all(rows)));
  per_row(state);
}
void hash_numbers(benchmark::State& state) {
  std::vector<std::uint64_t> hashes(rows);
  for (auto _ : state) {
    hash(*data().batch.after[Salaries::amount], Rows::all(rows), hashes);
    benchmark::ClobberMemory();
  }
  per_row(state);
}
void hash_texts(benchmark::State& state) {
  std::vector<std::uint64_t> hashes(rows);
  for (auto _ : state) {
    hash(*data().batch.after[Salaries::note], Rows::all(rows), hashes);
    benchmark::ClobberMemory();
  }
  per_row(state);
}
void gather_numbers(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(gather(*data().batch.after[Salaries::amount], Rows(data().half)));
  per_row(state, static_cast<std::uint32_t>(data().half.size()));
}
void gather_texts(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(gather(*data().batch.after[Salaries::note], Rows(data().half)));
  per_row(state, static_cast<std::uint32_t>(data().half.size()));
}
void gather_loop(benchmark::State& state) {
  const auto* from = data().values<std::int64_t>(Salaries::amount);
  std::vector<std::int64_t> out(rows);
  for (auto _ : state) {
    std::int64_t* to = out.data();
    for (std::uint32_t row : data().half) *to++ = from[row];
    benchmark::DoNotOptimize(to);
    benchmark::ClobberMemory();
  }
  per_row(state, static_cast<std::uint32_t>(data().half.size()));
}
void compare_texts(benchmark::State& state) {
  const Column& notes = *data().batch.after[Salaries::note];
  for (auto _ : state) {
    int less = 0;
    for (std::uint32_t i = 1; i < rows; ++i) less += compare(notes, i - 1, notes, i) < 0;
    benchmark::DoNotOptimize(less);
  }
  per_row(state);
}
BENCHMARK(select_kernel);
BENCHMARK(hash_numbers);
BENCHMARK(hash_texts);
BENCHMARK(gather_numbers);
BENCHMARK(gather_texts);
BENCHMARK(gather_loop);
BENCHMARK(compare_texts);

}  // namespace
}  // namespace levada

BENCHMARK_MAIN();
