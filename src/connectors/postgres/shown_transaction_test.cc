#include "connectors/postgres/shown_transaction.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("shown transaction: a snapshot shows what had ended when it was made") {
    CHECK(shows("10:20:", 9));
    CHECK(shows("10:20:", 19));
    CHECK_FALSE(shows("10:20:", 20));
    CHECK_FALSE(shows("10:20:", 21));
    CHECK(shows("10:20:10,14", 12));
    CHECK_FALSE(shows("10:20:10,14", 10));
    CHECK_FALSE(shows("10:20:10,14", 14));
    CHECK(shows("10:20:10,14", 4));
    CHECK(shows("10:20:10,114", 11));
  }

  TEST_CASE("shown transaction: numbers of transactions go round") {
    // 2^32 + 5 is 5, and 2^32 - 1 is before it.
    CHECK(shows("4294967299:4294967301:", 4'294'967'295));
    CHECK(shows("4294967299:4294967301:", 4));
    CHECK_FALSE(shows("4294967299:4294967301:", 5));
    CHECK_FALSE(shows("4294967290:4294967301:4294967290,4294967300", 4'294'967'290));
    CHECK_FALSE(shows("4294967290:4294967301:4294967290,4294967300", 4));
    CHECK(shows("4294967290:4294967301:4294967290,4294967300", 3));
    CHECK_FALSE(shows("4294967200:4294967290:", 5));
  }

  TEST_CASE("shown transaction: what is no snapshot shows nothing, or all, and is read without harm") {
    CHECK_FALSE(shows("", 7));
    CHECK_FALSE(shows("x", 7));
    CHECK_FALSE(shows("10:", 7));
    CHECK(shows("10:20:,,", 7));
  }
}

}  // namespace levada
