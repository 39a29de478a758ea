// B3: the rows that a table has already, into the log, beside COPY into nothing.
//
//   snapshot    4,000,000 rows of 8 columns (about 60 bytes) in the order of their key; two readers
//
// The limit is one COPY of the table, in no order, whose rows are counted and forgotten. Ours begins with the start of
// the program and ends when all is durable and the program gone.
#include <libpq-fe.h>

#include "bench/capture/debezium.h"
#include "bench/capture/server.h"
#include "bench/capture/source_run.h"

using namespace levada;

namespace {

std::int64_t copy_to_null(const bench::Server& server) {
  PGconn* db = PQconnectdb(server.url().c_str());
  PQclear(PQexec(db, "COPY levada_bench.t TO STDOUT"));
  std::int64_t rows = 0;
  char* row = nullptr;
  for (; PQgetCopyData(db, &row, 0) > 0; ++rows) PQfreemem(row);
  PQfinish(db);
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  bench::Server server("B3");
  const std::int64_t rows = pairs.smoke() ? 50'000 : 4'000'000;
  server.make_table();
  server.fill_table(rows, 0);
  server.sql("VACUUM ANALYZE levada_bench.t");
  server.sql("CHECKPOINT");
  auto amount = static_cast<double>(rows);

  std::int64_t last = 0;
  auto count = [&last] { return std::to_string(last) + " rows"; };
  bench::Side ours = {"levada", [&] {
                        bench::SourceRun run(server, "'snapshot.mode' = 'initial_only', 'snapshot.max.threads' = '2'");
                        bench::Measured measured = bench::rate(amount, [&] { run.run(); });
                        last = run.records();
                        return measured;
                      }};
  bench::Side limit = {"COPY to null", [&] { return bench::rate(amount, [&] { last = copy_to_null(server); }); }};
  ours.output = limit.output = count;

  bench::Debezium debezium("B3", pairs.smoke() ? "" : "snapshot postgres 300000");
  pairs.compare({.id = "B3",
                 .name = "snapshot",
                 .unit = "rows/s",
                 .ours = server.watched("snapshot", std::move(ours), amount),
                 .limit = server.watched("snapshot", std::move(limit), amount),
                 .peer = debezium.rate(),
                 .versions = server.versions()});
  return pairs.exit_code();
}
