#include "pipeline/ingest_loop.h"

#include <utility>

#include "pipeline/dead_letters.h"
#include "pipeline/processing_log.h"

namespace levada {

static constexpr std::size_t commit_bytes = 1 << 20;

IngestLoop::IngestLoop(Parts parts, const PipelineSurroundings& surroundings)
    : parts_(std::move(parts)),
      ahead_(*parts_.source),
      around_(surroundings),
      rows_in_(around_.metrics->counter("levada_rows_total", {{"object", parts_.name}, {"direction", "in"}})),
      rows_out_(around_.metrics->counter("levada_rows_total", {{"object", parts_.name}, {"direction", "out"}})),
      dead_letters_(around_.metrics->counter("levada_dead_letters_total", {{"object", parts_.name}})),
      failures_(around_.metrics->counter("levada_processing_failures_total", {{"object", parts_.name}})),
      busy_us_(around_.metrics->counter("levada_busy_microseconds_total", {{"object", parts_.name}})) {}

Result<void> IngestLoop::open(Wakeup&) {
  for (auto& [topic, writer] : parts_.writers) writer->discard();
  parts_.captured->discard();
  pending_ = false;
  tally_ = {};
  commit_.reset();
  commit_ = LV_TRY(Commit::open(*around_.log, parts_.transactional_id));
  return ahead_.start(around_.log->position(parts_.name));
}

// Rows, rejected rows and the position behind them go into one transaction; the source is told when it is durable.
Result<Step> IngestLoop::step(std::stop_token stop) {
  std::int64_t started_us = around_.clock->steady_us();
  SourceRead read = LV_TRY(ahead_.next(std::move(stop)));
  const bool nothing_read = read.parts.empty() && read.records.empty() && read.rejected.empty();
  for (const SourceRead::Part& part : read.parts) LV_TRY(append(part));
  tally_.add(rows_in_, read.rejected.size());
  LV_TRY(bury(read.rejected));
  if (read.position) {
    commit_->transaction().put_position(parts_.name, *read.position);
    commit_->when_durable([this, position = *read.position]() -> Result<void> {
      ahead_.acknowledge(position);
      return {};
    });
    pending_ = true;
  }
  around_.board->set_progress(parts_.name, parts_.source->progress());

  bool quiet = nothing_read && !read.together;
  if (read.together) return Step::moved;
  if (quiet || commit_->transaction().bytes() >= commit_bytes) LV_TRY(submit());
  if (read.end) {
    LV_TRY(close());
    return Step::finished;
  }
  if (quiet) {
    LV_TRY(commit_->settle_all());
    return Step::waited;  // in next()
  }
  busy_us_.add(static_cast<std::uint64_t>(around_.clock->steady_us() - started_us));
  return Step::moved;
}

Result<void> IngestLoop::append(const SourceRead::Part& part) {
  tally_.add(rows_in_, part.batch.selection.size());
  TopicWriter::Problems problems;
  std::uint64_t written = 0;
  if (part.batch.schema->origin) {
    LV_TRY(parts_.captured->append(part, commit_->transaction(), problems, written));
  } else {
    auto writer = parts_.writers.find(part.topic);
    LV_ASSERT(writer != parts_.writers.end());  // a source writes to its targets only
    Batch admitted = writer->second->admit(part.batch, problems);
    writer->second->append(admitted, std::nullopt, commit_->transaction(), problems);
    written = admitted.selection.size();
  }
  tally_.add(rows_out_, written);
  pending_ = true;
  if (!problems.failures.empty()) {
    append_processing_failures(parts_.name, problems.failures, around_.clock->now_ms(), commit_->transaction());
    tally_.add(failures_, problems.failures.size());
  }
  return bury(problems.refused);
}

Result<void> IngestLoop::bury(std::span<const DeadLetter> letters) {
  if (letters.empty()) return {};
  if (!parts_.tolerate_errors)
    return Error(ErrorKind::data, letters.front().cause)
        .where(letters.front().origin)
        .remedy("Correct the record, or set 'errors.tolerance' = 'all' to send such records to the dead letters.");
  append_dead_letters(parts_.dead_letter_topic, parts_.name, letters, around_.clock->now_ms(), commit_->transaction());
  tally_.add(dead_letters_, letters.size());
  pending_ = true;
  return {};
}

Result<void> IngestLoop::submit() {
  if (!pending_) return {};
  for (auto& [topic, writer] : parts_.writers) writer->flush(commit_->transaction());
  parts_.captured->flush(commit_->transaction());
  pending_ = false;
  if (!tally_.empty())
    commit_->when_durable([tally = std::exchange(tally_, {})]() -> Result<void> {
      tally.count();
      return {};
    });
  return commit_->submit();
}

Result<void> IngestLoop::close() {
  LV_TRY(submit());
  LV_TRY(commit_->settle_all());
  return ahead_.finish();
}

}  // namespace levada
