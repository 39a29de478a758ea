#include "connectors/postgres/refused_rows.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("refused rows: one cause a row, in the order of the rows, nothing said twice and nothing left out") {
    RefusedRows refused;
    CHECK(refused.empty());
    CHECK(refused.take().empty());
    RowFailures of_data = {{7, "wrong"}, {2, "wrong"}}, of_a = {{2, "wrong"}, {9, "too long"}}, again = {{2, "wrong"}};
    refused.add("data", of_data);
    refused.add("a", of_a);  // "a: wrong" is the end of what was said of the other column
    refused.add("data", again);
    CHECK(of_data.empty());
    CHECK_FALSE(refused.empty());
    RowFailures rows = refused.take();
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].row == 2);
    CHECK(rows[0].why == "data: wrong; a: wrong");
    CHECK(rows[1].row == 7);
    CHECK(rows[1].why == "data: wrong");
    CHECK(rows[2].row == 9);
    CHECK(rows[2].why == "a: too long");
    CHECK(refused.empty());
  }
}

}  // namespace levada
