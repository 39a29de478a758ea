#include "log/maintenance.h"

#include "log/compaction.h"
#include "log/retention.h"

namespace levada {

Maintenance::Maintenance(LogCore& core, Committer& committer)
    : core_(core), committer_(committer), thread_([this] { run(); }) {}

Maintenance::~Maintenance() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Maintenance::wake() {
  std::lock_guard lock(mutex_);
  wanted_ = true;
  changed_.notify_all();
}

void Maintenance::run() {
  for (;;) {
    bool wanted = false;
    {
      std::unique_lock lock(mutex_);
      auto called = [&] { return closing_ || wanted_; };
      if (std::int64_t interval_ms = core_.options.maintenance_interval_ms; interval_ms > 0)
        changed_.wait_for(lock, std::chrono::milliseconds(interval_ms), called);
      else
        changed_.wait(lock, called);
      if (closing_) return;
      std::swap(wanted, wanted_);
    }
    // Errors have been told to the logger, or stop the log.
    if (wanted) {
      std::lock_guard lock(running_);
      (void)reclaim();
    } else {
      (void)run_now();
    }
  }
}

Result<void> Maintenance::run_now() {
  std::lock_guard running(running_);
  LV_TRY(core_.fail_stop.check());
  std::vector<TopicRef> topics;
  {
    std::lock_guard lock(core_.catalog.mutex);
    for (const auto& [name, topic] : core_.catalog.topics()) topics.push_back(topic);
  }
  Result<void> first;
  for (const TopicRef& topic : topics) {
    if (core_.closing) break;
    auto done = maintain(topic);
    if (done) continue;
    ErrorKind kind = done.error().kind();
    if (kind == ErrorKind::cancelled) break;
    core_.options.logger->warning("maintenance failed", {{"topic", topic->topic.name}, {"what", done.error().line()}});
    if (kind == ErrorKind::io) core_.fail_stop.stop(done.error());
    if (first) first = std::move(done);
  }
  auto reclaimed = reclaim();
  return first ? std::move(reclaimed) : std::move(first);
}

Result<void> Maintenance::maintain(const TopicRef& topic) {
  auto changes = [&](const LogCatalog& catalog) -> Result<std::vector<Change>> {
    return retention_changes(catalog, *topic, core_.options.clock->now_ms());
  };
  bool anything = false;
  {
    std::lock_guard lock(core_.catalog.mutex);
    anything = !LV_TRY(changes(core_.catalog)).empty();
  }
  if (anything)
    LV_TRY(committer_.change([&](const LogCatalog& catalog) {
      std::lock_guard lock(core_.catalog.mutex);  // a topic's damage is told under it
      return changes(catalog);
    }));
  if (!topic->topic.config.compact) return {};
  for (Partition& partition : topic->partitions) {
    if (core_.closing) break;
    std::uint64_t saved = LV_TRY(compact(core_, committer_, PartitionRef(topic, &partition)));
    if (saved > 0)
      core_.options.logger->debug("compacted", {{"partition", text_of(partition.name)}, {"bytes_saved", saved}});
  }
  return {};
}

// A segment's file is used for something else only after it says that it is retired: readers look at that afterwards.
Result<void> Maintenance::reclaim() {
  std::vector<RetiredSegment> retired;
  std::vector<TopicRef> deleted;
  {
    std::lock_guard lock(core_.catalog.mutex);
    retired.swap(core_.retired);
    deleted.swap(core_.deleted);
  }
  for (const RetiredSegment& gone : retired) {
    gone.segment->retired = true;
    auto done = core_.directory.retire(gone.partition->name, *gone.segment);
    if (!done)
      core_.options.logger->warning("a file that is not needed any more stays", {{"what", done.error().line()}});
  }
  Files& files = core_.directory.files();
  for (const TopicRef& topic : deleted)
    for (const Partition& partition : topic->partitions) {
      std::string folder = core_.directory.folder(partition.name);
      if (files.exists(folder)) (void)files.remove(folder);  // not if the topic has been made again meanwhile
    }
  return {};
}

}  // namespace levada
