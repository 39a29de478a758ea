// B6: JSON from log to log. Of orders of eight columns and 124 bytes, those of a certain amount, 80 %, with five of
// their columns:
//
//   CREATE STREAM kept AS SELECT `id`, `user`, `item`, `amount`, `ts` FROM orders WHERE `amount` > 2800;
//
// Ours is the whole engine on one core: read from the log's files, checksums, decode, filter, project, encode, record
// batches, transactions that are durable with the reader's offsets. The limits know this one query; they have their
// record batches in memory and write record batches to a file, with checksums, but wait for no disk:
//
//   filter_project         five values of each record are read with simdjson on demand, and written
//   filter_project_shape   AVX-512 finds the commas of texts that all look alike; the members are copied as they are
#include "bench/flow/line.h"
#include "bench/limits/json.h"
#include "bench/orders.h"

using namespace levada;

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  std::size_t count = pairs.smoke() ? 50'000 : 2'000'000;
  constexpr double least = 2800;

  bench::Line line;
  line.execute(
      "CREATE STREAM orders (`id` BIGINT, `user` BIGINT, `item` VARCHAR, `qty` INT, `amount` DOUBLE, `money` VARCHAR, "
      "`place` VARCHAR, `ts` BIGINT) WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 1, VALUE_FORMAT = 'JSON');");
  {
    bench::Orders orders = bench::make_orders(count);
    line.write("orders", count, [&](std::size_t i, RecordBatchBuilder& batch) {
      batch.add(1'700'000'000'000 + static_cast<std::int64_t>(i), Text(), orders.texts[i]);
    });
  }
  Buffer input = line.stored("orders");
  std::string file = line.file("kept");

  auto run_ours = [&] {
    return line.run(static_cast<double>(count),
                    "DROP STREAM IF EXISTS kept DELETE TOPIC; CREATE STREAM kept WITH (KAFKA_TOPIC = 'kept') AS "
                    "SELECT `id`, `user`, `item`, `amount`, `ts` FROM orders WHERE `amount` > 2800;");
  };
  auto compare = [&](const char* name, const char* limit,
                     void (*kernel)(std::string_view, double, const std::string&)) {
    pairs.compare(
        {.id = "B6",
         .name = name,
         .unit = "records/s",
         .ours = {"levada", run_ours, [&] { return bench::records_digest(line.stored("kept").view()); }},
         .limit = {limit,
                   [&] { return bench::rate(static_cast<double>(count), [&] { kernel(input.view(), least, file); }); },
                   [&] { return bench::records_digest(bench::read_whole(file).view()); }}});
  };
  compare("filter_project", "simdjson kernel", limits::project_log_on_demand);
  compare("filter_project_shape", "shape kernel", limits::project_log_by_shape);
  std::fprintf(stderr, "B6: the engine took up to %.1f MB beyond what this program holds\n", line.most_mb());
  return pairs.exit_code();
}
