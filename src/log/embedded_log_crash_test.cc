// What is left of a log after a crash: for every call that changes the disk, the power goes at that call, what was not
// synced is kept, dropped, torn or reordered, and the log is opened again. What was acknowledged is there; what was not
// is there as a whole or not at all.
#include <fmt/core.h>

#include <map>
#include <set>

#include "log/log_fixture.h"
#include "tests/every_call.h"

using namespace levada;

namespace {

using Strings = std::vector<std::string>;

constexpr std::int64_t hour_us = 3'600'000'000;

EmbeddedLogOptions small_options(const Clock& clock) {
  EmbeddedLogOptions options;
  options.clock = &clock;
  options.journal_bytes = 40 << 10;
  options.inline_bytes = 2000;
  options.most_spare_bytes = 20'000;
  options.compaction_dirty_ratio = 0.1;
  return options;
}

// What the commits of the scenario put where, and what is known of how they went.
struct Story {
  int submitted = 0;     // commits 1 to this were tried
  int acknowledged = 0;  // the last one told to be durable
  std::set<int> refused;
  bool stopped = false;  // an error that was not disk_full came
  bool created = false, creating = false, deleted = false, deleting = false;

  static std::string value(int n) {
    return fmt::format("{}{}", n, std::string(n % 5 == 0 ? 3000 : static_cast<std::size_t>(n * 13 % 90), '.'));
  }
  static std::string key(int n) { return fmt::format("key {}", n % 4); }
  static bool tombstone(int n) { return n % 7 == 0; }

  static void fill(Transaction& transaction, int n) {
    transaction.append({"a", n % 3}, batch_of(value(n)));
    transaction.append({"a", (n + 1) % 3}, batch_of({{"k", value(n)}, {"k", value(n)}}));
    transaction.append({"compact", 0}, batch_of({{key(n), tombstone(n) ? "-" : value(n)}}));
    transaction.append({"short", 0}, batch_of(value(n)));
    transaction.advance("group", {"a", 0}, Offset(n));
    transaction.put_position("source", std::to_string(n));
  }

  // The commits that must be there if `last` is the newest one that is.
  std::vector<int> present(int last) const {
    std::vector<int> numbers;
    for (int n = 1; n <= last; ++n)
      if (!refused.contains(n)) numbers.push_back(n);
    return numbers;
  }
};

// One life of a process: opens the log, makes its topics, commits, maintains, deletes, closes. Stops at the first
// error, but goes on after disk_full.
class Scenario {
 public:
  Scenario(Files& files, FakeClock& clock, Story& story) : files_(files), clock_(clock), story_(story) {}

