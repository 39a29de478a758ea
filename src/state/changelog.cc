#include "state/changelog.h"

namespace levada {

static constexpr std::size_t record_batch_bytes = 256 << 10;
static constexpr std::size_t read_bytes = 4 << 20;

std::uint64_t Changelog::write(Store& store, Transaction& transaction) {
  std::uint64_t keys = 0;
  records_.clear();
  store.take_changes([&](std::string_view key, std::string_view value, std::int64_t timestamp_ms) {
    ++keys;
    records_.add(timestamp_ms, key, value.data() ? Text(value) : Text());
    if (records_.bytes() < record_batch_bytes) return;
    transaction.append(to_, records_.finish());
    records_.clear();
  });
  if (!records_.empty()) transaction.append(to_, records_.finish());
  records_.clear();
  return keys;
}

Result<Offset> Changelog::restore(Store& store, Log& log, Offset from) const {
  // Compaction may have removed the first records since the snapshot; the ones that count are still there.
  OffsetRange range = LV_TRY(log.offsets(to_));
  from = std::max(from, range.first);
  auto reader = LV_TRY(log.open_reader(to_, from));
  Records records;
  while (reader->position() < range.end) {
    Chunk chunk = LV_TRY(reader->read(read_bytes));
    if (chunk.record_batches.empty()) break;
    records.clear();
    LV_TRY(records.append(chunk.record_batches));
    for (const Record& record : records.all()) {
      if (record.offset < from) continue;
      std::string_view value = record.value.is_null() ? std::string_view() : record.value.view();
      LV_TRY(store.restore(record.key.view(), value, record.timestamp_ms));
    }
  }
  return range.end;
}

}  // namespace levada
