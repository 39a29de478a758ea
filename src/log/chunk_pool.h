// Memory that is read into, used again: a fresh megabyte costs more in page faults than what is read into it.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"

namespace levada {

// Thread safe. Buffers may outlive the pool.
class ChunkPool {
 public:
  // Empty, of at least this capacity; goes back when nobody holds it any more.
  std::shared_ptr<Buffer> take(std::size_t capacity) {
    std::unique_ptr<Buffer> buffer;
    {
      std::lock_guard lock(free_->mutex);
      // The last one given back is the one most likely still in the cache.
      if (!free_->buffers.empty()) {
        buffer = std::move(free_->buffers.back());
        free_->buffers.pop_back();
      }
    }
    if (!buffer) buffer = std::make_unique<Buffer>();
    buffer->clear();
    buffer->reserve(capacity);
    return {buffer.release(), [free = free_](Buffer* used) {
              std::unique_ptr<Buffer> owned(used);
              if (owned->capacity() > most_capacity) return;
              std::lock_guard lock(free->mutex);
              if (free->buffers.size() < most_buffers) free->buffers.push_back(std::move(owned));
            }};
  }

 private:
  static constexpr std::size_t most_buffers = 4, most_capacity = 2 << 20;
  struct Free {
    std::mutex mutex;
    std::vector<std::unique_ptr<Buffer>> buffers;
  };
  std::shared_ptr<Free> free_ = std::make_shared<Free>();
};

}  // namespace levada
