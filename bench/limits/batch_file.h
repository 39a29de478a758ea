// What the kernels need of a log: a walk over record batches in memory with their checksums looked at, and a file of
// record batches that is written a megabyte at a time, over its own blocks of the run before, and never synced.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace levada::limits {

[[noreturn]] inline void give_up(const char* why) {
  std::fprintf(stderr, "limit: %s\n", why);
  std::abort();
}

constexpr std::size_t batch_header = 61;

inline std::int64_t read_varint(const char*& p) {
  std::uint64_t v = static_cast<unsigned char>(*p++);
  if (v < 128) [[likely]]
    return unzigzag(v);
  v &= 127;
  for (int shift = 7;; shift += 7) {
    std::uint64_t b = static_cast<unsigned char>(*p++);
    v |= (b & 127) << shift;
    if (b < 128) return unzigzag(v);
  }
}

struct LogRecord {
  std::int64_t timestamp_ms;
  std::string_view key, value;  // a null key is empty
};

// take(record) for each record, end_of_batch() behind each batch.
template <class Take, class End>
void walk(std::string_view batches, Take take, End end_of_batch) {
  const char *p = batches.data(), *stop = p + batches.size();
  while (p < stop) {
    std::size_t size = 12 + load_big<std::uint32_t>(p + 8);
    if (crc32c({p + 21, size - 21}) != load_big<std::uint32_t>(p + 17)) give_up("wrong checksum");
    auto base_timestamp_ms = load_big<std::int64_t>(p + 27);
    const char* r = p + batch_header;
    for (auto left = load_big<std::uint32_t>(p + 57); left > 0; --left) {
      std::int64_t length = read_varint(r);
      const char* next = r + length;
      ++r;
      LogRecord record;
      record.timestamp_ms = base_timestamp_ms + read_varint(r);
      read_varint(r);
      if (std::int64_t key = read_varint(r); key > 0) {
        record.key = {r, static_cast<std::size_t>(key)};
        r += key;
      }
      std::int64_t value = read_varint(r);
      record.value = {r, static_cast<std::size_t>(value)};
      take(record);
      r = next;
    }
    end_of_batch();
    p += size;
  }
}

// Records of up to 4 KB: their lengths always take two bytes.
class BatchFile {
 public:
  explicit BatchFile(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT, 0644)) {
    if (fd_ < 0) give_up("cannot open its file");
  }
  BatchFile(const BatchFile&) = delete;
  ~BatchFile() { ::close(fd_); }

  // Where the value is to be written; end() takes where it ends.
  char* begin(std::int64_t timestamp_ms, std::string_view key = {}) {
    if (count_ == 0) base_timestamp_ms_ = most_timestamp_ms_ = timestamp_ms;
    if (timestamp_ms > most_timestamp_ms_) most_timestamp_ms_ = timestamp_ms;
    record_ = at_;
    char* p = record_ + 2;
    *p++ = 0;
    p = put_varint(p, timestamp_ms - base_timestamp_ms_);
    p = put_varint(p, count_);
    p = put_varint(p, key.data() ? static_cast<std::int64_t>(key.size()) : -1);
    if (key.size() == 8)
      p = static_cast<char*>(std::memcpy(p, key.data(), 8)) + 8;
    else
      for (char c : key) *p++ = c;
    return value_ = p + 2;
  }
  void end(char* stop) {
    put_length(value_ - 2, stop - value_);
    *stop++ = 0;  // no headers
    put_length(record_, stop - record_ - 2);
    at_ = stop;
    if (++count_ == 1000) close_batch();
  }
  // Everything is in the file, and nothing else.
  void finish() {
    close_batch();
    write_out();
    if (::ftruncate(fd_, ::lseek(fd_, 0, SEEK_CUR)) != 0) give_up("cannot truncate its file");
  }

 private:
  static constexpr std::size_t group = 1 << 20, room = 8 << 20;

  static void put_length(char* p, std::ptrdiff_t size) {
    std::uint64_t v = zigzag(size);
    p[0] = static_cast<char>(v | 128);
    p[1] = static_cast<char>(v >> 7);
  }
  void close_batch() {
    if (count_ == 0) return;
    char* p = batch_;
    store_big<std::int64_t>(p, base_offset_);
    store_big(p + 8, static_cast<std::uint32_t>(at_ - p - 12));
    store_big<std::int32_t>(p + 12, -1);
    p[16] = 2;
    store_big<std::uint16_t>(p + 21, 0);
    store_big(p + 23, static_cast<std::uint32_t>(count_ - 1));
    store_big(p + 27, base_timestamp_ms_);
    store_big(p + 35, most_timestamp_ms_);
    std::memset(p + 43, 0xff, 14);
    store_big(p + 57, static_cast<std::uint32_t>(count_));
    store_big(p + 17, crc32c({p + 21, static_cast<std::size_t>(at_ - p - 21)}));
    base_offset_ += count_;
    count_ = 0;
    batch_ = at_;
    at_ += batch_header;
    if (static_cast<std::size_t>(batch_ - buffer_.data()) >= group) write_out();
  }
  void write_out() {
    for (const char* p = buffer_.data(); p < batch_;) {
      ssize_t n = ::write(fd_, p, static_cast<std::size_t>(batch_ - p));
      if (n < 0) give_up("cannot write its file");
      p += n;
    }
    batch_ = buffer_.data();
    at_ = batch_ + batch_header;
  }

  int fd_;
  std::vector<char> buffer_ = std::vector<char>(room);
  char *batch_ = buffer_.data(), *at_ = batch_ + batch_header, *record_ = nullptr, *value_ = nullptr;
  std::int64_t base_offset_ = 0, base_timestamp_ms_ = 0, most_timestamp_ms_ = 0, count_ = 0;
};

}  // namespace levada::limits
