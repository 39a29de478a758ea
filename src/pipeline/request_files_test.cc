#include "pipeline/request_files.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "base/memory_files.h"

namespace levada {

TEST_SUITE("pipeline") {
  TEST_CASE("a request is answered by the engine that holds the log, once, and leaves nothing behind") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    REQUIRE(files.create_directories("log"));
    const std::string bytes("a\0\xff", 3);
    std::vector<DeadLetterRequest> seen;
    auto ask = [&](const DeadLetterRequest& request) {
      std::optional<Result<std::string>> answer;
      std::atomic<bool> done = false;
      std::jthread asking([&] {
        answer = ask_running_engine(files, "log", request, std::chrono::seconds(60));
        done = true;
      });
      while (!done)
        answer_requests(files, "log", [&](const DeadLetterRequest& r) -> Result<std::string> {
          seen.push_back(r);
          if (r.number == 3) return std::string("written");
          return Error(ErrorKind::not_found, "no letter").why("gone").where("here").remedy("Look.");
        });
      return *std::move(answer);
    };
    auto done = ask({.action = "replay", .number = 3, .topic = "t", .value = bytes});
    REQUIRE(done);
    CHECK(*done == "written");
    auto failed = ask({.action = "discard", .number = 4});
    REQUIRE(!failed);
    CHECK(failed.error().kind() == ErrorKind::not_found);
    CHECK(failed.error().what() == "no letter");
    CHECK(failed.error().why() == "gone");
    CHECK(failed.error().where() == "here");
    CHECK(failed.error().remedy() == "Look.");
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].action == "replay");
    CHECK(seen[0].topic == "t");
    CHECK(seen[0].value == bytes);
    CHECK(!seen[1].value);
    CHECK(files.list("log/requests")->empty());
  }

  TEST_CASE("a request that nobody answers is taken back; what is none is answered with an error") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    REQUIRE(files.create_directories("log/requests"));
    auto nobody = ask_running_engine(files, "log", {.action = "replay"}, std::chrono::milliseconds(1));
    REQUIRE(!nobody);
    CHECK(nobody.error().kind() == ErrorKind::refused);
    CHECK(files.list("log/requests")->empty());
    REQUIRE(replace_file(files, "log/requests/1.request", "{"));
    answer_requests(files, "log", [](const DeadLetterRequest&) -> Result<std::string> {
      FAIL("asked");
      return std::string();
    });
    auto left = files.list("log/requests");
    REQUIRE(left->size() == 1);
    CHECK(left->front().name == "1.answer");
  }
}

}  // namespace levada
