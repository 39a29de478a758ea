#include "pipeline/pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "pipeline/connector_parts.h"
#include "pipeline/dead_letters.h"
#include "pipeline/deliver_loop.h"
#include "pipeline/ingest_loop.h"
#include "pipeline/processing_log.h"
#include "pipeline/query_loop.h"

namespace levada {

struct Pipeline::State {
  Catalog catalog;
  PipelineOptions options;
  PipelineSurroundings around;
  TaskSurroundings task_surroundings;
  std::vector<TaskPlan> plans;
  std::vector<std::unique_ptr<LoopThread>> ingest, query, deliver;

  std::mutex mutex;
  std::condition_variable news;
  bool stop_requested = false;
  std::optional<Error> failure;

  Result<void> make_topics();
  Result<void> make_ingest(const ConnectorDeclaration& declaration, std::vector<std::string>& notes);
  Result<void> make_deliver(const ConnectorDeclaration& declaration, std::vector<std::string>& notes);
  void make_queries();
  std::unique_ptr<LoopThread> thread(std::unique_ptr<Loop> loop, const std::string& kind);
  std::vector<LoopThread*> all() const;
  bool caught_up() const;
  bool all_failed() const;
};

Result<std::unique_ptr<Pipeline>> Pipeline::create(const Catalog& catalog, const PipelineOptions& options,
                                                   const PipelineSurroundings& surroundings,
                                                   std::vector<std::string>& notes) {
  auto state = std::make_unique<State>();
  state->catalog = catalog;
  state->options = options;
  if (state->options.workers == 0) state->options.workers = std::max(1u, std::thread::hardware_concurrency());
  state->around = surroundings;
  state->task_surroundings = {.log = surroundings.log,
                              .files = surroundings.state_files,
                              .state_directory = surroundings.state_directory,
                              .surroundings = surroundings.surroundings,
                              .metrics = surroundings.metrics,
                              .logger = surroundings.logger};
  state->plans = assemble(state->catalog);
  LV_TRY(state->make_topics());
  for (const auto& [name, declaration] : state->catalog.connectors) {
    LV_TRY(declaration.sink ? state->make_deliver(declaration, notes) : state->make_ingest(declaration, notes));
  }
  state->make_queries();
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(state)));
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::~Pipeline() { stop(); }

// ---- making the parts ----

Result<void> Pipeline::State::make_topics() {
  Log& log = *around.log;
  LV_TRY(log.create_topic(std::string(dead_letter_topic), dead_letter_topic_config()));
  LV_TRY(log.create_topic(std::string(processing_log_topic), {.partitions = 1}));
  for (const TaskPlan& plan : plans)
    for (const TaskNode& node : plan.nodes) {
      if (const auto* output = std::get_if<TaskOutput>(&node.part); output && output->object.empty())
        LV_TRY(log.create_topic(output->format.topic, {.partitions = output->format.partitions}));
      const auto* op = std::get_if<TaskOperator>(&node.part);
      const auto* aggregate = op ? std::get_if<AggregateSpec>(&op->spec) : nullptr;
      if (aggregate)
        LV_TRY(log.create_topic(changelog_topic(aggregate->store),
                                {.partitions = plan.partitions, .compact = true, .retention_ms = -1}));
    }
  return {};
}

std::unique_ptr<LoopThread> Pipeline::State::thread(std::unique_ptr<Loop> loop, const std::string& kind) {
  for (const std::string& object : loop->objects()) around.board->add(object, kind);
  return std::make_unique<LoopThread>(std::move(loop), *around.log, *around.board, *around.logger,
                                      [this](const Error& error) {
                                        std::lock_guard lock(mutex);
                                        if (!failure) failure = error.copy();
                                        news.notify_all();
                                      });
}

Result<void> Pipeline::State::make_ingest(const ConnectorDeclaration& declaration, std::vector<std::string>& notes) {
  IngestLoop::Parts parts = LV_TRY(make_source_parts(catalog, declaration, options, around, notes));
  LV_TRY(around.log->create_topic(parts.dead_letter_topic, dead_letter_topic_config()));
  ingest.push_back(thread(std::make_unique<IngestLoop>(std::move(parts), around), "source"));
  return {};
}

Result<void> Pipeline::State::make_deliver(const ConnectorDeclaration& declaration, std::vector<std::string>& notes) {
  DeliverLoop::Parts parts = LV_TRY(make_sink_parts(catalog, declaration, options, around, notes));
  LV_TRY(around.log->create_topic(parts.dead_letter_topic, dead_letter_topic_config()));
  deliver.push_back(thread(std::make_unique<DeliverLoop>(std::move(parts), around), "sink"));
  return {};
}

