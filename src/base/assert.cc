#include "base/assert.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace levada {

void assertion_failed(const char* condition, const char* file, int line, const char* function) {
  std::fprintf(stderr, "levada: assertion failed: %s\n  %s:%d in %s\nThis is a defect in levada, not in your files.\n",
               condition, file, line, function);
  std::fflush(stderr);
  void* frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  std::abort();
}

}  // namespace levada
