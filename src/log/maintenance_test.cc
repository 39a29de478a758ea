#include "log/maintenance.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "log/batch_filter.h"
#include "log/key_offsets.h"
#include "log/log_fixture.h"

using namespace levada;

namespace {

using Strings = std::vector<std::string>;

const TopicPartition t0{"t", 0};
constexpr std::int64_t hour_us = 3'600'000'000;

struct TestLog {
  explicit TestLog(const TopicConfig& config) {
    options.clock = &clock;
    options.compaction_dirty_ratio = 0;
    log = open_log(files, options);
    must(log->create_topic("t", config));
  }
  void commit(const std::vector<KeyValue>& records, Compression compression = Compression::none) {
    auto transaction = must(log->begin("loop"));
    transaction->append(t0, batch_of(records, compression));
    must(transaction->commit());
  }
  Strings records() { return must(read_records(*log, t0, must(log->offsets(t0)).first)); }
  std::size_t segments() { return must(files.list("log/topics/t-0")).size(); }
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

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("retention by time removes segments written long ago, whatever their records' timestamps") {
    TestLog test({.retention_ms = 3'600'000, .segment_bytes = 150});  // two records to a segment
    for (int i = 0; i < 4; ++i) test.commit({{"k", std::to_string(i)}});
    must(test.log->maintain());
    CHECK(test.records().size() == 4);  // the records are of 1970
    test.clock.advance_us(hour_us + 1'000'000);
    for (int i = 4; i < 7; ++i) test.commit({{"k", std::to_string(i)}});
    must(test.log->maintain());
    CHECK(test.records() == Strings{"4:k=4", "5:k=5", "6:k=6"});
    CHECK(must(test.log->offsets(t0)).first == Offset(4));
    auto gone = read_records(*test.log, t0, Offset(3));
    REQUIRE(!gone);
    CHECK(gone.error().kind() == ErrorKind::not_found);
    CHECK(gone.error().why() == "retention has removed what was below 4");
    CHECK(must(test.files.list("log/spare")).size() == 2);

    // In the end even the last segment goes; offsets go on.
    test.clock.advance_us(2 * hour_us);
    must(test.log->maintain());
    CHECK(test.records().empty());
    CHECK(must(test.log->offsets(t0)).first == Offset(7));
    CHECK(must(test.log->offsets(t0)).end == Offset(7));
    test.reopen();
    CHECK(must(test.log->offsets(t0)).end == Offset(7));
    test.commit({{"k", "7"}});
    test.reopen();
    CHECK(test.records() == Strings{"7:k=7"});
  }

  TEST_CASE("retention by size keeps the newest segments") {
    TestLog test({.retention_ms = -1, .retention_bytes = 300, .segment_bytes = 150});
    for (int i = 0; i < 11; ++i) test.commit({{"k", std::to_string(100 + i)}});
    must(test.log->maintain());
    CHECK(test.records().front() == "6:k=106");
    CHECK(test.records().size() == 5);
    test.clock.advance_us(1000 * hour_us);
    must(test.log->maintain());
    CHECK(test.records().size() == 5);
  }

