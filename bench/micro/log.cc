// B25: the embedded log against what a loop without it can do, in one run and in turns.
//
//   bench_log [--dir DIR] [--pairs N] [--records N] [--only TEXT]
//
// The limit kernels know nothing of the log: they encode record batches and write them to one file, with one fdatasync
// a megabyte, or walk such a file. `growing` makes its file anew in every run, `recycled` writes over the blocks of the
// run before. Ours does the same through a Transaction and a Reader, on a fresh directory or on one that has spare
// segments. One JSON line a case: medians, and the ratio of each pair.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/random.h"
#include "log/embedded_log.h"
#include "log/record_batch.h"

using namespace levada;

namespace {

struct Settings {
  std::string directory = "bench-log";
  int pairs = 5;
  std::uint64_t records = 1'000'000;  // of 100 bytes; of 1 KB an eighth
  std::string only;
};

constexpr std::size_t commit_bytes = 1 << 20;
constexpr std::size_t batch_bytes = 100 << 10;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
double median(std::vector<double> v) {
  std::ranges::sort(v);
  return v[v.size() / 2];
}
[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) die(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::vector<char> make_noise() {
  std::vector<char> noise(1 << 20);
  Random random(1);
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}
const std::vector<char> noise = make_noise();
const char* value_of(std::uint64_t i) { return noise.data() + (i & 1023); }

// ---- limit kernels ----

// Encodes record i with a value of `size` bytes, as record number n of its batch.
inline char* encode_record(char* p, std::uint64_t i, std::uint64_t n, std::size_t size) {
  std::size_t length = 1 + 1 + varint_size(zigzag(static_cast<std::int64_t>(n))) + 1 +
                       varint_size(zigzag(static_cast<std::int64_t>(size))) + size + 1;
  p = put_varint(p, static_cast<std::int64_t>(length));
  *p++ = 0;
  *p++ = 0;  // timestamp delta
  p = put_varint(p, static_cast<std::int64_t>(n));
  *p++ = 1;  // null key
  p = put_varint(p, static_cast<std::int64_t>(size));
  std::memcpy(p, value_of(i), size);
  p += size;
  *p++ = 0;
  return p;
}
inline void encode_header(char* batch, char* end, std::uint64_t base, std::uint64_t count) {
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

void limit_append(const std::string& path, bool recycled, std::uint64_t records, std::size_t size) {
  if (!recycled) ::unlink(path.c_str());
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0644);
  if (fd < 0) die("cannot open " + path);
  std::vector<char> buffer(commit_bytes + batch_bytes + 64 * 1024);
  char *p = buffer.data(), *batch = p;
  std::uint64_t base = 0, count = 0;
  auto write_out = [&] {
    for (const char* q = buffer.data(); q < p;) {
      ssize_t n = ::write(fd, q, static_cast<std::size_t>(p - q));
      if (n < 0) die("cannot write " + path);
      q += n;
    }
    if (::fdatasync(fd) != 0) die("cannot sync " + path);
    p = batch = buffer.data();
  };
  for (std::uint64_t i = 0; i < records; ++i) {
    if (count == 0) p = batch + 61;
    p = encode_record(p, i, count++, size);
    if (static_cast<std::size_t>(p - batch) < batch_bytes && i + 1 < records) continue;
    encode_header(batch, p, base, count);
    base += count;
    count = 0;
    batch = p;
    if (static_cast<std::size_t>(p - buffer.data()) >= commit_bytes) write_out();
  }
  write_out();
  ::close(fd);
}

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

std::uint64_t limit_read(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY);
  if (fd < 0) die("cannot open " + path);
  std::vector<char> buffer((2 << 20) + 64);
  std::size_t have = 0;
  std::uint64_t records = 0, sum = 0;
  for (;;) {
    ssize_t n = ::read(fd, buffer.data() + have, 1 << 20);
    if (n < 0) die("cannot read " + path);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    const char *p = buffer.data(), *stop = p + have;
    while (stop - p >= 61) {
      std::size_t size = 12 + load_big<std::uint32_t>(p + 8);
      if (static_cast<std::size_t>(stop - p) < size) break;
      if (crc32c({p + 21, size - 21}) != load_big<std::uint32_t>(p + 17)) die("limit: wrong checksum");
      const char* r = p + 61;
      for (auto left = load_big<std::uint32_t>(p + 57); left > 0; --left, ++records) {
        std::int64_t length = read_varint(r);
        const char* next = r + length;
        ++r;
        read_varint(r), read_varint(r);
        if (std::int64_t key = read_varint(r); key > 0) r += key;
        std::int64_t value = read_varint(r);
        sum += static_cast<std::uint64_t>(value) + static_cast<unsigned char>(*r);
        r = next;
      }
      p += size;
    }
    have = static_cast<std::size_t>(stop - p);
    std::memmove(buffer.data(), p, have);
  }
  ::close(fd);
  if (sum == 0) die("limit: nothing read");
  return records;
}

// One batch written and synced, `count` times, `pause` apart; latencies in microseconds.
std::vector<double> limit_small(const std::string& path, int count, std::chrono::microseconds pause) {
  ::unlink(path.c_str());
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0644);
  std::vector<double> us;
  std::vector<char> buffer(4096);
  auto next = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_until(next += pause);
    double start = now_s();
    char* end = encode_record(buffer.data() + 61, 1, 0, 100);
    encode_header(buffer.data(), end, static_cast<std::uint64_t>(i), 1);
    if (::write(fd, buffer.data(), static_cast<std::size_t>(end - buffer.data())) < 0 || ::fdatasync(fd) != 0)
      die("cannot write " + path);
    us.push_back((now_s() - start) * 1e6);
  }
  ::close(fd);
  return us;
}

