#include "pipeline/deliver_loop.h"

#include <algorithm>

namespace levada {
namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t cut_bytes = 16 << 20;  // of one round, where the log remembers a cut that small

constexpr std::int64_t look_again_ms = 100;  // for topics that may come

}  // namespace

DeliverLoop::DeliverLoop(Parts parts, const PipelineSurroundings& surroundings)
    : parts_(std::move(parts)),
      around_(surroundings),
      told_(parts_.topics.size()),
      rows_in_(around_.metrics->counter("levada_rows_total", {{"object", parts_.name}, {"direction", "in"}})),
      rows_out_(around_.metrics->counter("levada_rows_total", {{"object", parts_.name}, {"direction", "out"}})),
      dead_letters_(around_.metrics->counter("levada_dead_letters_total", {{"object", parts_.name}})),
      busy_us_(around_.metrics->counter("levada_busy_microseconds_total", {{"object", parts_.name}})),
      told_letters_(parts_.name, parts_.dead_letter_topic),
      retry_({parts_.name, parts_.retry_topic, parts_.retry}, told_letters_, surroundings) {}

DeliverLoop::~DeliverLoop() {
  if (wakeup_) around_.log->unwatch(*wakeup_);
}

Result<void> DeliverLoop::open(Wakeup& wakeup) {
  if (wakeup_) around_.log->unwatch(*wakeup_);
  wakeup_ = &wakeup;
  commit_.reset();
  commit_ = LV_TRY(Commit::open(*around_.log, parts_.transactional_id));
  LV_TRY(check_name());
  stored_ = LV_TRY(parts_.sink->start());
  sink_keeps_positions_ = stored_.has_value();
  partitions_.clear();
  readers_.clear();
  arrived_.clear();
  for (std::size_t t = 0; t < told_; ++t) LV_TRY(add_partitions(parts_.topics[t]));
  LV_TRY(open_retries());
  LV_TRY(told_letters_.open(*around_.log));
  told_letters_.keep([&](const LetterName& letter) { return comes_again(letter); });
  watch();
  tell_delivered();
  return {};
}

Result<void> DeliverLoop::open_retries() {
  if (!stored_) return retry_.open(around_.log->group_offset(parts_.name, retry_.partition()));
  for (const PartitionOffset& offset : *stored_)
    if (offset.partition == retry_.partition()) return retry_.open(offset.next);
  return retry_.open(std::nullopt);
}

void DeliverLoop::watch() {
  std::vector<TopicPartition> watched = partitions_;
  watched.push_back(retry_.partition());
  around_.log->watch(*wakeup_, watched);
}

Result<void> DeliverLoop::add_partitions(const SinkRead& topic) {
  for (std::int32_t p = 0; p < topic.read.format.partitions; ++p) {
    TopicPartition partition{topic.read.format.topic, p};
    Offset from = LV_TRY(position_of(partition));
    readers_.push_back(
        LV_TRY(TopicReader::open(*around_.log, topic.read, topic.schema, p, from, around_.surroundings)));
    arrived_.push_back(std::max(from, around_.log->group_offset(arrived_group(), partition).value_or(from)));
    partitions_.push_back(std::move(partition));
  }
  return {};
}

Result<bool> DeliverLoop::take_later_topics() {
  for (SinkRead& topic : LV_TRY(parts_.later.take(*around_.log, *around_.schemas)))
    parts_.topics.push_back(std::move(topic));
  if (told_ == parts_.topics.size()) return false;
  for (; told_ < parts_.topics.size(); ++told_) {
    const SinkRead& topic = parts_.topics[told_];
    const RecordFormat& format = topic.read.format;
    around_.logger->info("a topic has come", {{"sink", parts_.name}, {"topic", format.topic}});
    LV_TRY(
        parts_.sink->add_topic({format.topic, topic.read.object, format.partitions, topic.schema, topic.read.table}));
    LV_TRY(add_partitions(topic));
  }
  around_.log->unwatch(*wakeup_);
  watch();
  return true;
}

std::optional<std::int64_t> DeliverLoop::due_ms() const {
  std::optional<std::int64_t> due = parts_.sink->due_ms();
  if (auto retry = retry_.due_ms()) due = due ? std::min(*due, *retry) : *retry;
  if (!parts_.later.any()) return due;
  std::int64_t look = around_.clock->now_ms() + look_again_ms;
  return due ? std::min(*due, look) : look;
}

void DeliverLoop::tell_delivered() {
  std::vector<PartitionOffset> delivered;
  for (std::size_t p = 0; p < partitions_.size(); ++p) delivered.push_back({partitions_[p], readers_[p]->position()});
  around_.board->set_delivered(parts_.name, std::move(delivered));
}

Result<void> DeliverLoop::check_name() {
  const std::string key = "pipeline of sink " + parts_.name;
  std::string before = around_.log->position(key).value_or(parts_.pipeline);
  if (before != parts_.pipeline)
    return Error(ErrorKind::refused,
                 "sink " + parts_.name + " has run in pipeline " + before + ", and this one is " + parts_.pipeline)
        .why("a target knows what it has by the pipeline's name: under a new one it would be given everything again")
        .remedy("Start with --name " + before +
                ". To write everything once more, give the connector another name, too.");
  commit_->transaction().put_position(key, parts_.pipeline);
  return {};
}

