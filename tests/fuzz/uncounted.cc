// What code built for fuzzing calls in every basic block, for programs that do not fuzz. driver.cc has the other one.
extern "C" void __sanitizer_cov_trace_pc();
extern "C" void __sanitizer_cov_trace_pc() {}
