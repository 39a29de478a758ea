// The desk on which tests of the csv source work: a directory on a fake disk, a position in the log, and what arrived.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_files.h"
#include "batch/value.h"
#include "connectors/csv/source.h"

namespace levada::csv_test {

using Strings = std::vector<std::string>;

inline const SchemaRef people = std::make_shared<Schema>(
    Schema{.key = {{"ID", TypeKind::int32}}, .value = {{"NAME", {}}, {"BORN", TypeKind::date}}});

inline std::string shown(const SourceRead::Part& part, std::uint32_t row) {
  std::string text;
  for (std::size_t c = 0; c < part.batch.schema->size(); ++c)
    text += (c == 0 ? "" : "|") + text_of(part.batch.column(c)->value(row), (*part.batch.schema)[c].type);
  return text;
}

struct Desk {
  MemoryDisk disk;
  std::unique_ptr<MemoryFiles> files = std::make_unique<MemoryFiles>(disk);
  FakeClock clock;
  std::string told;
  OptionNotes notes;
  Logger logger{clock, LogForm::logfmt, LogLevel::info, [this](std::string_view line) { told += line; }};
  Properties properties = {{"input.path", "/in", ""}, {"topic", "people", ""}};
  SchemaRef schema = people;
  bool table = false, follow = false;

  std::unique_ptr<Source> source;
  std::optional<std::string> position;
  bool ended = false;
  Strings rows;
  std::vector<DeadLetter> rejected;

  Desk() { REQUIRE(files->create_directories("/in")); }

  void set(const std::string& name, const std::string& value) {
    std::erase_if(properties, [&](const Property& p) { return p.name == name; });
    properties.push_back({name, value, ""});
  }
  void write(const std::string& path, std::string_view content) {
    if (files->exists(path)) REQUIRE(files->remove(path));
    auto file = files->open(path, OpenMode::write).value();
    REQUIRE(file->write_at(0, content));
  }
  void append(const std::string& path, std::string_view content) {
    auto file = files->open(path, OpenMode::write).value();
    REQUIRE(file->write_at(file->size().value(), content));
  }
  // Over the file itself, as cp does.
  void overwrite(const std::string& path, std::string_view content) {
    auto file = files->open(path, OpenMode::write).value();
    REQUIRE(file->truncate(0));
    REQUIRE(file->write_at(0, content));
  }
  std::string read(const std::string& path) { return read_file(*files, path).value(); }
  Strings names(const std::string& path) {
    Strings all;
    auto entries = files->list(path).value();
    for (const DirectoryEntry& e : entries) all.push_back(e.name);
    return all;
  }
  // Time passes, but the fake disk's clock is far ahead of ours: only what is seen to stand still gets old.
  void let_pass(std::int64_t ms) {
    clock.advance_us(ms * 1000);
    clock.step_wall_us(-ms * 1000);
  }

  Result<std::unique_ptr<Source>> make() {
    SourceContext context{.name = "csv", .properties = properties};
    context.notes = &notes;
    context.targets = {{"people", "PEOPLE", schema, table}};
    context.follow = follow;
    context.files = files.get();
    context.clock = &clock;
    context.logger = &logger;
    return make_csv_source(std::move(context));
  }
  void start() {
    ended = false;
    source = make().value();
    auto started = source->start(position);
    if (!started) FAIL(started.error().text());
  }
  // One read; its rows and position are committed together, and told to the source if `acknowledge`.
  Result<bool> step(bool acknowledge = true) {
    SourceRead read = LV_TRY(source->read({}, std::chrono::milliseconds(0)));
    for (const SourceRead::Part& part : read.parts) {
      CHECK(part.topic == "people");
      part.batch.rows().for_each([&](std::uint32_t row) { rows.push_back(shown(part, row)); });
    }
    std::ranges::move(read.rejected, std::back_inserter(rejected));
    if (read.position) position = read.position;
    if (read.position && acknowledge) LV_TRY(source->acknowledge(*read.position));
    ended = read.end;
    return read.position || !read.parts.empty();
  }
  // A whole run until caught up.
  Result<void> run() {
    start();
    while (!ended)
      if (!LV_TRY(step())) let_pass(300);
    return {};
  }
  // The rows that arrive in a run from here on.
  Strings more() {
    rows.clear();
    auto ran = run();
    if (!ran) FAIL(ran.error().text());
    return rows;
  }
  // The same in a source that is running and follows.
  Strings news() {
    rows.clear();
    while (true) {
      auto stepped = step();
      if (!stepped) FAIL(stepped.error().text());
      if (!*stepped) return rows;
    }
  }
};

inline const std::string ada = "1,Ada,1815-12-10\n", bob = "2,Bob,1900-01-01\n", cyd = "3,Cyd,2000-02-29\n",
                         header = "id,name,born\n";
inline const Strings ada_bob = {"1|Ada|1815-12-10", "2|Bob|1900-01-01"}, only_cyd = {"3|Cyd|2000-02-29"};

}  // namespace levada::csv_test
