#include "cli/stop_signals.h"

#include <signal.h>
#include <unistd.h>

namespace levada {

static sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void block_stop_signals() {
  sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

StopSignals::StopSignals(std::function<void()> stop)
    : thread_([stop = std::move(stop)](std::stop_token ended) {
        sigset_t set = stop_set();
        bool asked = false;
        while (!ended.stop_requested()) {
          int number = sigwaitinfo(&set, nullptr);
          if (ended.stop_requested()) return;  // the destructor's own signal
          if (number < 0) continue;
          if (asked) _exit(128 + number);
          asked = true;
          stop();
        }
      }) {}

StopSignals::~StopSignals() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), SIGTERM);  // blocked: only this thread's wait takes it
}

}  // namespace levada
