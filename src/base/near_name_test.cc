#include "base/near_name.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace levada {

TEST_SUITE("base") {
  TEST_CASE("a slip of the hand is recognised") {
    const std::vector<std::string> names = {"batch.size", "insert.mode", "pk.fields", "SALARY", "NAME"};
    CHECK(nearest_name("batch.siz", names) == "batch.size");
    CHECK(nearest_name("batchsize", names) == "batch.size");
    CHECK(nearest_name("batch.szie", names) == "batch.size");
    CHECK(nearest_name("INSERT.MODE", names) == "insert.mode");
    CHECK(nearest_name("salry", names) == "SALARY");
    CHECK(nearest_name("NMAE", names) == "NAME");
    CHECK(did_you_mean("pk.field", names) == "Did you mean pk.fields?");
  }

  TEST_CASE("the nearest one wins, the first among equals") {
    CHECK(nearest_name("abcd", std::vector<std::string>{"abxx", "abcx", "abcy"}) == "abcx");
  }

  TEST_CASE("what shares too little is not suggested") {
    const std::vector<std::string> names = {"SALARY", "ID", "B"};
    CHECK_FALSE(nearest_name("DEPARTMENT", names));
    CHECK_FALSE(nearest_name("XY", names));
    CHECK_FALSE(nearest_name("A", names));
    CHECK_FALSE(nearest_name("", names));
    CHECK_FALSE(nearest_name("SALARY", {}));
    CHECK(did_you_mean("DEPARTMENT", names) == "");
  }
}

}  // namespace levada
