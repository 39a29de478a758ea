#include "bench/capture/debezium.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/json.h"
#include "bench/program.h"
#include "bench/scratch.h"

namespace levada::bench {

Debezium::Debezium(const std::string& id, const std::string& what) {
  if (what.empty()) return;
  if (std::string why = run(what); !why.empty())
    std::fprintf(stderr, "%s: NOT COMPARED with Debezium: %s\n", id.c_str(), why.c_str());
  else
    std::fprintf(stderr, "%s, Debezium: %.4g/s, CPU of %.3f us by Connect and the broker\n", id.c_str(), per_second_,
                 cpu_us_);
}

// Returns why not.
std::string Debezium::run(const std::string& what) {
  const char* folder = std::getenv("LEVADA_DEBEZIUM");
  if (!folder) return "LEVADA_DEBEZIUM does not name the folder of its scripts";
  std::string measure = std::string(folder) + "/measure/measure";
  if (::access(measure.c_str(), X_OK) != 0) return "there is no " + measure;
  if (std::system("command -v java >/dev/null") != 0) return "there is no java";
  Scratch scratch;
  ::setenv("RESULTS", (scratch / "results").c_str(), 1);
  Ran ran = run_program({"/bin/sh", "-c", measure + " " + what}, true);
  if (ran.code != 0) return "its script has failed; has " + std::string(folder) + "/fetch been run?";
  for (std::size_t from = 0, to; (to = ran.output.find('\n', from)) != std::string::npos; from = to + 1) {
    auto line = Json::parse(std::string_view(ran.output).substr(from, to - from));
    if (!line) continue;
    auto number = [&](const char* name) {
      const Json* value = line->find(name);
      return value ? value->real().value_or(0) : 0;
    };
    if (number("records") <= 0 || number("connect_cpu_s") <= 0) continue;
    per_second_ = number("per_s");
    cpu_seconds_ = number("connect_cpu_s") + number("broker_cpu_s");
    cpu_us_ = cpu_seconds_ / number("records") * 1e6;
  }
  if (per_second_ <= 0) return "its script does not say how fast it was";
  return {};
}

Side Debezium::side(double value) const {
  if (per_second_ <= 0) return {};
  return {"Debezium", [=, cpu = cpu_seconds_] { return Measured{value, cpu}; }};
}

}  // namespace levada::bench
