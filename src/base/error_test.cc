#include "base/error.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace levada {
namespace {

Error sample() {
  return Error(ErrorKind::statement, "there is no column SALRY")
      .where("orders.sql:3:8\nSELECT SALRY\n       ^")
      .why("the stream has NAME and SALARY")
      .remedy("Did you mean SALARY?");
}

Result<int> half(int n) {
  if (n % 2 != 0) return Error(ErrorKind::data, std::to_string(n) + " is odd");
  return n / 2;
}
Result<void> check(int n) {
  if (n < 0) return Error(ErrorKind::usage, "below zero");
  return {};
}
Result<std::string> quarter(int n, std::vector<int>& steps) {
  LV_TRY(check(n));
  steps.push_back(n);
  int h = LV_TRY(half(n));
  steps.push_back(h);
  return std::to_string(LV_TRY(half(h)));
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("an error tells a reader what, where, why and what to do") {
    CHECK(sample().text() ==
          "error: there is no column SALRY\n"
          "  orders.sql:3:8\n"
          "  SELECT SALRY\n"
          "         ^\n"
          "  why: the stream has NAME and SALARY\n"
          "  do: Did you mean SALARY?");
    CHECK(Error(ErrorKind::io, "cannot read").text() == "error: cannot read");
  }

  TEST_CASE("an error on one line has no line feed, whatever its parts hold") {
    CHECK(sample().line() ==
          "there is no column SALRY at orders.sql:3:8: the stream has NAME and SALARY (Did you mean SALARY?)");
    CHECK(Error(ErrorKind::io, "a\nb").why("c\nd").line() == "a b: c d");
  }

  TEST_CASE("within puts a circle around what is known, and a copy is the same") {
    Error e = sample().within("cannot plan INSERT").within("a.sql");
    CHECK(e.what() == "a.sql: cannot plan INSERT: there is no column SALRY");
    CHECK(e.remedy() == "Did you mean SALARY?");
    Error copy = e.copy();
    CHECK(copy.text() == e.text());
    CHECK(copy.kind() == ErrorKind::statement);
  }

  TEST_CASE("LV_TRY hands the error on and gives the value away") {
    std::vector<int> steps;
    CHECK(quarter(12, steps).value() == "3");
    CHECK(steps == std::vector{12, 6});
    steps.clear();
    CHECK(quarter(-4, steps).error().what() == "below zero");
    CHECK(steps.empty());
    CHECK(quarter(6, steps).error().what() == "3 is odd");
    CHECK(steps == std::vector{6, 3});
  }

  TEST_CASE("success costs no more than a pointer") { CHECK(sizeof(Error) == sizeof(void*)); }

  TEST_CASE("errno's meaning becomes a kind, and only what may pass is worth retrying") {
    CHECK(system_error("cannot open x", ENOENT).kind() == ErrorKind::not_found);
    CHECK(system_error("cannot open x", EACCES).kind() == ErrorKind::permission);
    CHECK(system_error("cannot write x", ENOSPC).kind() == ErrorKind::disk_full);
    CHECK(system_error("cannot write x", EDQUOT).kind() == ErrorKind::disk_full);
    CHECK(system_error("cannot connect", ECONNREFUSED).kind() == ErrorKind::unreachable);
    CHECK(system_error("cannot sync x", EIO).kind() == ErrorKind::io);
    CHECK(system_error("cannot open x", ENOENT).text() == "error: cannot open x\n  why: No such file or directory");
    CHECK(worth_retrying(ErrorKind::unreachable));
    CHECK(worth_retrying(ErrorKind::disk_full));
    CHECK_FALSE(worth_retrying(ErrorKind::io));
    CHECK_FALSE(worth_retrying(ErrorKind::fenced));
  }

  TEST_CASE("every kind has a name") {
    for (int k = 0; k <= static_cast<int>(ErrorKind::io); ++k) CHECK_FALSE(name_of(static_cast<ErrorKind>(k)).empty());
    CHECK(name_of(ErrorKind::disk_full) == "disk full");
  }
}

}  // namespace levada
