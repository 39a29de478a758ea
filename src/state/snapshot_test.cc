#include "state/snapshot.h"

#include <doctest/doctest.h>

#include "base/memory_files.h"
#include "state/map_store.h"

using namespace levada;

namespace {

const std::string path = "state/query/groups.snapshot";

struct Found {
  std::optional<Offset> offset;
  MapStore store;
  std::string complaint;
};

Found read(Files& files) {
  Found found;
  auto offset = read_snapshot(files, path, found.store, found.complaint);
  REQUIRE(offset);
  found.offset = *offset;
  return found;
}

MapStore some_store(int keys) {
  MapStore store;
  store.put("", "value of an empty key");
  store.put("empty", "");
  for (int i = 0; i < keys; ++i) store.put("key" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'), i);
  return store;
}

}  // namespace

TEST_SUITE("state") {
  TEST_CASE("a snapshot is read as it was written, also when it is long") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    CHECK(!read(files).offset);
    CHECK(read(files).complaint.empty());
    for (int keys : {0, 10, 3000}) {
      MapStore store = some_store(keys);
      REQUIRE(write_snapshot(files, path, store, Offset(keys + 7)));
      Found found = read(files);
      CHECK(found.complaint == "");
      CHECK(found.offset == Offset(keys + 7));
      CHECK(found.store.entries == store.entries);
    }
  }

  TEST_CASE("a snapshot with any byte damaged, or cut anywhere, is not used, and said to be") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    REQUIRE(write_snapshot(files, path, some_store(5), Offset(9)));
    std::string good = disk.content(path);
    for (std::size_t i = 0; i < good.size(); ++i) {
      disk.damage(path, i);
      Found found = read(files);
      CHECK(!found.offset);
      CHECK(!found.complaint.empty());
      CHECK(found.store.entries.empty());
      disk.damage(path, i);
    }
    CHECK(read(files).offset == Offset(9));
    auto file = files.open(path, OpenMode::write);
    REQUIRE(file);
    for (std::size_t size = good.size(); size-- > 0;) {
      REQUIRE((*file)->truncate(size));
      Found found = read(files);
      CHECK(!found.offset);
      CHECK(!found.complaint.empty());
    }
  }

  TEST_CASE("a snapshot whose entry the store cannot read leaves the store empty") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    MapStore store;
    store.put("a", "good");
    store.put("b", "unreadable");
    REQUIRE(write_snapshot(files, path, store, Offset(1)));
    Found found = read(files);
    CHECK(!found.offset);
    CHECK(found.store.entries.empty());
    CHECK(found.complaint.find(path) != std::string::npos);
  }

  TEST_CASE("power that fails at any call leaves the old snapshot or the new one") {
    for (std::uint64_t call = 1;; ++call) {
      MemoryDisk disk;
      bool finished = false;
      {
        MemoryFiles files(disk);
        REQUIRE(write_snapshot(files, path, some_store(3), Offset(3)));
        files.crash_at(call);
        finished = write_snapshot(files, path, some_store(8), Offset(8)).has_value();
      }
      disk.crash(call);
      MemoryFiles files(disk);
      Found found = read(files);
      CAPTURE(call);
      CHECK(found.complaint == "");
      REQUIRE(found.offset);
      if (finished) CHECK(found.offset == Offset(8));
      CHECK(found.store.entries == some_store(static_cast<int>(found.offset->value())).entries);
      if (finished) break;
    }
  }
}
