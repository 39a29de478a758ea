// Killed or without power at every call to the disk: every row counts once, and every file ends where it belongs. Rows
// and position are committed together by the desk, as the log does it; files are the outside, and durable.
#include "connectors/csv/test_desk.h"

namespace levada {
namespace {

using namespace csv_test;  // NOLINT

struct Story {
  Desk desk;
  Strings all, expected;  // rows that arrived, rows that were written

  Story() {
    REQUIRE(desk.files->create_directories("/in"));
    REQUIRE(desk.files->create_directories("/done"));
    desk.set("finished.path", "/done");
    desk.set("batch.size", "2");
    desk.set("file.buffer.size.bytes", "1024");
    for (int f = 0; f < 3; ++f) put("/in/" + std::string(1, static_cast<char>('a' + f)) + ".csv", 10 * f, 3 + 2 * f);
  }
  // A file of its own rows, each twice: duplicates count.
  void put(const std::string& path, int first, int count) {
    std::string text = header;
    for (int i = 0; i < count; ++i) {
      std::string id = std::to_string(first + i / 2);
      text += id + ",N" + id + ",2000-01-01\n";
      expected.push_back(id + "|N" + id + "|2000-01-01");
    }
    desk.write(path, text);
    settle(path);
  }
  void settle(const std::string& path) {
    REQUIRE(desk.files->open(path, OpenMode::write).value()->sync());
    for (const char* directory : {"/", "/in", "/done"}) REQUIRE(desk.files->sync_directory(directory));
  }
  // Until caught up, or until something fails. Rows that were committed stay.
  Result<void> live() {
    auto source = desk.make();
    if (!source) return std::move(source).error();
    desk.source = *std::move(source);
    desk.ended = false;
    desk.rows.clear();
    auto lived = [&]() -> Result<void> {
      LV_TRY(desk.source->start(desk.position));
      while (!desk.ended)
        if (!LV_TRY(desk.step())) desk.let_pass(300);
      return {};
    }();
    all.insert(all.end(), desk.rows.begin(), desk.rows.end());
    return lived;
  }
  void end(std::optional<std::uint64_t> power_seed) {
    desk.files->kill();
    desk.source.reset();
    if (power_seed) desk.disk.crash(*power_seed);
    desk.files = std::make_unique<MemoryFiles>(desk.disk);
  }
  void check() {
    std::ranges::sort(all);
    std::ranges::sort(expected);
    CHECK(all == expected);
    CHECK(desk.rejected.empty());
    CHECK(desk.names("/in").empty());
  }
};

constexpr unsigned all_calls = file_calls::all;

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("csv source: killed or without power at every call, every row counts once") {
    std::uint64_t calls = 0;
    {
      Story story;
      story.desk.files->crash_at(UINT64_MAX, all_calls);
      REQUIRE(story.live());
      calls = story.desk.files->calls(all_calls);
      story.check();
    }
    CHECK(calls > 20);
    for (std::uint64_t n = 1; n <= calls; ++n)
      for (std::uint64_t seed = 0; seed <= 5; ++seed) {
        CAPTURE(n);
        CAPTURE(seed);
        Story story;
        story.desk.files->crash_at(n, all_calls);
        (void)story.live();
        REQUIRE(story.desk.files->crashed());
        story.end(seed == 0 ? std::nullopt : std::optional(seed));
        // While nobody looked: one file more, under a name that may just have become free; one that has grown.
        story.put(seed % 2 && !story.desk.files->exists("/in/a.csv") ? "/in/a.csv" : "/in/d.csv", 100, 5);
        if (story.desk.files->exists("/in/c.csv")) {
          story.desk.append("/in/c.csv", "77,N77,2000-01-01\n");
          story.expected.push_back("77|N77|2000-01-01");
          story.settle("/in/c.csv");
        }
        story.desk.files->crash_at(1 + (n * 7 + seed) % 25, all_calls);
        (void)story.live();
        story.end(seed + 50);
        auto lived = story.live();
        if (!lived) FAIL(lived.error().text());
        story.check();
      }
  }
}

}  // namespace levada
