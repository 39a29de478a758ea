#include "pipeline/status_file.h"

#include <doctest/doctest.h>

#include "base/memory_files.h"

namespace levada {

TEST_SUITE("pipeline") {
  TEST_CASE("what is written into STATUS is read from it, whole") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    REQUIRE(files.create_directories("log"));
    CHECK(read_status(files, "log").error().kind() == ErrorKind::not_found);
    RunReport report{.run = "stopped", .pipeline = "p \"q\"", .process = 7, .started_ms = 10, .written_ms = 20};
    report.objects.push_back({.name = "SOURCE",
                              .kind = "source",
                              .state = "position lost",
                              .reason = "the slot is gone",
                              .since_ms = 11,
                              .rows_in = 1,
                              .rows_out = UINT32_MAX + 1ull,
                              .dead_letters = 3,
                              .busy_ms = 4,
                              .failures = 5,
                              .progress_done = 6,
                              .progress_total = 8,
                              .progress_unit = "rows",
                              .progress_detail = "public.t",
                              .progress_left_ms = 9,
                              .lag_ms = 12});
    report.objects.push_back({.name = "SINK", .kind = "sink", .state = "idle", .behind_records = 0});
    REQUIRE(write_status(files, "log", report));
    RunReport read = read_status(files, "log").value();
    CHECK(json_of(read) == json_of(report));
    CHECK(read.objects[1].behind_records == 0);
    CHECK(!read.objects[1].lag_ms);
    REQUIRE(write_status(files, "log", {.run = "failed"}));  // a shorter one leaves nothing of the longer
    CHECK(read_status(files, "log")->objects.empty());
  }

  TEST_CASE("a run whose engine does not hold the log any more is gone, if it has not said how it ended") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    REQUIRE(files.create_directories("log"));
    REQUIRE(write_status(files, "log", {.run = "running"}));
    {
      auto lock = files.lock("log/LOCK", "somebody");
      REQUIRE(lock);
      CHECK(read_status(files, "log")->run == "running");
    }
    CHECK(read_status(files, "log")->run == "gone");
    REQUIRE(write_status(files, "log", {.run = "finished"}));
    CHECK(read_status(files, "log")->run == "finished");
  }
}

}  // namespace levada
