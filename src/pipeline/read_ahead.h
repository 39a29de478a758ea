// Reads a source in a thread of its own: the next rows are read and parsed while those before are encoded and appended.
//
//   source.read() ─► queue of a few ─► next()        the loop's thread
//   source.acknowledge() ◄─ list ◄─ acknowledge()
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/queue.h"
#include "connectors/source.h"

namespace levada {

// Called by one thread; the source outlives it, and is used by nobody else between start() and finish().
class ReadAhead {
 public:
  explicit ReadAhead(Source& source) : source_(source) {}
  ~ReadAhead() { halt(); }

  // Starts the source anew. What was read and not taken is forgotten.
  Result<void> start(const std::optional<std::string>& position);
  // What the source gave next; waits for it. Without rows and end: the source has nothing more for now, and says so
  // once; or a stop was requested.
  Result<SourceRead> next(std::stop_token stop);
  // The source is told before it reads again, or by finish(); its error is that of the next call here.
  void acknowledge(std::string position);
  // Ends the reading; everything acknowledged has been told to the source.
  Result<void> finish();

 private:
  void run(const std::stop_token& stop);
  void halt();
  Result<void> tell();

  Source& source_;
  std::unique_ptr<Queue<Result<SourceRead>>> read_;
  std::mutex mutex_;  // of the next
  std::vector<std::string> acknowledged_;
  std::jthread thread_;
};

}  // namespace levada
