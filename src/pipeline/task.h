// A task: one task plan at work on one partition. It reads what is new, pushes it through its operators and puts
// outputs, offsets and state changes into the transaction it is given; what it remembers is always that of the last
// transaction given.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/logging.h"
#include "base/metrics.h"
#include "log/log.h"
#include "operators/operator.h"
#include "pipeline/task_plan.h"

namespace levada {

// What tasks are made in and for; lives longer than they do.
struct TaskSurroundings {
  Log* log = nullptr;
  Files* files = nullptr;
  std::string state_directory;
  Surroundings surroundings;  // of expressions
  Metrics* metrics = nullptr;
  Logger* logger = nullptr;
};

class Task {
 public:
  // Opens the readers where the groups have got to, and brings the stores back: snapshot, then the tail of the
  // changelog.
  static Result<std::unique_ptr<Task>> open(const TaskPlan& plan, std::int32_t partition,
                                            const TaskSurroundings& surroundings);
  ~Task();

  // Reads about max_bytes from each input and works on them. False if there was nothing to read.
  Result<bool> step(std::size_t max_bytes, Transaction& transaction);
  // Before a transaction is submitted: what operators held back, the state's changes, the offsets. Returns the rows
  // that count when it is durable.
  Tally finish(Transaction& transaction);

  // True when so much has changed since the last snapshot that a new one pays; then write it when everything submitted
  // is durable and before the next step.
  bool snapshot_due() const;
  Result<void> write_snapshots();

  const TaskPlan& plan() const;
  std::int32_t partition() const;
  // The partitions it reads.
  std::vector<TopicPartition> inputs() const;

 private:
  struct State;
  explicit Task(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// True if a query of the plan that takes rows from another's hands has not yet dealt with all that stands in this
// partition of the topic between them: it must first catch up on its own (assemble_alone). `query` is then its id.
Result<bool> lags_behind(const TaskPlan& plan, std::int32_t partition, const Log& log, std::string& query);

}  // namespace levada
