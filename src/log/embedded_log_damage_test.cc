// Stored bytes that are not the ones that were written: noticed wherever they are, told with evidence, never passed
// over.
#include <fmt/core.h>

#include <map>

#include "log/log_fixture.h"
#include "log/published.h"

using namespace levada;

namespace {

using Strings = std::vector<std::string>;
using Contents = std::map<TopicPartition, Strings>;

EmbeddedLogOptions small_options(const Clock& clock) {
  EmbeddedLogOptions options;
  options.clock = &clock;
  options.journal_bytes = 24 << 10;
  options.inline_bytes = 600;
  options.compaction_dirty_ratio = 0.1;
  options.most_spare_bytes = 0;  // no file is longer than what counts of it
  return options;
}

// Small and large commits over some journal generations, closed segments, compacted ones.
struct WrittenLog {
  explicit WrittenLog(bool closed_well) {
    MemoryFiles files(disk);
    auto log = open_log(files, small_options(clock));
    must(log->create_topic("a", {.partitions = 2, .segment_bytes = 900}));
    must(log->create_topic("compact", {.compact = true, .segment_bytes = 700}));
    auto transaction = must(log->begin("loop"));
    for (int i = 0; i < 24; ++i) {
      transaction->append({"a", i % 2}, batch_of(fmt::format("{}{}", i, std::string(i % 6 == 0 ? 700 : 10, '.'))));
      transaction->append({"compact", 0}, batch_of({{fmt::format("k{}", i % 3), fmt::format("v{}", i)}}));
      transaction->put_position("source", std::to_string(i));
      must(transaction->commit());
      if (i == 16) must(log->maintain());
    }
    expected = contents_of(*log);
    if (!closed_well) files.kill();
  }
  static Contents contents_of(Log& log) {
    Contents contents;
    for (const Topic& topic : log.topics())
      for (std::int32_t p = 0; p < topic.config.partitions; ++p) {
        TopicPartition of{topic.name, p};
        contents[of] = must(read_records(log, of, must(log.offsets(of)).first));
      }
    return contents;
  }

  MemoryDisk disk;
  FakeClock clock{1'700'000'000'000'000};
  Contents expected;
};

// Reads everything: whether something was told to be damaged. Fails if something is wrong that was not told.
bool damage_is_told(Log& log, const WrittenLog& written) {
  bool told = false;
  if (log.topics().size() != 2 || log.position("source") != "23") FAIL("the catalog is wrong");
  for (const auto& [of, expected] : written.expected) {
    auto found = read_records(log, of, Offset(0));
    if (!found) {
      CHECK(found.error().kind() == ErrorKind::damaged);
      CHECK(found.error().where().find("/" + of.topic + "-") != std::string::npos);
      CHECK(!found.error().why().empty());
      told = true;
    } else if (*found != expected) {
      FAIL("wrong records are given for " << of.topic);
    }
  }
  return told;
}

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("a byte that has changed anywhere is noticed or does not matter") {
    for (bool closed_well : {true, false}) {
      WrittenLog written(closed_well);
      std::map<std::string, int> told, harmless;
      for (const std::string& path : written.disk.paths()) {
        CAPTURE(path);
        bool segment = path.ends_with(".log");
        std::size_t size = written.disk.content(path).size();
        for (std::size_t at = 0; at < size; at += segment || size < 100 ? 1 : 1 + at % 29) {
          CAPTURE(at);
          auto mask = static_cast<unsigned char>(at % 3 == 0 ? 0xff : 1 << (at % 8));
          written.disk.damage(path, at, mask);
          MemoryFiles files(written.disk);
          auto options = small_options(written.clock);
          options.access = LogAccess::read_only;
          auto log = open_embedded_log(files, "log", options);
          bool noticed = !log;
          if (log)
            noticed = damage_is_told(**log, written);
          else
            CHECK(log.error().kind() == ErrorKind::damaged);
          ++(noticed ? told : harmless)[segment                                      ? "segment"
                                        : path.find(".journal") != std::string::npos ? "journal"
                                                                                     : "other"];
          written.disk.damage(path, at, mask);
        }
      }
      // After a death the journal still holds what is wrong in some segments.
      if (closed_well) CHECK(harmless["segment"] == 0);
      CHECK(told["segment"] > 2000);
      CHECK(told["journal"] > 50);
      CHECK(told["other"] == 0);
    }
  }

