#include "connectors/connect_records.h"

namespace levada {

ConnectRecords select(const ConnectRecords& records, const std::vector<std::uint32_t>& rows) {
  if (rows.size() == records.size) return records;
  ConnectRecords chosen{.topic = records.topic,
                        .key_type = records.key_type,
                        .value_type = records.value_type,
                        .size = static_cast<std::uint32_t>(rows.size())};
  auto chosen_of = [&](const ColumnRef& column) -> ColumnRef {
    if (!column) return nullptr;
    auto copy = std::make_shared<Column>(column->type());
    copy->append_from(*column, Rows(rows));
    return copy;
  };
  chosen.key = chosen_of(records.key);
  chosen.value = chosen_of(records.value);
  for (std::uint32_t row : rows) chosen.timestamps_ms.push_back(records.timestamps_ms[row]);
  if (!records.headers.empty())
    for (std::uint32_t row : rows) chosen.headers.push_back(records.headers[row]);
  return chosen;
}

ConnectRecords without(const ConnectRecords& records, const RowFailures& failures) {
  if (failures.empty()) return records;
  Bits failed(records.size, false);
  for (const RowFailure& failure : failures) failed.set(failure.row);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < records.size; ++row)
    if (!failed[row]) rows.push_back(row);
  return select(records, rows);
}

}  // namespace levada
