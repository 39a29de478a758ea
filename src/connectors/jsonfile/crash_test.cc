// What stands in the files after a crash: for every call that changes the disk the process dies or the power goes at
// that call, what was not synced is kept, dropped or torn, and the sink starts again; then the same once more while it
// recovers. In the end there is exactly one line for each (topic, partition, offset), in order, and a file that had its
// name has the bytes that it had then.
#include <fmt/core.h>

#include "base/json.h"
#include "connectors/jsonfile/test_desk.h"

namespace levada {
namespace {

using namespace jsonfile_test;

enum class Layout { directory, single };

// A desk with all that happens in a life: rounds over three partitions, finished files by rows and by age.
struct Story {
  SinkDesk desk;
  Layout layout;
  std::map<std::string, std::string> finished;  // files that had their name, and what was in them

  explicit Story(Layout chosen) : layout(chosen) {
    // A directory of which nothing was there before, and one file in a directory that was.
    if (layout == Layout::directory) {
      desk.properties = {{"path", "/deep/out", ""},
                         {"rotate.rows", "5", ""},
                         {"rotate.interval.ms", "4000", ""},
                         {"metadata", "topic,partition,offset", ""}};
    } else {
      REQUIRE(desk.files->create_directories("/out"));
      REQUIRE(desk.files->sync_directory("/"));
      desk.properties = {{"file", "/out/all.jsonl", ""}, {"metadata", "topic,partition,offset", ""}};
    }
    desk.add({"orders", 0}, 11), desk.add({"orders", 1}, 4), desk.add({"users", 0}, 7, true);
    // Longer than a sector, so that a line can be torn in the middle and still have both its ends.
    desk.log[{"orders", 0}][4].name = std::string(1500, 'x');
  }