  TEST_CASE("a topic whose bytes are damaged stops, with evidence; the others go on") {
    WrittenLog written(true);
    std::string damaged;
    for (const std::string& path : written.disk.paths())
      if (damaged.empty() && path.find("/a-1/") != std::string::npos) damaged = path;
    written.disk.damage(damaged, 70);
    MemoryFiles files(written.disk);
    auto options = small_options(written.clock);
    auto log = open_log(files, options);
    auto read = read_records(*log, {"a", 1}, Offset(0));
    REQUIRE(!read);
    CHECK(read.error().kind() == ErrorKind::damaged);
    CHECK(read.error().where() == damaged + ", byte 0, offset 0");
    CHECK(read.error().why().starts_with("the checksum stored is "));
    // The whole topic has stopped, also for writers and for maintenance.
    CHECK(read_records(*log, {"a", 0}, Offset(0)).error().kind() == ErrorKind::damaged);
    auto transaction = must(log->begin("loop"));
    transaction->append({"a", 0}, batch_of("x"));
    CHECK(transaction->commit().error().kind() == ErrorKind::damaged);
    written.clock.advance_us(365LL * 86'400 * 1'000'000);
    must(log->maintain());
    CHECK(files.exists(damaged));
    transaction->append({"compact", 0}, batch_of({{"k9", "more"}}));
    must(transaction->commit());
    CHECK(values_of(*log, {"compact", 0}).back() == "more");
  }

  TEST_CASE("a segment file that is cut off or gone is damage, for readers and for the writer") {
    for (bool gone : {false, true})
      for (LogAccess access : {LogAccess::write, LogAccess::read_only}) {
        WrittenLog written(true);
        MemoryFiles files(written.disk);
        std::string last;
        for (const std::string& path : written.disk.paths())
          if (path.find("/a-1/") != std::string::npos) last = path;
        if (gone)
          must(files.remove(last));
        else
          must(must(files.open(last, OpenMode::write))->truncate(50));
        auto options = small_options(written.clock);
        options.access = access;
        auto log = open_log(files, options);
        if (access == LogAccess::write) {
          auto transaction = must(log->begin("loop"));
          transaction->append({"a", 1}, batch_of("x"));
          auto refused = transaction->commit();
          REQUIRE(!refused);
          CHECK(refused.error().kind() == ErrorKind::damaged);
          CHECK(refused.error().where() == last);
        }
        CHECK(read_records(*log, {"a", 1}, Offset(0)).error().kind() == ErrorKind::damaged);
      }
  }

  TEST_CASE("a log of a newer version is refused") {
    WrittenLog written(true);
    std::string journal;
    for (const std::string& path : written.disk.paths())
      if (path.find(".journal") != std::string::npos) journal = path;
    MemoryFiles files(written.disk);
    auto file = must(files.open(journal, OpenMode::write));
    std::string head(64, '\0');
    must(file->read_exactly_at(0, head));
    std::string bytes(64 + load<std::uint32_t>(head.data() + 36), '\0');
    must(file->read_exactly_at(0, bytes));
    store<std::uint32_t>(bytes.data() + 52, 2);
    store(bytes.data() + 4, crc32c(std::string_view(bytes).substr(8)));
    must(file->write_at(0, bytes));
    auto opened = open_embedded_log(files, "log", small_options(written.clock));
    REQUIRE(!opened);
    CHECK(opened.error().kind() == ErrorKind::refused);
  }

  TEST_CASE(
      "the journal of a writer that died: its end is told from damage by what was published, or by what follows") {
    auto place_of = [](MemoryDisk& disk) {
      MemoryFiles files(disk);
      return must(read_published(*must(files.open("log/PUBLISHED", OpenMode::read))))->place;
    };
    auto journal_of = [](const JournalPlace& place) {
      return fmt::format("log/journal/{:020}.journal", place.generation);
    };
    auto open = [](WrittenLog& written) {
      MemoryFiles files(written.disk);
      auto log = open_embedded_log(files, "log", small_options(written.clock));
      if (!log) {
        CHECK(log.error().kind() == ErrorKind::damaged);
        CHECK(log.error().where().find(".journal, byte ") != std::string::npos);
        return std::string("damaged");
      }
      return (*log)->position("source").value();
    };
    auto remove_published = [](WrittenLog& written) {
      MemoryFiles files(written.disk);
      must(files.remove("log/PUBLISHED"));
    };
    for (bool published : {true, false}) {
      WrittenLog last(false), earlier(false), untouched(false);
      JournalPlace place = place_of(last.disk);
      REQUIRE(place.position > 3 * 4096);
      last.disk.damage(journal_of(place), place.position - 4096 + 20);
      earlier.disk.damage(journal_of(place), place.position - 2 * 4096 + 20);
      if (!published)
        for (WrittenLog* each : {&last, &earlier, &untouched}) remove_published(*each);
      CHECK(open(untouched) == "23");
      CHECK(open(earlier) == "damaged");
      // Without the published place a damaged last record looks like one that was never finished.
      CHECK(open(last) == (published ? "damaged" : "22"));
    }
  }
}
