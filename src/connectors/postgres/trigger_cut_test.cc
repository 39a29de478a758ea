#include "connectors/postgres/trigger_cut.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("trigger: a cut has what was seen, without what was running below it") {
    TriggerCut none;
    CHECK(none.within("x") == "x <= '0'::pg_catalog.xid8");
    CHECK(none.beyond("x") == "x > '0'::pg_catalog.xid8");
    // Nothing seen: what runs is beyond anyway.
    CHECK(*next_cut(none, "10:20:10,14", std::nullopt) == none);
    TriggerCut cut = *next_cut(none, "10:20:14,10,19", NewestChange{15, 7});
    CHECK(cut == TriggerCut{15, 7, {10, 14}});
    CHECK(cut.within("x") == "(x <= '15'::pg_catalog.xid8 AND x <> ALL ('{10,14}'::pg_catalog.xid8[]))");
    CHECK(cut.beyond("x") == "(x > '15'::pg_catalog.xid8 OR x = ANY ('{10,14}'::pg_catalog.xid8[]))");
    // 10 has ended, nothing newer was seen: the anchor stays.
    CHECK(*next_cut(cut, "14:25:14,19", std::nullopt) == TriggerCut{15, 7, {14}});
    CHECK(*next_cut(cut, "30:30:", NewestChange{18446744073709551614u, -1}) ==
          TriggerCut{18446744073709551614u, -1, {}});
  }

  TEST_CASE("trigger: what is no snapshot is an error") {
    for (const char* text : {"", "1", "1:2", "1:2:x", "1:2:3,", "1:2:3,,4", "1:2:-3"}) {
      CAPTURE(text);
      CHECK(next_cut({}, text, std::nullopt).has_value() == (std::string_view(text) == "1:2:3,"));
    }
  }

  TEST_CASE("trigger: a position is the same after it was written and read") {
    TriggerPosition position;
    CHECK(*parse_trigger_position(text_of(position)) == position);
    position["public.a"] = {.read = {5, 6, {}}, .table = 7, .mark = "ab"};
    position["public.b"] = {.read = {5, 6, {}},
                            .table = 8,
                            .columns = {{1, "a \"x\"", "numeric(3,1)"}, {7, "b", "text"}},
                            .gone = {"c", ""}};
    position["odd.\"b\"\n"] = {.read = {18446744073709551615u, -9, {1, 2}},
                               .window = TriggerCut{18446744073709551615u, 3, {2}},
                               .last = INT64_MIN,
                               .rows_begun = true,
                               .above = {"x\"y", ""}};
    position["c.d"] = {.read = {1, 1, {}}, .rows_begun = true, .rows_done = true};
    position["e.f"] = {.read = {1, 1, {}}, .rows_begun = true};
    CHECK(*parse_trigger_position(text_of(position)) == position);
  }

  TEST_CASE("trigger: another connector's position is refused, not taken for the beginning") {
    for (const char* text :
         {"", "17", "[]", "null", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{\"through\":-1,\"id\":0,\"running\":[]}}",
          "{\"a\":{\"through\":1,\"id\":0,\"running\":[\"x\"]}}", "{\"a\":{\"through\":1,\"id\":0}}",
          "{\"a\":{\"through\":1,\"id\":0,\"running\":[],\"window\":{\"through\":1,\"id\":0,\"running\":[]}}}",
          "{\"a\":{\"through\":1,\"id\":0,\"running\":[],\"rows\":\"half\"}}",
          "{\"a\":{\"through\":1,\"id\":0,\"running\":[],\"table\":1,\"columns\":[[1,\"id\"]]}}",
          "{\"a\":{\"through\":1,\"id\":0,\"running\":[],\"table\":1,\"columns\":[],\"gone\":[1]}}",
          "{\"a\":{\"through\":1,\"id\":0,\"running\":[],\"rows\":{\"above\":[1]}}}"}) {
      CAPTURE(text);
      auto position = parse_trigger_position(text);
      REQUIRE_FALSE(position);
      CHECK(position.error().kind() == ErrorKind::refused);
    }
  }
}

}  // namespace levada
