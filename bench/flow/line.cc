#include "bench/flow/line.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "pipeline/pipeline.h"

namespace levada::bench {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) die(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void stay_on_one_core() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) die("cannot bind the process to one core");
}

// Of /proc/self/status, in MB.
double status_mb(std::string_view key) {
  std::string status = must(read_file(real_files(), "/proc/self/status"));
  return std::atof(status.c_str() + status.find(key) + key.size()) / 1024;
}

Records parse(std::string_view record_batches) {
  Records records;
  must(records.append(record_batches));
  return records;
}

}  // namespace

void die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

Line::Line() {
  stay_on_one_core();
  log_ = must(open_embedded_log(real_files(), directory_ / "log", {.maintenance_interval_ms = 0}));
  session_ = must(Session::open(*log_, real_clock(), false));
}
Line::~Line() = default;

void Line::execute(const std::string& sql) { must(session_->execute(Script{"bench", sql}, false)); }

void Line::write(const std::string& topic, std::size_t records,
                 const std::function<void(std::size_t i, RecordBatchBuilder& batch)>& fill) {
  auto transaction = must(log_->begin("bench"));
  RecordBatchBuilder batch;
  for (std::size_t i = 0; i < records; ++i) {
    fill(i, batch);
    if (batch.bytes() < (100 << 10) && i + 1 < records) continue;
    transaction->append({topic, 0}, batch.finish());
    batch.clear();
    if (transaction->bytes() > (4 << 20)) must(transaction->commit());
  }
  must(transaction->commit());
}

Measured Line::run(double amount, const std::string& before) {
  execute(before);
  must(log_->maintain());  // the segments of dropped topics become spare ones
  StatusBoard board(real_clock());
  PipelineSurroundings around{.log = log_.get(),
                              .files = &real_files(),
                              .state_files = &real_files(),
                              .state_directory = directory_ / "state",
                              .clock = &real_clock(),
                              .logger = &silent_logger(),
                              .metrics = &metrics_,
                              .board = &board,
                              .surroundings = {}};
  std::vector<std::string> notes;
  auto pipeline = must(Pipeline::create(session_->declared(), {.workers = 1, .follow = false}, around, notes));
  double resident_mb = status_mb("VmRSS:");
  // Forgets the largest size so far; where that is not allowed, it stays that of the whole program.
  if (std::FILE* f = std::fopen("/proc/self/clear_refs", "w")) std::fputs("5", f), std::fclose(f);
  Measured measured = rate(amount, [&] {
    pipeline->start();
    if (pipeline->wait() != Pipeline::Ended::caught_up) {
      auto failure = pipeline->failure();
      die(failure ? failure->text() : "the pipeline has stopped");
    }
  });
  most_mb_ = std::max(most_mb_, status_mb("VmHWM:") - resident_mb);
  pipeline->stop();
  return measured;
}

Buffer Line::stored(const std::string& topic) const {
  Buffer bytes;
  auto reader = must(log_->open_reader({topic, 0}, Offset(0)));
  for (;;) {
    Chunk chunk = must(reader->read(4 << 20));
    if (chunk.record_batches.empty()) return bytes;
    bytes.append(chunk.record_batches);
  }
}

std::string Line::topic_that_ends(std::string_view with) const {
  for (const Topic& topic : log_->topics())
    if (topic.name.ends_with(with)) return topic.name;
  die("there is no topic that ends with " + std::string(with));
}

std::string records_digest(std::string_view record_batches) {
  Records records = parse(record_batches);
  Buffer all;
  ByteWriter out(all);
  for (const Record& r : records.all()) {
    out.little(r.timestamp_ms);
    out.little(r.key.size);
    out.bytes(r.key.view());
    out.little(r.value.size);
    out.bytes(r.value.view());
  }
  return std::to_string(records.all().size()) + " records, " + digest(all.view());
}

std::string table_digest(std::string_view record_batches) {
  Records records = parse(record_batches);
  std::map<std::string_view, Text> table;
  for (const Record& r : records.all()) table[r.key.view()] = r.value;
  Buffer all;
  ByteWriter out(all);
  for (const auto& [key, value] : table) {
    out.sized_bytes(key);
    out.little(value.size);
    out.bytes(value.view());
  }
  return std::to_string(table.size()) + " keys, " + digest(all.view());
}

std::size_t count_records(std::string_view record_batches) { return parse(record_batches).all().size(); }

Buffer read_whole(const std::string& path) {
  std::string content = must(read_file(real_files(), path));
  Buffer bytes;
  bytes.append(content);
  return bytes;
}

}  // namespace levada::bench
