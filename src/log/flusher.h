// Makes durable, in the background, the segments whose bytes rode in a journal generation that has ended, so that its
// file can be used again.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "log/log_core.h"

namespace levada {

// A segment with bytes that may not be durable in it.
struct DirtySegment {
  PartitionRef partition;
  std::shared_ptr<Segment> segment;
  std::shared_ptr<File> file;
};
// File, then name.
Result<void> sync_segment(const LogCore& core, const DirtySegment& dirty);

class Flusher {
 public:
  // Generations up to `flushed` are.
  Flusher(LogCore& core, std::uint64_t flushed);
  ~Flusher();
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // The generation has ended, and these segments have bytes in it. Generations come in order.
  void flush(std::uint64_t generation, std::vector<DirtySegment> dirty);
  // The newest generation of which nothing is needed any more.
  std::uint64_t flushed() const;
  // Returns when that generation is flushed, or when the log has stopped.
  void wait_for(std::uint64_t generation);

 private:
  struct Generation {
    std::uint64_t generation;
    std::vector<DirtySegment> dirty;
  };
  void run();

  LogCore& core_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Generation> waiting_;
  std::uint64_t flushed_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace levada
