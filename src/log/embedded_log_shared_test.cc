// Readers in other processes, beside a living writer and without one.
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "log/log_fixture.h"

using namespace levada;

namespace {

using Strings = std::vector<std::string>;

const TopicPartition t0{"t", 0};

// Runs `before_read` in the middle of a read: after it was decided what to read, before the bytes are taken.
class HookedFiles : public MemoryFiles {
 public:
  using MemoryFiles::MemoryFiles;
  std::function<void()> before_read;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    auto file = LV_TRY(MemoryFiles::open(path, mode));
    if (mode == OpenMode::write || !path.ends_with(".log")) return file;
    return std::make_unique<HookedFile>(*this, std::move(file));
  }

 private:
  class HookedFile : public File {
   public:
    HookedFile(HookedFiles& files, std::unique_ptr<File> file) : files_(files), file_(std::move(file)) {}
    Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const override {
      if (auto hook = std::exchange(files_.before_read, nullptr)) hook();
      return file_->read_at(at, into);
    }
    Result<void> write_at(std::uint64_t at, std::span<const std::string_view> pieces) override {
      return file_->write_at(at, pieces);
    }
    Result<void> sync() override { return file_->sync(); }
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
    std::uint64_t identity() const override { return file_->identity(); }

   private:
    HookedFiles& files_;
    std::unique_ptr<File> file_;
  };
};

void commit(Log& log, const std::string& topic, const Strings& values) {
  auto transaction = must(log.begin("loop"));
  for (const std::string& value : values) {
    transaction->append({topic, 0}, batch_of(value));
    must(transaction->commit());
  }
}
Strings numbered(const std::string& what, int count) {
  Strings values;
  for (int i = 0; i < count; ++i) values.push_back(fmt::format("{} {:03}", what, i));
  return values;
}

// A log whose topic t has one full segment and the beginning of another; with it topic u, empty.
struct RecycleScene {
  RecycleScene() {
    options.clock = &clock;
    writer = open_log(writer_files, options);
    TopicConfig config{.retention_ms = 1000, .segment_bytes = 500};
    must(writer->create_topic("t", config));
    must(writer->create_topic("u", config));
    commit(*writer, "t", numbered("old", 10));
    CHECK(segments("t") == 2);
  }
  std::size_t segments(const std::string& topic) {
    return must(writer_files.list("log/topics/" + topic + "-0")).size();
  }
  // The first segment's file of t now holds the same offsets of u.
  void recycle() {
    clock.advance_us(2'000'000);
    commit(*writer, "t", numbered("new", 1));  // the last one stays
    must(writer->maintain());
    CHECK(must(writer->offsets(t0)).first > Offset(0));
    REQUIRE(must(writer_files.list("log/spare")).size() == 1);
    commit(*writer, "u", numbered("bad", 5));
    REQUIRE(must(writer_files.list("log/spare")).empty());
  }

  FakeClock clock{1'700'000'000'000'000};
  MemoryDisk disk;
  HookedFiles writer_files{disk};
  EmbeddedLogOptions options;
  std::unique_ptr<EmbeddedLog> writer;
};

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("a read-only log follows the writer of another process") {
    MemoryDisk disk;
    MemoryFiles writer_files(disk), reader_files(disk);
    auto writer = open_log(writer_files);
    auto reader = open_log_to_read(reader_files);
    CHECK(reader->topics().empty());
    must(writer->create_topic("t", {}));
    CHECK(reader->topic("t"));
    auto transaction = must(writer->begin("loop"));
    transaction->append(t0, batch_of("1"));
    transaction->advance("group", t0, Offset(7));
    transaction->put_position("source", "here");
    must(transaction->submit());
    must(transaction->commit());
    CHECK(values_of(*reader, t0) == Strings{"1"});
    CHECK(reader->group_offset("group", t0) == Offset(7));
    CHECK(reader->position("source") == "here");
    CHECK(reader->commit_number() == writer->commit_number());

    auto open_reader = must(reader->open_reader(t0, Offset(0)));
    CHECK(!must(open_reader->read(1000)).record_batches.empty());
    CHECK(must(open_reader->read(1000)).record_batches.empty());
    transaction->append(t0, batch_of("2"));
    must(transaction->commit());
    CHECK(!must(open_reader->read(1000)).record_batches.empty());
    CHECK(open_reader->position() == Offset(2));

    CHECK(reader->begin("loop").error().kind() == ErrorKind::refused);
    CHECK(reader->create_topic("x", {}).error().kind() == ErrorKind::refused);
    CHECK(reader->delete_topic("t").error().kind() == ErrorKind::refused);
    must(writer->delete_topic("t"));
    CHECK(!reader->topic("t"));
    CHECK(open_reader->read(1000).error().kind() == ErrorKind::not_found);
    must(writer->create_topic("t", {}));
    CHECK(values_of(*reader, t0).empty());
  }