// ---- ours ----

struct Ours {
  explicit Ours(std::string in) : directory(std::move(in)) {
    std::filesystem::remove_all(directory);
    EmbeddedLogOptions options;
    options.maintenance_interval_ms = 0;
    options.most_spare_bytes = std::uint64_t{4} << 30;
    if (const char* v = std::getenv("LEVADA_INLINE_BYTES")) options.inline_bytes = std::strtoull(v, nullptr, 10);
    if (const char* v = std::getenv("LEVADA_JOURNAL_BYTES")) options.journal_bytes = std::strtoull(v, nullptr, 10);
    if (const char* v = std::getenv("LEVADA_GROUP_BYTES")) options.group_bytes = std::strtoull(v, nullptr, 10);
    log = must(open_embedded_log(real_files(), directory, options));
  }
  ~Ours() {
    log.reset();
    std::filesystem::remove_all(directory);
  }
  void new_topic(std::int32_t partitions) {
    if (log->topic("t")) must(log->delete_topic("t"));
    must(log->maintain());  // its segments become spare ones
    TopicConfig config;
    config.partitions = partitions;
    must(log->create_topic("t", config));
  }

  std::string directory;
  std::unique_ptr<EmbeddedLog> log;
};

void our_append(Log& log, std::int32_t partitions, std::uint64_t records, std::size_t size) {
  constexpr std::size_t most_submitted = 3;  // as the pipeline has it
  auto transaction = must(log.begin("bench"));
  struct Part {
    TopicPartition to;
    RecordBatchBuilder batch;
  };
  std::vector<Part> parts;
  for (std::int32_t p = 0; p < partitions; ++p) parts.push_back({{"t", p}, RecordBatchBuilder()});
  std::deque<std::uint64_t> submitted;
  auto flush = [&](Part& part) {
    if (part.batch.empty()) return;
    transaction->append(part.to, part.batch.finish());
    part.batch.clear();
  };
  std::size_t pending = 0;
  for (std::uint64_t i = 0; i < records; ++i) {
    Part& part = parts[static_cast<std::size_t>(i % static_cast<std::uint64_t>(partitions))];
    part.batch.add(1, {}, std::string_view(value_of(i), size));
    pending += size + 9;
    if (part.batch.bytes() >= batch_bytes) flush(part);
    if (pending < commit_bytes && i + 1 < records) continue;
    for (Part& each : parts) flush(each);
    submitted.push_back(must(transaction->submit()));
    pending = 0;
    while (submitted.size() > most_submitted) {
      must(transaction->wait(submitted.front()));
      submitted.pop_front();
    }
  }
  if (!submitted.empty()) must(transaction->wait(submitted.back()));
}

std::uint64_t our_read(Log& log, std::int32_t partitions) {
  std::uint64_t records = 0, sum = 0;
  Records parsed;
  for (std::int32_t p = 0; p < partitions; ++p) {
    auto reader = must(log.open_reader({"t", p}, Offset(0)));
    for (;;) {
      Chunk chunk = must(reader->read(1 << 20));
      if (chunk.record_batches.empty()) break;
      parsed.clear();
      must(parsed.append(chunk.record_batches));
      for (const Record& r : parsed.all())
        sum += static_cast<std::uint64_t>(r.value.size) + static_cast<unsigned char>(*r.value.data);
      records += parsed.all().size();
    }
  }
  if (sum == 0) die("ours: nothing read");
  return records;
}

