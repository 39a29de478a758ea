#include "base/metrics.h"

#include <set>

#include "base/assert.h"
#include "base/json.h"

namespace levada {

Metrics::Entry& Metrics::find(std::string_view name, const Labels& labels, bool counter) {
  std::lock_guard lock(mutex_);
  for (Entry& e : entries_)
    if (e.name == name && e.labels == labels) {
      LV_ASSERT(e.is_counter == counter);
      return e;
    }
  Entry& e = entries_.emplace_back();
  e.name = name;
  e.labels = labels;
  e.is_counter = counter;
  return e;
}

Counter& Metrics::counter(std::string_view name, const Labels& labels) { return find(name, labels, true).counter; }
Gauge& Metrics::gauge(std::string_view name, const Labels& labels) { return find(name, labels, false).gauge; }

std::vector<Sample> Metrics::samples() const {
  std::lock_guard lock(mutex_);
  std::vector<Sample> samples;
  for (const Entry& e : entries_)
    samples.push_back({e.name, e.labels, e.is_counter ? static_cast<std::int64_t>(e.counter.value()) : e.gauge.value(),
                       e.is_counter});
  return samples;
}

std::string Metrics::text() const {
  std::string text;
  std::set<std::string> typed;
  for (const Sample& s : samples()) {
    if (typed.insert(s.name).second) text += "# TYPE " + s.name + (s.counter ? " counter\n" : " gauge\n");
    text += s.name;
    for (std::size_t i = 0; i < s.labels.size(); ++i) {
      text += i == 0 ? "{" : ",";
      text += s.labels[i].first + "=";
      append_json_string(text, s.labels[i].second);
    }
    text += (s.labels.empty() ? " " : "} ") + std::to_string(s.value) + "\n";
  }
  return text;
}

}  // namespace levada
