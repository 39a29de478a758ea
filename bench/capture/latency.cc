// B18: from the return of a commit until another connection sees the row in the replica, at 1,000 commits a second, in
// ms. Source and replica are two databases of one server, so they share its disk and its log. Four sessions commit one
// row each 4 ms; a fifth one looks into the replica about every 0.3 ms, which is part of what is measured.
//
//   wal_p50, wal_p99            by the write-ahead log
//   trigger_p50, trigger_p99    by a change table
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "bench/capture/server.h"
#include "bench/program.h"
#include "bench/scratch.h"

using namespace levada;

namespace {

constexpr int writers = 4;
constexpr std::int64_t pause_us = 4'000;  // of each, between the beginnings of two commits
constexpr std::int64_t warm_up = 1'000;   // rows that do not count
constexpr std::int64_t patience_us = 10'000'000;

constexpr const char* wal_source = R"('connector.class' = 'postgres', 'slot.name' = 'levada_bench',
  'publication.name' = 'levada_bench', 'snapshot.mode' = 'no_data')";
constexpr const char* trigger_source = "'connector.class' = 'postgres-trigger', 'snapshot.mode' = 'no_data'";

std::string url_of_replica(const std::string& url) {
  std::size_t from = url.find('/', url.find("://") + 3), to = url.find('?', from);
  return url.substr(0, from) + "/levada_bench" + (to == std::string::npos ? "" : url.substr(to));
}

constexpr const char* seen_rows = "SELECT id FROM levada_bench.t WHERE id >= $1";

class Session {
 public:
  Session(const std::string& url, const char* statement) : db_(PQconnectdb(url.c_str())) {
    PQclear(PQprepare(db_, "s", statement, 0, nullptr));
  }
  ~Session() { PQfinish(db_); }
  Session(const Session&) = delete;
  bool run() {
    PGresult* result = PQexecPrepared(db_, "s", 0, nullptr, nullptr, nullptr, 0);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return good;
  }
  // The first column; false: it has failed.
  bool run(std::int64_t parameter, std::vector<std::int64_t>& out) {
    std::string text = std::to_string(parameter);
    const char* value = text.c_str();
    PGresult* result = PQexecPrepared(db_, "s", 1, &value, nullptr, nullptr, 0);
    out.clear();
    for (int i = 0; i < PQntuples(result); ++i) out.push_back(std::atoll(PQgetvalue(result, i, 0)));
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }

 private:
  PGconn* db_;
};

struct Run {
  double p50 = 0, p99 = 0, cpu_seconds = 0;
};

class Latency {
 public:
  Latency(const bench::Server& server, std::string source, std::int64_t rows)
      : server_(server), replica_(url_of_replica(server.url())), source_(std::move(source)), rows_(rows) {}

  bench::Side p50() {
    return {"levada", [this] {
              runs_.push_back(run());
              return bench::Measured{runs_.back().p50, runs_.back().cpu_seconds};
            }};
  }
  // Of the same runs, where there are any.
  bench::Side p99() {
    return {"levada", [this] {
              Run one = next_ < runs_.size() ? runs_[next_++] : run();
              return bench::Measured{one.p99, one.cpu_seconds};
            }};
  }

 private:
  Run run();
  void write(int writer);
  void watch();
  void wait_until_it_runs();

  const bench::Server& server_;
  const std::string replica_, source_;
  const std::int64_t rows_;
  std::vector<Run> runs_;
  std::size_t next_ = 0;
  std::int64_t began_us_ = 0;
  std::vector<std::int64_t> committed_us_, seen_us_;  // by row
  std::atomic<bool> failed_ = false;
};

void Latency::write(int writer) {
  Session session(server_.url(),
                  "INSERT INTO levada_bench.t VALUES ($1, 1, 2, 3.45, 'customer', 'Porto Moniz', true, now())");
  std::vector<std::int64_t> nothing;
  for (std::int64_t row = writer, turn = 0; row < rows_; row += writers, ++turn) {
    std::int64_t wait_us = began_us_ + turn * pause_us + writer * pause_us / writers - real_clock().steady_us();
    if (wait_us > 0) ::usleep(static_cast<unsigned>(wait_us));
    if (!session.run(row, nothing)) failed_ = true;
    committed_us_[static_cast<std::size_t>(row)] = real_clock().steady_us();
  }
}

