#include "pipeline/read_ahead.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>

namespace levada {
namespace {

// Gives what it is told, in the words of its positions.
class ToldSource : public Source {
 public:
  std::function<Result<SourceRead>(int)> on_read;
  std::function<Result<void>(const std::string&)> on_acknowledge = [](const std::string&) { return Result<void>(); };
  std::atomic<int> reads = 0;
  std::string started = "never";
  std::vector<std::string> acknowledged;

  Result<void> start(const std::optional<std::string>& position) override {
    started = position.value_or("from the beginning");
    return {};
  }
  Result<SourceRead> read(std::stop_token stop, std::chrono::milliseconds wait) override {
    auto read = on_read(++reads);
    bool nothing = read && !read->position && !read->end;
    if (nothing && wait.count() > 0)
      while (!stop.stop_requested() && --wait >= std::chrono::milliseconds(0))
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return read;
  }
  Result<void> acknowledge(const std::string& position) override {
    acknowledged.push_back(position);
    return on_acknowledge(position);
  }
};

SourceRead rows(int n) {
  SourceRead read;
  read.parts.emplace_back();
  read.position = std::to_string(n);
  return read;
}
SourceRead the_end() {
  SourceRead read;
  read.end = true;
  return read;
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("reading ahead gives everything in its order, then the end") {
    ToldSource source;
    source.on_read = [](int n) { return n <= 100 ? rows(n) : the_end(); };
    ReadAhead ahead(source);
    REQUIRE(ahead.start(std::nullopt).has_value());
    CHECK(source.started == "from the beginning");
    for (int n = 1; n <= 100; ++n) {
      auto read = ahead.next({});
      REQUIRE(read.has_value());
      CHECK(read->position == std::to_string(n));
      CHECK(source.reads <= n + 3);  // two wait, and one is in hand
      ahead.acknowledge(*read->position);
    }
    CHECK(ahead.next({})->end);
    REQUIRE(ahead.finish().has_value());
    REQUIRE(source.acknowledged.size() == 100);
    CHECK(source.acknowledged.back() == "100");
  }

  TEST_CASE("a source that has nothing more is told of once, and what comes later is not held back") {
    ToldSource source;
    std::atomic<bool> more = false;
    source.on_read = [&](int n) { return n == 1 || more.exchange(false) ? rows(n) : SourceRead(); };
    ReadAhead ahead(source);
    REQUIRE(ahead.start("7").has_value());
    CHECK(source.started == "7");
    CHECK(ahead.next({})->position);
    auto quiet = ahead.next({});
    REQUIRE(quiet.has_value());
    CHECK(quiet->parts.empty());
    more = true;
    CHECK(ahead.next({})->position);
    CHECK(ahead.next({})->parts.empty());
    CHECK(ahead.finish().has_value());
  }

  TEST_CASE("what was acknowledged before the end of the reading reaches the source, and so does its error") {
    ToldSource source;
    source.on_read = [](int) { return SourceRead(); };
    source.on_acknowledge = [](const std::string& position) -> Result<void> {
      if (position == "bad") return Error(ErrorKind::io, "cannot forget");
      return {};
    };
    ReadAhead ahead(source);
    REQUIRE(ahead.start(std::nullopt).has_value());
    ahead.acknowledge("good");
    CHECK(ahead.finish().has_value());
    ahead.acknowledge("bad");
    auto finished = ahead.finish();
    REQUIRE(!finished);
    CHECK(finished.error().what() == "cannot forget");
  }

  TEST_CASE("an error of the source comes behind what was read before it, and a new start begins anew") {
    ToldSource source;
    bool fails = true;
    source.on_read = [&](int n) -> Result<SourceRead> {
      if (n == 2 && fails) return Error(ErrorKind::unreachable, "away");
      return n < 4 ? rows(n) : the_end();
    };
    ReadAhead ahead(source);
    REQUIRE(ahead.start(std::nullopt).has_value());
    CHECK(ahead.next({})->position == "1");
    auto away = ahead.next({});
    REQUIRE(!away);
    CHECK(away.error().kind() == ErrorKind::unreachable);
    fails = false;
    REQUIRE(ahead.start("1").has_value());
    CHECK(source.started == "1");
    CHECK(ahead.next({})->position == "3");
    CHECK(ahead.next({})->end);
  }

  TEST_CASE("a stop ends the waiting at once") {
    ToldSource source;
    source.on_read = [](int) { return SourceRead(); };
    ReadAhead ahead(source);
    REQUIRE(ahead.start(std::nullopt).has_value());
    CHECK(ahead.next({})->parts.empty());
    std::stop_source stop;
    std::jthread later([&] { stop.request_stop(); });
    auto read = ahead.next(stop.get_token());
    REQUIRE(read.has_value());
    CHECK(!read->end);
  }
}

}  // namespace levada
