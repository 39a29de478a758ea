// The log in files of our own: one writer process, any number of readers beside it. How it works and what its bytes are
// is told in README.md.
#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/logging.h"
#include "log/log.h"

namespace levada {

enum class LogAccess { write, read_only };

struct EmbeddedLogOptions {
  LogAccess access = LogAccess::write;
  const Clock* clock = &real_clock();
  Logger* logger = &silent_logger();

  // A journal generation is full when it has grown to this; about two are on the disk.
  std::uint64_t journal_bytes = 64 << 20;
  // What a commit puts into one partition rides in the journal if it is less than this; from here on the segment is
  // made durable by itself, which saves writing the bytes twice.
  std::uint64_t inline_bytes = 192 << 10;
  // Commits that wait are made durable together, up to about this many bytes.
  std::uint64_t group_bytes = 4 << 20;
  // submit() waits when this much is on its way.
  std::uint64_t most_queued_bytes = 64 << 20;
  // Retired segment files are kept for use up to this.
  std::uint64_t most_spare_bytes = 256 << 20;

  // How often retention and compaction look around; 0: only when maintain() is called.
  std::int64_t maintenance_interval_ms = 30'000;
  // A partition of a compacted topic is compacted when this share of its closed segments has not been yet.
  double compaction_dirty_ratio = 0.5;
  // Memory for the keys of one compaction, about; a segment's keys always fit.
  std::uint64_t compaction_key_bytes = 64 << 20;
};

class EmbeddedLog : public Log {
 public:
  // Runs retention and compaction now and returns when they are done. Nothing in read_only.
  virtual Result<void> maintain() = 0;
};

// Opens the log in the directory; with LogAccess::write it is made if it is not there, and there may be one such
// holder: a second one is refused, and told who the first is. A read_only log shows what is durable of a log that
// another process may be writing; begin() and the changing of topics are refused.
//
// Readers and transactions must go before the log. Errors: damaged, where the journal is not what was written; refused;
// not_found, read_only where there is no log.
Result<std::unique_ptr<EmbeddedLog>> open_embedded_log(Files& files, const std::string& directory,
                                                       const EmbeddedLogOptions& options = {});

}  // namespace levada
