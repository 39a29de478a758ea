#include "connectors/postgres/snapshot_progress.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("a snapshot's progress comes back from its JSON, whatever the keys are") {
    SnapshotProgress progress;
    progress.done = {"public.a", "public.\"odd\" table"};
    progress.left["public.b"] = {{{"41", "b\n\"\\"}, {"5000"}}, {{"5000"}, {}}};
    progress.left["public.c"] = {{{}, {}}};
    progress.left["public.d"] = {{{""}, {"\xc3\xa4"}}};  // an empty text is a key, an empty tuple an open end
    std::string text = progress.json().text();
    auto again = SnapshotProgress::parse(Json::parse(text).value());
    REQUIRE(again);
    CHECK(*again == progress);
    CHECK(SnapshotProgress::parse(Json()).value() == SnapshotProgress());
    CHECK(SnapshotProgress::parse(SnapshotProgress().json()).value() == SnapshotProgress());
  }

  TEST_CASE("progress that is not ours is refused, never taken for a beginning") {
    for (const char* text : {"3", "[]", R"({"done":1})", R"({"done":[1]})", R"({"left":[]})", R"({"left":{"t":1}})",
                             R"({"left":{"t":[1]}})", R"({"left":{"t":[{"above":[1]}]}})"}) {
      INFO(text);
      auto progress = SnapshotProgress::parse(Json::parse(text).value());
      REQUIRE(!progress);
      CHECK(progress.error().kind() == ErrorKind::damaged);
    }
  }
}

}  // namespace levada
