#include "log/embedded_log.h"

#include <thread>

#include "log/log_fixture.h"

using namespace levada;

namespace {

using Strings = std::vector<std::string>;

// A log on a disk of its own, with topic t of `partitions` partitions.
struct TestLog {
  explicit TestLog(std::int32_t partitions = 1, EmbeddedLogOptions with = {}) : options(with) {
    options.clock = &clock;
    log = open_log(files, options);
    TopicConfig config;
    config.partitions = partitions;
    config.segment_bytes = 1000;
    must(log->create_topic("t", config));
  }
  void reopen() {
    log.reset();
    log = open_log(files, options);
  }

  FakeClock clock{1'700'000'000'000'000};
  MemoryDisk disk;
  MemoryFiles files{disk};
  EmbeddedLogOptions options;
  std::unique_ptr<EmbeddedLog> log;
};

const TopicPartition t0{"t", 0}, t1{"t", 1};

// Twenty commits, each of one record batch to t0 and so many to t1. Returns the record batch.
std::string commit_to_both(TestLog& test, int to_t1) {
  auto transaction = must(test.log->begin("loop"));
  std::string batch = batch_of(std::string(100, 'x'));
  for (int i = 0; i < 20; ++i) {
    transaction->append(t0, batch);
    for (int n = 0; n < to_t1; ++n) transaction->append(t1, batch);
    must(transaction->commit());
  }
  return batch;
}

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("a transaction's records, offsets and positions are seen together, after the commit") {
    TestLog test(2);
    Log& log = *test.log;
    auto transaction = must(log.begin("loop"));
    std::uint64_t number = log.commit_number();
    transaction->append(t0, batch_of({{"a", "1"}, {"b", "2"}}));
    transaction->append(t1, batch_of({{"c", "3"}}));
    transaction->advance("group", t1, Offset(1));
    transaction->put_position("source", "here");
    CHECK(!transaction->empty());
    CHECK(values_of(log, t0).empty());
    CHECK(!log.group_offset("group", t1));
    CHECK(log.commit_number() == number);

    must(transaction->commit());
    CHECK(transaction->empty());
    CHECK(must(read_records(log, t0, Offset(0))) == Strings{"0:a=1", "1:b=2"});
    CHECK(must(read_records(log, t1, Offset(0))) == Strings{"0:c=3"});
    CHECK(log.group_offset("group", t1) == Offset(1));
    CHECK(!log.group_offset("group", t0));
    CHECK(!log.group_offset("other", t1));
    CHECK(log.position("source") == "here");
    CHECK(!log.position("other"));
    CHECK(log.commit_number() > number);

    transaction->append(t0, batch_of("dropped"));
    transaction->put_position("source", "nowhere");
    transaction->abort();
    CHECK(transaction->empty());
    must(transaction->commit());
    CHECK(values_of(log, t0) == Strings{"1", "2"});
    CHECK(log.position("source") == "here");
  }

  TEST_CASE("everything is there again after a restart") {
    TestLog test(3);
    auto transaction = must(test.log->begin("loop"));
    for (int i = 0; i < 100; ++i) {  // several segments
      transaction->append({"t", i % 3}, batch_of("value " + std::to_string(i)));
      transaction->advance("group", t0, Offset(i));
      if (i % 10 == 0) transaction->put_position("source", std::to_string(i));
      must(transaction->commit());
    }
    std::vector<Strings> before;
    for (std::int32_t p = 0; p < 3; ++p) before.push_back(values_of(*test.log, {"t", p}));
    std::uint64_t number = test.log->commit_number();
    transaction.reset();
    for (int round = 0; round < 3; ++round) {
      test.reopen();
      for (std::int32_t p = 0; p < 3; ++p) CHECK(values_of(*test.log, {"t", p}) == before[static_cast<std::size_t>(p)]);
      CHECK(before[0].size() == 34);
      CHECK(test.log->group_offset("group", t0) == Offset(99));
      CHECK(test.log->position("source") == "90");
      CHECK(test.log->commit_number() == number);
      CHECK(test.log->topic("t")->config.segment_bytes == 1000);
    }
    transaction = must(test.log->begin("loop"));
    transaction->append(t0, batch_of("more"));
    must(transaction->commit());
    CHECK(values_of(*test.log, t0).size() == 35);
    CHECK(values_of(*test.log, t0).back() == "more");
  }

