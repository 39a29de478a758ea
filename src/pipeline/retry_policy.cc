#include "pipeline/retry_policy.h"

#include <algorithm>

namespace levada {

bool RetryPolicy::tries_again(const RejectedRecord& refusal, std::int64_t refusals) const {
  return refusal.may_pass && refusals <= attempts &&
         std::ranges::none_of(exclude, [&](const std::string& code) { return refusal.code.starts_with(code); });
}

std::int64_t RetryPolicy::wait_ms(std::int64_t refusals) const {
  const auto most = static_cast<double>(most_backoff_ms);
  double wait = static_cast<double>(backoff_ms);
  for (std::int64_t i = 1; i < refusals && wait < most && multiplier > 1; ++i) wait *= multiplier;
  return static_cast<std::int64_t>(std::min(wait, most));
}

}  // namespace levada
