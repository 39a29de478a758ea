#include "base/metrics.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace levada {

TEST_SUITE("base") {
  TEST_CASE("a tally counts when it is told to, and not before") {
    Metrics metrics;
    Counter &in = metrics.counter("in", {}), &out = metrics.counter("out", {});
    Tally tally;
    CHECK(tally.empty());
    tally.add(out, 0);
    CHECK(tally.empty());
    tally.add(in, 2);
    tally.add(out, 1);
    tally.add(in, 3);
    CHECK(in.value() == 0);
    tally.count();
    CHECK(in.value() == 5);
    CHECK(out.value() == 1);
  }

  TEST_CASE("the same name and labels are the same instrument") {
    Metrics metrics;
    Counter& in = metrics.counter("levada_rows_total", {{"object", "A"}, {"direction", "in"}});
    in.add(2);
    metrics.counter("levada_rows_total", {{"object", "A"}, {"direction", "in"}}).add(3);
    CHECK(in.value() == 5);
    CHECK(&metrics.counter("levada_rows_total", {{"object", "B"}, {"direction", "in"}}) != &in);
    Gauge& lag = metrics.gauge("levada_lag_us", {});
    lag.set(7);
    lag.set(-2);
    CHECK(lag.value() == -2);
    REQUIRE(metrics.samples().size() == 3);
    CHECK(metrics.samples()[0].value == 5);
    CHECK(metrics.samples()[0].counter);
    CHECK_FALSE(metrics.samples()[2].counter);
  }

  TEST_CASE("Prometheus' text form has all lines of a name together, under one type") {
    Metrics metrics;
    metrics.counter("levada_rows_total", {{"object", "A"}}).add(1);
    metrics.gauge("levada_lag_us", {}).set(-4);
    metrics.counter("levada_rows_total", {{"object", "say \"B\"\\\n"}, {"direction", "in"}}).add(2);
    CHECK(metrics.text() ==
          "# TYPE levada_rows_total counter\n"
          "levada_rows_total{object=\"A\"} 1\n"
          "levada_rows_total{object=\"say \\\"B\\\"\\\\\\n\",direction=\"in\"} 2\n"
          "# TYPE levada_lag_us gauge\n"
          "levada_lag_us -4\n");
    CHECK(Metrics().text() == "");
  }

  TEST_CASE("threads count together") {
    Metrics metrics;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          for (int i = 0; i < 1000; ++i) {
            metrics.counter("all", {}).add(1);
            metrics.counter("each", {{"thread", std::to_string(t)}}).add(1);
          }
        });
    }
    CHECK(metrics.counter("all", {}).value() == 4000);
    CHECK(metrics.samples().size() == 5);
  }
}

}  // namespace levada
