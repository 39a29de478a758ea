// Bytes: borrowed as std::string_view, owned as std::string, or in a Buffer where they are produced in bulk.
// Integers in both byte orders, Kafka's varints, CRC32C.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace levada {

// ---- integers at an address ----

template <class T>
T load(const void* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
void store(void* p, T v) {
  std::memcpy(p, &v, sizeof v);
}

template <class T>
T byte_swap(T v) {
  if constexpr (sizeof(T) == 1)
    return v;
  else if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(v)));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(v)));
  else
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(v)));
}
template <class T>
T load_big(const void* p) {
  return byte_swap(load<T>(p));
}
template <class T>
void store_big(void* p, T v) {
  store(p, byte_swap(v));
}

// ---- varints, as in Kafka and Avro: 7 bits a byte, low bits first; signed numbers are zigzag coded ----

inline constexpr std::size_t max_varint_size = 10;

constexpr std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

// Bytes that a varint of the (already zigzag coded) number takes.
constexpr std::size_t varint_size(std::uint64_t v) { return (70u - static_cast<unsigned>(__builtin_clzll(v | 1))) / 7; }

// Writes at p, at most max_varint_size bytes; returns the end.
inline char* put_unsigned_varint(char* p, std::uint64_t v) {
  while (v >= 128) {
    *p++ = static_cast<char>(v | 128);
    v >>= 7;
  }
  *p++ = static_cast<char>(v);
  return p;
}
inline char* put_varint(char* p, std::int64_t v) { return put_unsigned_varint(p, zigzag(v)); }

// Reads a varint in [p, stop); returns its end, or nullptr where it is cut off or longer than 64 bits.
inline const char* get_unsigned_varint(const char* p, const char* stop, std::uint64_t& v) {
  std::uint64_t result = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (p == stop) return nullptr;
    auto byte = static_cast<unsigned char>(*p++);
    if (shift == 63 && byte > 1) return nullptr;
    result |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) {
      v = result;
      return p;
    }
  }
  return nullptr;
}
inline const char* get_varint(const char* p, const char* stop, std::int64_t& v) {
  std::uint64_t coded;
  p = get_unsigned_varint(p, stop, coded);
  if (p) v = unzigzag(coded);
  return p;
}

// ---- checksums and hashes ----

// CRC-32C (Castagnoli), as in Kafka record batches; `crc` continues an earlier one. Uses the processor's instruction.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

// ---- a growing buffer ----

// Bytes that are appended and taken away as a whole. Memory is not cleared and is kept across clear(). `padding` bytes
// past the end may be read and overwritten, so that vector code need not care for the last element. Movable, not
// copyable.
class Buffer {
 public:
  static constexpr std::size_t padding = 64;

  Buffer() = default;
  explicit Buffer(std::size_t capacity) { reserve(capacity); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer();

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  void clear() { size_ = 0; }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  // New bytes are not initialised.
  void resize(std::size_t size) {
    reserve(size);
    size_ = size;
  }
  // Room for n more bytes at the end, and the padding; also for none. Write there, then call commit() with the end
  // reached.
  char* room(std::size_t n) {
    if (size_ + n >= capacity_) [[unlikely]]
      grow(size_ + n);
    return data_ + size_;
  }
  void commit(const char* end) {
    LV_DEBUG_ASSERT(end >= data_ + size_ && end <= data_ + capacity_ + padding);
    size_ = static_cast<std::size_t>(end - data_);
  }
  void append(std::string_view bytes) {
    char* to = room(bytes.size());
    if (bytes.empty()) return;  // without memory there may be nowhere to copy nothing to
    std::memcpy(to, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void append(char c) {
    *room(1) = c;
    ++size_;
  }
  // Drops the first n bytes and moves the rest to the front.
  void remove_front(std::size_t n);

 private:
  void grow(std::size_t capacity);

  char* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

// Copies n bytes, fast for the short strings that records are made of. Up to Buffer::padding bytes past both ends are
// touched.
inline char* put_padded(char* p, const char* from, std::size_t n) {
  std::memcpy(p, from, 16);
  if (n > 16) [[unlikely]] {
    std::memcpy(p + 16, from + 16, 16);
    if (n > 32) std::memcpy(p + 32, from + 32, n - 32);
  }
  return p + n;
}

// ---- bytes read one thing after the other, with a check at every step ----

// Reads from a borrowed string of bytes. After a read beyond the end, ok() is false and all values are zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), stop_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == stop_; }
  std::size_t left() const { return static_cast<std::size_t>(stop_ - at_); }

  template <class T>
  T big() {
    T v{};
    if (enough(sizeof(T))) v = load_big<T>(at_), at_ += sizeof(T);
    return v;
  }
  template <class T>
  T little() {
    T v{};
    if (enough(sizeof(T))) v = load<T>(at_), at_ += sizeof(T);
    return v;
  }
  std::int64_t varint() {
    std::int64_t v = 0;
    take(get_varint(at_, stop_, v));
    return v;
  }
  std::uint64_t unsigned_varint() {
    std::uint64_t v = 0;
    take(get_unsigned_varint(at_, stop_, v));
    return v;
  }
  std::string_view bytes(std::size_t n) {
    if (!enough(n)) return {};
    return {std::exchange(at_, at_ + n), n};
  }
  // Bytes behind their length as an unsigned varint.
  std::string_view sized_bytes() { return bytes(unsigned_varint()); }
  // Bytes up to a NUL, which is passed over.
  std::string_view text() {
    const void* stop = at_ == stop_ ? nullptr : std::memchr(at_, 0, left());
    if (!stop) {
      ok_ = false, at_ = stop_;
      return {};
    }
    const char* from = std::exchange(at_, static_cast<const char*>(stop) + 1);
    return {from, static_cast<std::size_t>(at_ - from - 1)};
  }

 private:
  bool enough(std::size_t n) {
    if (n > left()) ok_ = false, at_ = stop_;
    return ok_;
  }
  void take(const char* end) {
    if (end)
      at_ = end;
    else
      ok_ = false, at_ = stop_;
  }

  const char* at_;
  const char* stop_;
  bool ok_ = true;
};

// The writing side of ByteReader, into a Buffer that the caller owns.
class ByteWriter {
 public:
  explicit ByteWriter(Buffer& out) : out_(out) {}

  template <class T>
  void big(T v) {
    store_big(out_.room(sizeof v), v);
    out_.resize(out_.size() + sizeof v);
  }
  template <class T>
  void little(T v) {
    store(out_.room(sizeof v), v);
    out_.resize(out_.size() + sizeof v);
  }
  void varint(std::int64_t v) { out_.commit(put_varint(out_.room(max_varint_size), v)); }
  void unsigned_varint(std::uint64_t v) { out_.commit(put_unsigned_varint(out_.room(max_varint_size), v)); }
  void bytes(std::string_view bytes) { out_.append(bytes); }
  void sized_bytes(std::string_view bytes) {
    unsigned_varint(bytes.size());
    out_.append(bytes);
  }

 private:
  Buffer& out_;
};

}  // namespace levada
