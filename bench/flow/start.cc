// B20: how long the program takes from nothing, the median of some starts, beside the start of a program that does
// nothing.
//
//   version       levada --version, to its end
//   first_answer  levada run, on a directory that is not there: a stream, a row, a SELECT; until its answer comes
//   next_answer   the same again: the log is there, and only the SELECT has something to do
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "base/files.h"
#include "bench/pairs.h"
#include "bench/program.h"
#include "bench/scratch.h"

using namespace levada;

namespace {

bench::Measured median_of(int starts, const std::function<bench::Ran()>& start, double bench::Ran::*what) {
  std::vector<double> ms;
  double cpu = 0;
  for (int i = 0; i < starts; ++i) {
    bench::Ran ran = start();
    if (ran.code != 0) {
      std::fprintf(stderr, "B20: a program ended with %d\n", ran.code);
      std::exit(1);
    }
    ms.push_back(ran.*what * 1000);
    cpu += ran.cpu_seconds;
  }
  return {bench::median(ms), cpu};
}

constexpr const char* script = R"(
CREATE STREAM orders (id BIGINT KEY, amount DOUBLE)
  WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 1, VALUE_FORMAT = 'JSON');
INSERT INTO orders (id, amount) VALUES (1, 4711.5);
SELECT id, amount * 2 AS twice FROM orders EMIT CHANGES LIMIT 1;
)";

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  const int starts = pairs.smoke() ? 2 : 20;
  const std::string program = bench::levada_program();
  bench::Side nothing{"a program that does nothing", [&] {
                        return median_of(
                            starts, [] { return bench::run_program({"/bin/true"}); }, &bench::Ran::seconds);
                      }};
  pairs.compare({.id = "B20",
                 .name = "version",
                 .unit = "ms",
                 .ours = {"levada",
                          [&] {
                            return median_of(
                                starts,
                                [&] {
                                  return bench::run_program({program, "--version"});
                                },
                                &bench::Ran::seconds);
                          }},
                 .limit = nothing});
  for (bool first : {true, false}) {
    bench::Scratch scratch;
    replace_file(real_files(), scratch / "start.sql", script).value();
    auto run = [&] {
      std::string folder = scratch / "log";
      if (first) std::filesystem::remove_all(folder);
      bench::Ran ran = bench::run_program({program, "run", scratch / "start.sql", "--log", "embedded:" + folder});
      if (ran.output.find("9423.0") == std::string::npos) {
        std::fprintf(stderr, "B20: a wrong answer: %s\n", ran.output.c_str());
        std::exit(1);
      }
      return ran;
    };
    pairs.compare({.id = "B20",
                   .name = first ? "first_answer" : "next_answer",
                   .unit = "ms",
                   .ours = {"levada", [&] { return median_of(starts, run, &bench::Ran::first_output); }},
                   .limit = nothing});
  }
  return pairs.exit_code();
}
