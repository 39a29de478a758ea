#include "log/flusher.h"

namespace levada {

Result<void> sync_segment(const LogCore& core, const DirtySegment& dirty) {
  LV_TRY(dirty.file->sync());
  return core.directory.sync_name(dirty.partition->name, *dirty.segment);
}

Flusher::Flusher(LogCore& core, std::uint64_t flushed) : core_(core), flushed_(flushed), thread_([this] { run(); }) {}

Flusher::~Flusher() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Flusher::flush(std::uint64_t generation, std::vector<DirtySegment> dirty) {
  std::lock_guard lock(mutex_);
  waiting_.push_back({generation, std::move(dirty)});
  changed_.notify_all();
}

std::uint64_t Flusher::flushed() const {
  std::lock_guard lock(mutex_);
  return flushed_;
}

void Flusher::wait_for(std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return flushed_ >= generation || core_.fail_stop.stopped(); });
}

void Flusher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Generation next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    bool failed = core_.fail_stop.stopped();
    for (const DirtySegment& dirty : next.dirty) {
      if (failed) break;
      if (dirty.segment->retired) continue;
      auto synced = sync_segment(core_, dirty);
      if (synced) continue;
      core_.fail_stop.stop(synced.error());
      failed = true;
    }
    next.dirty.clear();
    lock.lock();
    if (!failed) flushed_ = next.generation;
    changed_.notify_all();
  }
}

}  // namespace levada
