#include "connectors/postgres/change_collector.h"

namespace levada {

void ChangeCollector::add_rows(const CapturedTableRef& table, const SnapshotRows& rows) {
  std::size_t columns = table->columns.size();
  for (std::uint32_t r = 0; r < rows.rows; ++r) {
    RowChange change{.op = 'r', .before = {}, .after = rows.values.subspan(r * columns, columns), .place = rows.place};
    change.snapshot = r == 0 ? rows.first : SnapshotMark::yes;
    if (r + 1 == rows.rows) change.snapshot = rows.last;
    add(table, change);
  }
}

}  // namespace levada
