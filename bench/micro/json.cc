// JSON to columns and back, next to what the machine allows (bench/limits/json.h). Items are records.
//
//   build/release/bench/micro_json --benchmark_enable_random_interleaving=true --benchmark_repetitions=9
#include "bench/limits/json.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "bench/orders.h"
#include "formats/formats.h"
#include "formats/json_decoder.h"

namespace levada::bench {
namespace {

constexpr std::size_t orders_count = 200'000;
constexpr std::uint32_t rows = 4096;
constexpr double least = 2800;

template <class F>
void in_batches(std::span<const Text> texts, F f) {
  for (std::size_t at = 0; at < texts.size(); at += rows)
    f(texts.subspan(at, std::min<std::size_t>(rows, texts.size() - at)));
}

// The wanted columns of a batch of orders.
struct Wanted {
  std::vector<std::shared_ptr<Column>> owned;
  std::vector<Column*> pointers;

  explicit Wanted(std::initializer_list<std::size_t> wanted) {
    auto fields = order_fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      bool is_wanted = std::ranges::find(wanted, i) != wanted.end();
      owned.push_back(is_wanted ? std::make_shared<Column>(fields[i].type) : nullptr);
      pointers.push_back(owned.back().get());
    }
  }
  void clear() {
    for (auto& column : owned)
      if (column) column->clear();
  }
};

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::exit(1);
}

void run() {
  Orders orders = make_orders(orders_count);
  auto memory = std::make_shared<int>(0);
  FormatSpec spec{.format = "JSON", .fields = order_fields()};
  JsonDecoder decoder(spec), reader(spec);
  reader.use_shapes(false);
  FormatSpec five = spec;
  std::vector<std::size_t> chosen = {0, 1, 2, 4, 7};
  five.fields.clear();
  for (std::size_t i : chosen) five.fields.push_back(spec.fields[i]);
  auto encoder = find_format("JSON")->make_encoder(five);
  RowFailures failures;

  auto decode_with = [&](JsonDecoder& with, Wanted& wanted) {
    in_batches(orders.texts, [&](std::span<const Text> texts) {
      wanted.clear();
      with.decode(texts, memory, wanted.pointers, failures);
    });
  };
  Wanted three({0, 4, 7}), columns({0, 1, 2, 4, 7}), eight({0, 1, 2, 3, 4, 5, 6, 7});
  Texts out, other;

  // filter and project: select, gather nothing, encode the rows that are left
  auto project = [&](JsonDecoder& with, Texts& to) {
    to.clear();
    std::vector<std::uint32_t> selected;
    Columns refs;
    for (std::size_t i : chosen) refs.push_back(columns.owned[i]);
    in_batches(orders.texts, [&](std::span<const Text> texts) {
      columns.clear();
      with.decode(texts, memory, columns.pointers, failures);
      const double* amount = columns.owned[4]->values<double>();
      selected.resize(texts.size());
      std::size_t n = 0;
      for (std::uint32_t i = 0; i < texts.size(); ++i) {
        selected[n] = i;
        n += amount[i] > least;
      }
      selected.resize(n);
      encoder->encode(refs, Rows(selected), to, failures);
    });
  };

  // One decoded batch, encoded again and again.
  Wanted batch({0, 1, 2, 4, 7});
  decoder.decode(std::span(orders.texts).first(rows), memory, batch.pointers, failures);
  Columns batch_refs;
  for (std::size_t i : chosen) batch_refs.push_back(batch.owned[i]);

  limits::Sums by_hand = limits::read_on_demand(orders.texts), by_shape = limits::read_by_shape(orders.texts);
  check(by_hand.id == by_shape.id && by_hand.amount == by_shape.amount && by_hand.ts == by_shape.ts, "sums");
  project(decoder, out);
  limits::project_on_demand(orders.texts, least, other);
  check(out.bytes.view() == other.bytes.view() && out.ends == other.ends, "on demand");
  other.clear();
  limits::project_by_shape(orders.texts, least, other);
  check(out.bytes.view() == other.bytes.view(), "by shape");
  other.clear();
  limits::copy_by_shape(orders.texts, least, other);
  check(out.bytes.view() == other.bytes.view(), "copied by shape");
  check(failures.empty() && decoder.unshaped() < 100, "shapes");

  auto all_rows = [&] {
    for (std::size_t at = 0; at < orders_count; at += rows) {
      if (at % (16 * rows) == 0) out.clear();
      encoder->encode(batch_refs, Rows::all(static_cast<std::uint32_t>(std::min<std::size_t>(rows, orders_count - at))),
                      out, failures);
    }
  };
  auto limit = [&](auto project_with) {
    other.clear();
    project_with(orders.texts, least, other);
  };
  auto add = [](const char* name, std::function<void()> work) {
    benchmark::RegisterBenchmark(name, [work = std::move(work)](benchmark::State& state) {
      for (auto _ : state) work();
      state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(orders_count));
    })->Unit(benchmark::kMillisecond);
  };
  add("decode_3_of_8", [&] { decode_with(decoder, three); });
  add("decode_5_of_8", [&] { decode_with(decoder, columns); });
  add("decode_8_of_8", [&] { decode_with(decoder, eight); });
  add("decode_5_of_8_without_shapes", [&] { decode_with(reader, columns); });
  add("encode_5", all_rows);
  add("filter_project", [&] { project(decoder, out); });
  add("filter_project_without_shapes", [&] { project(reader, out); });
  add("limit_on_demand_read_5", [&] { benchmark::DoNotOptimize(limits::read_on_demand(orders.texts)); });
  add("limit_shape_read_5", [&] { benchmark::DoNotOptimize(limits::read_by_shape(orders.texts)); });
  add("limit_on_demand_filter_project", [&] { limit(limits::project_on_demand); });
  add("limit_shape_filter_project", [&] { limit(limits::project_by_shape); });
  add("limit_shape_filter_copy", [&] { limit(limits::copy_by_shape); });
  benchmark::RunSpecifiedBenchmarks();
}

}  // namespace
}  // namespace levada::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  levada::bench::run();
}
