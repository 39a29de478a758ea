#include "pipeline/retry_lane.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "log/each_record.h"
#include "pipeline/row_marks.h"
#include "pipeline/topic_reader.h"

namespace levada {
namespace {

constexpr std::size_t most_waiting = 100'000;  // records; then nothing more is read until some have gone
constexpr std::size_t most_at_once = 1'000;    // records that are tried again in one round
constexpr std::size_t read_bytes = 1 << 20;

std::optional<std::string> copy(const Text& text) {
  if (text.is_null()) return std::nullopt;
  return std::string(text.view());
}

// A batch of our topic's records, as if they had been read where the originals stand.
void set_places(Batch& batch, std::span<const RetryChange* const> group) {
  auto origin = std::make_shared<Origin>(*batch.origin);
  origin->topic = group.front()->partition.topic;
  origin->partition = group.front()->partition.partition;
  for (std::int64_t& offset : origin->offsets)
    offset = group[static_cast<std::size_t>(offset - group.front()->at.value())]->offset.value();
  batch.origin = std::move(origin);
}

}  // namespace

RetryLane::RetryLane(Parts parts, const ToldLetters& told, const PipelineSurroundings& surroundings)
    : parts_(std::move(parts)),
      told_(told),
      around_(surroundings),
      topic_(parts_.topic, parts_.sink, around_),
      queue_(parts_.policy) {}

// ---- opening ----

Result<void> RetryLane::open(std::optional<Offset> stored) {
  queue_.clear();
  tried_.clear();
  done_.clear();
  told_before_ = 0;
  blocked_.clear();
  parked_now_.clear();
  durable_.clear();
  stored_ = stored.value_or(Offset(0));
  LV_TRY(topic_.open());
  if (stored_ > topic_.end())
    return Error(ErrorKind::refused, "sink " + parts_.sink + " has dealt with topic " + parts_.topic +
                                         " up to offset " + std::to_string(stored_.value()) +
                                         ", but the log holds it only up to " + std::to_string(topic_.end().value()))
        .why(
            "this is not the log that the target was filled from, the log has lost its end, or 'retry.topic' is "
            "another")
        .remedy("Start with the log that belongs to the target, and with the retry topic that the sink had.");
  for (const RetryChange& change : effective_changes(LV_TRY(topic_.read_queue()), stored_))
    queue_.apply(change, around_.clock->now_ms());
  return {};
}

Result<void> RetryLane::look() {
  for (const RetryChange& change : LV_TRY(topic_.read_news()))
    if (change.what == RetryChange::What::replayed) queue_.apply(change, around_.clock->now_ms());
  return {};
}

bool RetryLane::full() const { return queue_.size() >= most_waiting; }

bool RetryLane::waits(const LetterName& letter) const {
  const RetryChange* record = queue_.find({letter.topic, letter.partition}, Offset(letter.offset));
  return record && record->replay_of == letter.replay_of;
}

bool RetryLane::due() const {
  auto due = queue_.due_ms();
  return due && *due <= around_.clock->now_ms();
}

// ---- to the sink ----

Result<void> RetryLane::write_due(Sink& sink, const Format& format, std::vector<RejectedRecord>& refused,
                                  std::vector<DeadLetter>& letters) {
  tried_ = queue_.due(around_.clock->now_ms(), most_at_once, careful_);
  std::vector<const RetryChange*> written;
  for (const RetryChange* record : tried_) {
    if (!told_.contains({record->partition.topic, record->partition.partition, record->offset.value(),
                         record->timestamp_ms, record->replay_of})) {
      written.push_back(record);
      continue;
    }
    ++told_before_;
    done_.insert({record->partition, record->offset});
    add(change(RetryChange::What::gone, *record));
  }
  for (std::size_t first = 0; first < written.size();) {
    std::size_t end = first + 1;
    while (end < written.size() && written[end]->at == written[end - 1]->at + 1 &&
           written[end]->partition == written[first]->partition)
      ++end;
    LV_TRY(write_group(sink, std::span(written).subspan(first, end - first), format, refused, letters));
    first = end;
  }
  return {};
}

// The group's records stand one behind the other in our topic and come from one partition.
Result<void> RetryLane::write_group(Sink& sink, std::span<const RetryChange* const> group, const Format& format,
                                    std::vector<RejectedRecord>& refused, std::vector<DeadLetter>& letters) {
  const TopicPartition& from = group.front()->partition;
  const std::optional<Reading> known = format(from.topic);
  if (!known) {
    for (const RetryChange* record : group)
      refused.push_back(
          {from, record->offset, "sink " + parts_.sink + " does not read topic " + from.topic + " any more"});
    return {};
  }
  // A deletion says nothing of itself; beside its own kind it is read as what is written there.
  OffsetRange there = LV_TRY(around_.log->offsets(from));
  const bool from_original =
      !known->schema && group.size() == 1 && group.front()->deletion && group.front()->offset >= there.first;
  ReadNode read = *known->read;
  if (!from_original) read.format.topic = parts_.topic;
  Offset begin = from_original ? group.front()->offset : group.front()->at;
  Offset end = from_original ? begin + 1 : group.back()->at + 1;
  auto reader = LV_TRY(TopicReader::open(*around_.log, read, known->schema, from_original ? from.partition : 0, begin,
                                         around_.surroundings));
  while (reader->position() < end) {
    TopicReader::Rows rows;
    if (!LV_TRY(reader->read(read_bytes, end, rows))) break;
    for (DeadLetter& bad : rows.undecodable) {
      const RetryChange& record =
          *group[from_original ? 0 : static_cast<std::size_t>(bad.offset - group.front()->at.value())];
      letters.push_back(letter_of(record, bad.stage, bad.cause,
                                  {std::move(bad.key), std::move(bad.value), {}, bad.timestamp_ms}, record.refusals));
      done_.insert({record.partition, record.offset});
      add(change(RetryChange::What::gone, record));
    }
    for (Batch& batch : rows.batches) {
      if (!from_original) set_places(batch, group);
      RowFailures failures;
      LV_TRY(sink.write(batch, failures));
      for (RowFailure& row : failures)
        refused.push_back({from, Offset(batch.origin->offsets[row.row]), std::move(row.why)});
    }
  }
  return {};
}

Result<std::size_t> RetryLane::hold_back(Batch& batch) {
  const Origin& origin = *batch.origin;
  if (batch.truncates) {
    for (const RetryChange* record : queue_.of_topic(origin.topic))
      if (done_.insert({record->partition, record->offset}).second) add(change(RetryChange::What::gone, *record));
    // What was parked in this round stands before it, too, but is not in the queue yet.
    std::erase_if(blocked_, [&](const std::string& line) { return line.starts_with(origin.topic + '\0'); });
    for (const auto& [partition, offset] : std::exchange(parked_now_, {}))
      if (partition.topic == origin.topic)
        add({.what = RetryChange::What::gone, .partition = partition, .offset = offset});
      else
        parked_now_.insert({partition, offset});
    return 0;
  }
  const TopicPartition partition{origin.topic, origin.partition};
  const Rows rows = batch.rows();
  if (rows.size() == 0) return 0;
  const bool waits = queue_.waits_for(origin.topic) || !blocked_.empty();
  auto doomed = doomed_.lower_bound({partition, Offset(origin.offsets[rows[0]])});
  const bool any_doomed = doomed != doomed_.end() && doomed->first.first == partition &&
                          doomed->first.second.value() <= origin.offsets[rows[rows.size() - 1]];
  if (!waits && !any_doomed && told_.empty()) return 0;

  std::vector<std::uint32_t> kept;
  std::uint32_t next = 0;  // of rows
  LV_TRY(each_record(
      *around_.log, partition, Offset(origin.offsets[rows[0]]), Offset(origin.offsets[rows[rows.size() - 1]] + 1),
      [&](const Record& record) {
        while (next < rows.size() && origin.offsets[rows[next]] < record.offset.value()) ++next;
        if (next == rows.size() || origin.offsets[rows[next]] != record.offset.value()) return;
        const std::uint32_t row = rows[next++];
        if (told_.contains({origin.topic, origin.partition, record.offset.value(), record.timestamp_ms, {}})) {
          ++told_before_;
          return;
        }
        auto why = doomed_.find({partition, record.offset});
        auto key = copy(record.key);
        const bool behind =
            queue_.blocks(origin.topic, key) || (key && blocked_.contains(origin.topic + '\0' + 'k' + *key));
        if (why != doomed_.end() || behind)
          park(partition, record, behind ? nullptr : &why->second);
        else
          kept.push_back(row);
      }));
  const std::size_t held = rows.size() - kept.size();
  if (held > 0) batch.selection = Selection(std::move(kept));
  return held;
}

// `cause`: the target has refused it; nullptr: others of its key wait.
void RetryLane::park(const TopicPartition& partition, const Record& record, const std::string* cause) {
  const std::int64_t now_ms = around_.clock->now_ms();
  RetryChange parked{.what = RetryChange::What::parked,
                     .partition = partition,
                     .offset = record.offset,
                     .timestamp_ms = record.timestamp_ms,
                     .refusals = cause ? 1 : 0,
                     .due_ms = cause ? now_ms + parts_.policy.wait_ms(1) : 0,
                     .cause = cause ? *cause : "",
                     .key = copy(record.key)};
  blocked_.insert(RetryQueue::line_of(parked));
  parked_now_.insert({partition, record.offset});
  add(std::move(parked), record.value, record.headers.size() > 1 ? record.headers : std::string_view());
}

// ---- what was refused ----

Result<bool> RetryLane::sort_out(std::vector<RejectedRecord> refused, const Range& range,
                                 std::vector<DeadLetter>& letters) {
  std::map<Place, RejectedRecord> all;
  for (RejectedRecord& record : refused) {
    Place place(record.partition, record.offset);
    all.emplace(std::move(place), std::move(record));
  }
  bool redo = false;
  LV_TRY(sort_out_tried(all, letters, redo));
  std::map<Place, const RejectedRecord*> waiting;
  for (const auto& [place, record] : all)
    if (parts_.policy.tries_again(record, 1)) waiting.emplace(place, &record);
  if (redo || (!waiting.empty() && LV_TRY(overtaken(waiting, range)))) {
    for (const auto& [place, record] : waiting) doomed_.emplace(place, record->why);
    return false;
  }
  for (const auto& [place, record] : all) {
    if (waiting.contains(place)) {
      LV_TRY(each_record(*around_.log, place.first, place.second, place.second + 1,
                         [&](const Record& original) { park(place.first, original, &record.why); }));
      continue;
    }
    Bytes bytes = LV_TRY(bytes_at(place.first, place.second));
    const RetryChange first{.partition = place.first, .offset = place.second, .timestamp_ms = bytes.timestamp_ms};
    letters.push_back(letter_of(first, "write", record.why, std::move(bytes), 1));
  }
  return true;
}

// Of the records that this round has tried again; takes them out of `refused`.
Result<void> RetryLane::sort_out_tried(std::map<Place, RejectedRecord>& refused, std::vector<DeadLetter>& letters,
                                       bool& redo) {
  std::set<std::string> waiting;  // lines whose first waits on
  for (const RetryChange* record : tried_) {
    const Place place(record->partition, record->offset);
    auto refusal = refused.find(place);
    std::string line = RetryQueue::line_of(*record);
    if (waiting.contains(line)) {
      // Behind one that waits on: refused with it, or written too early.
      if (refusal == refused.end() && !done_.contains(place)) {
        careful_.insert(line);
        redo = true;
      } else if (refusal != refused.end()) {
        refused.erase(refusal);
      }
      continue;
    }
    if (!done_.insert(place).second) {
      if (refusal != refused.end()) refused.erase(refusal);
      continue;
    }
    if (refusal == refused.end()) {
      add(change(RetryChange::What::gone, *record));
      continue;
    }
    const std::int64_t refusals = record->refusals + 1;
    if (parts_.policy.tries_again(refusal->second, refusals)) {
      RetryChange again = change(RetryChange::What::refused, *record);
      again.refusals = refusals;
      again.due_ms = around_.clock->now_ms() + parts_.policy.wait_ms(refusals);
      again.cause = refusal->second.why;
      waiting.insert(std::move(line));
      add(std::move(again));
    } else {
      letters.push_back(
          letter_of(*record, "write", refusal->second.why, LV_TRY(bytes_at(partition(), record->at)), refusals));
      add(change(RetryChange::What::gone, *record));
    }
    refused.erase(refusal);
  }
  return {};
}

// Whether a record of the round that was not refused for now stands behind one of its key that was, or an emptied
// table.
Result<bool> RetryLane::overtaken(const std::map<Place, const RejectedRecord*>& waiting, const Range& range) {
  for (auto first = waiting.begin(); first != waiting.end();) {
    const TopicPartition& partition = first->first.first;
    std::set<std::string> keys;
    bool found = false;
    LV_TRY(
        each_record(*around_.log, partition, first->first.second, range(partition).second, [&](const Record& record) {
          if (is_truncation(record)) found = true;
          if (record.key.is_null()) return;
          if (waiting.contains({partition, record.offset}))
            keys.emplace(record.key.view());
          else
            found |= keys.contains(std::string(record.key.view())) && !parked_now_.contains({partition, record.offset});
        }));
    if (found) return true;
    while (first != waiting.end() && first->first.first == partition) ++first;
  }
  return false;
}

Result<RetryLane::Bytes> RetryLane::bytes_at(const TopicPartition& from, Offset offset) const {
  Bytes bytes;
  LV_TRY(each_record(*around_.log, from, offset, offset + 1, [&](const Record& record) {
    bytes = {copy(record.key), copy(record.value), {}, record.timestamp_ms};
    if (from == partition())
      bytes.headers = original_headers(record.headers);
    else if (record.headers.size() > 1)
      bytes.headers = record.headers;
  }));
  return bytes;
}

DeadLetter RetryLane::letter_of(const RetryChange& record, std::string stage, std::string cause, Bytes bytes,
                                std::int64_t refusals) const {
  return {.stage = std::move(stage),
          .cause = std::move(cause),
          .topic = record.partition.topic,
          .partition = record.partition.partition,
          .offset = record.offset.value(),
          .timestamp_ms = record.timestamp_ms,
          .key = std::move(bytes.key),
          .value = std::move(bytes.value),
          .headers = std::move(bytes.headers),
          .refusals = refusals,
          .replay_of = record.replay_of};
}

// ---- into the log ----

RetryChange RetryLane::change(RetryChange::What what, const RetryChange& of) const {
  RetryChange made = of;
  made.what = what;
  return made;
}

void RetryLane::add(RetryChange change, Text value, std::string_view headers) {
  change.follows = stored_;
  topic_.add(std::move(change), value, headers);
}

Result<std::optional<PartitionOffset>> RetryLane::durable() {
  if (!topic_.has_added()) return std::nullopt;
  durable_ = LV_TRY(topic_.read_news());
  return PartitionOffset{partition(), topic_.end()};
}

void RetryLane::committed() {
  tried_.clear();
  for (const RetryChange& change : durable_) {
    if (change.what == RetryChange::What::gone || change.what == RetryChange::What::parked)
      careful_.erase(RetryQueue::line_of(change));
    queue_.apply(change, around_.clock->now_ms());
  }
  if (topic_.has_added()) stored_ = topic_.end();
  durable_.clear();
  done_.clear();
  topic_.clear();
  told_before_ = 0;
  blocked_.clear();
  parked_now_.clear();
  doomed_.clear();
}

}  // namespace levada
