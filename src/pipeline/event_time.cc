#include "pipeline/event_time.h"

namespace levada {

void replace_event_times(Batch& batch, const Expression& expression, const Surroundings& surroundings, Output& out) {
  std::vector<std::uint32_t> rows;
  batch.rows().for_each([&](std::uint32_t row) {
    if (!batch.is_deletion(row)) rows.push_back(row);
  });
  RowFailures failures;
  ColumnRef times = evaluate(expression, batch, Rows(rows), surroundings, failures);
  auto timestamps = std::make_shared<std::vector<std::int64_t>>(*batch.timestamps_ms);
  Bits failed(batch.size, false);
  for (const RowFailure& failure : failures) failed.set(failure.row);
  for (std::uint32_t row : rows) {
    if (failed[row]) continue;
    std::int64_t ms = times->values<std::int64_t>()[row];
    if (!times->is_null(row) && ms >= 0) {
      (*timestamps)[row] = ms;
      continue;
    }
    failed.set(row);
    failures.push_back({row, times->is_null(row) ? "the event time is null" : "the event time is before 1970"});
  }
  batch.timestamps_ms = std::move(timestamps);
  if (failures.empty()) return;
  out.fail(batch, failures, expression.text, true);
  std::vector<std::uint32_t> kept;
  batch.rows().for_each([&](std::uint32_t row) {
    if (!failed[row]) kept.push_back(row);
  });
  batch.selection = Selection(std::move(kept));
}

}  // namespace levada
