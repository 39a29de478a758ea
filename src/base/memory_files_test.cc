#include "base/memory_files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

using namespace levada;

namespace {

std::unique_ptr<File> open_file(Files& files, const std::string& path) {
  auto file = files.open(path, OpenMode::write);
  REQUIRE(file);
  return *std::move(file);
}

void must(const Result<void>& result) {
  INFO((result ? std::string() : result.error().text()));
  REQUIRE(result);
}

// What the file may hold after a crash, over many seeds; "-" if it is gone.
template <class Prepare>
std::set<std::string> fates(const std::string& path, Prepare prepare) {
  std::set<std::string> found;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    MemoryDisk disk;
    MemoryFiles files(disk);
    prepare(files);
    disk.crash(seed);
    MemoryFiles after(disk);
    auto content = read_file(after, path);
    found.insert(content ? *content : "-");
  }
  return found;
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("memory files: what is synced, name and bytes, survives every crash") {
    CHECK(fates("d/f", [](Files& files) {
            must(files.create_directories("d"));
            must(files.sync_directory("."));
            auto file = open_file(files, "d/f");
            must(file->write_at(0, "old"));
            must(file->sync());
            must(files.sync_directory("d"));
          }) == std::set<std::string>{"old"});
  }

  TEST_CASE("memory files: unsynced bytes are kept, lost or torn; unsynced names come and go") {
    CHECK(fates("d/f", [](Files& files) {
            must(files.create_directories("d"));
            must(files.sync_directory("."));
            must(open_file(files, "d/f")->sync());
          }) == std::set<std::string>{"-", ""});
    // The directory itself has no durable name.
    CHECK(fates("d/f", [](Files& files) {
            must(files.create_directories("d"));
            must(open_file(files, "d/f")->sync());
            must(files.sync_directory("d"));
          }) == std::set<std::string>{""});
    std::string zeros(512, '\0'), a(512, 'a'), b(512, 'b');
    auto torn = fates("f", [&](Files& files) {
      auto file = open_file(files, "f");
      must(file->truncate(1024));
      must(file->sync());
      must(files.sync_directory("."));
      must(file->write_at(0, a + b));
    });
    CHECK(torn == std::set<std::string>{zeros + zeros, a + b, a + zeros, zeros + b});
  }

  TEST_CASE("memory files: a later write may survive an earlier one, a rename is undone or whole") {
    auto reordered = fates("f", [&](Files& files) {
      auto file = open_file(files, "f");
      must(file->truncate(2));
      must(file->sync());
      must(files.sync_directory("."));
      must(file->write_at(0, "a"));
      must(file->write_at(1, "b"));
    });
    CHECK(reordered.contains(std::string("\0b", 2)));
    CHECK(reordered.contains("ab"));
    auto renamed = fates("to", [&](Files& files) {
      for (const char* name : {"from", "to"}) {
        auto file = open_file(files, name);
        must(file->write_at(0, name));
        must(file->sync());
      }
      must(files.sync_directory("."));
      must(files.rename("from", "to"));
    });
    CHECK(renamed == std::set<std::string>{"from", "to"});
  }

  TEST_CASE("memory files: after a sync that failed, the bytes stay lost although later syncs say that all is well") {
    CHECK(fates("f", [](MemoryFiles& files) {
            auto file = open_file(files, "f");
            must(file->sync());
            must(files.sync_directory("."));
            must(file->write_at(0, "x"));
            files.fail_sync_and_lie_at(1);
            CHECK(file->sync().error().kind() == ErrorKind::io);
            must(file->sync());
            CHECK(read_file(files, "f").value() == "x");
          }) == std::set<std::string>{""});
  }

  TEST_CASE("memory files: the n-th call fails once, a crash at the n-th call is for good") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto file = open_file(files, "f");
    files.fail_at(2, file_calls::write, ErrorKind::disk_full);
    must(file->write_at(0, "a"));
    CHECK(file->write_at(1, "b").error().kind() == ErrorKind::disk_full);
    must(file->write_at(1, "b"));
    CHECK(files.calls(file_calls::write) == 3);

    files.crash_at(2);
    must(file->write_at(0, "c"));
    CHECK(!files.crashed());
    CHECK(!file->sync());
    CHECK(files.crashed());
    CHECK(!file->write_at(0, "d"));
    CHECK(!files.open("g", OpenMode::write));
    CHECK(disk.content("f") == "cb");
  }

  TEST_CASE("memory files: a full disk takes what fits and overwrites without room") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto file = open_file(files, "f");
    disk.set_capacity(4);
    must(file->write_at(0, "ab"));
    CHECK(file->write_at(2, "cdef").error().kind() == ErrorKind::disk_full);
    CHECK(disk.content("f") == "abcd");
    must(file->write_at(0, "xyzw"));
    CHECK(files.free_bytes(".").value() == 0);
    disk.set_capacity(6);
    must(file->write_at(4, "ef"));
    must(files.remove("f"));
    CHECK(disk.used() == 0);
  }

  TEST_CASE("memory files: a lock names its holder, and goes with its process") {
    MemoryDisk disk;
    MemoryFiles one(disk), two(disk);
    CHECK(!two.lock_holder("LOCK").value());
    auto held = one.lock("LOCK", "pid 1");
    REQUIRE(held);
    auto refused = two.lock("LOCK", "pid 2");
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    CHECK(refused.error().why() == "held by pid 1");
    CHECK(two.lock_holder("LOCK").value() == "pid 1");
    one.kill();
    auto taken = two.lock("LOCK", "pid 2");
    REQUIRE(taken);
    held->reset();  // the dead process's lock takes nothing with it
    CHECK(two.lock_holder("LOCK").value() == "pid 2");
  }

  TEST_CASE("files: the system's lock can be asked about without taking it") {
    std::string path = std::filesystem::temp_directory_path() / ("levada-lock-" + std::to_string(::getpid()));
    Files& files = real_files();
    CHECK(!files.lock_holder(path).value());
    {
      auto held = files.lock(path, "pid 1");
      REQUIRE(held);
      CHECK(files.lock_holder(path).value() == "pid 1");
      auto refused = files.lock(path, "pid 2");
      REQUIRE(!refused);
      CHECK(refused.error().kind() == ErrorKind::refused);
      CHECK(refused.error().why() == "held by pid 1");
    }
    CHECK(!files.lock_holder(path).value());
    CHECK(files.remove(path));
  }
}
