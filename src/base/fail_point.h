// Named places at which a test ends the process, as a power cut would: LEVADA_FAIL_POINT=NAME or NAME:N, at the N-th
// passing. Armed by main alone; where nobody does, passing one is a comparison. tests/crash kills at each of them.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace levada {

// In the order of a change's way; the names are those of the enumerators.
enum class FailPoint : std::uint8_t {
  none,
  before_slot,           // the publication is there, the slot is not
  after_slot,            // the slot is made, nothing is stored of it
  before_trigger_setup,  // nothing of the change tables is made
  after_trigger_setup,   // they are, and nothing is stored
  between_chunks,        // rows of a table are read, not stored; others are to follow
  after_last_chunk,      // the last rows of a table are read, not stored
  before_log_commit,     // a transaction of the log is complete, and not submitted
  after_log_commit,      // it is durable, and nobody knows
  before_acknowledge,    // the server is about to be told what the log has
  after_acknowledge,     // it is told
  before_prune,          // changes that the log has are about to be deleted
  after_prune,           // they are
  before_target_commit,  // rows and offsets are in a transaction of the target
  after_target_commit,   // it is committed, and nobody knows
};

extern FailPoint armed_fail_point;
void pass_armed_fail_point();

inline void fail_point(FailPoint point) {
  if (point == armed_fail_point && point != FailPoint::none) [[unlikely]]
    pass_armed_fail_point();
}

// Before there are other threads.
Result<void> arm_fail_point(std::string_view text);

}  // namespace levada