  // From wherever the sink is to the end of the log and to an orderly end; an error ends it early.
  Result<void> live() {
    LV_TRY(desk.start());
    while (LV_TRY(desk.round(2))) desk.clock.advance_us(900'000);
    desk.clock.advance_us(4'000'000);
    LV_TRY(desk.sink->commit({}));
    desk.close();
    return {};
  }
  // Errors that may pass end a round, the others the process.
  void live_on() {
    auto lived = live();
    if (lived) return;
    if (!worth_retrying(lived.error().kind())) {
      desk.kill();
    }
    desk.must(live());
  }

  void remember_finished() {
    for (const std::string& path : desk.disk.paths())
      if (path.ends_with(".jsonl") && layout == Layout::directory) {
        std::string content = desk.disk.content(path);
        auto [at, fresh] = finished.emplace(path, content);
        CHECK(at->second == content);
      }
  }

  void check() {
    std::map<TopicPartition, std::vector<Row>> lines;
    remember_finished();
    for (const auto& [path, content] : finished) CHECK(desk.disk.content(path) == content);
    for (const std::string& path : desk.disk.paths()) {
      if (!path.ends_with(".jsonl")) {
        INFO(path);
        CHECK((path.ends_with(".lock") || path.ends_with("manifest")));
        continue;
      }
      std::string content = desk.disk.content(path);
      bool first = true;
      for (std::size_t at = 0; at < content.size();) {
        std::size_t feed = content.find('\n', at);
        REQUIRE(feed != std::string::npos);
        auto line = Json::parse(std::string_view(content).substr(at, feed - at));
        REQUIRE(line);
        TopicPartition partition{line->text_of("__topic"),
                                 static_cast<std::int32_t>(*line->find("__partition")->integer())};
        Row row{*line->find("__offset")->integer(), static_cast<std::int32_t>(*line->find("ID")->integer()), {}};
        if (!line->find("__deleted")) row.name = line->text_of("NAME");
        if (first && layout == Layout::directory) CHECK(file_name_of(path) == file_name(partition, Offset(row.offset)));
        first = false;
        lines[partition].push_back(std::move(row));
        at = feed + 1;
      }
    }
    for (const auto& [partition, rows] : desk.log) {
      const std::vector<Row>& got = lines[partition];
      REQUIRE(got.size() == rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK(got[i].offset == rows[i].offset);
        CHECK(got[i].id == rows[i].id);
        CHECK(got[i].name == rows[i].name);
      }
    }
  }
};

std::uint64_t calls_of_a_life(Layout layout, unsigned kinds = file_calls::changing) {
  Story story(layout);
  story.desk.files->crash_at(UINT64_MAX);
  REQUIRE(story.live());
  story.check();
  return story.desk.files->calls(kinds);
}

void cut_power_at_every_call(Layout layout) {
  std::uint64_t calls = calls_of_a_life(layout);
  CHECK(calls > 20);
  for (std::uint64_t n = 1; n <= calls; ++n)
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      CAPTURE(n);
      CAPTURE(seed);
      Story story(layout);
      story.desk.files->crash_at(n);
      (void)story.live();
      REQUIRE(story.desk.files->crashed());
      story.desk.power_cut(seed);
      story.remember_finished();
      // And again, early in the next life.
      story.desk.files->crash_at(1 + (n + seed) % 12);
      (void)story.live();
      story.desk.power_cut(seed + 100);
      story.remember_finished();
      story.desk.must(story.live());
      story.check();
    }
}

void kill_at_every_call(Layout layout) {
  std::uint64_t calls = calls_of_a_life(layout);
  for (std::uint64_t n = 1; n <= calls; ++n)
    for (std::uint64_t m = 1; m <= 14; ++m) {
      CAPTURE(n);
      CAPTURE(m);
      Story story(layout);
      story.desk.files->crash_at(n);
      (void)story.live();
      story.desk.kill();
      story.remember_finished();
      // The next process finds what is in memory, not what is on the disk, before the power goes under it too.
      story.desk.files->crash_at(m);
      (void)story.live();
      story.desk.power_cut(n * 31 + m);
      story.desk.must(story.live());
      story.check();
    }
}

void fail_every_call(Layout layout, unsigned kinds, ErrorKind error) {
  std::uint64_t calls = calls_of_a_life(layout, kinds);
  for (std::uint64_t n = 1; n <= calls; ++n) {
    CAPTURE(n);
    Story story(layout);
    story.desk.files->fail_at(n, kinds, error);
    story.live_on();
    // What the end of the program could not do the next start does.
    story.remember_finished();
    story.desk.must(story.live());
    story.check();
  }
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("jsonfile: the power goes at every call: one line for each record") {
    SUBCASE("directory") { cut_power_at_every_call(Layout::directory); }
    SUBCASE("one file") { cut_power_at_every_call(Layout::single); }
  }

  TEST_CASE("jsonfile: killed at every call, then the power goes: one line for each record") {
    SUBCASE("directory") { kill_at_every_call(Layout::directory); }
    SUBCASE("one file") { kill_at_every_call(Layout::single); }
  }

  TEST_CASE("jsonfile: every call fails once: one line for each record") {
    for (Layout layout : {Layout::directory, Layout::single}) {
      fail_every_call(layout, file_calls::changing, ErrorKind::io);
      fail_every_call(layout, file_calls::write | file_calls::make, ErrorKind::disk_full);
      fail_every_call(layout, file_calls::read | file_calls::open | file_calls::list, ErrorKind::io);
    }
  }

  TEST_CASE("jsonfile: a sync that fails and lies later: what it should have kept is written again") {
    for (Layout layout : {Layout::directory, Layout::single}) {
      std::uint64_t calls = calls_of_a_life(layout, file_calls::sync);
      for (std::uint64_t n = 1; n <= calls; ++n)
        for (std::uint64_t m = 1; m <= 12; ++m) {
          CAPTURE(n);
          CAPTURE(m);
          Story story(layout);
          story.desk.files->fail_sync_and_lie_at(n);
          (void)story.live();
          story.desk.kill();
          story.desk.files->crash_at(m);
          (void)story.live();
          story.desk.power_cut(n * 31 + m);
          story.desk.must(story.live());
          story.check();
        }
    }
  }
}

}  // namespace levada
