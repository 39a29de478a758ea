// The engine at work between topics of one embedded log, as `levada run` has it, but for the program around it: SQL is
// declared, one worker runs the query loop until it has caught up and everything is durable. Input is written once;
// each run declares its query anew, and drops what the run before has left.
//
// "One core" is one core: the constructor binds the process to the processor it happens to run on, so that the query
// loop, the log's committer and its flusher share it.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "bench/pairs.h"
#include "log/embedded_log.h"
#include "log/record_batch.h"
#include "pipeline/session.h"
#include "tests/temporary_directory.h"

namespace levada::bench {

class Line {
 public:
  Line();
  ~Line();

  // Declares; ends the program if that fails.
  void execute(const std::string& sql);
  // `fill` adds record i to the batch; about 100 KB make a record batch.
  void write(const std::string& topic, std::size_t records,
             const std::function<void(std::size_t i, RecordBatchBuilder& batch)>& fill);
  // Runs all that is declared until there is nothing left to do. Not measured: what `before` drops and declares, and
  // the end of the threads.
  Measured run(double amount, const std::string& before);

  // A topic's record batches as they are stored, one after the other.
  Buffer stored(const std::string& topic) const;
  std::string topic_that_ends(std::string_view with) const;
  // A file beside the log, for a kernel to write.
  std::string file(const std::string& name) const { return directory_ / name; }

  // The largest resident memory while run() was at work, less what was there before.
  double most_mb() const { return most_mb_; }

 private:
  TemporaryDirectory directory_;
  Metrics metrics_;
  std::unique_ptr<EmbeddedLog> log_;
  std::unique_ptr<Session> session_;
  double most_mb_ = 0;
};

// Outputs to be compared: number and digest of all records with timestamp, key and value.
std::string records_digest(std::string_view record_batches);
// The same of the last record of each key, in the order of the keys, without timestamps: what a table says in the end.
std::string table_digest(std::string_view record_batches);
std::size_t count_records(std::string_view record_batches);

Buffer read_whole(const std::string& path);
[[noreturn]] void die(const std::string& why);

}  // namespace levada::bench
