#include "log/record_batch.h"

#include <algorithm>

#include "log/codec.h"

namespace levada {
namespace {

// Where the numbers stand in the header.
enum At : std::size_t {
  at_length = 8,
  at_leader_epoch = 12,
  at_magic = 16,
  at_crc = 17,
  at_attributes = 21,
  at_last_offset_delta = 23,
  at_base_timestamp = 27,
  at_max_timestamp = 35,
  at_producer_id = 43,
  at_producer_epoch = 51,
  at_base_sequence = 53,
  at_record_count = 57,
};

Error damaged(std::string what) { return Error(ErrorKind::damaged, std::move(what)); }

inline const char* get_number(const char* p, const char* stop, std::int64_t& v) {
  if (p < stop && static_cast<unsigned char>(*p) < 128) [[likely]] {
    v = unzigzag(static_cast<unsigned char>(*p));
    return p + 1;
  }
  return get_varint(p, stop, v);
}

// A key or a value: its length, -1 for null, and its bytes.
inline const char* get_text(const char* p, const char* stop, Text& text) {
  std::int64_t size;
  p = get_number(p, stop, size);
  if (!p || size < -1 || size > stop - p) return nullptr;
  text.data = p;
  text.size = static_cast<std::int32_t>(size);
  return size > 0 ? p + size : p;
}

// Times are added and subtracted as Java does it, round the end of 64 bits: no difference is too large to be written.
inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// The record at p; its end, or nullptr if these bytes are no record.
inline const char* get_record(const char* p, const char* stop, const RecordBatchHeader& header, Record& record) {
  std::int64_t length, timestamp_delta, offset_delta;
  p = get_number(p, stop, length);
  if (!p || length < 1 || length > stop - p) return nullptr;
  const char* end = p + length;
  ++p;  // attributes: none are defined
  if (!(p = get_number(p, end, timestamp_delta))) return nullptr;
  if (!(p = get_number(p, end, offset_delta))) return nullptr;
  if (!(p = get_text(p, end, record.key))) return nullptr;
  if (!(p = get_text(p, end, record.value))) return nullptr;
  if (p == end || (*p == 0 && p + 1 != end)) return nullptr;
  if (offset_delta < 0 || offset_delta > header.last_offset_delta) return nullptr;
  record.timestamp_ms = wrapping_sum(header.base_timestamp_ms, timestamp_delta);
  record.offset = header.base_offset + offset_delta;
  record.headers = {p, static_cast<std::size_t>(end - p)};
  return end;
}

// Short runs of bytes, without the call that memcpy is for a length that is not known.
inline char* put_bytes(char* p, const char* from, std::size_t n) {
  if (n >= 16) {
    const char *last = from + n - 16, *q = from;
    char* end = p + n;
    if (n > 256) {
      std::memcpy(p, from, n);
      return end;
    }
    for (; q < last; q += 16, p += 16) std::memcpy(p, q, 16);
    std::memcpy(end - 16, last, 16);
    return end;
  }
  if (n >= 8) {
    std::memcpy(p, from, 8);
    std::memcpy(p + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    std::memcpy(p, from, 4);
    std::memcpy(p + n - 4, from + n - 4, 4);
  } else {
    for (std::size_t i = 0; i < n; ++i) p[i] = from[i];
  }
  return p + n;
}

inline std::size_t bytes_of(const Text& text) { return static_cast<std::size_t>(text.size < 0 ? 0 : text.size); }
inline char* put_text(char* p, const Text& text) {
  p = put_varint(p, text.size);
  return text.size > 0 ? put_bytes(p, text.data, static_cast<std::size_t>(text.size)) : p;
}

// Lengths that are right by themselves are written first; then the checksum.
void put_header(char* p, std::size_t size, std::uint16_t attributes, std::int32_t last_offset_delta,
                std::int64_t base_timestamp_ms, std::int64_t max_timestamp_ms, std::int32_t count) {
  LV_ASSERT(size <= INT32_MAX);
  store_big<std::int64_t>(p, 0);
  store_big(p + at_length, static_cast<std::int32_t>(size - record_batch_length_end));
  store_big<std::int32_t>(p + at_leader_epoch, -1);
  p[at_magic] = 2;
  store_big(p + at_attributes, attributes);
  store_big(p + at_last_offset_delta, last_offset_delta);
  store_big(p + at_base_timestamp, base_timestamp_ms);
  store_big(p + at_max_timestamp, max_timestamp_ms);
  store_big<std::int64_t>(p + at_producer_id, -1);
  store_big<std::int16_t>(p + at_producer_epoch, -1);
  store_big<std::int32_t>(p + at_base_sequence, -1);
  store_big(p + at_record_count, count);
  store_big(p + at_crc, crc32c({p + at_attributes, size - at_attributes}));
}

}  // namespace

Result<RecordBatchHeader> parse_header(std::string_view bytes) {
  if (bytes.size() < record_batch_header_size)
    return damaged("a record batch has a header of 61 bytes, here are " + std::to_string(bytes.size()));
  const char* p = bytes.data();
  auto length = load_big<std::int32_t>(p + at_length);
  if (p[at_magic] != 2)
    return damaged("record batches of version " + std::to_string(static_cast<unsigned char>(p[at_magic])) +
                   " are not known, only 2");
  if (length < static_cast<std::int32_t>(record_batch_header_size - record_batch_length_end))
    return damaged("a record batch cannot be " + std::to_string(length) + " bytes long");
  RecordBatchHeader header;
  header.base_offset = Offset(load_big<std::int64_t>(p));
  header.size = static_cast<std::uint32_t>(length) + static_cast<std::uint32_t>(record_batch_length_end);
  header.attributes = load_big<std::uint16_t>(p + at_attributes);
  header.last_offset_delta = load_big<std::int32_t>(p + at_last_offset_delta);
  header.base_timestamp_ms = load_big<std::int64_t>(p + at_base_timestamp);
  header.max_timestamp_ms = load_big<std::int64_t>(p + at_max_timestamp);
  header.record_count = load_big<std::int32_t>(p + at_record_count);
  if (header.base_offset < Offset(0) || header.last_offset_delta < 0 || header.record_count < 0)
    return damaged("a record batch's offsets and count cannot be negative");
  if (header.base_offset > Offset(INT64_MAX - INT32_MAX - 1))
    return damaged("a record batch cannot start at offset " + std::to_string(header.base_offset.value()));
  return header;
}

bool checksum_agrees(std::string_view record_batch) {
  if (record_batch.size() < record_batch_header_size) return false;
  return crc32c(record_batch.substr(at_attributes)) == load_big<std::uint32_t>(record_batch.data() + at_crc);
}

void set_base_offset(char* record_batch, Offset base) { store_big(record_batch, base.value()); }

// ---- reading ----

Result<void> Records::append(std::string_view record_batches) {
  while (!record_batches.empty()) {
    RecordBatchHeader header = LV_TRY(parse_header(record_batches));
    if (header.size > record_batches.size())
      return damaged("a record batch of " + std::to_string(header.size) + " bytes is cut off after " +
                     std::to_string(record_batches.size()));
    std::string_view records = record_batches.substr(record_batch_header_size, header.size - record_batch_header_size);
    record_batches.remove_prefix(header.size);
    if (header.control()) continue;
    if (header.attributes & 7) {
      if (!decompressed_) decompressed_ = std::make_shared<std::vector<Buffer>>();
      Buffer& plain = decompressed_->emplace_back();
      LV_TRY(decompress(header.attributes & 7, records, plain));
      records = plain.view();
    }
    // Seven bytes is the shortest record, so a count that is a lie does not cost memory.
    auto count = static_cast<std::size_t>(header.record_count);
    if (count > records.size() / 7)
      return damaged("a record batch cannot hold " + std::to_string(count) + " records in " +
                     std::to_string(records.size()) + " bytes");
    std::size_t size = records_.size();
    records_.resize(size + count);
    const char *p = records.data(), *stop = p + records.size();
    for (Record *r = records_.data() + size, *end = r + count; r != end; ++r) {
      p = get_record(p, stop, header, *r);
      if (!p) [[unlikely]] {
        records_.resize(size);
        return damaged("bytes in a record batch at offset " + std::to_string(header.base_offset.value()) +
                       " are no records");
      }
    }
    if (p != stop) {
      records_.resize(size);
      return damaged("a record batch at offset " + std::to_string(header.base_offset.value()) +
                     " goes on after its last record");
    }
  }
  return {};
}

void Records::clear() {
  records_.clear();
  decompressed_.reset();
}

// ---- headers ----

void append_headers(std::string& out, std::span<const Header> headers) {
  auto put_number = [&](std::int64_t v) {
    char bytes[max_varint_size];
    out.append(bytes, put_varint(bytes, v));
  };
  put_number(static_cast<std::int64_t>(headers.size()));
  for (const Header& header : headers) {
    put_number(static_cast<std::int64_t>(header.name.size()));
    out += header.name;
    put_number(header.value.size);
    out += header.value.view();
  }
}

Result<std::vector<Header>> parse_headers(std::string_view headers) {
  const char *p = headers.data(), *stop = p + headers.size();
  std::int64_t count;
  p = get_number(p, stop, count);
  std::vector<Header> result;
  if (p && (count < 0 || count > (stop - p) / 2)) p = nullptr;
  for (; p && count > 0; --count) {
    Text name, value;
    if (!(p = get_text(p, stop, name)) || name.is_null() || !(p = get_text(p, stop, value))) {
      p = nullptr;
      break;
    }
    result.push_back({name.view(), value});
  }
  if (p != stop || headers.empty()) return damaged("bytes that are no record headers");
  return result;
}

// ---- writing ----

void RecordBatchBuilder::add(std::int64_t timestamp_ms, Text key, Text value, std::string_view headers) {
  if (count_ == 0) {
    out_.resize(record_batch_header_size);
    base_timestamp_ms_ = max_timestamp_ms_ = timestamp_ms;
  }
  if (timestamp_ms > max_timestamp_ms_) max_timestamp_ms_ = timestamp_ms;
  std::int64_t timestamp_delta = wrapping_difference(timestamp_ms, base_timestamp_ms_);
  // The length stands in front: as many bytes are left for it as the last record's took, nearly always the right
  // number.
  char* start = out_.room(5 * max_varint_size + bytes_of(key) + bytes_of(value) + headers.size());
  char* body = start + length_size_;
  char* p = body;
  *p++ = 0;
  p = put_varint(p, timestamp_delta);
  p = put_varint(p, count_);
  p = put_text(p, key);
  p = put_text(p, value);
  if (headers.empty())
    *p++ = 0;
  else
    p = put_bytes(p, headers.data(), headers.size());
  std::ptrdiff_t length = p - body;
  if (std::size_t size = varint_size(zigzag(length)); size != length_size_) [[unlikely]] {
    std::memmove(start + size, body, static_cast<std::size_t>(length));
    p = start + size + length;
    length_size_ = size;
  }
  put_varint(start, length);
  out_.commit(p);
  ++count_;
}

std::string_view RecordBatchBuilder::finish() {
  LV_ASSERT(count_ > 0);
  auto header = [&](Buffer& batch, std::uint16_t attributes) {
    put_header(batch.data(), batch.size(), attributes, count_ - 1, base_timestamp_ms_, max_timestamp_ms_, count_);
    return batch.view();
  };
  if (compression_ != Compression::none) {
    compressed_.resize(record_batch_header_size);
    compress(compression_, out_.view().substr(record_batch_header_size), compressed_);
    if (compressed_.size() < out_.size()) return header(compressed_, static_cast<std::uint16_t>(compression_));
  }
  return header(out_, 0);
}

void RecordBatchBuilder::clear() {
  out_.clear();
  count_ = 0;
}

}  // namespace levada