// Partition p of every plan goes to worker p modulo the number of workers.
void Pipeline::State::make_queries() {
  std::vector<std::vector<QueryLoop::Share>> shares(options.workers);
  for (const TaskPlan& plan : plans)
    for (std::int32_t p = 0; p < plan.partitions; ++p)
      shares[static_cast<std::size_t>(p) % options.workers].push_back({&plan, p});
  for (std::size_t worker = 0; worker < shares.size(); ++worker) {
    if (shares[worker].empty()) continue;
    auto loop = std::make_unique<QueryLoop>(options.name + "-worker-" + std::to_string(worker),
                                            std::move(shares[worker]), catalog, task_surroundings);
    query.push_back(thread(std::move(loop), "query"));
  }
}

// ---- running ----

std::vector<LoopThread*> Pipeline::State::all() const {
  std::vector<LoopThread*> threads;
  for (const auto* list : {&ingest, &query, &deliver})
    for (const auto& loop : *list) threads.push_back(loop.get());
  return threads;
}

// Sources have ended, and everybody else has looked at the log as it is now and found nothing to do.
bool Pipeline::State::caught_up() const {
  std::uint64_t now = around.log->commit_number() + 1;
  for (const auto& loop : ingest)
    if (!loop->finished() && !loop->failed()) return false;
  for (const auto* list : {&query, &deliver})
    for (const auto& loop : *list)
      if (loop->idle_at() != now && !loop->failed()) return false;
  return around.log->commit_number() + 1 == now;
}

bool Pipeline::State::all_failed() const {
  return std::ranges::all_of(all(), [](const LoopThread* loop) { return loop->failed(); });
}

void Pipeline::start() {
  for (LoopThread* loop : state_->all()) loop->start();
}

void Pipeline::request_stop() {
  std::lock_guard lock(state_->mutex);
  state_->stop_requested = true;
  state_->news.notify_all();
}

Pipeline::Ended Pipeline::wait() {
  std::unique_lock lock(state_->mutex);
  // Short jobs are to end soon, long ones not to be disturbed.
  for (std::int64_t look_ms = 1;; look_ms = std::min<std::int64_t>(look_ms + 1, 10)) {
    if (state_->failure && (!state_->options.keep_going || state_->all_failed())) return Ended::failed;
    if (state_->stop_requested) return state_->failure ? Ended::failed : Ended::stopped;
    lock.unlock();
    bool done = !state_->options.follow && state_->caught_up();
    // A loop that saw an older log is asleep although the number has moved on by a commit that does not concern it.
    if (!done && !state_->options.follow)
      for (LoopThread* loop : state_->all())
        if (loop->idle_at() != 0) loop->wake();
    lock.lock();
    if (done) return state_->failure ? Ended::failed : Ended::caught_up;
    state_->news.wait_for(lock, std::chrono::milliseconds(state_->options.follow ? 200 : look_ms));
  }
}

void Pipeline::stop() {
  // Sources first: what they have sent on its way still passes the others if those are quick, and stays in the log if
  // not.
  for (const auto* list : {&state_->ingest, &state_->query, &state_->deliver}) {
    for (const auto& loop : *list) loop->request_stop();
    for (const auto& loop : *list) loop->join();
  }
}

std::optional<Error> Pipeline::failure() const {
  std::lock_guard lock(state_->mutex);
  if (!state_->failure) return std::nullopt;
  return state_->failure->copy();
}

std::vector<Error> Pipeline::check(const Catalog& catalog, const PipelineOptions& options,
                                   const PipelineSurroundings& surroundings, bool look_outside,
                                   std::vector<std::string>& notes) {
  std::vector<Error> found;
  auto look = [&](auto parts, auto live, const std::string& connector) {
    if (!parts) return found.push_back(std::move(parts).error());
    if (!look_outside) return;
    auto problems = live(*parts)->preflight();
    if (!problems) return found.push_back(std::move(problems).error().within(connector));
    for (Error& problem : *problems) found.push_back(std::move(problem).within(connector));
  };
  for (const auto& [name, declaration] : catalog.connectors)
    if (declaration.sink)
      look(
          make_sink_parts(catalog, declaration, options, surroundings, notes),
          [](auto& parts) { return parts.sink.get(); }, "sink connector " + name);
    else
      look(
          make_source_parts(catalog, declaration, options, surroundings, notes),
          [](auto& parts) { return parts.source.get(); }, "source connector " + name);
  return found;
}

}  // namespace levada
