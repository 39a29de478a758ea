#include "pipeline/query_loop.h"

#include <algorithm>

namespace levada {

static constexpr std::size_t read_bytes = 1 << 20;
// Input of one transaction: enough that a flush costs little and updates of a key are merged, little enough to be
// quick.
static constexpr std::size_t reads_per_commit = 8;

QueryLoop::QueryLoop(std::string transactional_id, std::vector<Share> shares, const Catalog& catalog,
                     const TaskSurroundings& surroundings)
    : transactional_id_(std::move(transactional_id)),
      shares_(std::move(shares)),
      catalog_(catalog),
      around_(surroundings) {
  for (const Share& share : shares_)
    for (const std::string& query : share.plan->queries)
      if (std::ranges::find(objects_, query) == objects_.end()) objects_.push_back(query);
}

QueryLoop::~QueryLoop() {
  if (wakeup_) around_.log->unwatch(*wakeup_);
}

Result<void> QueryLoop::open(Wakeup& wakeup) {
  if (wakeup_) around_.log->unwatch(*wakeup_);
  wakeup_ = &wakeup;
  tasks_.clear();
  commit_.reset();
  commit_ = LV_TRY(Commit::open(*around_.log, transactional_id_));
  for (const Share& share : shares_) LV_TRY(catch_up(share));
  std::vector<TopicPartition> inputs;
  for (const Share& share : shares_) {
    tasks_.push_back(LV_TRY(Task::open(*share.plan, share.partition, around_)));
    for (TopicPartition& input : tasks_.back()->inputs()) inputs.push_back(std::move(input));
  }
  around_.log->watch(wakeup, inputs);
  return {};
}

// A query that will take its rows from another's hands must first have dealt with all that lies in the topic between
// them. The other one is not running yet, so there is an end to it.
Result<void> QueryLoop::catch_up(const Share& share) {
  std::string lagging;
  while (LV_TRY(lags_behind(*share.plan, share.partition, *around_.log, lagging))) {
    for (const TaskPlan& plan : assemble_alone(catalog_.queries.at(lagging))) {
      if (share.partition >= plan.partitions) continue;
      auto task = LV_TRY(Task::open(plan, share.partition, around_));
      bool moved = true;
      while (moved) {
        moved = LV_TRY(task->step(read_bytes, commit_->transaction()));
        finish(*task);
        LV_TRY(commit_->submit());
      }
      LV_TRY(commit_->settle_all());
      LV_TRY(task->write_snapshots());
      break;  // the first plan is the one that reads the topic; what it sends on through the log has its own task
    }
  }
  return {};
}

Result<Step> QueryLoop::step(std::stop_token) {
  bool moved = false;
  for (std::size_t reads = 0; reads < reads_per_commit; ++reads) {
    bool any = false;
    for (const auto& task : tasks_) any |= LV_TRY(task->step(read_bytes, commit_->transaction()));
    moved |= any;
    if (!any) break;
  }
  if (!moved) {
    LV_TRY(commit_->settle_all());
    return Step::idle;
  }
  LV_TRY(submit());
  return Step::moved;
}

void QueryLoop::finish(Task& task) {
  Tally tally = task.finish(commit_->transaction());
  if (tally.empty()) return;
  commit_->when_durable([tally = std::move(tally)]() -> Result<void> {
    tally.count();
    return {};
  });
}

Result<void> QueryLoop::submit() {
  for (const auto& task : tasks_) finish(*task);
  LV_TRY(commit_->submit());
  for (const auto& task : tasks_) {
    if (!task->snapshot_due()) continue;
    LV_TRY(commit_->settle_all());
    LV_TRY(task->write_snapshots());
  }
  return {};
}

Result<void> QueryLoop::close() {
  LV_TRY(commit_->settle_all());
  for (const auto& task : tasks_) LV_TRY(task->write_snapshots());
  return {};
}

}  // namespace levada
