#include "pipeline/task.h"

#include <utility>

#include "base/assert.h"
#include "pipeline/dead_letters.h"
#include "pipeline/processing_log.h"
#include "pipeline/topic_reader.h"
#include "pipeline/topic_writer.h"
#include "state/changelog.h"
#include "state/snapshot.h"

namespace levada {
namespace {

// Whose time it is: what passes between two changes belongs to the query that was at work.
class WorkTime {
 public:
  explicit WorkTime(const Clock& clock) : clock_(clock) {}
  // Returns who was at work before; nullptr is nobody.
  Counter* change(Counter* to) {
    if (to == at_work_) return to;
    std::int64_t now_us = clock_.steady_us();
    if (at_work_) at_work_->add(static_cast<std::uint64_t>(now_us - since_us_));
    since_us_ = now_us;
    return std::exchange(at_work_, to);
  }

 private:
  const Clock& clock_;
  Counter* at_work_ = nullptr;
  std::int64_t since_us_ = 0;
};

// What a query's own topics carry between its parts is not counted: counters are nullptr.
struct Input {
  std::string query;
  std::unique_ptr<TopicReader> reader;
  Counter* rows_in = nullptr;
  bool moved = false;
};

struct Running {
  std::unique_ptr<Operator> op;
  std::optional<Changelog> changelog;
  std::string snapshot_path;
  std::uint64_t changes = 0;  // keys written to the changelog since the last snapshot
};

struct Written {
  std::unique_ptr<TopicWriter> writer;
  Counter* rows_out = nullptr;
  std::vector<Counter*> readers_in;  // of the queries that take the rows from here
  bool moved = false;
};

Result<Offset> start_offset(const Log& log, const std::string& group, const TopicPartition& of) {
  if (auto offset = log.group_offset(group, of)) return *offset;
  return LV_TRY(log.offsets(of)).first;
}

}  // namespace

struct Task::State {
  const TaskPlan plan;
  const std::int32_t partition;
  const TaskSurroundings& around;
  // One of the three for each node.
  std::vector<std::unique_ptr<Input>> inputs;
  std::vector<std::unique_ptr<Running>> operators;
  std::vector<std::unique_ptr<Written>> outputs;

  std::vector<Counter*> busy;  // by node: its query's
  WorkTime time;
  Tally tally;                                        // since the last finish()
  std::vector<std::vector<DeadLetter>> dead_letters;  // by node, until the transaction is finished
  std::vector<std::vector<ProcessingFailure>> failures;

  State(const TaskPlan& p, std::int32_t n, const TaskSurroundings& s)
      : plan(p),
        partition(n),
        around(s),
        inputs(p.nodes.size()),
        operators(p.nodes.size()),
        outputs(p.nodes.size()),
        time(*s.surroundings.clock),
        dead_letters(p.nodes.size()),
        failures(p.nodes.size()) {}

  Result<void> open();
  Result<void> open_input(std::size_t n, const TaskInput& part);
  Result<void> open_operator(std::size_t n, const TaskOperator& part);
  void open_output(std::size_t n, const TaskOutput& part);

  // Hands a node's rows to those behind it.
  void give(std::size_t from, const Batch& batch, Transaction& transaction);
  void give(std::size_t from, Output& output, Transaction& transaction);
  void write(std::size_t n, const Batch& batch, Transaction& transaction);
  void advance_readers(std::size_t n, Transaction& transaction);
  Counter* rows(const std::string& query, std::string_view direction) const;
  const std::string& query_of(std::size_t n) const;
};

// ---- opening ----

Result<void> Task::State::open() {
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    const auto& part = plan.nodes[n].part;
    busy.push_back(&around.metrics->counter("levada_busy_microseconds_total", {{"object", query_of(n)}}));
    if (const auto* input = std::get_if<TaskInput>(&part))
      LV_TRY(open_input(n, *input));
    else if (const auto* op = std::get_if<TaskOperator>(&part))
      LV_TRY(open_operator(n, *op));
    else
      open_output(n, std::get<TaskOutput>(part));
  }
  return {};
}

Result<void> Task::State::open_input(std::size_t n, const TaskInput& part) {
  TopicPartition from{part.read.format.topic, partition};
  Offset offset = LV_TRY(start_offset(*around.log, part.query, from));
  auto input = std::make_unique<Input>();
  input->query = part.query;
  input->reader =
      LV_TRY(TopicReader::open(*around.log, part.read, plan.nodes[n].schema, partition, offset, around.surroundings));
  if (!part.read.object.empty()) input->rows_in = rows(part.query, "in");
  inputs[n] = std::move(input);
  return {};
}

