#include "connectors/postgres/change_collector.h"

#include "connectors/postgres/capture_options.h"
#include "connectors/postgres/envelope_collector.h"
#include "connectors/postgres/row_collector.h"

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

std::unique_ptr<ChangeCollector> make_change_collector(const CaptureOptions& options,
                                                       const std::string& transaction_topic, const std::string& run,
                                                       const Clock& clock) {
  if (options.values.form == RecordForm::rows) return std::make_unique<RowCollector>(options.values);
  EnvelopeOptions envelopes{.name = options.topic_prefix, .database = options.address.get("dbname")};
  envelopes.tombstones = options.tombstones;
  envelopes.transactions = !transaction_topic.empty();
  envelopes.transaction_topic = transaction_topic;
  envelopes.heartbeat_topic = options.heartbeat_topic;
  envelopes.run = run;
  return std::make_unique<EnvelopeCollector>(std::move(envelopes), options.values, clock);
}

}  // namespace levada
