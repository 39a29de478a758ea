#include "base/fail_point.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <iterator>

namespace levada {

static constexpr std::string_view names[] = {
    "none",
    "before_slot",
    "after_slot",
    "before_trigger_setup",
    "after_trigger_setup",
    "between_chunks",
    "after_last_chunk",
    "before_log_commit",
    "after_log_commit",
    "before_acknowledge",
    "after_acknowledge",
    "before_prune",
    "after_prune",
    "before_target_commit",
    "after_target_commit",
};
static_assert(std::size(names) == static_cast<std::size_t>(FailPoint::after_target_commit) + 1);

FailPoint armed_fail_point = FailPoint::none;
static std::atomic<int> passings_left = 0;

void pass_armed_fail_point() {
  if (--passings_left == 0) std::raise(SIGKILL);
}

Result<void> arm_fail_point(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto name = std::ranges::find(names, text.substr(0, colon));
  int passings = 1;
  bool good = name != std::end(names);
  if (good && colon < text.size()) {
    auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), passings);
    good = error == std::errc() && end == text.data() + text.size() && passings > 0;
  }
  if (!good)
    return Error(ErrorKind::usage, "LEVADA_FAIL_POINT is \"" + std::string(text) + "\"")
        .remedy("It is for tests: unset it, or name a place of src/base/fail_point.h, as NAME or NAME:N.");
  passings_left = passings;
  armed_fail_point = static_cast<FailPoint>(name - std::begin(names));
  return {};
}

}  // namespace levada