Result<Offset> DeliverLoop::position_of(const TopicPartition& partition) const {
  OffsetRange there = LV_TRY(around_.log->offsets(partition));
  const Offset under_way = around_.log->group_offset(parts_.name, partition).value_or(there.first);
  const Offset arrived = around_.log->group_offset(arrived_group(), partition).value_or(there.first);
  Offset position = there.first;
  bool ours = true;  // the target may be where it says it is
  if (!stored_) {
    position = under_way;
  } else {
    for (const PartitionOffset& offset : *stored_) {
      if (offset.partition != partition) continue;
      position = offset.next;
      ours = position <= arrived || position == under_way;
    }
  }
  std::string place = partition.topic + "-" + std::to_string(partition.partition);
  if (position > there.end || !ours)
    return Error(ErrorKind::refused,
                 "sink " + parts_.name + " has already written offset " + std::to_string(position.value() - 1) +
                     " of " + place + ", but " +
                     (position > there.end ? "the log ends at " + std::to_string(there.end.value())
                                           : "this log has brought it to " + std::to_string(arrived.value()) + " or " +
                                                 std::to_string(under_way.value())))
        .why("this is not the log that the target was filled from, or the log has lost its end")
        .remedy(
            "Start with the log that belongs to the target. To fill the target anew from this log, empty it, the "
            "positions that this sink keeps there included (levada_positions in a database, levada.manifest in a "
            "directory).");
  if (position < there.first)
    return Error(ErrorKind::refused, "sink " + parts_.name + " needs offset " + std::to_string(position.value()) +
                                         " of " + place + ", but the log begins at " +
                                         std::to_string(there.first.value()))
        .why("retention has removed records that were not delivered")
        .remedy("Raise the topic's retention.ms. To go on without the lost records, set the sink's position to " +
                std::to_string(there.first.value()) + ".");
  return position;
}

Result<Step> DeliverLoop::step(std::stop_token stop) {
  const bool more_topics = LV_TRY(take_later_topics());
  std::vector<Offset> from;
  for (const auto& reader : readers_) from.push_back(reader->position());
  LV_TRY(retry_.look());
  std::vector<Offset> cut =
      retry_.full() || parts_.retries_only ? from : LV_TRY(around_.log->cut(partitions_, from, cut_bytes));
  if (cut == from && !more_topics && !retry_.due()) {
    if (auto due_ms = parts_.sink->due_ms(); due_ms && *due_ms <= around_.clock->now_ms())
      LV_TRY(parts_.sink->commit({}));
    return retry_.empty() ? Step::idle : Step::later;
  }
  LV_TRY(run_round(from, cut, std::move(stop)));
  return Step::moved;
}

Result<void> DeliverLoop::run_round(std::span<const Offset> from, std::span<const Offset> cut, std::stop_token stop) {
  std::int64_t started_us = around_.clock->steady_us();
  if (sink_keeps_positions_) LV_TRY(announce(from, cut));

  Round round;
  LV_TRY(retry_.write_due(
      *parts_.sink, [&](const std::string& topic) { return find_topic(topic); }, round.refused, round.letters));
  std::vector<PartitionOffset> next;
  for (std::size_t p = 0; p < partitions_.size();) {
    std::size_t count = 1;
    while (p + count < partitions_.size() && partitions_[p + count].topic == partitions_[p].topic) ++count;
    LV_TRY(deliver_topic(p, count, cut, stop, round));
    for (; count > 0; --count, ++p) next.push_back({partitions_[p], cut[p]});
  }
  LV_TRY(parts_.sink->flush(round.refused));
  const std::uint64_t refused = round.refused.size();
  auto range = [&](const TopicPartition& partition) {
    auto p = static_cast<std::size_t>(std::ranges::find(partitions_, partition) - partitions_.begin());
    return std::pair(from[p], cut[p]);
  };
  if (!LV_TRY(retry_.sort_out(std::move(round.refused), range, round.letters))) return open(*wakeup_);
  round.rows_out -= std::min(round.rows_out, refused);
  LV_TRY(bury(round.letters));
  LV_TRY(retry_.append(commit_->transaction()));
  LV_TRY(commit_->submit());
  LV_TRY(commit_->settle_all());  // all that is durable before the target says that we are past it
  if (auto retried = LV_TRY(retry_.durable())) next.push_back(*std::move(retried));
  LV_TRY(parts_.sink->commit(next));
  if (!sink_keeps_positions_) {
    for (const PartitionOffset& offset : next)
      commit_->transaction().advance(parts_.name, offset.partition, offset.next);
    LV_TRY(commit_->submit());
    LV_TRY(commit_->settle_all());
  }
  round.told_before += retry_.told_before();
  retry_.committed();
  told_letters_.keep([&](const LetterName& letter) { return comes_again(letter); });
  tell_delivered();
  // Not before: a round that fails is repeated.
  rows_in_.add(round.rows_in);
  rows_out_.add(round.rows_out);
  dead_letters_.add(round.letters.size() + round.told_before);
  busy_us_.add(static_cast<std::uint64_t>(around_.clock->steady_us() - started_us));
  return {};
}

