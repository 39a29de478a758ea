#include "base/assert.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace levada {
namespace {

struct Death {
  int signal = 0;
  std::string said;
};

// Runs f in a process of its own.
template <class F>
Death death_of(F f) {
  int channel[2];
  REQUIRE(pipe(channel) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // not doctest's
    dup2(channel[1], STDERR_FILENO);
    close(channel[0]);
    f();
    _exit(0);
  }
  close(channel[1]);
  Death death;
  std::array<char, 4096> piece;
  for (ssize_t n; (n = read(channel[0], piece.data(), piece.size())) > 0;)
    death.said.append(piece.data(), static_cast<std::size_t>(n));
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) death.signal = WTERMSIG(status);
  return death;
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("a broken assertion says what and where, and aborts") {
    int offset = 7;
    Death death = death_of([&] { LV_ASSERT(offset == 8); });
    CHECK(death.signal == SIGABRT);
    CHECK(death.said.starts_with("levada: assertion failed: offset == 8\n"));
    CHECK(death.said.find("assert_test.cc:") != std::string::npos);
    CHECK(death.said.find("defect in levada") != std::string::npos);

    death = death_of([] { LV_UNREACHABLE(); });
    CHECK(death.signal == SIGABRT);
    CHECK(death.said.starts_with("levada: assertion failed: unreachable\n"));
  }

  TEST_CASE("an assertion that holds says nothing and evaluates its condition once") {
    int times = 0;
    Death death = death_of([&] { LV_ASSERT(++times == 1); });
    CHECK(death.signal == 0);
    CHECK(death.said.empty());
  }

  TEST_CASE("a debug assertion is there without NDEBUG only") {
    Death death = death_of([] { LV_DEBUG_ASSERT(1 == 2); });
#ifdef NDEBUG
    CHECK(death.signal == 0);
#else
    CHECK(death.signal == SIGABRT);
#endif
  }
}

}  // namespace levada