std::vector<double> our_small(Log& log, std::int32_t partitions, int count, std::chrono::microseconds pause) {
  auto transaction = must(log.begin("bench"));
  RecordBatchBuilder batch;
  std::vector<double> us;
  auto next = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_until(next += pause);
    double start = now_s();
    for (std::int32_t p = 0; p < partitions; ++p) {
      batch.clear();
      batch.add(1, {}, std::string_view(value_of(1), 100));
      transaction->append({"t", p}, batch.finish());
    }
    must(transaction->commit());
    us.push_back((now_s() - start) * 1e6);
  }
  return us;
}

// ---- in turns ----

void print_case(const std::string& name, const char* unit, const std::vector<double>& ours,
                const std::vector<double>& limit) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / limit[i]);
  fmt::print(
      "{{\"id\":\"B25\",\"case\":\"{}\",\"unit\":\"{}\",\"ours\":{:.0f},\"limit\":{:.0f},\"ratio_limit\":{{\"min\":{:."
      "3f},"
      "\"median\":{:.3f},\"max\":{:.3f}}}}}\n",
      name, unit, median(ours), median(limit), *std::ranges::min_element(ratios), median(ratios),
      *std::ranges::max_element(ratios));
  std::fflush(stdout);
}

using Run = std::function<double()>;
double timed(std::uint64_t records, const std::function<void()>& f) {
  double start = now_s();
  f();
  return static_cast<double>(records) / (now_s() - start);
}

void pairs(const Settings& settings, const std::string& name, const char* unit, const Run& ours, const Run& limit) {
  if (name.find(settings.only) == std::string::npos) return;
  limit(), ours();
  std::vector<double> a, b;
  for (int i = 0; i < settings.pairs; ++i) {
    b.push_back(limit());
    a.push_back(ours());
  }
  print_case(name, unit, a, b);
}

void run(const Settings& settings) {
  std::filesystem::create_directories(settings.directory);
  std::string file = settings.directory + "/limit.out", folder = settings.directory + "/log";
  for (std::size_t size : {100, 1024}) {
    std::uint64_t records = size == 100 ? settings.records : settings.records / 8;
    std::string what = size == 100 ? "100B" : "1KB";
    for (std::int32_t partitions : {1, 64}) {
      std::string where = fmt::format(" {} {} partitions", what, partitions);
      auto growing = [&] { return timed(records, [&] { limit_append(file, false, records, size); }); };
      auto recycled = [&] { return timed(records, [&] { limit_append(file, true, records, size); }); };
      pairs(
          settings, "append fresh / growing" + where, "records/s",
          [&] {
            Ours ours(folder);
            ours.new_topic(partitions);
            return timed(records, [&] { our_append(*ours.log, partitions, records, size); });
          },
          growing);
      {
        Ours ours(folder);
        auto again = [&] {
          ours.new_topic(partitions);
          return timed(records, [&] { our_append(*ours.log, partitions, records, size); });
        };
        pairs(settings, "append recycled / growing" + where, "records/s", again, growing);
        pairs(settings, "append recycled / recycled" + where, "records/s", again, recycled);
      }
      Ours ours(folder);
      ours.new_topic(partitions);
      our_append(*ours.log, partitions, records, size);
      limit_append(file, false, records, size);
      pairs(
          settings, "read" + where, "records/s",
          [&] {
            return timed(records, [&] {
              if (our_read(*ours.log, partitions) != records) die("ours: records are missing");
            });
          },
          [&] {
            return timed(records, [&] {
              if (limit_read(file) != records) die("limit: records are missing");
            });
          });
    }
  }
  for (std::int32_t partitions : {1, 64}) {
    auto pause = std::chrono::microseconds(1000);
    Ours ours(folder);
    ours.new_topic(partitions);
    pairs(
        settings, fmt::format("small commit p50 1000/s {} partitions", partitions), "us",
        [&] { return median(our_small(*ours.log, partitions, 1000, pause)); },
        [&] { return median(limit_small(file, 1000, pause)); });
  }
  std::filesystem::remove_all(settings.directory);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--dir")
      settings.directory = argv[i + 1];
    else if (name == "--pairs")
      settings.pairs = std::atoi(argv[i + 1]);
    else if (name == "--records")
      settings.records = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--only")
      settings.only = argv[i + 1];
    else
      die("usage: bench_log [--dir DIR] [--pairs N] [--records N] [--only TEXT]");
  }
  run(settings);
}