Result<void> DeliverLoop::announce(std::span<const Offset> from, std::span<const Offset> cut) {
  for (std::size_t p = 0; p < partitions_.size(); ++p) {
    LV_ASSERT(cut[p] >= from[p]);  // a target that went back would be given rows again
    if (cut[p] == from[p]) continue;
    arrived_[p] = std::max(arrived_[p], from[p]);
    commit_->transaction().advance(arrived_group(), partitions_[p], arrived_[p]);
    commit_->transaction().advance(parts_.name, partitions_[p], cut[p]);
  }
  return commit_->submit();
}

Result<void> DeliverLoop::deliver_topic(std::size_t first, std::size_t count, std::span<const Offset> cut,
                                        std::stop_token stop, Round& round) {
  std::vector<Pending> pending(count);
  while (true) {
    Batch* emptied = nullptr;
    std::vector<Pending*> stand_before_it;
    for (std::size_t i = 0; i < count; ++i) {
      Batch* held = LV_TRY(deliver(first + i, cut[first + i], stop, pending[i], round));
      if (!held) continue;
      emptied = held;
      stand_before_it.push_back(&pending[i]);
    }
    if (!emptied) return {};
    LV_TRY(write(*emptied, round));
    for (Pending* partition : stand_before_it) ++partition->next;
  }
}

Result<Batch*> DeliverLoop::deliver(std::size_t p, Offset to, std::stop_token stop, Pending& pending, Round& round) {
  TopicReader& reader = *readers_[p];
  while (true) {
    for (; pending.next < pending.rows.batches.size(); ++pending.next) {
      Batch& batch = pending.rows.batches[pending.next];
      if (batch.truncates) return &batch;
      LV_TRY(write(batch, round));
    }
    if (reader.position() >= to) return nullptr;
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped in the middle of a round");
    pending = {};
    if (!LV_TRY(reader.read(read_bytes, to, pending.rows))) return nullptr;
    round.rows_in += pending.rows.records;
    for (DeadLetter& letter : pending.rows.undecodable) round.letters.push_back(std::move(letter));
  }
}

Result<void> DeliverLoop::write(Batch& batch, Round& round) {
  if (batch.truncates && !told_letters_.empty()) {
    const Origin& origin = *batch.origin;
    if (told_letters_.contains({origin.topic, origin.partition, origin.offsets[0], batch.timestamps_ms->front(), {}})) {
      ++round.told_before;
      return {};
    }
  }
  if (LV_TRY(retry_.hold_back(batch)) > 0 && batch.empty()) return {};
  RowFailures rejected;
  LV_TRY(parts_.sink->write(batch, rejected));
  round.rows_out += batch.truncates ? 1 : batch.selection.size();
  for (RowFailure& row : rejected)
    round.refused.push_back(
        {{batch.origin->topic, batch.origin->partition}, Offset(batch.origin->offsets[row.row]), std::move(row.why)});
  return {};
}

std::optional<RetryLane::Reading> DeliverLoop::find_topic(const std::string& topic) const {
  for (const SinkRead& known : parts_.topics)
    if (known.read.format.topic == topic) return RetryLane::Reading{&known.read, known.schema};
  return std::nullopt;
}

Result<void> DeliverLoop::bury(std::span<const DeadLetter> letters) {
  if (letters.empty()) return {};
  if (!parts_.tolerate_errors)
    return Error(ErrorKind::data, letters.front().cause)
        .where(letters.front().topic + "-" + std::to_string(letters.front().partition) + " offset " +
               std::to_string(letters.front().offset))
        .remedy("Correct the record, or set 'errors.tolerance' = 'all' to send such records to the dead letters.");
  return told_letters_.tell(*around_.log, letters, around_.clock->now_ms(), commit_->transaction());
}

bool DeliverLoop::comes_again(const LetterName& letter) const {
  if (retry_.waits(letter)) return true;
  auto at = std::ranges::find(partitions_, TopicPartition{letter.topic, letter.partition});
  if (at == partitions_.end()) return parts_.later.any();  // may be one of those that we do not have again yet
  const auto p = static_cast<std::size_t>(at - partitions_.begin());
  // A target that is further back than it was before was emptied, to be filled anew.
  return letter.replay_of.empty() && readers_[p]->position().value() <= letter.offset &&
         readers_[p]->position() >= arrived_[p];
}

Result<void> DeliverLoop::close() {
  // All rounds have ended: the target is where the readers are.
  for (std::size_t p = 0; p < partitions_.size() && sink_keeps_positions_; ++p)
    if (readers_[p]->position() > arrived_[p])
      commit_->transaction().advance(arrived_group(), partitions_[p], readers_[p]->position());
  LV_TRY(commit_->submit());
  LV_TRY(commit_->settle_all());
  return parts_.sink->close();
}

}  // namespace levada