  TEST_CASE("a reader goes from segment to segment, seeks, and stops at its limit") {
    TestLog test;
    auto transaction = must(test.log->begin("loop"));
    for (int i = 0; i < 50; ++i) {
      transaction->append(t0, batch_of({{"k", std::to_string(2 * i)}, {"k", std::to_string(2 * i + 1)}}));
      must(transaction->commit());
    }
    CHECK(must(test.log->offsets(t0)).first == Offset(0));
    CHECK(must(test.log->offsets(t0)).end == Offset(100));
    for (std::size_t max_bytes : {1, 100, 300, 5000}) {
      Strings values = values_of(*test.log, t0, max_bytes);
      REQUIRE(values.size() == 100);
      for (int i = 0; i < 100; ++i) CHECK(values[static_cast<std::size_t>(i)] == std::to_string(i));
    }
    for (int from = 0; from < 100; ++from) {
      auto records = must(read_records(*test.log, t0, Offset(from)));
      REQUIRE(records.size() == static_cast<std::size_t>(100 - from));
      CHECK(records[0] == std::to_string(from) + ":k=" + std::to_string(from));
    }
    auto reader = must(test.log->open_reader(t0, Offset(30)));
    std::size_t records = 0;
    for (;;) {
      Chunk chunk = must(reader->read(150, Offset(60)));
      if (chunk.record_batches.empty()) break;
      for (std::string_view left = chunk.record_batches; !left.empty();) {
        auto header = must(parse_header(left));
        CHECK(header.base_offset < Offset(60));
        records += static_cast<std::size_t>(header.record_count);
        left.remove_prefix(header.size);
      }
    }
    CHECK(records == 30);
    CHECK(reader->position() == Offset(60));
    reader->seek(Offset(99));
    CHECK(parse_header(must(reader->read(1)).record_batches)->base_offset == Offset(98));
    CHECK(reader->position() == Offset(100));
    CHECK(must(reader->read(1)).record_batches.empty());
  }

  TEST_CASE("compressed batches are stored as they are and read back") {
    TestLog test;
    auto transaction = must(test.log->begin("loop"));
    std::vector<KeyValue> records;
    for (int i = 0; i < 200; ++i) records.push_back({"key", "the same value again and again"});
    for (Compression compression : {Compression::lz4, Compression::zstd})
      transaction->append(t0, batch_of(records, compression));
    must(transaction->commit());
    CHECK(values_of(*test.log, t0).size() == 400);
    CHECK(values_of(*test.log, t0).back() == records[0].value);
  }

  TEST_CASE("a newer holder of a transactional id fences the older one, also over a restart") {
    TestLog test;
    auto old = must(test.log->begin("loop"));
    old->append(t0, batch_of("old 1"));
    must(old->commit());
    auto other = must(test.log->begin("other loop"));
    auto young = must(test.log->begin("loop"));
    old->append(t0, batch_of("old 2"));
    auto fenced = old->commit();
    REQUIRE(!fenced);
    CHECK(fenced.error().kind() == ErrorKind::fenced);
    CHECK(old->commit().error().kind() == ErrorKind::fenced);
    young->append(t0, batch_of("young"));
    must(young->commit());
    other->append(t0, batch_of("other"));
    must(other->commit());
    CHECK(values_of(*test.log, t0) == Strings{"old 1", "young", "other"});
  }

  TEST_CASE("submitted transactions are settled in order, many at once") {
    TestLog test(2);
    auto transaction = must(test.log->begin("loop"));
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 50; ++i) {
      transaction->append({"t", i % 2}, batch_of(std::to_string(i)));
      transaction->advance_to_end("fused", {"t", i % 2});
      numbers.push_back(must(transaction->submit()));
      CHECK(transaction->empty());
    }
    must(transaction->wait(numbers[20]));
    CHECK(transaction->settled(numbers[0]));
    CHECK(transaction->settled(numbers[20]));
    must(transaction->wait(numbers[49]));
    must(transaction->wait(numbers[3]));  // again is allowed
    Strings even, odd;
    for (int i = 0; i < 50; ++i) (i % 2 ? odd : even).push_back(std::to_string(i));
    CHECK(values_of(*test.log, t0) == even);
    CHECK(values_of(*test.log, t1) == odd);
    CHECK(test.log->group_offset("fused", t0) == Offset(25));
    CHECK(test.log->group_offset("fused", t1) == Offset(25));
  }