  TEST_CASE("files of segments that went are used again") {
    TestLog test({.retention_ms = -1, .retention_bytes = 300, .segment_bytes = 150});
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 4; ++i) test.commit({{"k", std::to_string(round)}});
      must(test.log->maintain());
    }
    std::uint64_t largest = 0;
    for (const std::string& path : test.disk.paths())
      if (path.ends_with(".log")) largest = std::max(largest, must(test.files.entry(path)).identity);
    test.reopen();
    for (int i = 0; i < 4; ++i) test.commit({{"k", "more"}});
    // No file was made for them.
    for (const std::string& path : test.disk.paths())
      if (path.ends_with(".log")) CHECK(must(test.files.entry(path)).identity <= largest);
    CHECK(test.records().back().ends_with("k=more"));
  }

  TEST_CASE("compaction keeps the last record of every key, and its offset") {
    for (Compression compression : {Compression::none, Compression::lz4, Compression::zstd}) {
      TestLog test({.compact = true, .segment_bytes = 400});
      std::map<std::string, std::string> newest;
      int n = 0;
      std::string x(50, 'x');
      for (int i = 0; i < 30; ++i) {
        std::vector<KeyValue> batch;
        for (int j = 0; j < 4; ++j, ++n) {
          std::string key = fmt::format("key {}", n * 7 % (n < 60 ? 11 : 5));
          batch.push_back({key, fmt::format("{} {}", n, x)});
          newest[key] = fmt::format("{}:{}={} {}", n, key, n, x);
        }
        test.commit(batch, compression);
      }
      std::size_t before = test.records().size(), segments_before = test.segments();
      must(test.log->maintain());
      Strings after = test.records();
      CHECK(before == 120);
      CHECK(after.size() < 30);
      CHECK(test.segments() < segments_before);
      for (const auto& [key, record] : newest) CHECK(std::ranges::find(after, record) != after.end());
      CHECK(must(test.log->offsets(t0)).first == Offset(0));
      CHECK(must(test.log->offsets(t0)).end == Offset(120));

      // A reader that starts anywhere gets all that is left from there on.
      for (std::int64_t from = 0; from <= 120; ++from) {
        Strings expected;
        for (const std::string& record : after)
          if (std::stoll(record) >= from) expected.push_back(record);
        CHECK(must(read_records(*test.log, t0, Offset(from), 100)) == expected);
      }
      // Again: nothing more to gain, nothing lost. After a restart all is the same.
      must(test.log->maintain());
      CHECK(test.records() == after);
      test.reopen();
      CHECK(test.records() == after);
      for (int i = 0; i < 10; ++i) test.commit({{fmt::format("key {}", i % 3), "later " + x}});
      must(test.log->maintain());
      CHECK(test.records().back().ends_with("key 0=later " + x));
    }
  }

  TEST_CASE("tombstones stay for a while after they were compacted first, then go") {
    TestLog test({.compact = true, .segment_bytes = 200, .delete_retention_ms = 3'600'000});
    test.commit({{"a", "1"}, {"b", "1"}});
    test.commit({{"a", "-"}, {"c", "1"}});
    test.commit({{"d", std::string(150, 'd')}});  // closes what was before
    must(test.log->maintain());
    CHECK(test.records()[0] == "1:b=1");
    CHECK(test.records()[1] == "2:a=-");  // a's value is gone, the tombstone is not
    test.clock.advance_us(hour_us / 2);
    test.commit({{"e", std::string(150, 'e')}});
    must(test.log->maintain());
    CHECK(test.records()[1] == "2:a=-");  // what came meanwhile does not make it younger
    test.clock.advance_us(hour_us / 2 + 1'000'000);
    must(test.log->maintain());
    CHECK(test.records()[0] == "1:b=1");
    CHECK(test.records()[1] == "3:c=1");
    CHECK(must(test.log->offsets(t0)).first == Offset(0));
  }

  TEST_CASE("compaction leaves records without key, and empty ranges, behind") {
    TestLog test({.compact = true, .segment_bytes = 150});
    auto transaction = must(test.log->begin("loop"));
    RecordBatchBuilder builder;
    builder.add(1, {}, Text("no key"));
    transaction->append(t0, builder.finish());
    must(transaction->commit());
    for (int i = 0; i < 20; ++i) test.commit({{"k", std::to_string(i)}});
    must(test.log->maintain());
    Strings records = test.records();
    CHECK(records.front() == "0:=no key");
    CHECK(records.back() == "20:k=19");
    CHECK(records.size() <= 5);
    auto reader = must(test.log->open_reader(t0, Offset(0)));
    while (!must(reader->read(1)).record_batches.empty()) {}
    CHECK(reader->position() == Offset(21));
  }

  TEST_CASE("keys that do not fit into memory are compacted in several rounds") {
    TestLog test({.compact = true, .segment_bytes = 40'000});
    test.log.reset();
    test.options.compaction_key_bytes = 100'000;
    test.log = open_log(test.files, test.options);
    for (int i = 0; i < 20; ++i) {
      std::vector<KeyValue> batch;
      for (int j = 0; j < 1000; ++j) batch.push_back({fmt::format("key {}", (i * 1000 + j) % 6000), std::to_string(i)});
      test.commit(batch);
    }
    for (int round = 0; round < 20; ++round) must(test.log->maintain());
    std::map<std::string, int> seen;
    for (const std::string& record : test.records()) ++seen[record.substr(record.find(':') + 1, 8)];
    CHECK(test.records().size() < 9000);
    CHECK(test.records().size() >= 6000);
  }

  TEST_CASE("a batch filter keeps the bytes of the records that stay") {
    for (Compression compression : {Compression::none, Compression::lz4}) {
      std::vector<KeyValue> records;
      for (int i = 0; i < 100; ++i) records.push_back({std::to_string(i), "the value of record " + std::to_string(i)});
      std::string batch = batch_of(records, compression);
      set_base_offset(batch.data(), Offset(1000));
      BatchFilter filter;
      must(filter.read(batch));
      REQUIRE(filter.records().size() == 100);
      std::vector<bool> keep(100);
      for (std::size_t i = 0; i < 100; i += 3) keep[i] = true;
      Buffer out;
      filter.write(keep, out);
      CHECK(checksum_agrees(out.view()));
      auto header = must(parse_header(out.view()));
      CHECK(header.base_offset == Offset(1000));
      CHECK(header.next_offset() == Offset(1100));
      CHECK(header.record_count == 34);
      CHECK(header.compression() == compression);
      Records left;
      must(left.append(out.view()));
      for (std::size_t i = 0; i < 34; ++i) {
        CHECK(left.all()[i].offset == Offset(static_cast<std::int64_t>(1000 + 3 * i)));
        CHECK(left.all()[i].value.view() == records[3 * i].value);
      }
      stretch(out.data(), Offset(5000));
      CHECK(checksum_agrees(out.view()));
      CHECK(must(parse_header(out.view())).next_offset() == Offset(5000));
    }
    Buffer empty;
    put_empty_batch(empty, Offset(5), Offset(5 + 3'000'000'000));
    auto first = must(parse_header(empty.view()));
    CHECK(empty.size() == 2 * record_batch_header_size);
    CHECK(checksum_agrees(empty.view().substr(0, first.size)));
    CHECK(must(parse_header(empty.view().substr(first.size))).next_offset() == Offset(5 + 3'000'000'000));
    Records none;
    must(none.append(empty.view()));
    CHECK(none.all().empty());
  }

  TEST_CASE("key offsets: the newest one counts, over many keys") {
    KeyOffsets keys;
    for (int i = 0; i < 50'000; ++i) keys.put(std::to_string(i % 20'000), Offset(i));
    for (int i = 0; i < 50'000; ++i) CHECK(keys.superseded(std::to_string(i % 20'000), Offset(i)) == (i < 30'000));
    CHECK(!keys.superseded("none", Offset(0)));
  }
}