  TEST_CASE("a read-only log sees nothing that is not durable") {
    MemoryDisk disk;
    MemoryFiles writer_files(disk), reader_files(disk);
    auto writer = open_log(writer_files);
    must(writer->create_topic("t", {}));
    commit(*writer, "t", {"durable"});
    auto reader = open_log_to_read(reader_files);
    auto transaction = must(writer->begin("loop"));
    writer_files.fail_sync_and_lie_at(1);
    transaction->append(t0, batch_of("not durable"));
    CHECK(transaction->commit().error().kind() == ErrorKind::io);
    CHECK(values_of(*reader, t0) == Strings{"durable"});
    MemoryFiles more_files(disk);
    CHECK(values_of(*open_log_to_read(more_files), t0) == Strings{"durable"});

    // Every later call says so, and says what to do.
    transaction->append(t0, batch_of("more"));
    auto refused = transaction->commit();
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::io);
    CHECK(refused.error().remedy().find("restart") != std::string::npos);
    CHECK(writer->create_topic("x", {}).error().kind() == ErrorKind::io);
    CHECK(writer->begin("loop").error().kind() == ErrorKind::io);
    CHECK(writer->offsets(t0).error().kind() == ErrorKind::io);
    CHECK(writer->open_reader(t0, Offset(0)).error().kind() == ErrorKind::io);
  }

  TEST_CASE("a reader that slept while the journal went round finds its way") {
    MemoryDisk disk;
    MemoryFiles writer_files(disk), reader_files(disk);
    EmbeddedLogOptions options;
    options.journal_bytes = 20 << 10;
    auto writer = open_log(writer_files, options);
    must(writer->create_topic("t", {.segment_bytes = 2000}));
    commit(*writer, "t", numbered("a", 3));
    auto reader = open_log_to_read(reader_files);
    auto open_reader = must(reader->open_reader(t0, Offset(3)));
    for (int round = 0; round < 3; ++round) {
      commit(*writer, "t", numbered("b", 40));
      Strings values = values_of(*reader, t0);
      CHECK(values.size() == static_cast<std::size_t>(3 + (round + 1) * 40));
      CHECK(values.back() == "b 039");
      std::size_t records = 0;
      for (Chunk chunk; !(chunk = must(open_reader->read(500))).record_batches.empty();) {
        Records parsed;
        must(parsed.append(chunk.record_batches));
        records += parsed.all().size();
      }
      CHECK(records == 40);
    }
    CHECK(disk.paths().front() == "log/LOCK");
    std::size_t journals = 0;
    for (const std::string& path : disk.paths()) journals += path.find(".journal") != std::string::npos;
    CHECK(journals <= 4);  // they are used again
  }

  TEST_CASE("a reader of another process is never given what a file holds in its next life") {
    RecycleScene scene;
    MemoryFiles reader_files(scene.disk);
    EmbeddedLogOptions options = scene.options;
    auto reader_log = open_log_to_read(reader_files, options);
    auto reader = must(reader_log->open_reader(t0, Offset(0)));
    CHECK(parse_header(must(reader->read(1)).record_batches)->base_offset == Offset(0));
    CHECK(reader->position() < Offset(5));  // it stands in the first segment, with the file open
    scene.recycle();
    auto read = reader->read(1);
    REQUIRE(!read);
    CHECK(read.error().kind() == ErrorKind::not_found);
    reader->seek(must(reader_log->offsets(t0)).first);
    CHECK(must(read_records(*reader_log, t0, reader->position())).back().ends_with("new 000"));
  }

  TEST_CASE("a reader of the writer's process is never given it either, not even in the middle of a read") {
    RecycleScene scene;
    auto reader = must(scene.writer->open_reader(t0, Offset(0)));
    scene.writer_files.before_read = [&] { scene.recycle(); };
    auto read = reader->read(1);
    REQUIRE(!read);
    CHECK(read.error().kind() == ErrorKind::not_found);
    CHECK(!scene.writer_files.before_read);
  }

  TEST_CASE("after a power failure a reader sees all that was acknowledged before any writer comes back") {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      CAPTURE(seed);
      MemoryDisk disk;
      {
        MemoryFiles files(disk);
        auto writer = open_log(files);
        must(writer->create_topic("t", {.segment_bytes = 2000}));
        commit(*writer, "t", numbered("a", 50));
        files.kill();
      }
      disk.crash(seed);
      MemoryFiles reader_files(disk), writer_files(disk);
      auto reader = open_log_to_read(reader_files);
      auto open_reader = must(reader->open_reader(t0, Offset(0)));
      CHECK(values_of(*reader, t0, 300) == numbered("a", 50));
      CHECK(!must(open_reader->read(1)).record_batches.empty());
      auto writer = open_log(writer_files);
      CHECK(values_of(*reader, t0) == numbered("a", 50));
      commit(*writer, "t", {"b"});
      Strings values = values_of(*reader, t0);
      CHECK(values.size() == 51);
      CHECK(values.back() == "b");
      while (open_reader->position() < Offset(51)) CHECK(!must(open_reader->read(1000)).record_batches.empty());
    }
  }

  TEST_CASE("a watcher in another process is woken") {
    MemoryDisk disk;
    MemoryFiles writer_files(disk), reader_files(disk);
    auto writer = open_log(writer_files);
    must(writer->create_topic("t", {}));
    auto reader = open_log_to_read(reader_files);
    Wakeup wakeup;
    reader->watch(wakeup, std::span(&t0, 1));
    commit(*writer, "t", {"1"});
    wakeup.wait();
    CHECK(must(reader->offsets(t0)).end == Offset(1));
    reader->unwatch(wakeup);
  }

  TEST_CASE("two processes on real files: one writes, the other reads along") {
    std::string directory = std::filesystem::temp_directory_path() / fmt::format("levada-log-test-{}", ::getpid());
    std::filesystem::remove_all(directory);
    constexpr int commits = 300;
    // The child is made before there is any thread here.
    pid_t writer = ::fork();
    REQUIRE(writer >= 0);
    if (writer == 0) {
      auto run = [&]() -> Result<void> {
        EmbeddedLogOptions options;
        options.journal_bytes = 100 << 10;
        options.inline_bytes = 5000;
        auto log = LV_TRY(open_embedded_log(real_files(), directory, options));
        LV_TRY(log->create_topic("t", {.partitions = 2, .segment_bytes = 20'000}));
        auto transaction = LV_TRY(log->begin("loop"));
        for (int i = 0; i < commits; ++i) {
          std::string value = fmt::format("{} {}", i, std::string(i % 50 == 0 ? 6000 : 60, '.'));
          for (std::int32_t p : {0, 1}) transaction->append({"t", p}, batch_of(value));
          LV_TRY(transaction->commit());
        }
        ::_exit(0);  // as if killed: nothing is closed
      };
      (void)run();
      ::_exit(1);
    }
    EmbeddedLogOptions options{.access = LogAccess::read_only};
    std::unique_ptr<EmbeddedLog> log;
    while (!log || !log->topic("t")) {
      if (auto opened = open_embedded_log(real_files(), directory, options)) log = *std::move(opened);
      if (::waitpid(writer, nullptr, WNOHANG) == writer) writer = 0;
      if (writer == 0 && log && !log->topic("t")) FAIL("the writer has failed");
    }
    Wakeup wakeup;
    std::vector<TopicPartition> both{{"t", 0}, {"t", 1}};
    log->watch(wakeup, both);
    auto reader = must(log->open_reader(both[0], Offset(0)));
    int next = 0;
    while (next < commits) {
      Chunk chunk = must(reader->read(10'000));
      Records records;
      must(records.append(chunk.record_batches));
      for (const Record& record : records.all()) CHECK(std::stoi(std::string(record.value.view())) == next++);
      // Both partitions of a commit come together.
      std::vector<Offset> from{Offset(0), Offset(0)};
      auto ends = must(log->cut(both, from, SIZE_MAX / 2));
      CHECK(ends[0] == ends[1]);
      if (next < commits && chunk.record_batches.empty()) wakeup.wait_for(std::chrono::seconds(5));
    }
    log->unwatch(wakeup);
    int status = 0;
    if (writer) {
      REQUIRE(::waitpid(writer, &status, 0) == writer);
      CHECK(status == 0);
    }
    // The writer has died without closing: its successor recovers, and the lock says who holds it.
    options.access = LogAccess::write;
    auto successor = must(open_embedded_log(real_files(), directory, options));
    CHECK(values_of(*successor, both[1]).size() == commits);
    auto second = open_embedded_log(real_files(), directory, options);
    REQUIRE(!second);
    CHECK(second.error().why().starts_with(fmt::format("held by pid {} since ", ::getpid())));
    successor.reset();
    CHECK(values_of(*log, both[1]).size() == commits);
    reader.reset();
    log.reset();
    std::filesystem::remove_all(directory);
  }
}
