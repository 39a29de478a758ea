// B2: a backlog of the write-ahead log into the log, beside pg_recvlogical to /dev/null: both through pgoutput, in
// turns, from copies of one slot, so that each reads the same.
//
//   backlog_500   500,000 rows of 8 columns in transactions of 500
//   backlog_1     100,000 in one-row transactions
//
// Ours begins with the start of the program and ends when all is durable and the program gone.
#include <cstdio>

#include "bench/capture/debezium.h"
#include "bench/capture/server.h"
#include "bench/capture/source_run.h"
#include "bench/program.h"

using namespace levada;

namespace {

constexpr const char* made_slot = "levada_bench_made";
constexpr const char* read_slot = "levada_bench_read";

void compare(bench::Pairs& pairs, bench::Server& server, const std::string& name, std::int64_t rows,
             std::int64_t per_transaction) {
  if (!pairs.wants(name)) return;
  server.make_table();
  server.sql("CREATE PUBLICATION levada_bench FOR TABLE levada_bench.t");
  server.sql(std::string("SELECT pg_create_logical_replication_slot('") + made_slot + "', 'pgoutput')");
  server.fill_table(rows, per_transaction);
  server.sql("CHECKPOINT");
  const std::string end = server.sql("SELECT pg_current_wal_flush_lsn()");
  auto amount = static_cast<double>(rows);
  const std::string program = server.sql("SELECT setting FROM pg_config WHERE name = 'BINDIR'") + "/pg_recvlogical";
  auto prepare = [&] {
    server.sql(std::string("SELECT pg_copy_logical_replication_slot('") + made_slot + "', '" + read_slot + "')");
  };

  bench::Side ours = {"levada", [&] {
                        prepare();
                        bench::SourceRun run(server, "'snapshot.mode' = 'no_data'", read_slot);
                        bench::Measured measured = bench::rate(amount, [&] { run.run(); });
                        if (run.records() != rows) server.fail(std::to_string(run.records()) + " records, not all");
                        return measured;
                      }};
  bench::Side limit = {"pg_recvlogical", [&] {
                         prepare();
                         bench::Measured measured = bench::rate(amount, [&] {
                           bench::Ran ran =
                               bench::run_program({program, "-d", server.url(), "--slot", read_slot, "--start",
                                                   "--endpos", end, "-o", "proto_version=1", "-o",
                                                   "publication_names=levada_bench", "-f", "/dev/null", "--no-loop"},
                                                  true);
                           if (ran.code != 0) server.fail("pg_recvlogical has failed");
                         });
                         server.sql(std::string("SELECT pg_drop_replication_slot('") + read_slot + "')");
                         return measured;
                       }};
  std::string changes = std::to_string(pairs.smoke() ? 0 : per_transaction > 1 ? 300'000 : 60'000);
  bench::Debezium debezium("B2 " + name,
                           pairs.smoke() ? "" : "backlog postgres " + changes + " " + std::to_string(per_transaction));
  pairs.compare({.id = "B2",
                 .name = name,
                 .unit = "changes/s",
                 .ours = server.watched(name, std::move(ours), amount),
                 .limit = server.watched(name, std::move(limit), amount),
                 .peer = debezium.rate(),
                 .versions = server.versions()});
  server.sql(std::string("SELECT pg_drop_replication_slot('") + made_slot + "')");
  server.sql("DROP PUBLICATION levada_bench");
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  bench::Server server("B2");
  compare(pairs, server, "backlog_500", pairs.smoke() ? 20'000 : 500'000, 500);
  compare(pairs, server, "backlog_1", pairs.smoke() ? 2'000 : 100'000, 1);
  return pairs.exit_code();
}
