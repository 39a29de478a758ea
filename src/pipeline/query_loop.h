// From the log through operators to the log: the tasks of some partitions, in turn, with one transaction for all of
// them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "pipeline/commit.h"
#include "pipeline/loop.h"
#include "pipeline/pipeline.h"
#include "pipeline/task.h"

namespace levada {

class QueryLoop : public Loop {
 public:
  struct Share {
    const TaskPlan* plan;
    std::int32_t partition;
  };
  // The catalog and the plans outlive the loop.
  QueryLoop(std::string transactional_id, std::vector<Share> shares, const Catalog& catalog,
            const TaskSurroundings& surroundings);
  ~QueryLoop() override;

  std::vector<std::string> objects() const override { return objects_; }
  Result<void> open(Wakeup& wakeup) override;
  Result<Step> step(std::stop_token stop) override;
  Result<void> close() override;

 private:
  Result<void> catch_up(const Share& share);
  void finish(Task& task);
  Result<void> submit();

  const std::string transactional_id_;
  const std::vector<Share> shares_;
  const Catalog& catalog_;
  const TaskSurroundings& around_;
  std::vector<std::string> objects_;
  std::unique_ptr<Commit> commit_;
  std::vector<std::unique_ptr<Task>> tasks_;
  Wakeup* wakeup_ = nullptr;
};

}  // namespace levada
