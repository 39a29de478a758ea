// What the live tests of the WAL source stand on: a schema, a slot and a publication of their own, and a reader that
// takes what the source gives as the pipeline does: rows and position together, then the acknowledgement.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "connectors/source.h"
#include "tests/live/postgres_stage.h"

namespace levada {

// A batch as text: "1 -> a 2.50; 2 -> deleted", … for a value that has not changed, "truncate".
std::string batch_text(const Batch& batch);

class WalStage {
 public:
  // nullptr, and the test is told to be skipped, where there is no server.
  static std::unique_ptr<WalStage> open();
  explicit WalStage(const std::string& url);
  ~WalStage();

  // Statements with "; " between them, each a transaction of its own unless the first is BEGIN. What the last one says.
  std::string sql(const std::string& statements);
  // Waits until the server has noticed that nobody reads from the slot any more.
  void until_released();
  PostgresStage& database() { return database_; }
  // Of the schema, the slot and the publication of this stage; no_data and to the end of the log, unless said
  // otherwise.
  Properties properties(const Properties& more = {}) const;
  Result<std::unique_ptr<Source>> make(const Properties& more = {}, bool follow = false);
  RecordForm form = RecordForm::rows;
  Metrics& metrics() { return metrics_; }
  const std::string& slot() const { return slot_; }

  // What is stored in the log, so to speak.
  std::optional<std::string> position;
  // Runs a source from the position until it ends; topic by topic, without prefix and schema. The first error ends it.
  // `until`: stop after this many rows at least, as if killed: nothing that was not given is stored.
  using Tables = std::map<std::string, std::string>;
  Result<Tables> run(const Properties& more = {}, std::optional<std::size_t> until = std::nullopt);
  // Must go well.
  Tables read(const Properties& more = {});
  // Must not; all of its text.
  std::string fails(ErrorKind kind, const Properties& more = {});
  std::size_t reads = 0, rows = 0;  // of the last run

 private:
  Result<Tables> run_source(const Properties& more, std::optional<std::size_t> until);

  PostgresStage database_;
  const std::string slot_;
  Metrics metrics_;
};

}  // namespace levada
