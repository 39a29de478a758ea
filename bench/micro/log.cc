// B25: the embedded log beside loops that write and read one file (bench/limits/log.h), with records of 100 bytes and
// 1 KB in one partition and in 64.
//
//   append            a fresh directory, a commit for each megabyte; the limit's file grows
//   append_recycled   into the files of a topic that was deleted; the limit writes over its file
//   read              all partitions, one after the other; the limit walks its file
//   small_commit      one record in each partition, 1,000 commits a second, until they are durable: the median
#include "bench/limits/log.h"

#include <deque>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "bench/pairs.h"
#include "bench/scratch.h"
#include "log/embedded_log.h"
#include "log/record_batch.h"

using namespace levada;

namespace {

class OurLog {
 public:
  explicit OurLog(std::string directory) : directory_(std::move(directory)) {
    EmbeddedLogOptions options;
    options.maintenance_interval_ms = 0;
    options.most_spare_bytes = std::uint64_t{4} << 30;
    log_ = open_embedded_log(real_files(), directory_, options).value();
  }
  ~OurLog() {
    log_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Without records; the files of those it had are spare now.
  void new_topic(std::int32_t partitions) {
    if (log_->topic("t")) log_->delete_topic("t").value();
    log_->maintain().value();
    TopicConfig config;
    config.partitions = partitions_ = partitions;
    log_->create_topic("t", config).value();
  }

  void append(std::uint64_t records, std::size_t size) {
    constexpr std::size_t most_submitted = 8;  // as in the pipeline
    auto transaction = log_->begin("bench").value();
    struct Part {
      TopicPartition to;
      RecordBatchBuilder batch = RecordBatchBuilder();
    };
    std::vector<Part> parts;
    for (std::int32_t p = 0; p < partitions_; ++p) parts.push_back({{"t", p}});
    auto flush = [&](Part& part) {
      if (part.batch.empty()) return;
      transaction->append(part.to, part.batch.finish());
      part.batch.clear();
    };
    std::deque<std::uint64_t> submitted;
    std::size_t pending = 0;
    for (std::uint64_t i = 0; i < records; ++i) {
      Part& part = parts[static_cast<std::size_t>(i % parts.size())];
      part.batch.add(1, {}, bench::value_of(i, size));
      pending += size + 9;
      if (part.batch.bytes() >= bench::batch_bytes) flush(part);
      if (pending < bench::commit_bytes && i + 1 < records) continue;
      for (Part& each : parts) flush(each);
      submitted.push_back(transaction->submit().value());
      pending = 0;
      while (submitted.size() > most_submitted) {
        transaction->wait(submitted.front()).value();
        submitted.pop_front();
      }
    }
    transaction->wait(submitted.back()).value();
  }

  bench::LogContent read(bool whole_values) {
    bench::LogContent content;
    Records parsed;
    for (std::int32_t p = 0; p < partitions_; ++p) {
      auto reader = log_->open_reader({"t", p}, Offset(0)).value();
      for (;;) {
        Chunk chunk = reader->read(1 << 20).value();
        if (chunk.record_batches.empty()) break;
        parsed.clear();
        parsed.append(chunk.record_batches).value();
        if (whole_values) {
          for (const Record& r : parsed.all()) content.add(r.value.view());
        } else {
          for (const Record& r : parsed.all())
            content.sum += static_cast<std::uint64_t>(r.value.size) + static_cast<unsigned char>(*r.value.data);
          content.records += parsed.all().size();
        }
      }
    }
    return content;
  }

  std::vector<double> small_commits(int count, std::chrono::microseconds pause) {
    auto transaction = log_->begin("bench").value();
    RecordBatchBuilder batch;
    std::vector<double> us;
    auto next = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      std::this_thread::sleep_until(next += pause);
      std::int64_t start = real_clock().steady_us();
      for (std::int32_t p = 0; p < partitions_; ++p) {
        batch.clear();
        batch.add(1, {}, bench::value_of(1, 100));
        transaction->append({"t", p}, batch.finish());
      }
      transaction->commit().value();
      us.push_back(static_cast<double>(real_clock().steady_us() - start));
    }
    return us;
  }

