// Kafka's record batch, version 2: the bytes that are stored, and sent, and read.
//
//   base offset        i64   set by the log when the batch is appended; not covered by the checksum
//   length             i32   of all that follows
//   leader epoch       i32   -1
//   magic              i8    2
//   crc                u32   CRC32C of all that follows
//   attributes         i16   bits 0-2 compression, bit 3 timestamp type, bit 4 transactional, bit 5 control
//   last offset delta  i32
//   base timestamp     i64   milliseconds
//   max timestamp      i64
//   producer id        i64   -1 here: the log's journal keeps what Kafka keeps with these three
//   producer epoch     i16   -1
//   base sequence      i32   -1
//   record count       i32
//   records            compressed as a whole where the attributes say so. Each record:
//     length varint, attributes i8, timestamp delta varint, offset delta varint, key length varint (-1: null), key,
//     value length varint, value, header count varint, headers: each name length varint, name, value length varint,
//     value
//
// Numbers are big endian, varints zigzag. Source: Apache Kafka documentation, "Record Batch".
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "log/log.h"

namespace levada {

inline constexpr std::size_t record_batch_header_size = 61;
inline constexpr std::size_t record_batch_length_end =
    12;  // base offset and length: what must be read to know the size

struct RecordBatchHeader {
  Offset base_offset;
  std::uint32_t size = 0;  // of the whole batch in bytes, header included
  std::uint16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp_ms = 0, max_timestamp_ms = 0;
  std::int32_t record_count = 0;

  Compression compression() const { return static_cast<Compression>(attributes & 7); }
  bool control() const { return attributes & 32; }
  Offset next_offset() const { return base_offset + (std::int64_t{last_offset_delta} + 1); }
};

// The header of the batch at the start of the bytes; what follows it is not touched. damaged: not a header of version
// 2, or the size is impossible.
Result<RecordBatchHeader> parse_header(std::string_view bytes);
// The checksum of the whole batch agrees with its bytes.
bool checksum_agrees(std::string_view record_batch);
// Puts the base offset into a finished batch; the checksum stays right.
void set_base_offset(char* record_batch, Offset base);

// A key, a value, a header's value: bytes, or null.
struct Text {
  const char* data = nullptr;
  std::int32_t size = -1;  // -1: null

  Text() = default;
  Text(std::string_view bytes) : data(bytes.data()), size(static_cast<std::int32_t>(bytes.size())) {}  // NOLINT
  bool is_null() const { return size < 0; }
  std::string_view view() const { return {data, static_cast<std::size_t>(size < 0 ? 0 : size)}; }
};

// A record, pointing into its batch.
struct Record {
  Text key, value;
  std::int64_t timestamp_ms = 0;
  Offset offset;
  std::string_view headers;  // as stored, count included; "\0", a count of 0, for none
};

// The records of one or more whole record batches, in their order; control batches are passed over.
class Records {
 public:
  // Appends the records of the batches. The chunk's memory must live as long as the records are used; decompressed
  // bytes are kept here, with Buffer::padding. Checksums are the reader's business and not looked at again. damaged:
  // bytes that are no records.
  Result<void> append(std::string_view record_batches);
  void clear();

  std::span<const Record> all() const { return records_; }
  // What decompressed records point into; null if none was compressed.
  std::shared_ptr<const void> memory() const { return decompressed_; }

 private:
  std::vector<Record> records_;
  std::shared_ptr<std::vector<Buffer>> decompressed_;
};

struct Header {
  std::string_view name;
  Text value;
};
// Headers in stored form, and back. The pieces point into the bytes.
void append_headers(std::string& out, std::span<const Header> headers);
Result<std::vector<Header>> parse_headers(std::string_view headers);

// Puts records into a batch. Reused: memory stays.
class RecordBatchBuilder {
 public:
  explicit RecordBatchBuilder(Compression compression = Compression::none) : compression_(compression) {}

  // `headers` in stored form; empty for none.
  void add(std::int64_t timestamp_ms, Text key, Text value, std::string_view headers = {});
  std::int32_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return out_.size(); }  // before compression

  // The finished batch, valid until the next add() or clear(). At least one record.
  std::string_view finish();
  void clear();

 private:
  Compression compression_;
  Buffer out_, compressed_;
  std::int32_t count_ = 0;
  std::size_t length_size_ = 1;  // bytes of the last record's length
  std::int64_t base_timestamp_ms_ = 0, max_timestamp_ms_ = 0;
};

}  // namespace levada
