// B19: what the program needs of memory, as the system counts it.
//
//   idle      a pipeline that has nothing to do: a source over an empty directory, a filter and a table behind it
//   main_job  examples/salary, into the server of LEVADA_POSTGRES_URL: the most it ever had
#include <libpq-fe.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "bench/pairs.h"
#include "bench/program.h"
#include "bench/scratch.h"

using namespace levada;

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "B19: %s\n", why.c_str());
  std::exit(1);
}

bench::Measured run_idle() {
  bench::Scratch scratch;
  std::filesystem::create_directory(scratch / "inbox");
  std::string script = R"(
CREATE STREAM orders (id BIGINT KEY, place STRING, amount DOUBLE)
  WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 3, VALUE_FORMAT = 'JSON');
CREATE SOURCE CONNECTOR inbox WITH ('connector.class' = 'csv', 'input.path' = ')" +
                       (scratch / "inbox") + R"(', 'input.file.pattern' = '.*\.csv', 'topic' = 'orders');
CREATE STREAM large WITH (KAFKA_TOPIC = 'large') AS SELECT * FROM orders WHERE amount > 1000;
CREATE TABLE places WITH (KAFKA_TOPIC = 'places') AS
  SELECT place, COUNT(*) AS orders, SUM(amount) AS total FROM large GROUP BY place;
)";
  replace_file(real_files(), scratch / "idle.sql", script).value();
  bench::RunningProgram program(
      {bench::levada_program(), "run", scratch / "idle.sql", "--log", "embedded:" + (scratch / "log")});
  // At rest: for half a second nothing has changed.
  double resident = 0;
  for (int same = 0; same < 10; ::usleep(50'000)) {
    double now = program.resident_mb();
    if (now == 0) fail("the idle pipeline has ended");
    same = now == resident && std::filesystem::exists(scratch / "log") ? same + 1 : 0;
    resident = now;
  }
  return {resident, 0};
}

// Runs a statement, and gives the first value of its first row.
std::string sql(const char* url, const char* statement) {
  PGconn* db = PQconnectdb(url);
  PGresult* result = PQexec(db, statement);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(PQerrorMessage(db));
  std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(db);
  return value;
}

bench::Measured run_main_job(const char* url) {
  bench::Scratch scratch;
  sql(url,
      "SET client_min_messages = warning;"
      "DROP TABLE IF EXISTS department_employee, department_employee_salary, levada_positions");
  ::setenv("SALARY_DATABASE", url, 1);
  bench::Ran ran = bench::run_program({bench::levada_program(), "run", "examples/salary/salary.sql", "--log",
                                       "embedded:" + (scratch / "log"), "--until-caught-up", "--quiet"},
                                      true);
  std::string totals = sql(url,
                           "SELECT string_agg(department || ' ' || total_salary, ', ' ORDER BY department) FROM "
                           "department_employee_salary");
  if (ran.code != 0 || totals != "CIT 9102142, ECC 2042698, EMS 3779570") fail("the totals are wrong: " + totals);
  return {ran.peak_mb, ran.cpu_seconds};
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  pairs.compare({.id = "B19", .name = "idle", .unit = "MB", .ours = {"levada", run_idle}});
  const char* url = std::getenv("LEVADA_POSTGRES_URL");
  if (url)
    pairs.compare(
        {.id = "B19", .name = "main_job", .unit = "MB", .ours = {"levada", [&] { return run_main_job(url); }}});
  else
    std::fprintf(stderr, "B19 main_job: SKIPPED, LEVADA_POSTGRES_URL is not set\n");
  return pairs.exit_code();
}
