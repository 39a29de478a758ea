#include "log/journal.h"

#include "log/log_directory.h"
#include "log/log_fixture.h"
#include "log/published.h"

using namespace levada;

namespace {

std::vector<Change> one_of_each() {
  SegmentEntry entry{.file_number = 300, .base = Offset(1000), .next = Offset(5000), .bytes = 70'000};
  entry.appended_ms = 1'700'000'000'000;
  entry.compacted = true;
  entry.tombstones_until_ms = 1'700'000'000'001;
  entry.index.add({Offset(2000), 20'000});
  entry.index.add({Offset(3000), 50'000});
  TopicConfig config{.partitions = 64, .compact = true, .retention_ms = -1, .retention_bytes = 1LL << 40};
  config.compression = Compression::zstd;
  return {CountersSet{7, 1ULL << 40, 3},
          TopicCreated{5, "ORDERS", config},
          TopicDeleted{4},
          SegmentOpened{{5, 63}, 301, Offset(INT64_MAX / 2)},
          SegmentExtended{{5, 1}, 301, 123, 456, Offset(789), true, {{Offset(700), 130}, {Offset(750), 400}}},
          SegmentsReplaced{{5, 0}, {1, 2, 3}, {entry}},
          GroupAdvanced{"group", {5, 2}, Offset(0)},
          PositionPut{"source", std::string("\0\xff bytes", 8)},
          HolderBegun{"loop", 12}};
}

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("changes are read as they were written, and no other bytes are") {
    std::vector<Change> changes = one_of_each();
    Buffer bytes;
    put_changes(bytes, changes);
    CHECK(must(parse_changes(bytes.view())) == changes);
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(!parse_changes(bytes.view().substr(0, size)));
    CHECK(!parse_changes(std::string(bytes.view()) + "x"));
    Random random(1);
    for (int i = 0; i < 20'000; ++i) {
      std::string noise(bytes.view());
      for (int j = 0; j < 3; ++j) noise[random.below(noise.size())] = static_cast<char>(random());
      (void)parse_changes(noise);
    }
  }

  // The bytes of a log must stay readable for later versions: this one must never need to be changed.
  TEST_CASE("a change has these bytes") {
    Buffer bytes;
    put_changes(bytes, std::vector<Change>{SegmentExtended{{1, 2}, 3, 4096, 200, Offset(7), true, {{Offset(5), 4096}}},
                                           GroupAdvanced{"g", {1, 2}, Offset(7)}});
    std::string hex;
    for (char c : bytes.view()) hex += "0123456789abcdef"[(c >> 4) & 15], hex += "0123456789abcdef"[c & 15];
    CHECK(hex ==
          "02"
          "05"
          "01"
          "02"
          "03"
          "8020"
          "c801"
          "07"
          "01"
          "01"
          "05"
          "8020"
          "07"
          "0167"
          "01"
          "02"
          "07");
  }

  TEST_CASE("a sparse index stays small and leads close to the offset, from before it") {
    SparseIndex index;
    for (int i = 0; i < 10'000; ++i) index.add({Offset(i * 10), static_cast<std::uint64_t>(i) * 7000});
    CHECK(index.points().size() <= SparseIndex::most_points);
    CHECK(index.points().size() > SparseIndex::most_points / 3);
    for (int offset = 0; offset < 100'000; offset += 17) {
      IndexPoint point = index.find(Offset(offset), {Offset(0), 0});
      CHECK(point.offset <= Offset(offset));
      CHECK(point.position == static_cast<std::uint64_t>(point.offset.value()) / 10 * 7000);
      CHECK(Offset(offset) - point.offset < 100'000 / 16);
    }
  }

  TEST_CASE("a journal is read up to its end, its torn tail, or its damage") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    must(files.create_directories("log"));
    LogDirectory directory(files, "log", 0);
    must(directory.make());
    Journal journal(directory, 1 << 20);
    must(journal.rotate(1, {10, 0, {CountersSet{}}}));
    std::string inline_bytes(5000, 'i');
    std::string_view piece = inline_bytes;
    for (std::uint64_t number = 11; number <= 13; ++number) {
      JournalCommit commit{number, 1000, {PositionPut{"source", std::to_string(number)}}};
      CHECK(journal.prepare(commit, number == 12 ? 5000 : 0) == (number == 12 ? 8192 : 4096));
      must(journal.append(number == 12 ? std::span(&piece, 1) : std::span<std::string_view>()));
    }
    CHECK(journal.place() == JournalPlace{1, 4096 * 5, 13});
    auto read = [&](bool check_inline) {
      auto reader = must(JournalReader::open(files, directory.journal(1), 1));
      std::vector<std::uint64_t> numbers;
      while (auto record = must(reader.next(check_inline))) numbers.push_back(record->commit.number);
      bool later = must(reader.find_later()).has_value();
      if (later) numbers.push_back(0);
      return numbers;
    };
    using Numbers = std::vector<std::uint64_t>;
    CHECK(read(true) == Numbers{10, 11, 12, 13});
    disk.damage(directory.journal(1), 4096 * 4 + 10);  // the last one: as if torn
    CHECK(read(true) == Numbers{10, 11, 12});
    disk.damage(directory.journal(1), 4096 * 4 + 10);
    disk.damage(directory.journal(1), 4096 * 2 + 3000);  // bytes that ride in 12
    CHECK(read(true) == Numbers{10, 11, 0});
    CHECK(read(false) == Numbers{10, 11, 12, 13});
    // As another generation it is empty.
    auto other = must(JournalReader::open(files, directory.journal(1), 2));
    CHECK(!must(other.next(true)));
  }

  TEST_CASE("what is published is read as a whole or not at all") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto file = must(files.open("PUBLISHED", OpenMode::write));
    CHECK(!must(read_published(*file)));
    Published told{{3, 4096, 77}, true};
    must(write_published(*file, told));
    CHECK(must(read_published(*file)) == told);
    for (std::uint64_t at = 0; at < 36; ++at) {
      disk.damage("PUBLISHED", at, 1);
      CHECK(!must(read_published(*file)));
      disk.damage("PUBLISHED", at, 1);
    }
  }
}
