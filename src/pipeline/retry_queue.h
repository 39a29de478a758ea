// The records that a target has refused and that wait to be tried again, and those that wait behind them: per key of
// their topic a line, in the order of the topic. What it holds follows from the changes that were applied to it, and
// from nothing else; the records themselves stay in the log.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pipeline/retry_change.h"
#include "pipeline/retry_policy.h"

namespace levada {

class RetryQueue {
 public:
  explicit RetryQueue(const RetryPolicy& policy) : policy_(policy) {}

  // `now_ms` bounds what the change says of times. A change of a record that does not wait changes nothing.
  void apply(const RetryChange& change, std::int64_t now_ms);
  void clear();

  std::size_t size() const { return by_place_.size(); }
  bool empty() const { return by_place_.empty(); }
  bool waits_for(const std::string& topic) const { return topics_.contains(topic); }
  // Whether a record of this key must wait behind others. Records without a key never do.
  bool blocks(const std::string& topic, const std::optional<std::string>& key) const;
  // nullptr: it does not wait.
  const RetryChange* find(const TopicPartition& partition, Offset offset) const;
  std::vector<const RetryChange*> of_topic(const std::string& topic) const;

  std::optional<std::int64_t> due_ms() const;  // of the first
  // What is to be tried now: the first of each line whose time has come, and with a first that was never refused itself
  // (those before it have gone) what follows it up to one that was. In the order of the topic of changes; about
  // `most`. Of the `careful` keys only the first.
  std::vector<const RetryChange*> due(std::int64_t now_ms, std::size_t most,
                                      const std::set<std::string>& careful) const;
  // The oldest change that brings a record which still waits; INT64_MAX: none.
  Offset oldest() const;
  // The line a record waits in; unique for one without a key.
  static std::string line_of(const RetryChange& change);
  // For people: why the first waits.
  std::string reason() const;

 private:
  using Place = std::pair<TopicPartition, Offset>;
  using Line = std::deque<RetryChange>;
  std::int64_t bounded(std::int64_t due_ms, std::int64_t now_ms) const;
  void enqueue(const std::string& line, const Line& records);  // its first into due_

  const RetryPolicy policy_;
  std::unordered_map<std::string, Line> lines_;
  std::map<Place, std::string> by_place_;               // → line
  std::set<std::pair<std::int64_t, std::string>> due_;  // of each line's first
  std::map<std::string, std::size_t> topics_;
  std::set<Offset> brought_at_;
};

}  // namespace levada
