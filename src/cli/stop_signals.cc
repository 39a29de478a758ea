#include "cli/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>

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
          timespec wait{.tv_sec = 0, .tv_nsec = 50'000'000};
          int number = sigtimedwait(&set, nullptr, &wait);
          if (number < 0) continue;
          if (asked) _exit(128 + number);
          asked = true;
          stop();
        }
      }) {}

StopSignals::~StopSignals() = default;

}  // namespace levada
