// The whole line on a disk that dies: files -> rows -> a query's stream -> its totals -> lines, and a second table over
// a repartition. For every call that changes the disk the power goes at that call, what was not synced is kept,
// dropped, torn or reordered; then the engine is started again, runs until it has caught up, and every topic is
// compared with the truth. What the threads do beside each other differs from run to run: that is as it should be.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <map>
#include <set>

#include "base/json.h"
#include "base/memory_files.h"
#include "levada/levada.h"
#include "tests/every_call.h"

using namespace levada;

namespace {

constexpr std::string_view script = R"(
CREATE STREAM orders (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 2, VALUE_FORMAT = 'JSON');
CREATE SOURCE CONNECTOR files WITH (
  'connector.class' = 'csv', 'input.path' = 'in', 'finished.path' = 'done', 'topic' = 'orders');
CREATE STREAM large WITH (KAFKA_TOPIC = 'large') AS SELECT k, v * 10 AS v FROM orders WHERE v > 1;
CREATE TABLE digits WITH (KAFKA_TOPIC = 'digits') AS
  SELECT v % 10 AS d, COUNT(*) AS n, SUM(v) AS s FROM orders GROUP BY v % 10;
CREATE SINK CONNECTOR lines WITH ('connector.class' = 'jsonfile', 'path' = 'lines', 'topics' = 'large');
INSERT INTO orders (k, v) VALUES ('inserted', 11);
INSERT INTO orders (k, v) VALUES ('inserted', 12);
)";
// Comes to the file when the first rows are there already: it has to catch up before it can go on with the others.
constexpr std::string_view later =
    "CREATE TABLE sums WITH (KAFKA_TOPIC = 'sums') AS SELECT k, COUNT(*) AS n, SUM(v) AS s FROM large GROUP BY k;";