 private:
  const std::string directory_;
  std::unique_ptr<EmbeddedLog> log_;
  std::int32_t partitions_ = 0;
};

struct Shape {
  std::uint64_t records;
  std::size_t size;
  std::int32_t partitions;
  std::string name;  // "100b_64p"
};

void compare_appends(bench::Pairs& pairs, const Shape& s, const bench::Scratch& scratch) {
  for (bool recycled : {false, true}) {
    std::string name = (recycled ? "append_recycled_" : "append_") + s.name, file = scratch / "limit";
    if (!pairs.wants(name)) continue;
    auto records = static_cast<double>(s.records);
    std::unique_ptr<OurLog> log;
    auto ours = [&] {
      if (!log || !recycled) {
        log.reset();
        log = std::make_unique<OurLog>(scratch / "log");
      }
      log->new_topic(s.partitions);
      return bench::rate(records, [&] { log->append(s.records, s.size); });
    };
    auto limit = [&] { return bench::rate(records, [&] { bench::append_kernel(file, recycled, s.records, s.size); }); };
    pairs.compare({.id = "B25",
                   .name = name,
                   .unit = "records/s",
                   .ours = {"levada", ours, [&] { return log->read(true).text(); }},
                   .limit = {recycled ? "one file, written over" : "one file that grows", limit,
                             [&] { return bench::walk_kernel(file, true).text(); }}});
  }
}

void compare_reads(bench::Pairs& pairs, const Shape& s, const bench::Scratch& scratch) {
  std::string name = "read_" + s.name, file = scratch / "limit";
  if (!pairs.wants(name)) return;
  OurLog log(scratch / "log");
  log.new_topic(s.partitions);
  log.append(s.records, s.size);
  bench::append_kernel(file, false, s.records, s.size);
  auto records = static_cast<double>(s.records);
  bench::LogContent ours, limit;
  pairs.compare({.id = "B25",
                 .name = name,
                 .unit = "records/s",
                 .ours = {"levada", [&] { return bench::rate(records, [&] { ours = log.read(false); }); },
                          [&] { return ours.text(); }},
                 .limit = {"walk with checksums",
                           [&] { return bench::rate(records, [&] { limit = bench::walk_kernel(file, false); }); },
                           [&] { return limit.text(); }}});
}

void compare_small_commits(bench::Pairs& pairs, std::int32_t partitions, const bench::Scratch& scratch) {
  std::string name = "small_commit_" + std::to_string(partitions) + "p", file = scratch / "limit";
  if (!pairs.wants(name)) return;
  OurLog log(scratch / "log");
  const auto pause = std::chrono::microseconds(1000);
  const int count = pairs.smoke() ? 50 : 2000;
  auto p50 = [&](std::vector<double> us) { return bench::Measured{bench::median(us), 0}; };
  pairs.compare({.id = "B25",
                 .name = name,
                 .unit = "us",
                 .ours = {"levada",
                          [&] {
                            log.new_topic(partitions);
                            return p50(log.small_commits(count, pause));
                          },
                          [&] { return log.read(true).text(); }},
                 .limit = {"one write and fdatasync",
                           [&] { return p50(bench::small_commit_kernel(file, partitions, count, pause)); },
                           [&] { return bench::walk_kernel(file, true).text(); }}});
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  bench::Scratch scratch;
  for (std::size_t size : {100, 1024})
    for (std::int32_t partitions : {1, 64}) {
      std::uint64_t records = (pairs.smoke() ? 100'000 : 2'000'000) / (size == 100 ? 1 : 8);
      Shape shape{records, size, partitions, (size == 100 ? "100b_" : "1kb_") + std::to_string(partitions) + "p"};
      compare_appends(pairs, shape, scratch);
      compare_reads(pairs, shape, scratch);
    }
  for (std::int32_t partitions : {1, 64}) compare_small_commits(pairs, partitions, scratch);
  return pairs.exit_code();
}
