#include "base/fail_point.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace levada {
namespace {

// How a process ends that arms itself and passes the point so many times.
int ending(std::string_view armed, FailPoint passed, int times) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!arm_fail_point(armed)) ::_exit(2);
    for (int i = 0; i < times; ++i) fail_point(passed);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("fail point: the process is killed at the named place, at the named passing") {
    CHECK(ending("before_slot", FailPoint::before_slot, 1) == -SIGKILL);
    CHECK(ending("after_target_commit:3", FailPoint::after_target_commit, 3) == -SIGKILL);
    CHECK(ending("after_target_commit:3", FailPoint::after_target_commit, 2) == 0);
    CHECK(ending("before_slot", FailPoint::after_slot, 9) == 0);
    CHECK(ending("none", FailPoint::none, 9) == 0);
  }

  TEST_CASE("fail point: a name that there is not is an error") {
    for (std::string_view text :
         {"", "slot", "before_slot:", "before_slot:0", "before_slot:-1", "before_slot:1x", ":1"})
      CHECK_FALSE(arm_fail_point(text));
    CHECK(armed_fail_point == FailPoint::none);
  }
}

}  // namespace levada
