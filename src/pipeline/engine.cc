// Behind include/levada/levada.h: opens the log, keeps the session, runs the pipeline.
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>

#include "base/files.h"
#include "base/logging.h"
#include "base/memory_files.h"
#include "base/metrics.h"
#include "levada/levada.h"
#include "log/embedded_log.h"
#include "pipeline/connector_parts.h"
#include "pipeline/dead_letters.h"
#include "pipeline/pipeline.h"
#include "pipeline/replay.h"
#include "pipeline/request_files.h"
#include "pipeline/session.h"
#include "pipeline/status_file.h"
#include "pipeline/ticker.h"
#include "pipeline/topic_printer.h"
#include "registry/schema_topic.h"

namespace levada {

std::string_view version() { return LEVADA_VERSION; }

struct Engine::State {
  EngineOptions options;
  std::unique_ptr<MemoryDisk> memory;  // of a log in memory
  std::unique_ptr<Files> memory_files;
  Files* files = nullptr;      // of sources and sinks
  Files* log_files = nullptr;  // of the log and of state
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
  std::string directory;
  Metrics metrics;
  std::unique_ptr<StatusBoard> board;
  std::unique_ptr<Log> log;
  std::unique_ptr<SchemaStore> schemas;
  std::unique_ptr<Session> session;
  std::unique_ptr<Pipeline> pipeline;
  std::atomic<bool> stop_requested = false;
  std::stop_source stop_source;
  RunReport run;
  std::mutex run_mutex;  // of run
  struct Pace {
    std::int64_t since_us;
    std::uint64_t done;
  };
  mutable std::mutex paces_mutex;
  mutable std::map<std::string, Pace> paces;  // when an object's progress was first seen, and how far it was then
  std::unique_ptr<Ticker> status_writer;      // last: it uses all others

  PipelineOptions pipeline_options() const {
    return {options.name, options.workers, options.follow, options.keep_going};
  }
  PipelineSurroundings surroundings() {
    return {log.get(), schemas.get(), files,    log_files,   join_path(directory, "state"),
            clock,     logger,        &metrics, board.get(), {.clock = clock}};
  }
};

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options) {
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  const EngineOptions& o = state->options;
  state->files = state->log_files = o.files ? o.files : &real_files();
  state->clock = o.clock ? o.clock : &real_clock();
  state->logger = o.logger ? o.logger : &silent_logger();
  state->board = std::make_unique<StatusBoard>(*state->clock);
  std::string_view place = o.log;
  if (place == "memory:") {
    state->memory = std::make_unique<MemoryDisk>();
    state->memory_files = std::make_unique<MemoryFiles>(*state->memory);
    state->log_files = state->memory_files.get();
    state->directory = "/log";
  } else if (place.starts_with("embedded:") && place.size() > 9) {
    state->directory = place.substr(9);
  } else if (place.starts_with("kafka:")) {
    return Error(ErrorKind::unsupported, "not supported yet: a log in Apache Kafka")
        .remedy("Use --log embedded:DIRECTORY.");
  } else {
    return Error(ErrorKind::usage, "'" + o.log + "' is no log").remedy("Give embedded:DIRECTORY.");
  }
  EmbeddedLogOptions log_options{
      .access = o.read_only ? LogAccess::read_only : LogAccess::write, .clock = state->clock, .logger = state->logger};
  state->log = LV_TRY(open_embedded_log(*state->log_files, state->directory, log_options));
  state->schemas = LV_TRY(open_schema_topic(*state->log, o.read_only));
  state->session = LV_TRY(Session::open(*state->log, *state->schemas, *state->clock, o.read_only));
  state->session->ask(
      [&s = *state](const Catalog& declared, const std::string& topic, std::vector<std::string>& answers) {
        return describe_topic(declared, topic, s.pipeline_options(), s.surroundings(), answers);
      });
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}

Engine::~Engine() {
  state_->status_writer.reset();
  state_->pipeline.reset();
  state_->session.reset();
}

Result<std::vector<Answer>> Engine::execute(std::string_view script, std::string_view name) {
  return state_->session->execute(Script{std::string(name), std::string(script)}, false);
}

Result<std::vector<Answer>> Engine::load(std::string_view script, std::string_view name) {
  return state_->session->execute(Script{std::string(name), std::string(script)}, true);
}

Result<void> Engine::select(std::string_view statement, const std::function<bool(const Answer&, std::size_t)>& row) {
  return state_->session->select(Script{"statement", std::string(statement)}, state_->stop_source.get_token(), row);
}

