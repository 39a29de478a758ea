#include "base/secret.h"

#include <doctest/doctest.h>

#include "base/options.h"

namespace levada {

TEST_SUITE("base") {
  TEST_CASE("a secret shows nothing of itself, not even its length") {
    Secret secret("hunter2");
    CHECK(secret.masked() == "***");
    CHECK(Secret("x").masked() == secret.masked());
    CHECK(Secret().masked() == "");
    CHECK(Secret().empty());
    CHECK_FALSE(secret.empty());
    CHECK(secret.reveal() == "hunter2");
    CHECK(write_option(secret) == "***");
  }
}

}  // namespace levada
