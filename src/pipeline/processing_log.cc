#include "pipeline/processing_log.h"

#include "base/json.h"
#include "log/record_batch.h"

namespace levada {

static constexpr std::size_t most_entries = 1000;

void append_processing_failures(const std::string& query, std::span<const ProcessingFailure> failures,
                                std::int64_t now_ms, Transaction& transaction) {
  RecordBatchBuilder records;
  auto add = [&](const Json& entry) { records.add(now_ms, std::string_view(query), std::string_view(entry.text())); };
  for (const ProcessingFailure& failure : failures.first(std::min(failures.size(), most_entries))) {
    Json entry;
    entry.set("query", query).set("expression", failure.expression).set("error", failure.why);
    entry.set("topic", failure.topic).set("partition", failure.partition).set("offset", failure.offset);
    entry.set("row", failure.dropped ? "dropped" : "kept, with null");
    add(entry);
  }
  if (failures.size() > most_entries) {
    Json entry;
    entry.set("query", query)
        .set("error", std::to_string(failures.size() - most_entries) + " more rows failed in the same commit");
    add(entry);
  }
  transaction.append({std::string(processing_log_topic), 0}, records.finish());
}

}  // namespace levada
