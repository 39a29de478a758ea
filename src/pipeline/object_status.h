// How each object of a pipeline is doing, for the screen, `levada status` and whoever asks. One state per object, with
// the reason and since when: never RUNNING when nothing flows.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/sink.h"
#include "connectors/source.h"

namespace levada {

enum class ObjectState : std::uint8_t {
  starting,
  running,
  idle,           // running, and nothing to do now
  waiting,        // running, and nothing to do but for records that a target has refused and that will be tried again
  retrying,       // something outside is away; `reason` says what, it is tried again
  failed,         // stopped for good; `reason` says why
  position_lost,  // likewise: what the source keeps does not join what we have
  finished,       // a source that has come to its end, or a clean stop
};

std::string_view name_of(ObjectState state);
// Stopped for good because something is wrong.
constexpr bool is_failure(ObjectState state) {
  return state == ObjectState::failed || state == ObjectState::position_lost;
}

struct ObjectStatus {
  std::string name;
  std::string kind;  // source, query, sink
  ObjectState state = ObjectState::starting;
  std::string reason;
  std::int64_t since_ms = 0;
  Progress progress;                       // of sources
  std::vector<PartitionOffset> delivered;  // of sinks: everything below is in the target or in the dead letters
};

// Thread safe.
class StatusBoard {
 public:
  explicit StatusBoard(const Clock& clock) : clock_(clock) {}

  // Several loops may serve one object; it is added once, and once failed it stays so.
  void add(const std::string& name, std::string kind);
  void set(const std::string& name, ObjectState state, std::string reason = {});
  void set_progress(const std::string& name, Progress progress);
  void set_delivered(const std::string& name, std::vector<PartitionOffset> delivered);
  std::vector<ObjectStatus> all() const;  // in the order in which they were added

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<ObjectStatus> objects_;
};

}  // namespace levada
