#include "bench/capture/server.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

namespace levada::bench {
namespace {

struct ProcessTime {
  int parent = 0;
  double own = 0, ended_children = 0;  // seconds
};

ProcessTime process_time(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  std::string line = text.str();
  ProcessTime time;
  std::size_t behind_name = line.rfind(") ");
  if (behind_name == std::string::npos) return time;
  std::istringstream words(line.substr(behind_name + 2));
  std::string state;
  words >> state >> time.parent;
  long long ticks[4] = {}, skipped;
  for (int i = 0; i < 9; ++i) words >> skipped;
  for (long long& t : ticks) words >> t;
  auto hertz = static_cast<double>(sysconf(_SC_CLK_TCK));
  time.own = static_cast<double>(ticks[0] + ticks[1]) / hertz;
  time.ended_children = static_cast<double>(ticks[2] + ticks[3]) / hertz;
  return time;
}

std::string address_of_environment(const std::string& id) {
  if (const char* url = std::getenv("LEVADA_POSTGRES_URL")) return url;
  std::fprintf(stderr, "%s: SKIPPED, LEVADA_POSTGRES_URL is not set\n", id.c_str());
  std::exit(0);
}

constexpr const char* clean_up =
    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots "
    "  WHERE slot_name LIKE 'levada_bench%' AND active_pid IS NOT NULL;"
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
    "  WHERE slot_name LIKE 'levada_bench%' AND active_pid IS NULL;"
    "DROP PUBLICATION IF EXISTS levada_bench;"
    "DROP SCHEMA IF EXISTS levada_bench CASCADE";

}  // namespace

Server::Server(std::string id) : id_(std::move(id)), url_(address_of_environment(id_)) {
  sql(clean_up);
  if (sql("SHOW wal_level") != "logical") fail("the server needs wal_level = logical");
  sql("CREATE SCHEMA levada_bench");
}
Server::~Server() { sql(clean_up); }

void Server::fail(const std::string& why) const {
  std::fprintf(stderr, "%s: %s\n", id_.c_str(), why.c_str());
  std::exit(1);
}

std::string Server::sql(const std::string& statements) const {
  std::unique_ptr<PGconn, decltype(&PQfinish)> db(PQconnectdb(url_.c_str()), PQfinish);
  PQclear(PQexec(db.get(), "SET client_min_messages = warning; SET synchronous_commit = off"));
  std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(db.get(), statements.c_str()), PQclear);
  ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(statements + ": " + PQerrorMessage(db.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

Json Server::versions() const { return Json().set("postgres", sql("SHOW server_version")); }

void Server::make_table() const {
  sql("DROP TABLE IF EXISTS levada_bench.t;"
      "CREATE TABLE levada_bench.t (id bigint PRIMARY KEY, account integer, kind smallint, amount numeric(12, 2), "
      "name varchar(20), city varchar(16), flag boolean, at timestamp(3))");
}

void Server::fill_table(std::int64_t rows, std::int64_t per_transaction) const {
  std::string all = std::to_string(rows), of_one = std::to_string(per_transaction > 0 ? per_transaction : rows);
  sql("DO $$ DECLARE first bigint := 1; BEGIN WHILE first <= " + all +
      " LOOP INSERT INTO levada_bench.t SELECT i, 1 + i % 100000, i % 7, (i % 1000000) / 100.0, 'customer ' || i, "
      "'Porto Moniz', i % 2 = 0, timestamp '2024-05-06 07:08:09.123' + i * interval '1 ms' "
      "FROM generate_series(first, least(first + " +
      of_one + " - 1, " + all + ")) i; first := first + " + of_one + "; COMMIT; END LOOP; END $$");
}

double Server::cpu_seconds() const {
  // The parent of each backend is the server; of those that have ended it holds the time.
  static const int server = process_time(sql("SELECT pg_backend_pid()")).parent;
  if (server <= 1) return 0;
  ProcessTime own = process_time(std::to_string(server));
  double seconds = own.own + own.ended_children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string process = entry.path().filename();
    if (process.find_first_not_of("0123456789") != std::string::npos) continue;
    if (ProcessTime time = process_time(process); time.parent == server) seconds += time.own;
  }
  return seconds;
}

Side Server::watched(const std::string& name, Side side, double amount) {
  side.run = [this, name, amount, run = std::move(side.run), of = side.name] {
    double before = cpu_seconds();
    Measured measured = run();
    ::usleep(20'000);  // a backend ends a little later than its connection
    std::fprintf(stderr, "%s %s, %s: %.4g/s, CPU of %.3f us by itself and %.3f us by the server\n", id_.c_str(),
                 name.c_str(), of.c_str(), measured.value, measured.cpu_seconds / amount * 1e6,
                 (cpu_seconds() - before) / amount * 1e6);
    return measured;
  };
  return side;
}

}  // namespace levada::bench
