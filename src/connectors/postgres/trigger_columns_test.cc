#include "connectors/postgres/trigger_columns.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("trigger: rows are read again where an ALTER TABLE has changed them or what their columns are called") {
    using Columns = std::vector<TriggerColumn>;
    const Columns before = {{1, "id", "integer"}, {2, "word", "text"}};
    const std::vector<std::string> none;
    auto differ = [&](const Columns& now) { return rows_differ(before, none, now); };
    CHECK_FALSE(differ(before));
    CHECK_FALSE(differ({{1, "id", "integer"}}));
    CHECK_FALSE(differ({{1, "id", "integer"}, {2, "word", "text"}, {3, "n", "integer"}}));
    CHECK(differ({{1, "id", "integer"}, {2, "word", "text"}, {3, "n", "integer", true}}));
    CHECK(differ({{1, "id", "integer"}, {2, "words", "text"}}));
    CHECK(differ({{1, "id", "bigint"}, {2, "word", "text"}}));
    CHECK(differ({{1, "id", "integer"}, {3, "word", "text"}}));
    CHECK(rows_differ(before, std::vector<std::string>{"n"}, Columns{{1, "id", "integer"}, {4, "n", "integer"}}));
    // How a column came to be does not matter once its rows have been read.
    CHECK_FALSE(differ({{1, "id", "integer", true}, {2, "word", "text", true}}));
  }

  TEST_CASE("trigger: names of columns that are gone are kept until there is such a column again") {
    using Columns = std::vector<TriggerColumn>;
    using Names = std::vector<std::string>;
    CHECK(names_gone(Columns{{1, "a", "text"}, {2, "b", "text"}}, {"x"}, Columns{{1, "a", "text"}}) == Names{"b", "x"});
    CHECK(names_gone(Columns{{1, "a", "text"}}, {"b", "x"}, Columns{{1, "c", "text"}, {3, "b", "text"}}) ==
          Names{"a", "x"});
  }
}

}  // namespace levada