void Latency::watch() {
  Session session(replica_, seen_rows);
  std::vector<std::int64_t> found;
  std::int64_t first_unseen = 0, until_us = began_us_ + rows_ / writers * pause_us + patience_us;
  while (first_unseen < rows_ && !failed_) {
    if (!session.run(first_unseen, found) || real_clock().steady_us() > until_us) failed_ = true;
    std::int64_t now_us = real_clock().steady_us();
    for (std::int64_t row : found)
      if (std::int64_t& seen = seen_us_[static_cast<std::size_t>(row)]; seen == 0) seen = now_us;
    while (first_unseen < rows_ && seen_us_[static_cast<std::size_t>(first_unseen)] != 0) ++first_unseen;
    ::usleep(300);
  }
}

// Rows that do not count, until one has come: the table is made with it.
void Latency::wait_until_it_runs() {
  std::int64_t until_us = real_clock().steady_us() + patience_us;
  std::vector<std::int64_t> found;
  for (int row = -1; found.empty(); --row) {
    if (real_clock().steady_us() > until_us) server_.fail("nothing comes to the replica");
    server_.sql("INSERT INTO levada_bench.t (id) VALUES (" + std::to_string(row) + ")");
    ::usleep(50'000);
    Session session(replica_, seen_rows);
    session.run(row, found);
  }
}

Run Latency::run() {
  server_.make_table();
  server_.sql("DROP DATABASE IF EXISTS levada_bench");
  server_.sql("CREATE DATABASE levada_bench");
  Session(replica_, "CREATE SCHEMA levada_bench").run();
  bench::Scratch scratch;
  std::string script = "CREATE SOURCE CONNECTOR source WITH (" + source_ + ", 'connection.url' = '" + server_.url() +
                       "', 'topic.prefix' = 'bench', 'table.include.list' = 'levada_bench.t');\n"
                       "CREATE SINK CONNECTOR replica WITH ('connector.class' = 'postgres', 'topics' = "
                       "'bench.levada_bench.t', 'connection.url' = '" +
                       replica_ + "', 'auto.create' = 'true');\n";
  replace_file(real_files(), scratch / "run.sql", script).value();
  committed_us_.assign(static_cast<std::size_t>(rows_), 0);
  seen_us_.assign(static_cast<std::size_t>(rows_), 0);
  double cpu = bench::cpu_seconds();
  {
    bench::RunningProgram program(
        {bench::levada_program(), "run", scratch / "run.sql", "--log", "embedded:" + (scratch / "log"), "--quiet"});
    wait_until_it_runs();
    began_us_ = real_clock().steady_us() + 100'000;
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < writers; ++writer) threads.emplace_back([this, writer] { write(writer); });
    watch();
  }
  if (failed_) server_.fail("not all rows came to the replica");
  server_.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'levada_bench'");

  std::vector<double> took;
  for (auto row = static_cast<std::size_t>(warm_up); row < committed_us_.size(); ++row)
    took.push_back(static_cast<double>(std::max<std::int64_t>(0, seen_us_[row] - committed_us_[row])) / 1000);
  std::ranges::sort(took);
  auto at = [&](double share) { return took[static_cast<std::size_t>(static_cast<double>(took.size() - 1) * share)]; };
  std::fprintf(stderr, "B18, %zu rows: p50 %.2f ms, p90 %.2f, p99 %.2f, most %.2f\n", took.size(), at(0.5), at(0.9),
               at(0.99), took.back());
  return {at(0.5), at(0.99), bench::cpu_seconds() - cpu};
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  bench::Server server("B18");
  const std::int64_t rows = pairs.smoke() ? 2'000 : 8'000;
  for (const auto& [name, source] : {std::pair("wal", wal_source), std::pair("trigger", trigger_source)}) {
    Latency latency(server, source, rows);
    for (bool of_p50 : {true, false})
      pairs.compare({.id = "B18",
                     .name = std::string(name) + (of_p50 ? "_p50" : "_p99"),
                     .unit = "ms",
                     .ours = of_p50 ? latency.p50() : latency.p99(),
                     .versions = server.versions()});
  }
  server.sql("DROP DATABASE IF EXISTS levada_bench");
  return pairs.exit_code();
}
