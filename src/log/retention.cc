#include "log/retention.h"

namespace levada {

std::vector<Change> retention_changes(const LogCatalog& catalog, const TopicState& topic, std::int64_t now_ms) {
  std::vector<Change> changes;
  const TopicConfig& config = topic.topic.config;
  if (config.compact || topic.deleted || topic.damage) return changes;
  std::uint64_t next_file = catalog.counters().next_file;
  for (const Partition& partition : topic.partitions) {
    std::uint64_t bytes = 0;
    for (const auto& segment : partition.segments) bytes += segment->bytes;
    SegmentsReplaced change{partition.id, {}, {}};
    for (const auto& segment : partition.segments) {
      bool last = segment == partition.segments.back();
      bool old = config.retention_ms >= 0 && segment->appended_ms < now_ms - config.retention_ms && segment->bytes > 0;
      bool far = config.retention_bytes >= 0 && !last &&
                 bytes - segment->bytes >= static_cast<std::uint64_t>(config.retention_bytes);
      if (!old && !far) break;
      change.removed.push_back(segment->file_number);
      bytes -= segment->bytes;
      if (!last) continue;
      SegmentEntry empty;
      empty.file_number = next_file++;
      empty.base = empty.next = partition.end;
      empty.appended_ms = now_ms;
      change.added.push_back(std::move(empty));
    }
    if (!change.removed.empty()) changes.emplace_back(std::move(change));
  }
  return changes;
}

}  // namespace levada
