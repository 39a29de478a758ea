// A bounded channel between threads. push() waits while it is full, pop() while it is empty; after close() push() is
// refused and pop() drains what is left. Any number of threads on both ends.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace levada {

template <class T>
class Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) { LV_ASSERT(capacity > 0); }

  // False, and `item` is dropped, if the queue is closed.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    item_.notify_one();
    return true;
  }
  // nullopt when closed and empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    item_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return take_front();
  }
  // nullopt when there is nothing now.
  std::optional<T> try_pop() {
    std::unique_lock lock(mutex_);
    return take_front();
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    item_.notify_all();
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  std::optional<T> take_front() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    room_.notify_one();
    return item;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable room_, item_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace levada
