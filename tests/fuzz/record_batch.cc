// Bytes as record batches: what the checksum does not catch must be records, or damage that is said. What was read is
// written again by the builder, compressed or not, and read as the same.
#include "log/record_batch.h"

#include <cstdint>
#include <optional>
#include <string>

#include "base/assert.h"

using namespace levada;

namespace {

bool same(const Text& a, const Text& b) { return a.is_null() == b.is_null() && a.view() == b.view(); }

// Headers are looked at only by those who want them: nullopt if they are none.
std::optional<std::string> stored_headers(std::string_view headers) {
  auto parsed = parse_headers(headers);
  if (!parsed) return std::nullopt;
  std::string out;
  append_headers(out, *parsed);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  // Where bytes are read from, some may be read behind them.
  std::string padded(reinterpret_cast<const char*>(bytes), size);
  padded.resize(size + Buffer::padding);
  std::string_view input(padded.data(), size);

  auto header = parse_header(input);
  if (header && header->size <= size) checksum_agrees(input.substr(0, header->size));
  Records records;
  if (!records.append(input)) return 0;
  if (records.all().empty()) return 0;
  for (const Record& record : records.all())
    if (!stored_headers(record.headers)) return 0;

  for (Compression compression : {Compression::none, Compression::lz4, Compression::zstd}) {
    RecordBatchBuilder builder(compression);
    for (const Record& record : records.all())
      builder.add(record.timestamp_ms, record.key, record.value, *stored_headers(record.headers));
    std::string written(builder.finish());
    std::size_t length = written.size();
    written.resize(length + Buffer::padding);
    std::string_view batch(written.data(), length);
    LV_ASSERT(checksum_agrees(batch));
    auto again_header = parse_header(batch);
    LV_ASSERT(again_header.has_value() && again_header->size == length);
    LV_ASSERT(static_cast<std::size_t>(again_header->record_count) == records.all().size());
    Records again;
    LV_ASSERT(again.append(batch).has_value());
    LV_ASSERT(again.all().size() == records.all().size());
    for (std::size_t i = 0; i < again.all().size(); ++i) {
      const Record &a = records.all()[i], &b = again.all()[i];
      LV_ASSERT(same(a.key, b.key) && same(a.value, b.value) && a.timestamp_ms == b.timestamp_ms);
      LV_ASSERT(b.offset == Offset(static_cast<std::int64_t>(i)));
      LV_ASSERT(stored_headers(a.headers) == stored_headers(b.headers));
    }
  }
  return 0;
}
