#include "connectors/postgres/refused_rows.h"

#include <algorithm>

namespace levada {

void RefusedRows::add(std::string_view column, RowFailures& failures) {
  for (RowFailure& failure : failures)
    failures_.push_back({failure.row, std::string(column) + ": " + std::move(failure.why)});
  failures.clear();
}

RowFailures RefusedRows::take() {
  RowFailures failures = std::move(failures_);
  failures_.clear();
  std::ranges::stable_sort(failures, {}, &RowFailure::row);
  RowFailures rows;
  for (auto first = failures.begin(); first != failures.end();) {
    auto end = std::find_if(first, failures.end(), [&](const RowFailure& f) { return f.row != first->row; });
    std::string why = first->why;
    for (auto next = first + 1; next != end; ++next)
      if (std::find_if(first, next, [&](const RowFailure& f) { return f.why == next->why; }) == next)
        why += "; " + next->why;
    rows.push_back({first->row, std::move(why)});
    first = end;
  }
  return rows;
}

}  // namespace levada