  void run() {
    if (!open()) return;
    TopicConfig compact{.compact = true, .segment_bytes = 1500, .delete_retention_ms = 3'600'000};
    if (!create("a", {.partitions = 3, .segment_bytes = 6000}) || !create("compact", compact) ||
        !create("short", {.retention_ms = 1'000, .segment_bytes = 2000}))
      return;
    if (!begin()) return;
    for (int i = 0; i < 12; ++i)
      if (!commit()) return;
    if (!submit_some(4)) return;
    clock_.advance_us(hour_us);
    if (!step(log_->maintain())) return;
    for (int i = 0; i < 8; ++i)
      if (!commit()) return;
    story_.creating = true;
    if (!create("late", {})) return;
    story_.created = true;
    transaction_.reset();
    log_.reset();

    if (!open() || !begin()) return;
    for (int i = 0; i < 10; ++i)
      if (!commit()) return;
    clock_.advance_us(2 * hour_us);
    if (!step(log_->maintain())) return;
    story_.deleting = true;
    while (!story_.deleted) {
      auto done = log_->delete_topic("late");
      if (!done && !stop(done.error())) return;
      story_.deleted = done.has_value();
    }
    for (int i = 0; i < 6; ++i)
      if (!commit()) return;
    if (!step(log_->maintain())) return;
    if (!submit_some(5)) return;
    transaction_.reset();
    log_.reset();
  }

 private:
  bool open() {
    auto options = small_options(clock_);
    options.maintenance_interval_ms = 0;
    for (;;) {
      auto log = open_embedded_log(files_, "log", options);
      if (log) {
        log_ = *std::move(log);
        return true;
      }
      if (!stop(log.error())) return false;
    }
  }
  bool begin() {
    for (;;) {
      auto transaction = log_->begin("loop");
      if (transaction) {
        transaction_ = *std::move(transaction);
        return true;
      }
      if (!stop(transaction.error())) return false;
    }
  }
  // False if the life ends here. disk_full passes: the test makes room.
  bool stop(const Error& error) {
    if (error.kind() == ErrorKind::disk_full && ++full_ < 50) return true;
    story_.stopped = true;
    INFO(error.text());
    CHECK((error.kind() == ErrorKind::io || error.kind() == ErrorKind::disk_full));
    return false;
  }
  bool step(const Result<void>& done) { return done || stop(done.error()); }
  bool create(const char* name, const TopicConfig& config) {
    for (;;) {
      auto done = log_->create_topic(name, config);
      if (done) return true;
      if (!stop(done.error())) return false;
    }
  }
  bool commit() {
    int n = ++story_.submitted;
    Story::fill(*transaction_, n);
    return settle(n, transaction_->commit());
  }
  bool settle(int n, const Result<void>& done) {
    if (done) {
      story_.acknowledged = n;
      return true;
    }
    if (done.error().kind() == ErrorKind::disk_full) story_.refused.insert(n);
    return stop(done.error());
  }
  bool submit_some(int count) {
    std::map<int, std::uint64_t> numbers;
    for (int i = 0; i < count; ++i) {
      int n = ++story_.submitted;
      Story::fill(*transaction_, n);
      auto number = transaction_->submit();
      if (!number) return stop(number.error());
      numbers[n] = *number;
    }
    for (auto [n, number] : numbers)
      if (!settle(n, transaction_->wait(number))) return false;
    return true;
  }

  Files& files_;
  FakeClock& clock_;
  Story& story_;
  std::unique_ptr<EmbeddedLog> log_;
  std::unique_ptr<Transaction> transaction_;
  int full_ = 0;
};

// Reads all that the log holds and compares it with the story. Returns the newest commit that is there.
int compare(Log& log, const Story& story) {
  int last = std::stoi(log.position("source").value_or("0"));
  CHECK(last >= story.acknowledged);
  CHECK(last <= story.submitted);
  CHECK(!story.refused.contains(last));
  std::vector<int> present = story.present(last);
  if (!log.topic("a")) {
    CHECK(last == 0);
    return 0;
  }
  if (last > 0) CHECK(log.group_offset("group", {"a", 0}) == Offset(last));
  for (std::int32_t p = 0; p < 3; ++p) {
    Strings expected;
    for (int n : present) {
      if (n % 3 == p) expected.push_back(Story::value(n));
      if ((n + 1) % 3 == p) expected.insert(expected.end(), 2, Story::value(n));
    }
    Strings found = values_of(log, {"a", p});
    if (found != expected) FAIL(fmt::format("a-{}: {} values, expected {}", p, found.size(), expected.size()));
  }

  // What retention and compaction have left: records at their offsets, in order; of a compacted topic the last one of
  // every key, if it is no tombstone.
  if (log.topic("short")) {
    auto found = must(read_records(log, {"short", 0}, must(log.offsets({"short", 0})).first));
    std::size_t removed = present.size() - std::min(present.size(), found.size());
    REQUIRE(found.size() + removed == present.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK(found[i] == fmt::format("{}:k={}", removed + i, Story::value(present[removed + i])));
  }
  if (log.topic("compact")) {
    std::map<std::string, std::string> newest;
    Strings all;
    for (int n : present) {
      newest[Story::key(n)] = Story::tombstone(n) ? "-" : Story::value(n);
      all.push_back(fmt::format("{}:{}={}", all.size(), Story::key(n), newest[Story::key(n)]));
    }
    std::map<std::string, std::string> found;
    Offset before(-1);
    CHECK(must(log.offsets({"compact", 0})).end == Offset(static_cast<std::int64_t>(all.size())));
    for (const std::string& record : must(read_records(log, {"compact", 0}, Offset(0)))) {
      Offset offset(std::stoll(record));
      CHECK(offset > before);
      before = offset;
      REQUIRE(offset.value() < static_cast<std::int64_t>(all.size()));
      CHECK(record == all[static_cast<std::size_t>(offset.value())]);
      std::size_t colon = record.find(':'), equals = record.find('=');
      found[record.substr(colon + 1, equals - colon - 1)] = record.substr(equals + 1);
    }
    for (const auto& [key, value] : newest)
      if (value == "-") {
        CHECK((!found.contains(key) || found[key] == "-"));
      } else {
        CHECK(found[key] == value);
      }
  }
  bool late = log.topic("late").has_value();
  if (late) CHECK((story.creating && !story.deleted));
  if (!late) CHECK((!story.created || story.deleting));
  return last;
}

// The next life: a reader before any writer comes, then the writer, then one more commit.
void check_recovery(MemoryDisk& disk, FakeClock& clock, Story story) {
  auto options = small_options(clock);
  int read = 0;
  {
    MemoryFiles files(disk);
    options.access = LogAccess::read_only;
    auto log = open_embedded_log(files, "log", options);
    if (log)
      read = compare(**log, story);
    else if (log.error().kind() != ErrorKind::not_found || story.acknowledged > 0)
      FAIL(log.error().text());
    options.access = LogAccess::write;
  }
  MemoryFiles files(disk);
  auto log = open_log(files, options);
  CHECK(compare(*log, story) == read);
  // What is not acknowledged is now decided: what comes next goes behind it.
  for (int n = read + 1; n <= story.submitted; ++n) story.refused.insert(n);
  story.acknowledged = read;
  auto transaction = must(log->begin("loop"));
  if (!log->topic("a")) must(log->create_topic("a", {.partitions = 3, .segment_bytes = 6000}));
  for (const char* name : {"compact", "short"})
    if (!log->topic(name)) must(log->create_topic(name, {}));
  Story::fill(*transaction, ++story.submitted);
  must(transaction->commit());
  story.acknowledged = story.submitted;
  compare(*log, story);
  transaction.reset();
  log.reset();
  log = open_log(files, options);
  compare(*log, story);
}

std::uint64_t count_calls() {
  MemoryDisk disk;
  MemoryFiles files(disk);
  FakeClock clock(1'700'000'000'000'000);
  Story story;
  Scenario(files, clock, story).run();
  REQUIRE(!story.stopped);
  REQUIRE(story.acknowledged == 45);
  check_recovery(disk, clock, story);
  return files.calls();
}

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("a crash at any call loses nothing that was acknowledged and splits no commit") {
    std::uint64_t calls = count_calls();
    CHECK(calls > 300);
    for (std::uint64_t n = 1; n <= calls + 5; n += every_call)
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        CAPTURE(n);
        CAPTURE(seed);
        MemoryDisk disk;
        FakeClock clock(1'700'000'000'000'000);
        Story story;
        {
          MemoryFiles files(disk);
          files.crash_at(n);
          Scenario(files, clock, story).run();
        }
        disk.crash(n * 3 + seed);
        // Every other time the power goes again while the log is being recovered.
        if (seed == 1) {
          MemoryFiles files(disk);
          files.crash_at(1 + n % 23);
          (void)open_embedded_log(files, "log", small_options(clock));
          disk.crash(n);
        }
        check_recovery(disk, clock, story);
      }
  }

  TEST_CASE("a process that is killed loses nothing that was acknowledged") {
    std::uint64_t calls = count_calls();
    for (std::uint64_t n = 1; n <= calls; n += 3 * every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      FakeClock clock(1'700'000'000'000'000);
      Story story;
      MemoryFiles files(disk);
      files.crash_at(n);
      Scenario(files, clock, story).run();
      check_recovery(disk, clock, story);  // the disk has not noticed
    }
  }

  TEST_CASE("a disk that is full at any call refuses the commit as a whole, and the next one works") {
    std::uint64_t calls = count_calls();
    unsigned kinds = file_calls::write | file_calls::make;
    for (std::uint64_t n = 1; n <= calls; n += every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      MemoryFiles files(disk);
      FakeClock clock(1'700'000'000'000'000);
      Story story;
      files.fail_at(n, kinds, ErrorKind::disk_full);
      Scenario(files, clock, story).run();
      if (files.calls(kinds) < n) break;
      CHECK((!story.stopped || story.submitted == 0));  // only the opening may fail for good
      if (n % 2) disk.crash(n);
      check_recovery(disk, clock, story);
    }
  }

  TEST_CASE("any call that fails for good stops the log, and what was acknowledged is there after a restart") {
    std::uint64_t calls = count_calls();
    for (std::uint64_t n = 1; n <= calls; n += every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      FakeClock clock(1'700'000'000'000'000);
      Story story;
      {
        MemoryFiles files(disk);
        files.fail_at(n, file_calls::changing, ErrorKind::io);
        Scenario(files, clock, story).run();
      }
      disk.crash(n);
      check_recovery(disk, clock, story);
    }
  }

  TEST_CASE("a sync that fails stops the log although later ones would say that all is well") {
    for (std::uint64_t n = 1;; ++n) {
      CAPTURE(n);
      MemoryDisk disk;
      FakeClock clock(1'700'000'000'000'000);
      Story story;
      std::uint64_t syncs = 0;
      {
        MemoryFiles files(disk);
        files.fail_sync_and_lie_at(n);
        Scenario(files, clock, story).run();
        syncs = files.calls(file_calls::sync);
      }
      if (syncs < n) break;
      disk.crash(n);
      check_recovery(disk, clock, story);
    }
  }
}
