// Runs programs and looks at them from outside, as their users do.
#pragma once
#include <string>
#include <vector>

namespace levada::bench {

struct Ran {
  int code = 0;             // of its exit; -1: a signal
  double seconds = 0;       // until it had ended
  double first_output = 0;  // until its first byte on standard output, in seconds
  double cpu_seconds = 0;
  double peak_mb = 0;  // resident, at most
  std::string output;
};

// The program that stands beside the benchmarks: build/release/levada.
std::string levada_program();

// Runs it to its end. Its standard error goes to /dev/null, or with `loud` to ours.
Ran run_program(const std::vector<std::string>& words, bool loud = false);

// One that runs in the background, until the end of this object.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& words);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  double resident_mb() const;  // now; 0 if it has ended

 private:
  int pid_;
};

}  // namespace levada::bench