Result<void> Task::State::open_operator(std::size_t n, const TaskOperator& part) {
  auto running = std::make_unique<Running>();
  running->op = make_operator(part.spec, around.surroundings);
  if (Store* store = running->op->store()) {
    running->changelog.emplace(changelog_topic(store->name()), partition);
    running->snapshot_path =
        join_path(around.state_directory, store->name() + "-" + std::to_string(partition) + ".snapshot");
    std::string complaint;
    auto from = LV_TRY(read_snapshot(*around.files, running->snapshot_path, *store, complaint));
    Offset end = LV_TRY(around.log->offsets(running->changelog->partition())).end;
    if (from && *from > end) {
      complaint = running->snapshot_path + " is ahead of its changelog";
      store->clear();
      from.reset();
    }
    if (!complaint.empty())
      around.logger->warning("snapshot not used, state is built from its changelog", {{"why", complaint}});
    LV_TRY(running->changelog->restore(*store, *around.log, from.value_or(Offset(0))));
  }
  operators[n] = std::move(running);
  return {};
}

void Task::State::open_output(std::size_t n, const TaskOutput& part) {
  auto written = std::make_unique<Written>();
  Compression compression = Compression::none;
  if (auto topic = around.log->topic(part.format.topic)) compression = topic->config.compression;
  written->writer =
      std::make_unique<TopicWriter>(part.format, plan.nodes[n].schema, part.checks, compression, around.surroundings);
  if (!part.object.empty()) written->rows_out = rows(part.query, "out");
  for (const std::string& reader : part.readers) written->readers_in.push_back(rows(reader, "in"));
  outputs[n] = std::move(written);
}

// ---- working ----

Counter* Task::State::rows(const std::string& query, std::string_view direction) const {
  return &around.metrics->counter("levada_rows_total", {{"object", query}, {"direction", std::string(direction)}});
}

const std::string& Task::State::query_of(std::size_t n) const {
  return std::visit([](const auto& part) -> const std::string& { return part.query; }, plan.nodes[n].part);
}

void Task::State::give(std::size_t from, const Batch& batch, Transaction& transaction) {
  for (const TaskNode::Edge& edge : plan.nodes[from].next) {
    Counter* giver = time.change(busy[edge.node]);
    if (outputs[edge.node]) {
      write(edge.node, batch, transaction);
    } else {
      Output output;
      if (batch.truncates) {
        operators[edge.node]->op->flush(output);  // what was held back came before it
        give(edge.node, output, transaction);
        give(edge.node, batch, transaction);
      } else {
        operators[edge.node]->op->push(edge.input, batch, output);
        give(edge.node, output, transaction);
      }
    }
    time.change(giver);
  }
}

void Task::State::give(std::size_t from, Output& output, Transaction& transaction) {
  auto& list = failures[from];
  list.insert(list.end(), std::make_move_iterator(output.failures.begin()),
              std::make_move_iterator(output.failures.end()));
  for (const Batch& batch : output.batches) give(from, batch, transaction);
}

void Task::State::write(std::size_t n, const Batch& batch, Transaction& transaction) {
  Written& output = *outputs[n];
  const auto& part = std::get<TaskOutput>(plan.nodes[n].part);
  TopicWriter::Problems problems;
  std::optional<std::int32_t> to;
  if (part.keeps_partition) to = partition;
  if (batch.truncates) {
    output.writer->truncate(batch, to);
    output.moved = true;
    give(n, batch, transaction);
    return;
  }
  Batch admitted = output.writer->admit(batch, problems);
  output.writer->append(admitted, to, transaction, problems);
  if (output.rows_out) tally.add(*output.rows_out, admitted.selection.size());
  for (Counter* reader : output.readers_in) tally.add(*reader, admitted.selection.size());
  output.moved = true;
  auto& letters = dead_letters[n];
  letters.insert(letters.end(), std::make_move_iterator(problems.refused.begin()),
                 std::make_move_iterator(problems.refused.end()));
  auto& list = failures[n];
  list.insert(list.end(), std::make_move_iterator(problems.failures.begin()),
              std::make_move_iterator(problems.failures.end()));
  if (!plan.nodes[n].next.empty() && !admitted.empty()) give(n, admitted, transaction);
}

void Task::State::advance_readers(std::size_t n, Transaction& transaction) {
  const auto& part = std::get<TaskOutput>(plan.nodes[n].part);
  for (const std::string& query : part.readers) transaction.advance_to_end(query, {part.format.topic, partition});
}

// ---- Task ----

Task::Task(std::unique_ptr<State> state) : state_(std::move(state)) {}
Task::~Task() = default;

