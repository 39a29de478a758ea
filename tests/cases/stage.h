// Where a case is played: a machine whose disk is in memory, with a log, what SQL has declared in it, and the pipeline
// that runs it. Time stands still at 2026-01-01. One thread for all queries, so that what they write has one order.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/logging.h"
#include "base/memory_files.h"
#include "base/metrics.h"
#include "levada/levada.h"
#include "log/embedded_log.h"
#include "pipeline/pipeline.h"
#include "pipeline/session.h"

namespace levada::cases {

class Stage {
 public:
  Stage();
  ~Stage();

  // ---- SQL ----
  // The answers up to the first statement that fails.
  Result<std::vector<Answer>> execute(const std::string& sql);
  // The text is the pipeline's file from now on: a clean stop, and it is loaded as `levada run` does.
  Result<std::vector<Answer>> load(const std::string& sql);
  // The plans and tasks of what has been declared since the log was opened.
  std::string tasks() const;

  // ---- running ----
  // Starts what is declared, and waits until all has been dealt with. Notes are what the user is told.
  Result<std::vector<std::string>> run();
  // The same, with the power cut at the run's first changing call of the disk, after recovery at its second, and so on,
  // until a run gets through.
  Result<void> run_with_cuts();
  // Ends cleanly, or as kill -9; then the log is opened again, and the file loaded if there is one.
  Result<void> restart();
  Result<void> kill();

  // ---- what goes in and comes out ----
  struct Put {
    std::optional<std::string> key, value;
    std::int64_t timestamp_ms = 0;
  };
  // Keys and values that the topic's stream has in the KAFKA format are texts that stand for their bytes.
  Result<void> put(const std::string& topic, const std::vector<Put>& records);
  Result<void> put_schema(const std::string& subject, const std::string& text);
  Result<std::vector<PrintedRecord>> records(const std::string& topic);
  Result<std::vector<DeadLetterReport>> dead_letters();
  Result<void> write_file(const std::string& path, const std::string& content);
  // Names and contents of the files whose names begin so.
  std::vector<std::pair<std::string, std::string>> files(const std::string& prefix) const;
  std::vector<ObjectReport> status() const;
  void wait_ms(std::int64_t ms) { clock_.advance_us(ms * 1000); }
  std::int64_t now_ms() const { return clock_.now_ms(); }

 private:
  Result<std::string> bytes_of(const std::string& text, const FormatSpec* spec, const std::string& subject);
  Result<std::string> avro_bytes(const std::string& text, const FormatSpec* spec, const std::string& subject);
  Result<void> open();
  void close();
  PipelineSurroundings surroundings();

  FakeClock clock_;
  MemoryDisk disk_;
  std::unique_ptr<MemoryFiles> files_;
  Metrics metrics_;
  std::unique_ptr<StatusBoard> board_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<SchemaStore> schemas_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Pipeline> pipeline_;
  std::optional<std::string> file_;
  std::optional<Error> broken_;  // the log could not be opened
};

}  // namespace levada::cases
