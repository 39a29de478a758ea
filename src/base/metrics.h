// Counters and gauges that every step of the line reports: rows in and out, dead letters, bytes, lag. Written without
// locks, read by the closing table, `levada status` and whoever scrapes the text form.
//
//   Counter& rows = metrics.counter("levada_rows_total", {{"object", "ORDERS"}, {"direction", "in"}});
//   rows.add(batch.rows());
//
// Names and labels: levada_<area>_<what>_<unit>[_total]; labels only from bounded sets, never keys, SQL or error text.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace levada {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Only grows.
class Counter {
 public:
  void add(std::uint64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// What will be added to counters when something has come about, and never if it has not.
class Tally {
 public:
  void add(Counter& counter, std::uint64_t n) {
    for (auto& [known, sum] : sums_)
      if (known == &counter) return static_cast<void>(sum += n);
    if (n > 0) sums_.emplace_back(&counter, n);
  }
  void count() const {
    for (const auto& [counter, sum] : sums_) counter->add(sum);
  }
  bool empty() const { return sums_.empty(); }

 private:
  std::vector<std::pair<Counter*, std::uint64_t>> sums_;
};

// Goes up and down.
class Gauge {
 public:
  void set(std::int64_t v) { value_.store(v, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

struct Sample {
  std::string name;
  Labels labels;
  std::int64_t value;
  bool counter;
};

// Owns the instruments; references stay valid as long as it lives. Thread safe.
class Metrics {
 public:
  // The same name and labels give the same instrument.
  Counter& counter(std::string_view name, const Labels& labels);
  Gauge& gauge(std::string_view name, const Labels& labels);

  std::vector<Sample> samples() const;  // in the order of first use
  // Prometheus' text form: all lines of a name together.
  std::string text() const;

 private:
  struct Entry {
    std::string name;
    Labels labels;
    bool is_counter;
    Counter counter;
    Gauge gauge;
  };
  Entry& find(std::string_view name, const Labels& labels, bool counter);

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
};

}  // namespace levada