Result<std::unique_ptr<Task>> Task::open(const TaskPlan& plan, std::int32_t partition,
                                         const TaskSurroundings& surroundings) {
  auto state = std::make_unique<State>(plan, partition, surroundings);
  LV_TRY(state->open());
  return std::unique_ptr<Task>(new Task(std::move(state)));
}

Result<bool> Task::step(std::size_t max_bytes, Transaction& transaction) {
  bool any = false;
  for (std::size_t n = 0; n < state_->inputs.size(); ++n) {
    Input* input = state_->inputs[n].get();
    if (!input) continue;
    state_->time.change(state_->busy[n]);
    TopicReader::Rows rows;
    if (!LV_TRY(input->reader->read(max_bytes, Offset(INT64_MAX), rows))) continue;
    any = input->moved = true;
    if (input->rows_in) state_->tally.add(*input->rows_in, rows.records);
    auto& letters = state_->dead_letters[n];
    letters.insert(letters.end(), std::make_move_iterator(rows.undecodable.begin()),
                   std::make_move_iterator(rows.undecodable.end()));
    auto& failures = state_->failures[n];
    failures.insert(failures.end(), std::make_move_iterator(rows.failures.begin()),
                    std::make_move_iterator(rows.failures.end()));
    for (const Batch& batch : rows.batches) state_->give(n, batch, transaction);
  }
  state_->time.change(nullptr);
  return any;
}

Tally Task::finish(Transaction& transaction) {
  State& s = *state_;
  std::int64_t now_ms = s.around.surroundings.clock->now_ms();
  for (std::size_t n = 0; n < s.plan.nodes.size(); ++n) {
    s.time.change(s.busy[n]);
    if (Input* input = s.inputs[n].get(); input && input->moved) {
      transaction.advance(input->query, {input->reader->topic(), s.partition}, input->reader->position());
      input->moved = false;
    }
    if (Running* running = s.operators[n].get()) {
      Output output;
      running->op->flush(output);
      s.give(n, output, transaction);
      if (running->changelog) running->changes += running->changelog->write(*running->op->store(), transaction);
    }
    if (Written* output = s.outputs[n].get(); output && output->moved) {
      output->writer->flush(transaction);
      s.advance_readers(n, transaction);
      output->moved = false;
    }
    if (!s.dead_letters[n].empty()) {
      append_dead_letters(std::string(dead_letter_topic), s.query_of(n), s.dead_letters[n], now_ms, transaction);
      s.tally.add(s.around.metrics->counter("levada_dead_letters_total", {{"object", s.query_of(n)}}),
                  s.dead_letters[n].size());
      s.dead_letters[n].clear();
    }
    if (!s.failures[n].empty()) {
      append_processing_failures(s.query_of(n), s.failures[n], now_ms, transaction);
      std::uint64_t rows = 0;
      for (const ProcessingFailure& failure : s.failures[n]) rows += failure.rows;
      s.tally.add(s.around.metrics->counter("levada_processing_failures_total", {{"object", s.query_of(n)}}), rows);
      s.failures[n].clear();
    }
  }
  s.time.change(nullptr);
  return std::exchange(s.tally, {});
}

bool Task::snapshot_due() const {
  for (const auto& running : state_->operators) {
    if (!running || !running->changelog) continue;
    std::uint64_t keys = running->op->store()->keys();
    if (running->changes > 100'000 + 4 * keys) return true;
  }
  return false;
}

Result<void> Task::write_snapshots() {
  for (const auto& running : state_->operators) {
    if (!running || !running->changelog || running->changes == 0) continue;
    Offset end = LV_TRY(state_->around.log->offsets(running->changelog->partition())).end;
    LV_TRY(write_snapshot(*state_->around.files, running->snapshot_path, *running->op->store(), end));
    running->changes = 0;
  }
  return {};
}

const TaskPlan& Task::plan() const { return state_->plan; }
std::int32_t Task::partition() const { return state_->partition; }

std::vector<TopicPartition> Task::inputs() const {
  std::vector<TopicPartition> partitions;
  for (const auto& input : state_->inputs)
    if (input) partitions.push_back({input->reader->topic(), state_->partition});
  return partitions;
}

Result<bool> lags_behind(const TaskPlan& plan, std::int32_t partition, const Log& log, std::string& query) {
  for (const TaskNode& node : plan.nodes) {
    const auto* output = std::get_if<TaskOutput>(&node.part);
    if (!output) continue;
    TopicPartition between{output->format.topic, partition};
    for (const std::string& reader : output->readers) {
      if (LV_TRY(start_offset(log, reader, between)) == LV_TRY(log.offsets(between)).end) continue;
      query = reader;
      return true;
    }
  }
  return false;
}

}  // namespace levada
