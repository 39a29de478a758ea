// Many at once: writers, readers, watchers, a reading process, maintenance. For ThreadSanitizer above all.
#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "log/log_fixture.h"

using namespace levada;

namespace {

constexpr int writers = 3, commits = 400, partitions = 4;

// Reads a partition until all writers' last commits are seen; every writer's commits come in order, none twice, none
// missing.
void read_to_end(Log& log, std::int32_t partition) {
  TopicPartition of{"t", partition};
  Wakeup wakeup;
  log.watch(wakeup, std::span(&of, 1));
  auto reader = must(log.open_reader(of, Offset(0)));
  int next[writers] = {}, done = 0;
  Records records;
  while (done < writers) {
    Chunk chunk = must(reader->read(2000));
    records.clear();
    must(records.append(chunk.record_batches));
    for (const Record& record : records.all()) {
      int writer = std::stoi(std::string(record.key.view())), n = std::stoi(std::string(record.value.view()));
      if (n != next[writer]) FAIL(fmt::format("writer {}: {} instead of {}", writer, n, next[writer]));
      done += ++next[writer] == commits;
    }
    if (chunk.record_batches.empty()) wakeup.wait_for(std::chrono::milliseconds(20));
  }
  log.unwatch(wakeup);
}

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("writers, readers, watchers, a follower and maintenance at once") {
    MemoryDisk disk;
    MemoryFiles files(disk), other_files(disk);
    EmbeddedLogOptions options;
    options.journal_bytes = 60 << 10;
    options.inline_bytes = 3000;
    options.compaction_dirty_ratio = 0;
    auto log = open_log(files, options);
    must(log->create_topic("t", {.partitions = partitions, .segment_bytes = 6000}));
    must(log->create_topic("compact", {.compact = true, .segment_bytes = 2000}));
    must(log->create_topic("short", {.retention_ms = 0, .segment_bytes = 2000}));
    auto follower = open_log_to_read(other_files);

    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int w = 0; w < writers; ++w)
      threads.emplace_back([&, w] {
        auto transaction = must(log->begin(fmt::format("writer {}", w)));
        std::uint64_t last = 0;
        for (int n = 0; n < commits; ++n) {
          std::string value = fmt::format("{} {}", n, std::string(n % 40 == 0 ? 4000 : 20, '.'));
          for (std::int32_t p = 0; p < partitions; ++p)
            transaction->append({"t", p}, batch_of({{std::to_string(w), value}}));
          transaction->append({"compact", 0}, batch_of({{fmt::format("{} {}", w, n % 5), value}}));
          transaction->append({"short", 0}, batch_of(value));
          transaction->advance_to_end("group", {"t", 0});
          transaction->put_position(fmt::format("writer {}", w), std::to_string(n));
          last = must(transaction->submit());
          if (n % 7 == 0) must(transaction->wait(last));
        }
        must(transaction->wait(last));
      });
    for (std::int32_t p = 0; p < partitions; ++p)
      threads.emplace_back([&, p] { read_to_end(p % 2 ? *follower : *log, p); });
    std::thread maintenance([&] {
      for (int i = 0; !stop; ++i) {
        must(log->maintain());
        std::string name = fmt::format("topic_{}", i % 3);
        must(log->create_topic(name, {}));
        if (i % 2) must(log->delete_topic(name));
      }
    });
    std::thread asker([&] {
      std::vector<TopicPartition> of;
      for (std::int32_t p = 0; p < partitions; ++p) of.push_back({"t", p});
      std::vector<Offset> from(partitions, Offset(0));
      while (!stop)
        for (Log* each : {static_cast<Log*>(log.get()), static_cast<Log*>(follower.get())}) {
          auto ends = must(each->cut(of, from, 10'000));
          for (Offset end : ends)
            if (end != ends[0]) FAIL("a cut goes through a commit");
          // A partition that retention eats away is read or said to be gone.
          auto range = must(each->offsets({"short", 0}));
          auto read = read_records(*each, {"short", 0}, range.first);
          if (!read && read.error().kind() != ErrorKind::not_found) FAIL(read.error().text());
          (void)each->group_offset("group", {"t", 0});
          (void)each->position("writer 0");
          (void)each->topics();
        }
    });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    maintenance.join();
    asker.join();
    CHECK(log->group_offset("group", {"t", 0}) == Offset(writers * commits));
    for (int w = 0; w < writers; ++w)
      for (int k = 0; k < 5; ++k) {
        auto records = values_of(*log, {"compact", 0});
        CHECK(std::ranges::count_if(
                  records, [&](const std::string& value) { return std::stoi(value) == commits - 5 + k; }) == writers);
      }
    follower.reset();
    log.reset();
    log = open_log(files, options);
    for (std::int32_t p = 0; p < partitions; ++p)
      CHECK(values_of(*log, {"t", p}).size() == static_cast<std::size_t>(writers * commits));
  }
}
