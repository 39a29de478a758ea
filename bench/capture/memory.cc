// What the WAL source needs of memory at the most (VmHWM, in MB), while much passes through it into the log. Each runs
// once, however many pairs are asked for: filling the server takes minutes, and some 12 GB of its disk and of ours.
//
//   snapshot       10,000,000 rows of 8 columns
//   transaction    one transaction of 2 GB, which the server streams while it runs and which is held back here
#include "bench/capture/server.h"
#include "bench/capture/source_run.h"

using namespace levada;

namespace {

constexpr std::int64_t row_bytes = 1'900;  // below what would be stored out of line

double snapshot_mb(const bench::Server& server, std::int64_t rows) {
  server.make_table();
  server.fill_table(rows, 100'000);
  server.sql("VACUUM ANALYZE levada_bench.t");
  bench::SourceRun run(server, "'snapshot.mode' = 'initial_only', 'snapshot.max.threads' = '2'");
  run.run();
  if (run.records() != rows) server.fail(std::to_string(run.records()) + " records, not all");
  return run.peak_mb();
}

double transaction_mb(const bench::Server& server, std::int64_t rows) {
  server.sql("DROP TABLE IF EXISTS levada_bench.t; CREATE TABLE levada_bench.t (id bigint PRIMARY KEY, note text)");
  server.sql("DROP PUBLICATION IF EXISTS levada_bench; CREATE PUBLICATION levada_bench FOR TABLE levada_bench.t");
  server.sql("SELECT pg_create_logical_replication_slot('levada_bench', 'pgoutput')");
  server.sql("INSERT INTO levada_bench.t SELECT i, repeat(chr(97 + (i % 26)::int), " + std::to_string(row_bytes) +
             ") FROM generate_series(1, " + std::to_string(rows) + ") i");
  bench::SourceRun run(server, "'snapshot.mode' = 'no_data'");
  run.run();
  if (run.records() != rows) server.fail(std::to_string(run.records()) + " records, not all");
  return run.peak_mb();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  bench::Server server("capture_memory");
  auto compare = [&](const std::string& name, auto measure) {
    if (!pairs.wants(name)) return;
    double mb = measure();
    pairs.compare({.id = "capture_memory",
                   .name = name,
                   .unit = "MB",
                   .ours = {"levada",
                            [mb] {
                              return bench::Measured{mb, 0};
                            }},
                   .versions = server.versions()});
  };
  compare("snapshot", [&] { return snapshot_mb(server, pairs.smoke() ? 200'000 : 10'000'000); });
  compare("transaction",
          [&] { return transaction_mb(server, (pairs.smoke() ? 100'000'000 : 2'100'000'000) / row_bytes); });
  return pairs.exit_code();
}
