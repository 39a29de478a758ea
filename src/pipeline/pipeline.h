// The line itself: three kinds of loop with only the log between them, so that each can be stopped, restarted and
// tested alone.
//
//   ingest :  log.append(encode(source.read()))
//   query  :  log.append(encode(operators.push(decode(log.read()))))
//   deliver:  sink.write(decode(log.read()))
#pragma once
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/logging.h"
#include "base/metrics.h"
#include "formats/schema_store.h"
#include "log/log.h"
#include "pipeline/loop.h"
#include "pipeline/object_status.h"
#include "pipeline/task.h"
#include "sql/catalog.h"

namespace levada {

struct PipelineOptions {
  std::string name = "levada";  // tells it from others on the same log and target
  std::size_t workers = 0;      // threads for queries; 0: one for each core
  bool follow = true;           // false: sources end when what is there now has been read
  bool keep_going = false;      // when something has failed the others go on
};

// Everything outlives the pipeline.
struct PipelineSurroundings {
  Log* log = nullptr;
  SchemaStore* schemas = nullptr;  // of the log
  Files* files = nullptr;          // of sources and sinks
  Files* state_files = nullptr;    // of snapshots
  std::string state_directory;
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
  Metrics* metrics = nullptr;
  StatusBoard* board = nullptr;
  Surroundings surroundings;  // of expressions
};

class Pipeline {
 public:
  // Makes a loop for each source and sink of the catalog, and as many as there are workers for its queries. Properties
  // are checked, topics that do not exist are made; nothing outside is touched before start(). `notes` are for the
  // user.
  static Result<std::unique_ptr<Pipeline>> create(const Catalog& catalog, const PipelineOptions& options,
                                                  const PipelineSurroundings& surroundings,
                                                  std::vector<std::string>& notes);
  ~Pipeline();

  void start();
  // Wakes those who wait below; to be called from a signal's thread.
  void request_stop();
  // Until sources have ended and everything behind them has nothing left to do (only if !follow), or something has
  // failed (with keep_going: until nothing is left that has not), or a stop was requested.
  enum class Ended : std::uint8_t { caught_up, failed, stopped };
  Ended wait();
  // Ends all loops: each commits what it has done.
  void stop();
  // The first failure, if there was one.
  std::optional<Error> failure() const;

  // All that is wrong with the connectors: their properties, and with `look_outside` also what they would find there.
  // Changes nothing.
  static std::vector<Error> check(const Catalog& catalog, const PipelineOptions& options,
                                  const PipelineSurroundings& surroundings, bool look_outside,
                                  std::vector<std::string>& notes);

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace levada
