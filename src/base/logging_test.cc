#include "base/logging.h"

#include <doctest/doctest.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"

namespace levada {
namespace {

// 2026-02-03T04:05:06.789Z
constexpr std::int64_t moment_us = 1'770'091'506'789'000;

struct Captured {
  std::string text;
  FakeClock clock{moment_us};
  Logger logger(LogForm form, LogLevel least = LogLevel::info) {
    return Logger(clock, form, least, [this](std::string_view line) { text += line; });
  }
};

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("on a terminal a line is logfmt") {
    Captured captured;
    captured.logger(LogForm::logfmt)
        .info("snapshot written",
              {{"query", "Q1"}, {"keys", 17}, {"ok", true}, {"why", "disk is full"}, {"empty", ""}, {"e", "a=b"}});
    CHECK(captured.text ==
          "ts=2026-02-03T04:05:06.789Z level=info msg=\"snapshot written\" query=Q1 keys=17 ok=true "
          "why=\"disk is full\" empty=\"\" e=\"a=b\"\n");
  }

  TEST_CASE("elsewhere a line is one JSON object") {
    Captured captured;
    captured.logger(LogForm::json).warning("no answer", {{"server", "db\"1\""}, {"attempt", -3}, {"last", false}});
    CHECK(captured.text ==
          "{\"ts\":\"2026-02-03T04:05:06.789Z\",\"level\":\"warning\",\"msg\":\"no answer\","
          "\"server\":\"db\\\"1\\\"\",\"attempt\":-3,\"last\":false}\n");
    CHECK(Json::parse(captured.text).has_value());
  }

  TEST_CASE("a value can break out of its line in neither form") {
    for (char c : {'\n', '\r', '\t', '\x01', '\x1b', '\x7f', '\\', '"'}) {
      std::string value = std::string("a") + c + "b";
      Captured logfmt, json;
      logfmt.logger(LogForm::logfmt).info("m", {{"v", value}});
      json.logger(LogForm::json).info("m", {{"v", value}});
      CAPTURE(static_cast<int>(c));
      CHECK(logfmt.text.find("v=\"a") != std::string::npos);
      CHECK(logfmt.text.find_first_of("\n\r") == logfmt.text.size() - 1);
      REQUIRE(Json::parse(json.text).has_value());
      CHECK(Json::parse(json.text)->text_of("v") == value);
    }
  }

  TEST_CASE("what is below the least level is not written") {
    Captured captured;
    Logger logger = captured.logger(LogForm::logfmt, LogLevel::warning);
    logger.debug("d");
    logger.info("i");
    logger.warning("w");
    logger.error("e");
    CHECK(captured.text ==
          "ts=2026-02-03T04:05:06.789Z level=warning msg=w\nts=2026-02-03T04:05:06.789Z level=error msg=e\n");
    silent_logger().error("nobody hears this");
  }

  TEST_CASE("lines of several threads come whole") {
    std::mutex mutex;
    std::vector<std::string> lines;
    FakeClock clock;
    Logger logger(clock, LogForm::json, LogLevel::info, [&](std::string_view line) {
      std::lock_guard lock(mutex);
      lines.emplace_back(line);
    });
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          for (int i = 0; i < 200; ++i) logger.info("m", {{"thread", t}, {"i", i}});
        });
    }
    CHECK(lines.size() == 800);
    for (const std::string& line : lines) CHECK(Json::parse(line).has_value());
  }
}

}  // namespace levada