Result<void> Engine::start(std::vector<std::string>& notes) {
  if (state_->pipeline)
    return Error(ErrorKind::usage, "this engine was started before").remedy("Open another one to start again.");
  for (const std::string& object : state_->session->not_mentioned())
    notes.push_back(object +
                    " is in the log but not in this file: its data stays, nothing runs for it (DROP removes it)");
  state_->pipeline =
      LV_TRY(Pipeline::create(state_->session->declared(), state_->pipeline_options(), state_->surroundings(), notes));
  state_->pipeline->start();
  if (state_->log_files == &real_files()) {
    state_->run = {.run = "running",
                   .pipeline = state_->options.name,
                   .process = ::getpid(),
                   .started_ms = state_->clock->now_ms()};
    state_->status_writer = std::make_unique<Ticker>(std::chrono::seconds(1), [this] {
      write_run_report();
      answer_others();
    });
  }
  return {};
}

void Engine::write_run_report() {
  RunReport report;
  {
    std::lock_guard lock(state_->run_mutex);
    report = state_->run;
  }
  report.written_ms = state_->clock->now_ms();
  report.objects = status();
  if (report.objects.empty()) return;  // statements only
  if (auto written = write_status(*state_->log_files, state_->directory, report); !written)
    state_->logger->warning("cannot write STATUS", {{"error", written.error().line()}});
}

// Of a log that other processes can look at.
static Result<std::string> directory_of_log(const std::string& place) {
  if (!place.starts_with("embedded:") || place.size() == 9)
    return Error(ErrorKind::usage, "'" + place + "' is no log").remedy("Give embedded:DIRECTORY.");
  return place.substr(9);
}

Result<RunReport> Engine::run_report(const EngineOptions& options) {
  Files& files = options.files ? *options.files : real_files();
  return read_status(files, LV_TRY(directory_of_log(options.log)));
}

std::vector<Error> Engine::check(std::string_view script, std::string_view name, bool look_outside,
                                 std::vector<std::string>& notes) {
  Session& session = *state_->session;
  std::vector<Error> found = session.check(Script{std::string(name), std::string(script)});
  Catalog declared = session.declared();
  // A connector of a topic that is missing only because of another mistake has nothing wrong with it.
  std::erase_if(declared.connectors, [&](const auto& entry) {
    Script statement{"", entry.second.statement};
    return mentions(statement, {0, static_cast<std::uint32_t>(statement.text.size())}, session.missing());
  });
  for (Error& error :
       Pipeline::check(declared, state_->pipeline_options(), state_->surroundings(), look_outside, notes))
    found.push_back(std::move(error));
  return found;
}

Ended Engine::wait() {
  LV_ASSERT(state_->pipeline != nullptr);
  auto ended = [&](Ended how, std::string_view name) {
    std::lock_guard lock(state_->run_mutex);
    state_->run.run = name;
    return how;
  };
  switch (state_->pipeline->wait()) {
    case Pipeline::Ended::caught_up: return ended(Ended::caught_up, "finished");
    case Pipeline::Ended::failed: return ended(Ended::failed, "failed");
    case Pipeline::Ended::stopped: return ended(Ended::stopped, "stopped");
  }
  LV_UNREACHABLE();
}

void Engine::request_stop() {
  state_->stop_source.request_stop();
  if (state_->pipeline) state_->pipeline->request_stop();
}

Result<void> Engine::stop() {
  if (state_->pipeline) state_->pipeline->stop();
  state_->status_writer.reset();
  return {};
}

std::optional<Error> Engine::failure() const { return state_->pipeline ? state_->pipeline->failure() : std::nullopt; }

// At the pace of this run: what an earlier one has done took none of its time.
std::optional<std::int64_t> Engine::progress_left_ms(const ObjectReport& report) const {
  if (report.progress_total == 0 || report.progress_done >= report.progress_total) return std::nullopt;
  std::lock_guard lock(state_->paces_mutex);
  const std::int64_t now_us = state_->clock->steady_us();
  const auto& pace = state_->paces.try_emplace(report.name, State::Pace{now_us, report.progress_done}).first->second;
  const std::int64_t elapsed_ms = (now_us - pace.since_us) / 1000;
  if (elapsed_ms < 2000 || report.progress_done <= pace.done) return std::nullopt;
  double rate = static_cast<double>(report.progress_done - pace.done) / static_cast<double>(elapsed_ms);
  return static_cast<std::int64_t>(static_cast<double>(report.progress_total - report.progress_done) / rate);
}

