#include "pipeline/retry_topic.h"

#include <doctest/doctest.h>

#include "base/memory_files.h"
#include "log/embedded_log.h"

namespace levada {
namespace {

using What = RetryChange::What;

// One process with the topic "_S-retry".
struct Process {
  explicit Process(MemoryDisk& disk) : files(disk) {
    auto opened = open_embedded_log(files, "/log", {.clock = &clock});
    REQUIRE(opened);
    log = *std::move(opened);
    around = {.log = log.get(), .clock = &clock, .logger = &silent_logger()};
    topic = std::make_unique<RetryTopic>("_S-retry", "S", around);
    REQUIRE(topic->open());
  }

  void add(What what, std::int64_t offset, std::string value = "v") {
    topic->add({.what = what, .partition = {"t", 0}, .offset = Offset(offset), .key = "k"}, Text(value));
  }
  void commit(Offset oldest) {
    auto transaction = log->begin("S").value();
    REQUIRE(topic->append(*transaction, oldest));
    REQUIRE(transaction->commit());
  }

  MemoryFiles files;
  FakeClock clock{1'000'000};
  std::unique_ptr<EmbeddedLog> log;
  PipelineSurroundings around;
  std::unique_ptr<RetryTopic> topic;
};

// "WHAT OFFSET@WHERE FROM", parted by "; ".
std::string text(const Result<std::vector<RetryChange>>& changes) {
  REQUIRE(changes);
  std::string out;
  for (const RetryChange& change : *changes)
    out += (out.empty() ? "" : "; ") + std::string(change.what == What::parked ? "parked" : "gone") + " " +
           std::to_string(change.offset.value()) + "@" + std::to_string(change.at.value()) + " " +
           std::to_string(change.from.value());
  return out;
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("retry topic: it is made by the first change, and a round says where it began") {
    MemoryDisk disk;
    Process process(disk);
    CHECK(process.topic->end() == Offset(0));
    CHECK(text(process.topic->read_queue()).empty());
    CHECK(text(process.topic->read_news()).empty());
    process.commit(Offset(0));  // nothing was added
    CHECK_FALSE(process.log->topic("_S-retry"));

    process.add(What::parked, 5);
    process.add(What::parked, 6);
    CHECK(process.topic->has_added());
    process.commit(process.topic->end());
    CHECK(text(process.topic->read_news()) == "parked 5@0 0; parked 6@1 0");
    CHECK(process.topic->end() == Offset(2));
    process.topic->clear();
    CHECK_FALSE(process.topic->has_added());
    process.add(What::gone, 5);
    process.commit(Offset(1));
    CHECK(text(process.topic->read_news()) == "gone 5@2 2");
    CHECK(text(process.topic->read_news()).empty());
  }

  TEST_CASE("retry topic: opened again it reads from the oldest that waits, and what was only added is gone") {
    MemoryDisk disk;
    {
      Process process(disk);
      process.add(What::parked, 5);
      process.add(What::parked, 6);
      process.commit(Offset(0));
      process.topic->clear();
      REQUIRE(process.topic->read_news());
      process.add(What::gone, 5);
      process.commit(Offset(1));  // 6 waits
      process.topic->clear();
      process.add(What::gone, 6);
      REQUIRE(process.topic->open());
      CHECK_FALSE(process.topic->has_added());
    }
    Process process(disk);
    CHECK(process.topic->end() == Offset(3));
    CHECK(text(process.topic->read_queue()) == "parked 6@1 0; gone 5@2 2");
    CHECK(text(process.topic->read_news()).empty());
  }

  TEST_CASE("retry topic: a large round is many record batches of one transaction, in its order") {
    MemoryDisk disk;
    Process process(disk);
    for (int i = 0; i < 100; ++i) process.add(What::parked, i, std::string(20'000, 'x'));
    process.commit(Offset(0));
    auto changes = process.topic->read_news();
    REQUIRE(changes);
    REQUIRE(changes->size() == 100);
    for (int i = 0; i < 100; ++i) CHECK((*changes)[static_cast<std::size_t>(i)].offset == Offset(i));
  }

  TEST_CASE("retry topic: records that are none of ours are passed over") {
    MemoryDisk disk;
    Process process(disk);
    process.add(What::parked, 5);
    process.commit(Offset(0));
    process.topic->clear();
    RecordBatchBuilder records;
    records.add(0, Text("k"), Text("v"));
    auto transaction = process.log->begin("other").value();
    transaction->append(process.topic->partition(), records.finish());
    REQUIRE(transaction->commit());
    process.add(What::gone, 5);
    process.commit(Offset(0));
    CHECK(text(process.topic->read_news()) == "parked 5@0 0; gone 5@2 0");
    CHECK(process.topic->end() == Offset(3));
  }
}

}  // namespace levada
