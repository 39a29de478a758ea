#include "pipeline/object_status.h"

#include <algorithm>

#include "base/assert.h"

namespace levada {

std::string_view name_of(ObjectState state) {
  switch (state) {
    case ObjectState::starting: return "starting";
    case ObjectState::running: return "running";
    case ObjectState::idle: return "idle";
    case ObjectState::waiting: return "waiting";
    case ObjectState::retrying: return "retrying";
    case ObjectState::failed: return "failed";
    case ObjectState::position_lost: return "position lost";
    case ObjectState::finished: return "finished";
  }
  LV_UNREACHABLE();
}

void StatusBoard::add(const std::string& name, std::string kind) {
  std::lock_guard lock(mutex_);
  if (std::ranges::find(objects_, name, &ObjectStatus::name) != objects_.end()) return;
  objects_.push_back({.name = name, .kind = std::move(kind), .since_ms = clock_.now_ms()});
}

void StatusBoard::set(const std::string& name, ObjectState state, std::string reason) {
  std::lock_guard lock(mutex_);
  auto object = std::ranges::find(objects_, name, &ObjectStatus::name);
  LV_ASSERT(object != objects_.end());
  if (is_failure(object->state)) return;  // of several loops that serve it, the one that failed is right
  if (object->state != state) object->since_ms = clock_.now_ms();
  object->state = state;
  object->reason = std::move(reason);
}

void StatusBoard::set_progress(const std::string& name, Progress progress) {
  std::lock_guard lock(mutex_);
  auto object = std::ranges::find(objects_, name, &ObjectStatus::name);
  LV_ASSERT(object != objects_.end());
  object->progress = std::move(progress);
}

void StatusBoard::set_delivered(const std::string& name, std::vector<PartitionOffset> delivered) {
  std::lock_guard lock(mutex_);
  auto object = std::ranges::find(objects_, name, &ObjectStatus::name);
  LV_ASSERT(object != objects_.end());
  object->delivered = std::move(delivered);
}

std::vector<ObjectStatus> StatusBoard::all() const {
  std::lock_guard lock(mutex_);
  return objects_;
}

}  // namespace levada
