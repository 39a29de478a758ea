// The records of a partition one after the other, for readers that want no columns: how what is kept in a topic of ours
// is read back.
#pragma once
#include <type_traits>

#include "log/log.h"
#include "log/record_batch.h"

namespace levada {

// Gives take(record) all from `from` up to but without `to`, or the end as it is when it is come to; take may return a
// Result<void>, whose error ends it. The record lasts for the call. Errors of the reader, and damaged ones.
template <class Take>
Result<void> each_record(Log& log, const TopicPartition& partition, Offset from, Offset to, Take take) {
  constexpr std::size_t read_bytes = 1 << 20;
  auto reader = LV_TRY(log.open_reader(partition, from));
  Records records;
  while (reader->position() < to) {
    Chunk chunk = LV_TRY(reader->read(read_bytes, to));
    if (chunk.record_batches.empty()) break;
    records.clear();
    LV_TRY(records.append(chunk.record_batches));
    for (const Record& record : records.all()) {
      if (record.offset < from || record.offset >= to) continue;  // whole record batches come
      if constexpr (std::is_void_v<std::invoke_result_t<Take, const Record&>>)
        take(record);
      else
        LV_TRY(take(record));
    }
  }
  return {};
}

inline constexpr Offset to_the_end{INT64_MAX};  // for each_record()

}  // namespace levada
