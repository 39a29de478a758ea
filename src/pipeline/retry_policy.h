// When a record that a target has refused is tried again, and how often: 'retry.…' of every sink.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/sink.h"

namespace levada {

struct RetryPolicy {
  std::int64_t attempts = 3;  // after the first; 0: none
  std::int64_t backoff_ms = 500;
  double multiplier = 2;
  std::int64_t most_backoff_ms = 60'000;
  std::vector<std::string> exclude;  // codes of refusals, or how they begin: not worth it, whatever the sink says

  // Whether a record that was refused for the n-th time is tried again.
  bool tries_again(const RejectedRecord& refusal, std::int64_t refusals) const;
  // The pause behind the n-th refusal, from 1.
  std::int64_t wait_ms(std::int64_t refusals) const;
};

}  // namespace levada
