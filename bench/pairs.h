// How we measure: ours beside the limit (the fastest program for this one query) and a peer, turn by turn in one run,
// so that whatever else the machine does hits all of them. Their outputs are compared before anything is timed. What
// counts are the ratios of a pair, above all the worst one.
//
//   int main(int argc, char** argv) {
//     bench::Pairs pairs(argc, argv);
//     std::size_t records = pairs.smoke() ? 100'000 : 5'000'000;
//     pairs.compare({.id = "B6", .name = "filter_project", .unit = "records/s",
//                    .ours  = {"levada", [&] { return bench::rate(records, run_ours); }, digest_of_ours},
//                    .limit = {"simdjson kernel", [&] { return bench::rate(records, run_kernel); },
//                    digest_of_kernel}});
//     return pairs.exit_code();
//   }
//
// Each comparison prints one JSON line to stdout; bench/run makes a table of them.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace levada::bench {

// What one run gave.
struct Measured {
  double value = 0;        // in the unit of the case
  double cpu_seconds = 0;  // of this process and its children that have ended
};

// Runs the work once: `amount` of it a second of wall time.
Measured rate(double amount, const std::function<void()>& work);
// Runs the work once: seconds of wall time.
Measured duration(const std::function<void()>& work);
double cpu_seconds();

// Size and checksum: two outputs with the same digest are taken to be the same.
std::string digest(std::string_view bytes);

struct Side {
  std::string name;                    // what stands here: "levada", "simdjson kernel", "DuckDB 1.1.3"
  std::function<Measured()> run = {};  // does the work once; empty: this side is not there
  // A digest of what the last run() made. Sides that have one must agree with ours.
  std::function<std::string()> output = {};
};

struct Case {
  std::string id, name, unit;
  Side ours, limit = {}, peer = {};
  Json versions = {};  // of what is measured: {"postgres": "15.8"}
};

class Pairs {
 public:
  // --tier smoke|standard (standard), --pairs N (5), --only TEXT: only cases whose name contains it. Exits on others.
  Pairs(int argc, char** argv);
  using Say = std::function<void(std::string_view text)>;
  Pairs(std::string tier, int pairs, std::string only, Say print, Say complain);

  // Smoke asks whether it works: make the input small.
  bool smoke() const { return tier_ == "smoke"; }
  // For inputs that are dear to make.
  bool wants(std::string_view case_name) const { return case_name.find(only_) != std::string_view::npos; }
  // Runs every side once to warm up, compares outputs, then lets the sides take turns. Prints the JSON line, or on
  // stderr why there is none.
  void compare(const Case& what);
  // 1 if a comparison failed.
  int exit_code() const { return failed_ ? 1 : 0; }

 private:
  std::string tier_ = "standard", only_;
  int pairs_ = 5;
  Say print_, complain_;
  bool failed_ = false;
};

double median(std::span<const double> values);  // of an even number: the mean of the middle two

// {"cpu": …, "cores": …, "memory_mb": …, "kernel": …, "compiler": …}
Json machine();

}  // namespace levada::bench
