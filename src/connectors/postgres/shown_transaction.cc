#include "connectors/postgres/shown_transaction.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

namespace levada {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

static constexpr milliseconds patience(10'000), first_pause(1), longest_pause(50);

bool shows(std::string_view snapshot, std::uint32_t transaction) {
  auto next_number = [&] {
    std::uint64_t number = 0;
    auto [end, problem] = std::from_chars(snapshot.data(), snapshot.data() + snapshot.size(), number);
    snapshot.remove_prefix(std::min(static_cast<std::size_t>(end - snapshot.data()) + 1, snapshot.size()));
    return static_cast<std::uint32_t>(number);
  };
  next_number();  // the oldest that runs
  const std::uint32_t end = next_number();
  if (static_cast<std::int32_t>(transaction - end) >= 0) return false;
  while (!snapshot.empty())
    if (next_number() == transaction) return false;
  return true;
}

Result<bool> wait_until_shown(PostgresConnection& connection, std::uint32_t transaction) {
  if (transaction == 0) return true;
  const auto give_up = steady_clock::now() + patience;
  for (milliseconds pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    const auto rows = LV_TRY(connection.query("SELECT pg_current_snapshot()"));
    if (!rows.empty() && shows(rows[0][0].value_or(""), transaction)) return true;
    if (steady_clock::now() >= give_up) return false;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace levada
