// AVRO to columns and back, beside a copy of the same bytes and beside JSON on the same rows. Items are records.
//
//   build/release/bench/micro_avro --benchmark_enable_random_interleaving=true --benchmark_repetitions=9
#include <benchmark/benchmark.h>

#include <cstring>
#include <functional>

#include "bench/orders.h"
#include "formats/format_samples.h"
#include "formats/formats.h"

namespace levada::bench {
namespace {

constexpr std::size_t orders_count = 200'000;
constexpr std::uint32_t rows = 4096;

// A batch of orders in one format.
struct Written {
  FormatSpec spec;
  Texts bytes;
  std::vector<Text> texts;
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Decoder> decoder;

  Written(FormatSpec of, const Columns& columns) : spec(std::move(of)) {
    const Format& format = *find_format(spec.format);
    encoder = format.make_encoder(spec);
    decoder = format.make_decoder(spec);
    write(columns);
    bytes.bytes.room(Buffer::padding);
    for (std::size_t i = 0; i < bytes.size(); ++i) texts.emplace_back(bytes[i]);
  }
  void write(const Columns& columns) {
    RowFailures failures;
    bytes.clear();
    encoder->encode(columns, Rows::all(rows), bytes, failures);
  }
};

// Columns that some are wanted of.
struct Wanted {
  std::vector<std::shared_ptr<Column>> owned;
  std::vector<Column*> pointers;
  Wanted(const std::vector<Field>& fields, std::vector<std::size_t> some) {
    pointers.resize(fields.size());
    for (std::size_t i : some) pointers[i] = owned.emplace_back(std::make_shared<Column>(fields[i].type)).get();
  }
};

void run() {
  std::vector<Field> fields = order_fields();
  Orders orders = make_orders(rows);
  auto memory = std::make_shared<int>(0);
  Wanted source(fields, {0, 1, 2, 3, 4, 5, 6, 7});
  RowFailures failures;
  find_format("JSON")
      ->make_decoder({.format = "JSON", .fields = fields})
      ->decode(orders.texts, memory, source.pointers, failures);
  Columns columns(source.owned.begin(), source.owned.end());

  samples::SchemasInMemory schemas;
  Written json({.format = "JSON", .fields = fields}, columns);
  Written avro(samples::registered({.format = "AVRO", .fields = fields}, schemas), columns);
  Wanted eight(fields, {0, 1, 2, 3, 4, 5, 6, 7}), three(fields, {0, 4, 7});
  Buffer copy;

  auto add = [](const std::string& name, std::function<void()> work) {
    benchmark::RegisterBenchmark(name.c_str(), [work = std::move(work)](benchmark::State& state) {
      for (auto _ : state)
        for (std::size_t done = 0; done < orders_count; done += rows) work();
      state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>((orders_count + rows - 1) / rows * rows));
    })->Unit(benchmark::kMillisecond);
  };
  auto decode = [&](Written& from, Wanted& into) {
    for (auto& column : into.owned) column->clear();
    from.decoder->decode(from.texts, memory, into.pointers, failures);
  };
  add("avro_decode_8_of_8", [&] { decode(avro, eight); });
  add("json_decode_8_of_8", [&] { decode(json, eight); });
  add("avro_decode_3_of_8", [&] { decode(avro, three); });
  add("json_decode_3_of_8", [&] { decode(json, three); });
  add("avro_encode", [&] { avro.write(columns); });
  add("json_encode", [&] { json.write(columns); });
  add("avro_copy", [&] {
    copy.clear();
    for (std::size_t i = 0; i < avro.bytes.size(); ++i) copy.append(avro.bytes[i]);
    benchmark::DoNotOptimize(copy.data());
  });
  benchmark::RunSpecifiedBenchmarks();
}

}  // namespace
}  // namespace levada::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  levada::bench::run();
}
