#include "pipeline/loop.h"

#include <doctest/doctest.h>

#include <mutex>

#include "base/memory_files.h"
#include "log/embedded_log.h"

namespace levada {
namespace {

// Opens and steps as it is told; counts.
class ToldLoop : public Loop {
 public:
  std::function<Result<void>(int)> on_open = [](int) { return Result<void>(); };
  std::function<Result<Step>(int)> on_step = [](int) { return Result<Step>(Step::finished); };
  Retries how_often{.first_wait_ms = 1, .longest_wait_ms = 2};
  int opened = 0, stepped = 0;
  std::optional<std::int64_t> due;

  std::vector<std::string> objects() const override { return {"TOLD"}; }
  Retries retries() const override { return how_often; }
  Result<void> open(Wakeup&) override { return on_open(++opened); }
  Result<Step> step(std::stop_token) override { return on_step(++stepped); }
  std::optional<std::int64_t> due_ms() const override { return due; }
  std::string waits_for() const override { return "for better times"; }
  Result<void> close() override { return {}; }
};

struct Stage {
  MemoryDisk disk;
  MemoryFiles files{disk};
  std::unique_ptr<Log> log = open_embedded_log(files, "/log", {.clock = &real_clock()}).value();
  StatusBoard board{real_clock()};
  std::mutex mutex;
  std::string lines;
  Logger logger{real_clock(), LogForm::json, LogLevel::warning, [this](std::string_view line) {
                  std::lock_guard lock(mutex);
                  lines += line;
                }};
  std::vector<std::string> failures;

  // Runs it to its end.
  ObjectStatus run(std::unique_ptr<ToldLoop> loop) {
    board.add("TOLD", "sink");
    LoopThread thread(std::move(loop), *log, board, logger, [this](const Error& e) { failures.push_back(e.line()); });
    thread.start();
    thread.join();
    return board.all()[0];
  }
};

Error away() { return Error(ErrorKind::unreachable, "the server is away"); }

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("pauses between attempts double up to the longest, and end where the user says so") {
    Backoff backoff({.first_wait_ms = 100, .longest_wait_ms = 10'000, .most = {}}, 1);
    for (std::int64_t most : {100, 200, 400, 800, 1600, 3200, 6400, 10'000, 10'000}) {
      auto ms = backoff.next_ms();
      REQUIRE(ms);
      CHECK(*ms <= most);
      CHECK(*ms >= most * 3 / 4);
    }
    for (int i = 0; i < 100; ++i) CHECK(*backoff.next_ms() >= 7'500);
    backoff.reset();
    CHECK(*backoff.next_ms() <= 100);
    Backoff twice({.first_wait_ms = 86'400'000, .longest_wait_ms = 86'400'000, .most = 2}, 1);
    CHECK(*twice.next_ms() > 60'000'000);
    CHECK(*twice.next_ms() > 60'000'000);
    CHECK(!twice.next_ms());
    CHECK(!Backoff({.most = 0}, 1).next_ms());
  }

  TEST_CASE("a loop is opened again until what was the matter has passed, and both are told") {
    Stage stage;
    auto loop = std::make_unique<ToldLoop>();
    loop->on_open = [](int n) -> Result<void> { return n <= 4 ? Result<void>(away()) : Result<void>(); };
    ToldLoop& told = *loop;
    loop->on_step = [&](int n) -> Result<Step> {
      CHECK(told.opened == 5);
      return n == 1 ? Step::moved : Step::finished;
    };
    ObjectStatus status = stage.run(std::move(loop));
    CHECK(status.state == ObjectState::finished);
    CHECK(stage.failures.empty());
    CHECK(stage.lines.find("\"msg\":\"retrying\",\"object\":\"TOLD\",\"error\":\"the server is away\",\"attempt\":4") !=
          std::string::npos);
    CHECK(stage.lines.find("\"msg\":\"goes on\",\"object\":\"TOLD\",\"attempts\":4") != std::string::npos);
  }

  TEST_CASE("attempts are counted from the last step that went well, and too many are a failure") {
    Stage stage;
    auto loop = std::make_unique<ToldLoop>();
    loop->how_often.most = 3;
    // Three times away, a good step, and then away for good.
    loop->on_step = [](int n) -> Result<Step> { return n == 4 ? Result<Step>(Step::moved) : Result<Step>(away()); };
    ToldLoop& told = *loop;
    int opened = 0;
    loop->on_open = [&](int) -> Result<void> {
      opened = told.opened;
      return {};
    };
    ObjectStatus status = stage.run(std::move(loop));
    CHECK(opened == 1 + 3 + 3);
    CHECK(status.state == ObjectState::failed);
    CHECK(status.reason == "given up after 3 retries: the server is away");
    CHECK(stage.failures == std::vector<std::string>{"given up after 3 retries: the server is away"});
  }

  TEST_CASE("A10: a position that is lost is a state of its own, and stays") {
    Stage stage;
    auto loop = std::make_unique<ToldLoop>();
    loop->on_open = [](int) -> Result<void> { return Error(ErrorKind::position_lost, "the slot is gone"); };
    ObjectStatus status = stage.run(std::move(loop));
    CHECK(status.state == ObjectState::position_lost);
    CHECK(status.reason == "the slot is gone");
    stage.board.set("TOLD", ObjectState::running);
    CHECK(stage.board.all()[0].state == ObjectState::position_lost);
  }

  TEST_CASE("a loop that waits for its time is not at its end, says what it waits for, and is stepped when it is due") {
    Stage stage;
    auto loop = std::make_unique<ToldLoop>();
    std::vector<ObjectState> states;
    std::string reason;
    loop->due = 0;
    loop->on_step = [&](int n) -> Result<Step> {
      states.push_back(stage.board.all()[0].state);
      if (n == 2) reason = stage.board.all()[0].reason;
      return n < 3 ? Step::later : Step::finished;
    };
    stage.run(std::move(loop));
    CHECK(states == std::vector{ObjectState::starting, ObjectState::waiting, ObjectState::waiting});
    CHECK(reason == "for better times");
  }

  TEST_CASE("an error that will not pass is no reason to try again") {
    Stage stage;
    auto loop = std::make_unique<ToldLoop>();
    loop->on_open = [](int n) -> Result<void> {
      CHECK(n == 1);
      return Error(ErrorKind::permission, "wrong password");
    };
    CHECK(stage.run(std::move(loop)).reason == "wrong password");
    CHECK(stage.failures.size() == 1);
  }
}

}  // namespace levada