template <class T>
T must(Result<T>&& result) {
  if (!result) FAIL(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// ---- what goes in, and what must come out ----

struct Row {
  std::string k;
  std::int64_t v;
};

std::vector<Row> rows_of_file(int file) {
  std::vector<Row> rows;
  for (int i = 0; i < 20; ++i) rows.push_back({fmt::format("key {}", i % 5), file * 7 + i % 9});
  return rows;
}

std::string content_of_file(int file) {
  std::string text = "k,v\n";
  for (const Row& row : rows_of_file(file)) text += fmt::format("{},{}\n", row.k, row.v);
  return text + fmt::format("key 1,not a number in file {}\n", file);
}

struct Sum {
  std::int64_t n = 0, s = 0;
  bool operator==(const Sum&) const = default;
};

struct Truth {
  std::map<std::string, std::vector<std::int64_t>> orders, large;  // the values of each key, in order
  std::map<std::string, Sum> sums, digits;

  explicit Truth(int files) {
    add({"inserted", 11});
    add({"inserted", 12});
    for (int file = 0; file < files; ++file)
      for (const Row& row : rows_of_file(file)) add(row);
  }
  void add(const Row& row) {
    orders[row.k].push_back(row.v);
    if (row.v > 1) {
      large[row.k].push_back(row.v * 10);
      sums[row.k] = {sums[row.k].n + 1, sums[row.k].s + row.v * 10};
    }
    Sum& digit = digits[std::to_string(row.v % 10)];
    digit = {digit.n + 1, digit.s + row.v};
  }
};

// ---- lives of the engine ----

// Files come one after the other; each life loads what is there and ends cleanly, so that snapshots are written, too.
constexpr int files_in_all = 2;

void offer_file(MemoryDisk& disk, int file) {
  MemoryFiles files(disk);
  must(files.create_directories("in"));
  std::string name = fmt::format("in/{}.csv", file);
  if (files.exists(name) || files.exists(fmt::format("done/{}.csv", file))) return;
  must(replace_file(files, name, content_of_file(file)));
  must(files.sync_directory("."));
}

Result<std::unique_ptr<Engine>> live(Files& files, bool whole = true) {
  auto engine = LV_TRY(Engine::open({.log = "embedded:log", .workers = 2, .follow = false, .files = &files}));
  LV_TRY(engine->load(std::string(script) + std::string(whole ? later : ""), "orders.sql"));
  std::vector<std::string> notes;
  LV_TRY(engine->start(notes));
  Ended ended = engine->wait();
  LV_TRY(engine->stop());
  if (ended == Ended::failed) return engine->failure()->copy();
  return engine;
}

// What a topic holds, by key in order; offsets must be without a gap.
std::map<std::string, std::vector<Json>> read(Engine& engine, const std::string& topic) {
  std::map<std::string, std::vector<Json>> values;
  std::map<std::int32_t, std::int64_t> next;
  must(engine.print(topic, true, false, [&](const PrintedRecord& record) {
    CHECK(record.offset == next[record.partition]++);
    values[record.key.value_or("null")].push_back(must(Json::parse(record.value.value_or("null"))));
    return true;
  }));
  return values;
}

std::int64_t integer(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  REQUIRE(member != nullptr);
  return member->integer().value_or(-1);
}

void compare_stream(Engine& engine, const std::string& topic,
                    const std::map<std::string, std::vector<std::int64_t>>& truth) {
  std::map<std::string, std::vector<std::int64_t>> found;
  for (const auto& [key, values] : read(engine, topic))
    for (const Json& value : values) found[key].push_back(integer(value, "V"));
  for (const auto& [key, values] : truth) {
    INFO(topic << " " << key << ": " << found[key].size() << " values, expected " << values.size());
    CHECK(found[key] == values);
  }
  CHECK(found.size() == truth.size());
}

// The last value of every key is the truth, and no value before it takes anything back.
void compare_table(Engine& engine, const std::string& topic, const std::map<std::string, Sum>& truth) {
  auto found = read(engine, topic);
  CHECK(found.size() == truth.size());
  for (const auto& [key, sum] : truth) {
    Sum last;
    for (const Json& value : found[key]) {
      Sum now{integer(value, "N"), integer(value, "S")};
      CHECK(now.n > last.n);
      last = now;
    }
    INFO(topic << " " << key << ": " << last.n << " rows of " << sum.n);
    CHECK(last == sum);
  }
}

void compare_lines(Files& files, const Truth& truth) {
  std::map<std::string, std::vector<std::int64_t>> found;
  for (const DirectoryEntry& entry : must(files.list("lines"))) {
    if (!entry.name.starts_with("large-")) continue;
    auto content = read_file(files, join_path("lines", entry.name));
    REQUIRE(content);
    const std::string& text = *content;
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t end = std::min(text.find('\n', begin), text.size());
      Json line = must(Json::parse(std::string_view(text).substr(begin, end - begin)));
      found[line.text_of("K")].push_back(integer(line, "V"));
      begin = end + 1;
    }
  }
  CHECK(found == truth.large);
}

void compare(Engine& engine, Files& files, int loaded) {
  Truth truth(loaded);
  compare_stream(engine, "orders", truth.orders);
  compare_stream(engine, "large", truth.large);
  compare_table(engine, "sums", truth.sums);
  compare_table(engine, "digits", truth.digits);
  compare_lines(files, truth);
  std::set<std::string> letters;
  for (const DeadLetterReport& letter : must(engine.dead_letters())) letters.insert(letter.value.value_or(""));
  CHECK(letters.size() == static_cast<std::size_t>(loaded));
  CHECK(must(engine.dead_letters()).size() == static_cast<std::size_t>(loaded));
}

// One process's way through all files, up to the first error.
void run_through(MemoryDisk& disk, Files& files) {
  for (int file = 0; file < files_in_all; ++file) {
    offer_file(disk, file);
    if (!live(files, file > 0)) return;
  }
}

// The next life has everything, whatever the last one came to, and so has the one after it.
void recover(MemoryDisk& disk) {
  for (int file = 0; file < files_in_all; ++file) offer_file(disk, file);
  MemoryFiles files(disk);
  for (int again = 0; again < 2; ++again) {
    auto engine = live(files);
    if (!engine) FAIL(engine.error().text());
    compare(**engine, files, files_in_all);
  }
}

std::uint64_t count_calls() {
  MemoryDisk disk;
  MemoryFiles files(disk);
  run_through(disk, files);
  return files.calls();
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("the whole line gives the truth after each file") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    for (int file = 0; file < files_in_all; ++file) {
      offer_file(disk, file);
      auto engine = live(files);
      if (!engine) FAIL(engine.error().text());
      compare(**engine, files, file + 1);
    }
  }

  TEST_CASE("the power goes at any call to the disk, and every other time once more: all is there afterwards, once") {
    bool crashed = true;
    for (std::uint64_t n = 1; crashed; n += every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      {
        MemoryFiles files(disk);
        files.crash_at(n);
        run_through(disk, files);
        crashed = files.crashed();
      }
      disk.crash(n);
      if (n % 2 == 0) {
        MemoryFiles files(disk);
        files.crash_at(1 + n % 89);
        run_through(disk, files);
        disk.crash(n + 1);
      }
      recover(disk);
      if (!crashed) CHECK(n > 200);
    }
  }

  TEST_CASE("a process that is killed at any call to the disk goes on where it was") {
    std::uint64_t calls = count_calls();
    for (std::uint64_t n = 1; n <= calls; n += 3 * every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      MemoryFiles files(disk);
      files.crash_at(n);
      run_through(disk, files);
      recover(disk);  // the disk has not noticed
    }
  }

  TEST_CASE("a call to the disk that fails for good stops the engine; the next one has everything") {
    std::uint64_t calls = count_calls();
    for (std::uint64_t n = 1; n <= calls; n += 3 * every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      {
        MemoryFiles files(disk);
        files.fail_at(n, file_calls::changing, ErrorKind::io);
        run_through(disk, files);
      }
      if (n % 2 == 0) disk.crash(n);
      recover(disk);
    }
  }

  TEST_CASE("a disk that is full for a moment delays, and that is all") {
    std::uint64_t calls = count_calls();
    for (std::uint64_t n = 1; n <= calls; n += 17 * every_call) {
      CAPTURE(n);
      MemoryDisk disk;
      {
        MemoryFiles files(disk);
        files.fail_at(n, file_calls::write | file_calls::make, ErrorKind::disk_full);
        run_through(disk, files);
      }
      recover(disk);
    }
  }
}
