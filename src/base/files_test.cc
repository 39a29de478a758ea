#include "base/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/temporary_directory.h"

namespace levada {
namespace {

std::string content_of(const std::string& path) {
  auto content = read_file(real_files(), path);
  REQUIRE(content.has_value());
  return *content;
}

std::unique_ptr<File> open(const std::string& path, OpenMode mode = OpenMode::write) {
  auto file = real_files().open(path, mode);
  REQUIRE(file.has_value());
  return *std::move(file);
}

template <class T>
ErrorKind kind_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("a pipe is read once, from its beginning to its end") {
    TemporaryDirectory directory;
    std::string path = directory.path() + "/pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const std::string text(100'000, 'x');  // more than a pipe holds
    for (bool back : {false, true}) {
      std::thread writer([&] {
        auto file = ::fopen(path.c_str(), "w");
        ::fwrite(text.data(), 1, text.size(), file);
        ::fclose(file);
      });
      if (!back) {
        CHECK(content_of(path) == text);
      } else {
        auto file = open(path, OpenMode::read);
        std::array<char, 100'000> bytes;
        CHECK(file->read_at(0, std::span(bytes).first(10)).value() == 10);
        CHECK_FALSE(file->read_at(5, bytes));
        CHECK(file->read_at(10, bytes).value() == 99'990);
      }
      writer.join();
    }
  }

  TEST_CASE("bytes are written at a place and read from it") {
    TemporaryDirectory directory;
    auto file = open(directory / "a");
    CHECK(file->size() == 0u);
    CHECK(file->write_at(3, "defg").has_value());
    CHECK(file->write_at(0, "abc").has_value());
    CHECK(file->write_at(5, "FG").has_value());
    CHECK(file->sync().has_value());
    CHECK(content_of(directory / "a") == "abcdeFG");

    std::array<char, 10> into;
    CHECK(file->read_at(2, into) == 5u);
    CHECK(std::string_view(into.data(), 5) == "cdeFG");
    CHECK(file->read_at(7, into) == 0u);
    CHECK(file->read_at(100, into) == 0u);
    CHECK(file->read_exactly_at(0, std::span(into).first(7)).has_value());
    auto early = file->read_exactly_at(0, into);
    CHECK(kind_of(early) == ErrorKind::damaged);
    CHECK(early.error().what() == "file ends 3 bytes early");
  }

  TEST_CASE("many pieces are written in one go, empty ones among them") {
    TemporaryDirectory directory;
    auto file = open(directory / "a");
    std::vector<std::string> owned;
    for (int i = 0; i < 500; ++i)
      owned.push_back(i % 3 == 0 ? "" : std::string(static_cast<std::size_t>(i), 'x') + '.');
    std::vector<std::string_view> pieces(owned.begin(), owned.end());
    std::string expected = "head";
    for (const std::string& piece : owned) expected += piece;
    CHECK(file->write_at(0, "head").has_value());
    CHECK(file->write_at(4, pieces).has_value());
    CHECK(content_of(directory / "a") == expected);
    CHECK(file->write_at(0, std::span<const std::string_view>()).has_value());
    CHECK(file->write_at(0, std::string_view()).has_value());
  }

  TEST_CASE("a file is cut off, or extended with zeros") {
    TemporaryDirectory directory;
    auto file = open(directory / "a");
    CHECK(file->write_at(0, "abcdef").has_value());
    CHECK(file->truncate(3).has_value());
    CHECK(content_of(directory / "a") == "abc");
    CHECK(file->truncate(5).has_value());
    CHECK(content_of(directory / "a") == std::string("abc\0\0", 5));
    CHECK(file->size() == 5u);
  }

  TEST_CASE("a file keeps its identity under another name, and no two share one") {
    TemporaryDirectory directory;
    auto a = open(directory / "a"), b = open(directory / "b");
    CHECK(a->identity() != b->identity());
    CHECK(real_files().rename(directory / "a", directory / "c").has_value());
    CHECK(open(directory / "c", OpenMode::read)->identity() == a->identity());
    CHECK(real_files().entry(directory / "c")->identity == a->identity());
  }

  TEST_CASE("what does not work says what and why") {
    TemporaryDirectory directory;
    Files& files = real_files();
    auto missing = files.open(directory / "none", OpenMode::read);
    CHECK(kind_of(missing) == ErrorKind::not_found);
    CHECK(missing.error().what() == "cannot open " + (directory / "none"));
    CHECK(kind_of(files.open(directory / "none/deeper", OpenMode::write)) == ErrorKind::not_found);
    CHECK(kind_of(files.list(directory / "none")) == ErrorKind::not_found);
    CHECK(kind_of(files.entry(directory / "none")) == ErrorKind::not_found);
    CHECK(kind_of(files.remove(directory / "none")) == ErrorKind::not_found);
    CHECK(kind_of(files.rename(directory / "none", directory / "b")) == ErrorKind::not_found);
    CHECK(kind_of(files.sync_directory(directory / "none")) == ErrorKind::not_found);
    CHECK(kind_of(files.free_bytes(directory / "none")) == ErrorKind::not_found);
    std::array<char, 1> into;
    CHECK_FALSE(open(directory.path(), OpenMode::read)->read_at(0, into).has_value());
    CHECK(kind_of(open("/dev/full")->write_at(0, "x")) == ErrorKind::disk_full);
    open(directory / "a");
    CHECK_FALSE(open(directory / "a", OpenMode::read)->write_at(0, "x").has_value());
  }

  TEST_CASE("directories are made with all above them, listed by name, and removed when empty") {
    TemporaryDirectory directory;
    Files& files = real_files();
    CHECK(files.create_directories(directory / "x/y//z/").has_value());
    CHECK(files.create_directories(directory / "x/y/z").has_value());
    open(directory / "x/b")->write_at(0, "12345").value();
    open(directory / "x/a");
    auto entries = files.list(directory / "x");
    REQUIRE(entries.has_value());
    REQUIRE(entries->size() == 3);
    CHECK((*entries)[0].name == "a");
    CHECK((*entries)[1].name == "b");
    CHECK((*entries)[1].size == 5);
    CHECK((*entries)[1].modified_us > 1'700'000'000'000'000);
    CHECK_FALSE((*entries)[1].directory);
    CHECK((*entries)[2].name == "y");
    CHECK((*entries)[2].directory);
    CHECK_FALSE(files.remove(directory / "x").has_value());
    CHECK(files.remove(directory / "x/a").has_value());
    CHECK_FALSE(files.exists(directory / "x/a"));
    CHECK(files.exists(directory / "x/b"));
    CHECK(files.sync_directory(directory / "x").has_value());
    CHECK(*files.free_bytes(directory / "x") > 0);
  }

  TEST_CASE("a file is no directory, even if one of that name is asked for") {
    TemporaryDirectory directory;
    open(directory / "file");
    CHECK_FALSE(real_files().create_directories(directory / "file").has_value());
    CHECK_FALSE(real_files().create_directories(directory / "file/x").has_value());
  }

  TEST_CASE("a lock has one holder, who is named, and falls with it") {
    TemporaryDirectory directory;
    Files& files = real_files();
    auto lock = files.lock(directory / "lock", "levada run a.sql, process 17");
    REQUIRE(lock.has_value());
    auto second = files.lock(directory / "lock", "another");
    CHECK(kind_of(second) == ErrorKind::refused);
    CHECK(second.error().what() == directory / "lock" + " is held by another process");
    CHECK(second.error().why() == "held by levada run a.sql, process 17");
    CHECK_FALSE(second.error().remedy().empty());
    lock->reset();
    auto third = files.lock(directory / "lock", "x");
    CHECK(third.has_value());
    CHECK(content_of(directory / "lock") == "x");
  }

  TEST_CASE("a lock falls when its process is killed") {
    TemporaryDirectory directory;
    int channel[2];
    REQUIRE(pipe(channel) == 0);
    pid_t child = fork();
    if (child == 0) {
      auto lock = real_files().lock(directory / "lock", "child");
      [[maybe_unused]] auto told = write(channel[1], lock ? "y" : "n", 1);
      pause();
      _exit(0);
    }
    char held = 0;
    REQUIRE(read(channel[0], &held, 1) == 1);
    CHECK(held == 'y');
    CHECK_FALSE(real_files().lock(directory / "lock", "parent").has_value());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    CHECK(real_files().lock(directory / "lock", "parent").has_value());
    close(channel[0]);
    close(channel[1]);
  }

  TEST_CASE("a file is replaced as a whole") {
    TemporaryDirectory directory;
    CHECK(replace_file(real_files(), directory / "a", "a long first content").has_value());
    CHECK(replace_file(real_files(), directory / "a", "second").has_value());
    CHECK(content_of(directory / "a") == "second");
    CHECK(real_files().list(directory.path())->size() == 1);
    CHECK(kind_of(replace_file(real_files(), directory / "none/a", "x")) == ErrorKind::not_found);
  }

  TEST_CASE("a whole file is read, also one that does not know its size") {
    TemporaryDirectory directory;
    std::string big(100'000, 'x');
    CHECK(replace_file(real_files(), directory / "a", big).has_value());
    CHECK(content_of(directory / "a") == big);
    CHECK(replace_file(real_files(), directory / "a", "").has_value());
    CHECK(content_of(directory / "a") == "");
    CHECK(content_of("/proc/self/status").find("VmRSS") != std::string::npos);
  }

  TEST_CASE("paths are joined and parted") {
    CHECK(join_path("a/b", "c") == "a/b/c");
    CHECK(join_path("a/b/", "c") == "a/b/c");
    CHECK(join_path("a", "/c") == "/c");
    CHECK(join_path("", "c") == "c");
    CHECK(directory_of("a/b/c") == "a/b");
    CHECK(directory_of("/c") == "/");
    CHECK(directory_of("c") == ".");
    CHECK(file_name_of("a/b/c") == "c");
    CHECK(file_name_of("c") == "c");
    CHECK(file_name_of("a/") == "");
  }
}

}  // namespace levada
