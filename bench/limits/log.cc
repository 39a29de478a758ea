#include "bench/limits/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "batch/kernels.h"
#include "bench/limits/batch_file.h"

namespace levada::bench {
namespace {

using limits::read_varint;

constexpr std::size_t header_size = 61, most_value = 1024;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "log kernel: %s\n", why.c_str());
  std::abort();
}

const std::vector<char> noise = [] {
  std::vector<char> bytes(2 * most_value);
  Random random(1);
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}();

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) give_up("cannot open " + path);
  }
  ~OpenFile() { ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void write_durably(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0) give_up("cannot write " + path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fdatasync(fd_) != 0) give_up("cannot sync " + path_);
  }
  std::size_t read(char* to, std::size_t most) {
    ssize_t n = ::read(fd_, to, most);
    if (n < 0) give_up("cannot read " + path_);
    return static_cast<std::size_t>(n);
  }

 private:
  const std::string path_;
  const int fd_;
};

// Record i, as record number n of its batch.
inline char* put_record(char* p, std::uint64_t i, std::uint64_t n, std::size_t size) {
  std::size_t length = 1 + 1 + varint_size(zigzag(static_cast<std::int64_t>(n))) + 1 +
                       varint_size(zigzag(static_cast<std::int64_t>(size))) + size + 1;
  p = put_varint(p, static_cast<std::int64_t>(length));
  *p++ = 0;
  *p++ = 0;  // timestamp delta
  p = put_varint(p, static_cast<std::int64_t>(n));
  *p++ = 1;  // null key
  p = put_varint(p, static_cast<std::int64_t>(size));
  std::memcpy(p, noise.data() + i % most_value, size);
  p += size;
  *p++ = 0;
  return p;
}

inline void put_header(char* batch, const char* end, std::uint64_t base, std::uint64_t count) {
  store_big(batch, base);
  store_big(batch + 8, static_cast<std::uint32_t>(end - batch - 12));
  store_big<std::int32_t>(batch + 12, -1);
  batch[16] = 2;
  store_big<std::uint16_t>(batch + 21, 0);
  store_big(batch + 23, static_cast<std::uint32_t>(count - 1));
  store_big<std::uint64_t>(batch + 27, 1);
  store_big<std::uint64_t>(batch + 35, 1);
  std::memset(batch + 43, 0xff, 14);
  store_big(batch + 57, static_cast<std::uint32_t>(count));
  store_big(batch + 17, crc32c({batch + 21, static_cast<std::size_t>(end - batch - 21)}));
}

}  // namespace

std::string_view value_of(std::uint64_t i, std::size_t size) { return {noise.data() + i % most_value, size}; }

void LogContent::add(std::string_view value) {
  ++records;
  sum += hash_bytes(value.data(), value.size());
}
std::string LogContent::text() const { return std::to_string(records) + " records, sum " + std::to_string(sum); }

void append_kernel(const std::string& path, bool recycled, std::uint64_t records, std::size_t size) {
  if (!recycled) ::unlink(path.c_str());
  OpenFile file(path, O_RDWR | O_CREAT);
  std::vector<char> buffer(commit_bytes + batch_bytes + 64 * 1024);
  char *p = buffer.data(), *batch = p;
  std::uint64_t base = 0, count = 0;
  auto write_out = [&] {
    file.write_durably({buffer.data(), static_cast<std::size_t>(p - buffer.data())});
    p = batch = buffer.data();
  };
  for (std::uint64_t i = 0; i < records; ++i) {
    if (count == 0) p = batch + header_size;
    p = put_record(p, i, count++, size);
    if (static_cast<std::size_t>(p - batch) < batch_bytes && i + 1 < records) continue;
    put_header(batch, p, base, count);
    base += count;
    count = 0;
    batch = p;
    if (static_cast<std::size_t>(p - buffer.data()) >= commit_bytes) write_out();
  }
  if (p > buffer.data()) write_out();
}

LogContent walk_kernel(const std::string& path, bool whole_values) {
  OpenFile file(path, O_RDONLY);
  std::vector<char> buffer((2 << 20) + 64);
  std::size_t have = 0;
  LogContent content;
  while (std::size_t n = file.read(buffer.data() + have, 1 << 20)) {
    have += n;
    const char *p = buffer.data(), *stop = p + have;
    while (static_cast<std::size_t>(stop - p) >= header_size) {
      std::size_t size = 12 + load_big<std::uint32_t>(p + 8);
      if (static_cast<std::size_t>(stop - p) < size) break;
      if (crc32c({p + 21, size - 21}) != load_big<std::uint32_t>(p + 17)) give_up("wrong checksum");
      const char* r = p + header_size;
      for (auto left = load_big<std::uint32_t>(p + 57); left > 0; --left) {
        std::int64_t length = read_varint(r);
        const char* next = r + length;
        ++r;
        read_varint(r), read_varint(r);
        if (std::int64_t key = read_varint(r); key > 0) r += key;
        auto value = static_cast<std::size_t>(read_varint(r));
        if (whole_values) {
          content.add({r, value});
        } else {
          ++content.records;
          content.sum += value + static_cast<unsigned char>(*r);
        }
        r = next;
      }
      p += size;
    }
    have = static_cast<std::size_t>(stop - p);
    std::memmove(buffer.data(), p, have);
  }
  return content;
}

std::vector<double> small_commit_kernel(const std::string& path, int batches, int count,
                                        std::chrono::microseconds pause) {
  ::unlink(path.c_str());
  OpenFile file(path, O_RDWR | O_CREAT);
  std::vector<double> us;
  std::vector<char> buffer(static_cast<std::size_t>(batches) * 256);
  auto next = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_until(next += pause);
    std::int64_t start = real_clock().steady_us();
    char* p = buffer.data();
    for (int b = 0; b < batches; ++b) {
      char* end = put_record(p + header_size, 1, 0, 100);
      put_header(p, end, static_cast<std::uint64_t>(i), 1);
      p = end;
    }
    file.write_durably({buffer.data(), static_cast<std::size_t>(p - buffer.data())});
    us.push_back(static_cast<double>(real_clock().steady_us() - start));
  }
  return us;
}

}  // namespace levada::bench
