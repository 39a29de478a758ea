#include "bench/pairs.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/files.h"

namespace levada::bench {
namespace {

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

double cpu_seconds_of(int who) {
  rusage usage;
  getrusage(who, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

[[noreturn]] void wrong_usage(const std::string& what) {
  std::fprintf(stderr, "%s\nusage: [--tier smoke|standard] [--pairs N] [--only TEXT]\n", what.c_str());
  std::exit(2);
}

// Four digits say all that a measurement on a shared machine can say.
Json rounded(double v) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.4g", v);
  return Json(std::strtod(text.data(), nullptr));
}

constexpr std::array<const char*, 3> side_names = {"ours", "limit", "peer"};

// The runs of one side, in the order of the pairs.
struct Runs {
  std::vector<double> values, cpu;
};

Json ratios(const Runs& ours, const Runs& other) {
  if (other.values.empty()) return nullptr;
  std::vector<double> ratio;
  for (std::size_t i = 0; i < ours.values.size(); ++i) ratio.push_back(ours.values[i] / other.values[i]);
  return Json()
      .set("min", rounded(std::ranges::min(ratio)))
      .set("median", rounded(median(ratio)))
      .set("max", rounded(std::ranges::max(ratio)));
}

// What stands behind "key :" in a file of /proc.
std::string proc_value(const std::string& path, std::string_view key) {
  auto content = read_file(real_files(), path);
  if (!content) return "unknown";
  std::size_t at = content->find(key);
  if (at == std::string::npos) return "unknown";
  std::size_t from = content->find_first_not_of(" \t:", at + key.size());
  if (from == std::string::npos) return "unknown";
  return content->substr(from, content->find('\n', from) - from);
}

}  // namespace

double cpu_seconds() { return cpu_seconds_of(RUSAGE_SELF) + cpu_seconds_of(RUSAGE_CHILDREN); }

Measured duration(const std::function<void()>& work) {
  double cpu = cpu_seconds();
  std::int64_t start = real_clock().steady_us();
  work();
  std::int64_t us = real_clock().steady_us() - start;
  return {static_cast<double>(std::max<std::int64_t>(us, 1)) / 1e6, cpu_seconds() - cpu};
}

Measured rate(double amount, const std::function<void()>& work) {
  Measured took = duration(work);
  return {amount / took.value, took.cpu_seconds};
}

std::string digest(std::string_view bytes) {
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%zu bytes, crc %08x", bytes.size(), crc32c(bytes));
  return text.data();
}

double median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  std::size_t middle = sorted.size() / 2;
  if (sorted.empty()) return 0;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

Json machine() {
  utsname system;
  uname(&system);
  return Json()
      .set("cpu", proc_value("/proc/cpuinfo", "model name"))
      .set("cores", static_cast<std::int64_t>(sysconf(_SC_NPROCESSORS_ONLN)))
      .set("memory_mb", static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) / 1024 * sysconf(_SC_PAGESIZE) / 1024)
      .set("kernel", system.release)
      .set("compiler", "g++ " __VERSION__);
}

Pairs::Pairs(std::string tier, int pairs, std::string only, Say print, Say complain)
    : tier_(std::move(tier)),
      only_(std::move(only)),
      pairs_(pairs),
      print_(std::move(print)),
      complain_(std::move(complain)) {}

Pairs::Pairs(int argc, char** argv) {
  for (int i = 1; i < argc; i += 2) {
    std::string_view name = argv[i];
    if (i + 1 == argc) wrong_usage(std::string(name) + " needs a value");
    std::string_view value = argv[i + 1];
    if (name == "--tier" && (value == "smoke" || value == "standard"))
      tier_ = value;
    else if (name == "--pairs" && std::atoi(argv[i + 1]) > 0)
      pairs_ = std::atoi(argv[i + 1]);
    else if (name == "--only")
      only_ = value;
    else
      wrong_usage("cannot take " + std::string(name) + " " + std::string(value));
  }
  auto say_to = [](std::FILE* file) {
    return [file](std::string_view text) {
      std::fwrite(text.data(), 1, text.size(), file);
      std::fflush(file);
    };
  };
  print_ = say_to(stdout);
  complain_ = say_to(stderr);
}

void Pairs::compare(const Case& what) {
  if (!wants(what.name)) return;
  const std::array<const Side*, 3> sides = {&what.ours, &what.limit, &what.peer};
  std::array<Runs, 3> runs;

  std::string expected;
  for (std::size_t s = 0; s < sides.size(); ++s) {
    if (!sides[s]->run) continue;
    sides[s]->run();
    if (!sides[s]->output || !what.ours.output) continue;
    std::string output = sides[s]->output();
    if (s == 0) expected = output;
    if (output == expected) continue;
    complain_(what.id + " " + what.name + ": the outputs differ, so there is nothing to time\n  " + sides[0]->name +
              ": " + expected + "\n  " + sides[s]->name + ": " + output + "\n");
    failed_ = true;
    return;
  }

  // Another one begins each time: none is always the one that runs behind a heavy one.
  for (int pair = 0; pair < pairs_; ++pair)
    for (std::size_t turn = 0; turn < sides.size(); ++turn) {
      std::size_t s = (static_cast<std::size_t>(pair) + turn) % sides.size();
      if (!sides[s]->run) continue;
      Measured measured = sides[s]->run();
      runs[s].values.push_back(measured.value);
      runs[s].cpu.push_back(measured.cpu_seconds);
    }

  Json line, names, cpu;
  line.set("id", what.id).set("case", what.name).set("unit", what.unit).set("tier", tier_).set("pairs", pairs_);
  for (std::size_t s = 0; s < sides.size(); ++s) {
    bool there = !runs[s].values.empty();
    line.set(side_names[s], there ? rounded(median(runs[s].values)) : Json());
    names.set(side_names[s], there ? Json(sides[s]->name) : Json());
    cpu.set(side_names[s], there ? rounded(median(runs[s].cpu)) : Json());
  }
  line.set("ratio_limit", ratios(runs[0], runs[1])).set("ratio_peer", ratios(runs[0], runs[2]));
  line.set("names", names).set("cpu_seconds", cpu).set("machine", machine()).set("versions", what.versions);
  print_(line.text() + "\n");
}

}  // namespace levada::bench