  TEST_CASE("topics: made once, kept, refused with another count, deleted for good") {
    TestLog test;
    TopicConfig two{.partitions = 2};
    must(test.log->create_topic("b", two));
    must(test.log->create_topic("_internal", {}));
    must(test.log->create_topic("b", two));
    auto refused = test.log->create_topic("b", {.partitions = 3});
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    for (const char* name : {"", "..", "a/b", "ä", "a b"})
      CHECK(test.log->create_topic(name, {}).error().kind() == ErrorKind::usage);
    CHECK(!test.log->create_topic("none", {.partitions = 0}));

    auto transaction = must(test.log->begin("loop"));
    transaction->append({"b", 1}, batch_of("gone"));
    transaction->advance("group", {"b", 1}, Offset(1));
    must(transaction->commit());
    auto reader = must(test.log->open_reader({"b", 1}, Offset(0)));
    must(test.log->delete_topic("b"));
    CHECK(test.log->delete_topic("b").error().kind() == ErrorKind::not_found);
    CHECK(!test.log->topic("b"));
    CHECK(!test.log->group_offset("group", {"b", 1}));
    CHECK(reader->read(1000).error().kind() == ErrorKind::not_found);
    CHECK(test.log->open_reader({"b", 1}, Offset(0)).error().kind() == ErrorKind::not_found);
    transaction->append({"b", 1}, batch_of("x"));
    CHECK(transaction->commit().error().kind() == ErrorKind::not_found);

    must(test.log->create_topic("b", two));  // a new one: empty, and written to by the same transaction
    CHECK(values_of(*test.log, {"b", 1}).empty());
    transaction->append({"b", 1}, batch_of("new"));
    must(transaction->commit());
    transaction.reset();
    reader.reset();
    test.reopen();
    Strings names;
    for (const Topic& topic : test.log->topics()) names.push_back(topic.name);
    CHECK(names == Strings{"_internal", "b", "t"});
    CHECK(values_of(*test.log, {"b", 1}) == Strings{"new"});
    must(test.log->maintain());
  }

  TEST_CASE("a transaction for a partition that is not there says so and leaves nothing behind") {
    TestLog test;
    auto transaction = must(test.log->begin("loop"));
    transaction->append(t0, batch_of("lost with it"));
    transaction->append({"t", 7}, batch_of("x"));
    auto refused = transaction->commit();
    REQUIRE(!refused);
    CHECK(refused.error().what() == "there is no partition t-7 in the log");
    transaction->append(t0, batch_of("fine"));
    must(transaction->commit());
    CHECK(values_of(*test.log, t0) == Strings{"fine"});
  }

  TEST_CASE("a watcher is woken when one of its partitions grows") {
    TestLog test(2);
    auto transaction = must(test.log->begin("loop"));
    Wakeup wakeup;
    test.log->watch(wakeup, std::span(&t1, 1));
    transaction->append(t0, batch_of("not mine"));
    must(transaction->commit());
    CHECK(!wakeup.wait_for(std::chrono::microseconds(0)));
    transaction->append(t1, batch_of("mine"));
    must(transaction->commit());
    CHECK(wakeup.wait_for(std::chrono::microseconds(0)));
    test.log->unwatch(wakeup);
    transaction->append(t1, batch_of("not any more"));
    must(transaction->commit());
    CHECK(!wakeup.wait_for(std::chrono::microseconds(0)));
  }

  TEST_CASE("a cut lies between commits, near the bytes asked for") {
    TestLog test(2);
    const std::string batch = commit_to_both(test, 2);
    std::vector<TopicPartition> of{t0, t1};
    auto cut = [&](std::int64_t a, std::int64_t b, std::size_t max_bytes) {
      std::vector<Offset> from{Offset(a), Offset(b)};
      auto ends = must(test.log->cut(of, from, max_bytes));
      CHECK(ends[1].value() == 2 * ends[0].value());  // whole commits only
      return ends[0].value();
    };
    CHECK(cut(0, 0, SIZE_MAX / 2) == 20);
    CHECK(cut(0, 0, 1) == 1);
    CHECK(cut(0, 0, 3 * batch.size()) == 1);
    CHECK(cut(0, 0, 9 * batch.size()) == 3);
    CHECK(cut(5, 10, 7 * batch.size()) == 7);
    CHECK(cut(5, 11, 1) == 6);
    CHECK(cut(20, 40, 1) == 20);
    std::vector<Offset> from{Offset(0)};
    CHECK(!test.log->cut(std::vector<TopicPartition>{{"none", 0}}, from, 1));

    // After a restart the commits since the journal's checkpoint are still told apart.
    test.reopen();
    CHECK(cut(0, 0, 1) == 1);
  }

  TEST_CASE("a cut never goes back, also where one partition is begun later than another") {
    TestLog test(2);
    const std::string batch = commit_to_both(test, 1);
    std::vector<TopicPartition> of{t0, t1};
    auto cut = [&](std::int64_t a, std::int64_t b, std::size_t max_bytes) {
      std::vector<Offset> from{Offset(a), Offset(b)};
      auto ends = must(test.log->cut(of, from, max_bytes));
      return std::pair(ends[0].value(), ends[1].value());
    };
    CHECK(cut(15, 0, 1) == std::pair<std::int64_t, std::int64_t>(15, 1));
    CHECK(cut(15, 0, 4 * batch.size()) == std::pair<std::int64_t, std::int64_t>(15, 4));
    CHECK(cut(15, 14, 3 * batch.size()) == std::pair<std::int64_t, std::int64_t>(16, 16));
    CHECK(cut(15, 20, 1) == std::pair<std::int64_t, std::int64_t>(16, 20));
    CHECK(cut(15, 0, SIZE_MAX / 2) == std::pair<std::int64_t, std::int64_t>(20, 20));
  }

