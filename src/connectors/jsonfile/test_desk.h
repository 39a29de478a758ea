// The desk on which tests of the jsonfile sink work: a directory on a fake disk, and a log of few records that is
// delivered in rounds, from wherever the sink says that it is.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_files.h"
#include "connectors/jsonfile/file_name.h"
#include "connectors/jsonfile/sink.h"

namespace levada::jsonfile_test {

using Strings = std::vector<std::string>;

struct Row {
  std::int64_t offset;
  std::int32_t id;
  std::optional<std::string> name;  // nullopt: a deletion
};

inline const SchemaRef people =
    std::make_shared<Schema>(Schema{.key = {{"ID", TypeKind::int32}}, .value = {{"NAME", TypeKind::string}}});

inline Batch batch_of(const TopicPartition& partition, const std::vector<Row>& rows) {
  auto id = std::make_shared<Column>(TypeKind::int32), name = std::make_shared<Column>(TypeKind::string);
  auto times = std::make_shared<std::vector<std::int64_t>>();
  auto origin = std::make_shared<Origin>(Origin{.topic = partition.topic, .partition = partition.partition});
  Batch batch{.schema = people, .size = static_cast<std::uint32_t>(rows.size())};
  bool deletions = std::ranges::any_of(rows, [](const Row& row) { return !row.name; });
  if (deletions) batch.deleted = Bits(batch.size, false);
  for (std::uint32_t i = 0; i < batch.size; ++i) {
    id->append(rows[i].id);
    if (rows[i].name)
      name->append_string(*rows[i].name);
    else
      name->append_null(), batch.deleted.set(i);
    times->push_back(1'700'000'000'000 + rows[i].offset);
    origin->offsets.push_back(rows[i].offset);
  }
  batch.key = {id};
  batch.after = {name};
  batch.timestamps_ms = times;
  batch.origin = origin;
  batch.selection = Selection::all(batch.size);
  return batch;
}

struct SinkDesk {
  MemoryDisk disk;
  std::unique_ptr<MemoryFiles> files = std::make_unique<MemoryFiles>(disk);
  FakeClock clock{1'700'000'000'000'000};
  std::string told;
  Logger logger{clock, LogForm::logfmt, LogLevel::info, [this](std::string_view line) { told += line; }};
  Properties properties = {{"path", "/out", ""}};
  std::string name = "archive", pipeline = "p";
  std::map<TopicPartition, std::vector<Row>> log;

  std::unique_ptr<Sink> sink;
  std::map<TopicPartition, Offset> positions;
  RowFailures rejected;

  void set(const std::string& option, const std::string& value) {
    std::erase_if(properties, [&](const Property& p) { return p.name == option; });
    properties.push_back({option, value, ""});
  }
  // `count` records named by topic, partition and offset, behind those that are there.
  void add(const TopicPartition& partition, int count, bool deletions = false) {
    std::vector<Row>& rows = log[partition];
    for (int i = 0; i < count; ++i) {
      std::int64_t offset = rows.empty() ? 0 : rows.back().offset + 1;
      Row row{offset, static_cast<std::int32_t>(offset % 5), partition.topic + std::to_string(offset)};
      if (deletions && offset % 3 == 2) row.name.reset();
      rows.push_back(row);
    }
  }

  Result<std::unique_ptr<Sink>> make() {
    SinkContext context{.name = name, .pipeline = pipeline, .properties = properties};
    context.topics = {{"orders", "ORDERS", 2, people, false}, {"users", "USERS", 1, people, true}};
    context.files = files.get();
    context.clock = &clock;
    context.logger = &logger;
    return make_jsonfile_sink(std::move(context));
  }
  // The sink starts, or starts again.
  Result<void> start() {
    if (!sink) sink = LV_TRY(make());
    auto stored = LV_TRY(sink->start());
    REQUIRE(stored);
    positions.clear();
    for (const PartitionOffset& offset : *stored) positions[offset.partition] = offset.next;
    return {};
  }
  // A round of at most `most` records of each partition. False: there was nothing to deliver.
  Result<bool> round(std::size_t most = SIZE_MAX, bool commit = true) {
    std::vector<PartitionOffset> next;
    for (const auto& [partition, rows] : log) {
      std::vector<Row> some;
      for (const Row& row : rows)
        if (row.offset >= positions[partition].value() && some.size() < most) some.push_back(row);
      if (some.empty()) continue;
      next.push_back({partition, Offset(some.back().offset + 1)});
      std::size_t half = some.size() / 2;
      for (auto [from, to] : {std::pair(std::size_t{0}, half), std::pair(half, some.size())})
        if (from < to)
          LV_TRY(sink->write(batch_of(partition, {some.begin() + static_cast<std::ptrdiff_t>(from),
                                                  some.begin() + static_cast<std::ptrdiff_t>(to)}),
                             rejected));
    }
    if (!commit || next.empty()) return false;
    LV_TRY(sink->commit(next));
    for (const PartitionOffset& offset : next) positions[offset.partition] = offset.next;
    return true;
  }
  void deliver(std::size_t most = SIZE_MAX) {
    if (!sink) must(start());
    while (true) {
      auto moved = round(most);
      if (!moved) FAIL(moved.error().text());
      if (!*moved) return;
    }
  }
  void must(const Result<void>& done) {
    if (!done) FAIL(done.error().text());
  }
  void close() { sink.reset(); }
  // As kill -9: nothing is tidied up, the disk has all that was written.
  void kill() {
    files->kill();
    sink.reset();
    files = std::make_unique<MemoryFiles>(disk);
  }
  void power_cut(std::uint64_t seed) {
    files->kill();
    sink.reset();
    disk.crash(seed);
    files = std::make_unique<MemoryFiles>(disk);
  }

  Strings names(const std::string& directory = "/out") {
    Strings all;
    auto entries = files->list(directory).value();
    for (const DirectoryEntry& e : entries) all.push_back(e.name);
    return all;
  }
  std::string read(const std::string& path) { return read_file(*files, path).value(); }
  void write(const std::string& path, std::string_view content) {
    auto file = files->open(path, OpenMode::write).value();
    REQUIRE(file->truncate(0));
    REQUIRE(file->write_at(0, content));
    REQUIRE(file->sync());
  }
};

// "orders-0-…4711.jsonl" and so on, as short as a test wants to write it.
inline std::string file(const std::string& topic, int partition, std::int64_t first) {
  return file_name({topic, partition}, Offset(first));
}

}  // namespace levada::jsonfile_test
