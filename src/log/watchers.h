// Who wants to be woken when a partition grows.
#pragma once
#include <atomic>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/wakeup.h"
#include "log/log.h"

namespace levada {

struct TopicPartitionHash {
  std::size_t operator()(const TopicPartition& of) const {
    return std::hash<std::string>()(of.topic) ^ (static_cast<std::size_t>(of.partition) * 0x9E3779B97F4A7C15u);
  }
};

// Thread safe.
class Watchers {
 public:
  void watch(Wakeup& wakeup, std::span<const TopicPartition> partitions) {
    std::lock_guard lock(mutex_);
    for (const TopicPartition& of : partitions) wakeups_[of].push_back(&wakeup);
    any_ = !wakeups_.empty();
  }
  // Afterwards the wakeup is not touched any more.
  void unwatch(Wakeup& wakeup) {
    std::lock_guard lock(mutex_);
    for (auto of = wakeups_.begin(); of != wakeups_.end();) {
      std::erase(of->second, &wakeup);
      of = of->second.empty() ? wakeups_.erase(of) : std::next(of);
    }
    any_ = !wakeups_.empty();
  }
  void notify(std::span<const TopicPartition> grown) {
    if (!any_) return;
    std::lock_guard lock(mutex_);
    for (const TopicPartition& of : grown) {
      auto at = wakeups_.find(of);
      if (at == wakeups_.end()) continue;
      for (Wakeup* wakeup : at->second) wakeup->notify();
    }
  }
  bool any() const { return any_; }

 private:
  std::mutex mutex_;
  std::atomic<bool> any_ = false;
  std::unordered_map<TopicPartition, std::vector<Wakeup*>, TopicPartitionHash> wakeups_;
};

}  // namespace levada