  TEST_CASE("a second writer is refused and told who the first is") {
    TestLog test;
    MemoryFiles other(test.disk);
    auto second = open_embedded_log(other, "log", test.options);
    REQUIRE(!second);
    CHECK(second.error().kind() == ErrorKind::refused);
    CHECK(second.error().why().starts_with("held by pid "));
    CHECK(second.error().why().ends_with("since 2023-11-14 22:13:20 UTC"));
    test.log.reset();
    CHECK(open_embedded_log(other, "log", test.options));
  }

  TEST_CASE("a log that is not there, or not whole, is not made up") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    EmbeddedLogOptions options{.access = LogAccess::read_only};
    CHECK(open_embedded_log(files, "log", options).error().kind() == ErrorKind::not_found);

    TestLog test;
    auto transaction = must(test.log->begin("loop"));
    transaction->append(t0, batch_of("x"));
    must(transaction->commit());
    transaction.reset();
    test.log.reset();
    for (const std::string& path : test.disk.paths())
      if (path.find(".journal") != std::string::npos) must(test.files.remove(path));
    auto opened = open_embedded_log(test.files, "log", test.options);
    REQUIRE(!opened);
    CHECK(opened.error().kind() == ErrorKind::damaged);
    CHECK(opened.error().what() == "the journal of the log is missing");
  }

  TEST_CASE("a full disk refuses what does not fit, all that comes behind it, and nothing once there is room") {
    EmbeddedLogOptions options;
    options.inline_bytes = 1000;
    for (std::size_t size : {100, 5000}) {  // in the journal, in a segment
      TestLog test(2, options);
      auto transaction = must(test.log->begin("loop")), other = must(test.log->begin("other"));
      Strings expected;
      auto fill = [&](Transaction& to, int n) {
        to.append({"t", n % 2}, batch_of(std::to_string(n) + std::string(size, '.')));
        to.put_position("source", std::to_string(n));
      };
      fill(*transaction, 0);
      must(transaction->commit());
      test.disk.set_capacity(test.disk.used() + 2 * size);
      int n = 0;
      Result<void> done;
      while (done) {  // until the journal's reserve is used up too
        REQUIRE(++n < 10'000);
        fill(*transaction, n);
        done = transaction->commit();
      }
      CHECK(done.error().kind() == ErrorKind::disk_full);
      CHECK(done.error().remedy().starts_with("Make room on the disk"));
      std::vector<std::uint64_t> numbers;
      for (int i = 0; i < 3; ++i) {
        fill(*transaction, 100'000);
        numbers.push_back(must(transaction->submit()));
      }
      CHECK(transaction->wait(numbers[0]).error().kind() == ErrorKind::disk_full);
      // What was submitted before the failure was known must not overtake it, even if there is room now.
      test.disk.set_capacity(UINT64_MAX);
      CHECK(transaction->wait(numbers[2]).error().kind() == ErrorKind::disk_full);
      CHECK(transaction->wait(numbers[1]).error().kind() == ErrorKind::disk_full);
      CHECK(test.log->position("source") == std::to_string(n - 1));
      fill(*other, 200'000);
      must(other->commit());
      fill(*transaction, 300'000);
      must(transaction->commit());
      CHECK(must(test.log->offsets(t0)).end - Offset(0) + (must(test.log->offsets(t1)).end - Offset(0)) == n + 2);
      CHECK(values_of(*test.log, t0).size() + values_of(*test.log, t1).size() == static_cast<std::size_t>(n + 2));
      transaction.reset();
      other.reset();
      test.reopen();
      CHECK(values_of(*test.log, t0).size() + values_of(*test.log, t1).size() == static_cast<std::size_t>(n + 2));
    }
  }

  TEST_CASE("a log that was closed well is opened with few calls, and writes nothing but where it was published") {
    TestLog test;
    auto transaction = must(test.log->begin("loop"));
    for (int i = 0; i < 500; ++i) {
      transaction->append(t0, batch_of(std::to_string(i)));
      must(transaction->commit());
    }
    transaction.reset();
    test.log.reset();
    MemoryFiles files(test.disk);
    auto log = open_log(files, test.options);
    CHECK(files.calls(file_calls::changing) <= 2);
    CHECK(files.calls(file_calls::all) < 20);
  }
}
