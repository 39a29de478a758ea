// What the log's tests share: record batches in one word, and everything that a log holds as text.
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/memory_files.h"
#include "log/embedded_log.h"
#include "log/record_batch.h"

namespace levada {

template <class T>
T must(Result<T> result) {
  if constexpr (std::is_void_v<T>) {
    if (!result) FAIL(result.error().text());
  } else {
    if (!result) FAIL(result.error().text());
    return *std::move(result);
  }
}

struct KeyValue {
  std::string key, value;  // value "-": a tombstone
};

inline std::string batch_of(const std::vector<KeyValue>& records, Compression compression = Compression::none) {
  RecordBatchBuilder builder(compression);
  for (const KeyValue& r : records) builder.add(1'000, Text(r.key), r.value == "-" ? Text() : Text(r.value));
  return std::string(builder.finish());
}
inline std::string batch_of(const std::string& value) { return batch_of({{"k", value}}); }

inline std::unique_ptr<EmbeddedLog> open_log(Files& files, EmbeddedLogOptions options = {}) {
  options.maintenance_interval_ms = 0;
  return must(open_embedded_log(files, "log", options));
}
inline std::unique_ptr<EmbeddedLog> open_log_to_read(Files& files, EmbeddedLogOptions options = {}) {
  options.access = LogAccess::read_only;
  return open_log(files, options);
}

// "offset:key=value" of every record from `from` on.
inline Result<std::vector<std::string>> read_records(Log& log, const TopicPartition& of, Offset from,
                                                     std::size_t max_bytes = 1 << 20) {
  auto reader = LV_TRY(log.open_reader(of, from));
  std::vector<std::string> found;
  for (;;) {
    Chunk chunk = LV_TRY(reader->read(max_bytes));
    if (chunk.record_batches.empty()) return found;
    Records records;
    LV_TRY(records.append(chunk.record_batches));
    for (const Record& r : records.all())
      if (r.offset >= from)
        found.push_back(std::to_string(r.offset.value()) + ":" + std::string(r.key.view()) + "=" +
                        (r.value.is_null() ? "-" : std::string(r.value.view())));
  }
}
// The values only, from the first offset that is there.
inline std::vector<std::string> values_of(Log& log, const TopicPartition& of, std::size_t max_bytes = 1 << 20) {
  std::vector<std::string> values;
  for (const std::string& text : must(read_records(log, of, must(log.offsets(of)).first, max_bytes)))
    values.push_back(text.substr(text.find('=') + 1));
  return values;
}

}  // namespace levada
