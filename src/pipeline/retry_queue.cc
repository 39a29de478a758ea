#include "pipeline/retry_queue.h"

#include <algorithm>

#include "base/assert.h"

namespace levada {

std::string RetryQueue::line_of(const RetryChange& change) {
  if (change.key) return change.partition.topic + '\0' + 'k' + *change.key;
  return change.partition.topic + '\0' + std::to_string(change.partition.partition) + ' ' +
         std::to_string(change.offset.value());
}

// What stands in a record may be wrong or forged: nobody waits longer than the configuration says.
std::int64_t RetryQueue::bounded(std::int64_t due_ms, std::int64_t now_ms) const {
  return std::clamp<std::int64_t>(due_ms, 0, now_ms + policy_.most_backoff_ms);
}

void RetryQueue::apply(const RetryChange& change, std::int64_t now_ms) {
  using What = RetryChange::What;
  const Place place(change.partition, change.offset);
  auto known = by_place_.find(place);
  if (change.what == What::parked || change.what == What::replayed) {
    if (known != by_place_.end()) return;
    std::string name = line_of(change);
    Line& line = lines_[name];
    line.push_back(change);
    RetryChange& record = line.back();
    record.due_ms = bounded(change.due_ms, now_ms);
    record.refusals = std::clamp<std::int64_t>(change.refusals, 0, policy_.attempts);
    if (line.size() == 1) due_.emplace(record.due_ms, name);
    brought_at_.insert(record.at);
    ++topics_[change.partition.topic];
    by_place_.emplace(place, std::move(name));
    return;
  }
  if (known == by_place_.end()) return;
  const std::string name = known->second;
  Line& line = lines_.at(name);
  auto record = std::ranges::find_if(
      line, [&](const RetryChange& r) { return r.offset == change.offset && r.partition == change.partition; });
  LV_ASSERT(record != line.end());
  due_.erase({line.front().due_ms, name});
  if (change.what == What::refused) {
    record->refusals = std::max<std::int64_t>(change.refusals, 0);
    record->due_ms = bounded(change.due_ms, now_ms);
    record->cause = change.cause;
  } else {
    brought_at_.erase(record->at);
    by_place_.erase(known);
    if (auto topic = topics_.find(change.partition.topic); --topic->second == 0) topics_.erase(topic);
    line.erase(record);
  }
  if (line.empty())
    lines_.erase(name);
  else
    due_.emplace(line.front().due_ms, name);
}

void RetryQueue::clear() {
  lines_.clear();
  by_place_.clear();
  due_.clear();
  topics_.clear();
  brought_at_.clear();
}

bool RetryQueue::blocks(const std::string& topic, const std::optional<std::string>& key) const {
  return key && lines_.contains(topic + '\0' + 'k' + *key);
}

const RetryChange* RetryQueue::find(const TopicPartition& partition, Offset offset) const {
  auto known = by_place_.find({partition, offset});
  if (known == by_place_.end()) return nullptr;
  for (const RetryChange& record : lines_.at(known->second))
    if (record.offset == offset && record.partition == partition) return &record;
  LV_UNREACHABLE();
}

std::vector<const RetryChange*> RetryQueue::of_topic(const std::string& topic) const {
  std::vector<const RetryChange*> records;
  for (const auto& [name, line] : lines_)
    if (line.front().partition.topic == topic)
      for (const RetryChange& record : line) records.push_back(&record);
  std::ranges::sort(records, {}, &RetryChange::at);
  return records;
}

std::optional<std::int64_t> RetryQueue::due_ms() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

std::vector<const RetryChange*> RetryQueue::due(std::int64_t now_ms, std::size_t most,
                                                const std::set<std::string>& careful) const {
  std::vector<const RetryChange*> records;
  for (const auto& [due_ms, name] : due_) {
    if (due_ms > now_ms || records.size() >= most) break;
    const Line& line = lines_.at(name);
    records.push_back(&line.front());
    if (line.front().refusals > 0 || careful.contains(name)) continue;
    for (std::size_t i = 1; i < line.size() && line[i].refusals == 0 && records.size() < most; ++i)
      records.push_back(&line[i]);
  }
  std::ranges::sort(records, {}, &RetryChange::at);
  return records;
}

Offset RetryQueue::oldest() const { return brought_at_.empty() ? Offset(INT64_MAX) : *brought_at_.begin(); }

std::string RetryQueue::reason() const {
  if (due_.empty()) return {};
  const RetryChange& first = lines_.at(due_.begin()->second).front();
  return std::to_string(size()) + (size() == 1 ? " record waits" : " records wait") +
         " to be tried again, the first: " + (first.cause.empty() ? "replayed" : first.cause);
}

}  // namespace levada
