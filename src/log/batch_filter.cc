#include "log/batch_filter.h"

#include "log/codec.h"

namespace levada {

static constexpr std::size_t at_length = 8, at_leader_epoch = 12, at_magic = 16, at_crc = 17, at_attributes = 21,
                             at_last_offset_delta = 23, at_base_timestamp = 27, at_producer_id = 43, at_count = 57;

static void seal(char* batch, std::size_t size) {
  store_big(batch + at_length, static_cast<std::int32_t>(size - record_batch_length_end));
  store_big(batch + at_crc, crc32c({batch + at_attributes, size - at_attributes}));
}

Result<void> BatchFilter::read(std::string_view record_batch) {
  header_ = LV_TRY(parse_header(record_batch));
  batch_ = record_batch;
  if (header_.compression() != Compression::none) {
    plain_.clear();
    plain_.append(record_batch.substr(0, record_batch_header_size));
    LV_TRY(decompress(header_.attributes & 7, record_batch.substr(record_batch_header_size), plain_));
    store_big(plain_.data() + at_attributes, static_cast<std::uint16_t>(header_.attributes & ~7));
    store_big(plain_.data() + at_length, static_cast<std::int32_t>(plain_.size() - record_batch_length_end));
    batch_ = plain_.view();
  }
  records_.clear();
  return records_.append(batch_);
}

void BatchFilter::write(const std::vector<bool>& keep, Buffer& out) {
  std::span<const Record> records = records_.all();
  LV_ASSERT(keep.size() == records.size());
  kept_.clear();
  std::int32_t count = 0;
  const char* begin = batch_.data() + record_batch_header_size;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const char* end = records[i].headers.end();  // a record ends with its headers
    if (keep[i]) {
      kept_.append({begin, static_cast<std::size_t>(end - begin)});
      ++count;
    }
    begin = end;
  }
  std::size_t at = out.size();
  out.append(batch_.substr(0, record_batch_header_size));
  auto attributes = header_.attributes;
  if (count == 0) {
    attributes = static_cast<std::uint16_t>(attributes & ~7);
  } else if (header_.compression() != Compression::none) {
    compress(header_.compression(), kept_.view(), out);
  } else {
    out.append(kept_.view());
  }
  char* batch = out.data() + at;
  set_base_offset(batch, header_.base_offset);
  store_big(batch + at_attributes, attributes);
  store_big(batch + at_count, count);
  seal(batch, out.size() - at);
}

bool can_stretch(const RecordBatchHeader& header, Offset next) {
  return next - header.base_offset <= std::int64_t{INT32_MAX};
}

void stretch(char* record_batch, Offset next) {
  Offset base(load_big<std::int64_t>(record_batch));
  store_big(record_batch + at_last_offset_delta, static_cast<std::int32_t>(next - base - 1));
  seal(record_batch,
       static_cast<std::size_t>(load_big<std::int32_t>(record_batch + at_length)) + record_batch_length_end);
}

void put_empty_batch(Buffer& out, Offset base, Offset next) {
  while (base < next) {
    std::size_t at = out.size();
    out.resize(at + record_batch_header_size);
    char* batch = out.data() + at;
    std::memset(batch, 0, record_batch_header_size);
    set_base_offset(batch, base);
    store_big<std::int32_t>(batch + at_leader_epoch, -1);
    batch[at_magic] = 2;
    std::int64_t taken = std::min<std::int64_t>(next - base, INT32_MAX);
    store_big(batch + at_last_offset_delta, static_cast<std::int32_t>(taken - 1));
    store_big<std::int64_t>(batch + at_base_timestamp, 0);
    std::memset(batch + at_producer_id, 0xff, at_count - at_producer_id);
    seal(batch, record_batch_header_size);
    base = base + taken;
  }
}

}  // namespace levada
