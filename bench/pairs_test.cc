#include "bench/pairs.h"

#include <doctest/doctest.h>

TEST_SUITE("bench") {
  using namespace levada;
  using bench::Measured;

  // A side whose runs give these values in turn, and which notes that it ran.
  bench::Side side(std::string name, std::vector<double> values, std::string & order) {
    auto next = std::make_shared<std::size_t>(0);
    return {name, [=, &order] {
              order += name[0];
              double v = values[(*next)++ % values.size()];
              return Measured{v, v / 10};
            }};
  }

  struct Printed {
    std::string text, complaint;
    bench::Pairs pairs(int n, std::string only = "") {
      return {"smoke", n, std::move(only), [this](std::string_view line) { text += line; },
              [this](std::string_view line) { complaint += line; }};
    }
    Json json() const {
      auto parsed = Json::parse(text);
      REQUIRE(parsed.has_value());
      return *std::move(parsed);
    }
  };

  TEST_CASE("after one warm-up the sides take turns, and each begins in its turn") {
    Printed printed;
    std::string order;
    auto pairs = printed.pairs(4);
    pairs.compare({.id = "B0",
                   .name = "order",
                   .unit = "s",
                   .ours = side("ours", {1}, order),
                   .limit = side("limit", {1}, order),
                   .peer = side("peer", {1}, order)});
    CHECK(order ==
          "olp"
          "olp"
          "lpo"
          "pol"
          "olp");
    CHECK(pairs.exit_code() == 0);
  }

  TEST_CASE("ratios are taken pair by pair, not from the medians") {
    Printed printed;
    std::string order;
    auto pairs = printed.pairs(3);
    // The first value is the warm-up's.
    pairs.compare({.id = "B0",
                   .name = "ratios",
                   .unit = "records/s",
                   .ours = side("ours", {1000, 10, 40, 20}, order),
                   .limit = side("limit", {1, 20, 50, 10}, order)});
    Json line = printed.json();
    CHECK(line.find("ours")->real() == 20);
    CHECK(line.find("limit")->real() == 20);
    CHECK(line.find("peer")->is_null());
    CHECK(line.find("ratio_peer")->is_null());
    CHECK(line.find("ratio_limit")->text() == R"({"min":0.5,"median":0.8,"max":2})");
    CHECK(line.find("cpu_seconds")->find("ours")->real() == 2);
    CHECK(line.find("names")->text() == R"({"ours":"ours","limit":"limit","peer":null})");
    CHECK(line.text_of("tier") == "smoke");
  }

  TEST_CASE("different outputs fail the case before anything is timed") {
    Printed printed;
    std::string order;
    auto pairs = printed.pairs(5);
    bench::Case unequal = {.id = "B0",
                           .name = "unequal",
                           .unit = "s",
                           .ours = side("ours", {1}, order),
                           .limit = side("limit", {1}, order)};
    unequal.ours.output = [] { return bench::digest("abc"); };
    unequal.limit.output = [] { return bench::digest("abd"); };
    pairs.compare(unequal);
    CHECK(order == "ol");
    CHECK(printed.text.empty());
    CHECK(printed.complaint ==
          "B0 unequal: the outputs differ, so there is nothing to time\n"
          "  ours: 3 bytes, crc 364b3fb7\n"
          "  limit: 3 bytes, crc e2815b5c\n");
    CHECK(pairs.exit_code() == 1);
  }

  TEST_CASE("a side without output is not compared, and cases can be chosen by name") {
    Printed printed;
    std::string order;
    auto pairs = printed.pairs(1, "chosen");
    bench::Case chosen = {.id = "B0", .name = "a chosen one", .unit = "s", .ours = side("ours", {1}, order)};
    chosen.ours.output = [] { return std::string("anything"); };
    chosen.limit = side("limit", {1}, order);
    pairs.compare(chosen);
    pairs.compare({.id = "B0", .name = "another", .unit = "s", .ours = side("x", {1}, order)});
    CHECK(order == "olol");
    CHECK(printed.json().text_of("case") == "a chosen one");
  }

  TEST_CASE("a rate is amount by time, and processor time is counted") {
    volatile std::uint64_t sum = 0;
    Measured took = bench::duration([&] {
      for (int i = 0; i < 20'000'000; ++i) sum = sum + 1;
    });
    CHECK(took.value > 0);
    CHECK(took.cpu_seconds > 0);
    CHECK(bench::rate(1e6, [] {}).value > 1e6);
  }

  TEST_CASE("the median") {
    CHECK(bench::median(std::vector<double>{}) == 0);
    CHECK(bench::median(std::vector<double>{3}) == 3);
    CHECK(bench::median(std::vector<double>{9, 1, 2}) == 2);
    CHECK(bench::median(std::vector<double>{4, 1, 2, 100}) == 3);
  }

  TEST_CASE("the machine is described") {
    Json machine = bench::machine();
    CHECK(machine.text_of("cpu") != "");
    CHECK(machine.find("cores")->integer().value_or(0) >= 1);
    CHECK(machine.find("memory_mb")->integer().value_or(0) >= 256);
    CHECK(machine.text_of("compiler").starts_with("g++ 1"));
  }
}
