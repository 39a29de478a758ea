#include "base/metrics.h"

#include <algorithm>
#include <map>

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
  std::vector<Sample> grouped = samples();
  std::map<std::string, std::size_t> first;
  for (const Sample& s : grouped) first.try_emplace(s.name, first.size());
  std::ranges::stable_sort(grouped, {}, [&](const Sample& s) { return first[s.name]; });

  std::string text;
  std::string_view typed;
  for (const Sample& s : grouped) {
    if (typed != s.name) text += "# TYPE " + s.name + (s.counter ? " counter\n" : " gauge\n");
    typed = s.name;
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