std::vector<ObjectReport> Engine::status() const {
  std::vector<ObjectReport> reports;
  for (ObjectStatus& status : state_->board->all()) {
    ObjectReport report{.name = status.name,
                        .kind = status.kind,
                        .state = std::string(name_of(status.state)),
                        .reason = status.reason,
                        .since_ms = status.since_ms};
    report.progress_done = status.progress.done;
    report.progress_total = status.progress.total;
    report.progress_unit = status.progress.unit;
    report.progress_detail = status.progress.detail;
    report.progress_left_ms = progress_left_ms(report);
    if (!status.delivered.empty()) {
      report.behind_records = 0;
      for (const PartitionOffset& delivered : status.delivered)
        if (auto there = state_->log->offsets(delivered.partition); there && there->end > delivered.next)
          *report.behind_records += static_cast<std::uint64_t>(there->end.value() - delivered.next.value());
    }
    reports.push_back(std::move(report));
  }
  for (const Sample& sample : state_->metrics.samples()) {
    for (ObjectReport& report : reports) {
      bool mine = false, in = false;
      for (const auto& [label, value] : sample.labels) {
        mine |= label == "object" && value == report.name;
        in |= label == "direction" && value == "in";
      }
      if (!mine) continue;
      auto value = static_cast<std::uint64_t>(sample.value);
      if (sample.name == "levada_rows_total") (in ? report.rows_in : report.rows_out) += value;
      if (sample.name == "levada_dead_letters_total") report.dead_letters += value;
      if (sample.name == "levada_busy_microseconds_total") report.busy_ms += (sample.value + 500) / 1000;
      if (sample.name == "levada_processing_failures_total") report.failures += value;
      if (sample.name == "levada_source_lag_milliseconds") report.lag_ms = sample.value;
    }
  }
  return reports;
}

std::string Engine::explain() const {
  Catalog catalog = state_->session->declared();
  std::string text;
  for (const std::string& id : catalog.query_order) text += text_of(catalog.queries.at(id).plan) + "\n";
  return text + text_of(assemble(catalog));
}

Result<void> Engine::print(const std::string& topic, bool from_beginning, bool follow,
                           const std::function<bool(const PrintedRecord&)>& take) {
  TopicPrinter printer(*state_->log, *state_->schemas, state_->session->catalog());
  return printer.print(topic, {from_beginning, follow}, state_->stop_source.get_token(), take);
}

Result<std::vector<DeadLetterReport>> Engine::dead_letters(const std::string& topic) const {
  std::vector<DeadLetterReport> reports;
  const std::string from = topic.empty() ? std::string(dead_letter_topic) : topic;
  for (StoredDeadLetter& stored : LV_TRY(read_dead_letters(*state_->log, from))) {
    bool replayed = state_->log->position(replay_mark(from, stored.offset)).has_value();
    bool discarded = state_->log->position(discard_mark(from, stored.offset)).has_value();
    reports.push_back(report_of(std::move(stored)));
    reports.back().replayed = replayed;
    reports.back().discarded = discarded && !replayed;
  }
  return reports;
}

Result<std::string> Engine::replay(std::int64_t number, const std::optional<std::string>& value,
                                   const std::string& topic) {
  return replay_dead_letter(
      state_->session->catalog(), state_->pipeline_options(), state_->surroundings(),
      {topic.empty() ? std::string(dead_letter_topic) : topic, Offset(number), value, state_->pipeline != nullptr});
}

Result<std::string> Engine::discard(std::int64_t number, const std::string& topic) {
  return discard_dead_letter(*state_->log, topic.empty() ? std::string(dead_letter_topic) : topic, Offset(number));
}

Result<std::string> Engine::ask_running(const EngineOptions& options, const DeadLetterRequest& request) {
  Files& files = options.files ? *options.files : real_files();
  return ask_running_engine(files, LV_TRY(directory_of_log(options.log)), request, std::chrono::seconds(10));
}

// What other processes have asked for since the last time.
void Engine::answer_others() {
  answer_requests(*state_->log_files, state_->directory, [&](const DeadLetterRequest& r) -> Result<std::string> {
    if (r.action == "replay") return replay(r.number, r.value, r.topic);
    if (r.action == "discard") return discard(r.number, r.topic);
    return Error(ErrorKind::usage, "nobody knows how to " + r.action);
  });
}

}  // namespace levada
