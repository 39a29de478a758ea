#include "log/log_catalog.h"

#include <algorithm>

namespace levada {
namespace {

Error does_not_follow(std::string what) {
  return Error(ErrorKind::damaged, "the journal contradicts itself: " + std::move(what));
}

PartitionRef ref(const TopicRef& topic, std::int32_t partition) {
  if (!topic || partition < 0 || static_cast<std::size_t>(partition) >= topic->partitions.size()) return nullptr;
  return PartitionRef(topic, &topic->partitions[static_cast<std::size_t>(partition)]);
}

}  // namespace

std::string text_of(const TopicPartition& name) { return name.topic + "-" + std::to_string(name.partition); }

Partition::Partition(TopicState& of, std::int32_t partition)
    : topic(of), name{of.topic.name, partition}, id{of.id, partition}, marks(1) {}

const std::shared_ptr<Segment>& Partition::segment_of(Offset offset) const {
  auto behind = std::ranges::upper_bound(segments, offset, {}, [](const auto& s) { return s->base; });
  LV_ASSERT(behind != segments.begin());
  return behind[-1];
}

const Partition::Mark& Partition::mark_at(std::uint64_t commit) const {
  auto behind = std::ranges::upper_bound(marks, commit, {}, &Mark::commit);
  return behind == marks.begin() ? *behind : behind[-1];
}

std::uint64_t Partition::bytes_before(Offset offset) const {
  auto behind = std::ranges::upper_bound(marks, offset, {}, &Mark::end);
  return behind == marks.begin() ? behind->bytes : behind[-1].bytes;
}

TopicState::TopicState(std::uint32_t topic_id, Topic as_told) : id(topic_id), topic(std::move(as_told)) {
  for (std::int32_t p = 0; p < topic.config.partitions; ++p) partitions.emplace_back(*this, p);
}

// ---- commits ----

Result<void> LogCatalog::apply(const JournalCommit& commit, Effects& effects) {
  number_ = commit.number;
  time_ms_ = commit.time_ms;
  for (const Change& change : commit.changes)
    LV_TRY(std::visit([&](const auto& one) { return apply_one(one, effects); }, change));
  return {};
}

void LogCatalog::used_file(std::uint64_t file_number) {
  counters_.next_file = std::max(counters_.next_file, file_number + 1);
}

void LogCatalog::mark(Partition& partition) {
  Partition::Mark now{number_, partition.end, partition.bytes_appended};
  if (partition.marks.back().commit == number_) {
    partition.marks.back() = now;
  } else {
    if (partition.marks.size() == Partition::most_marks) partition.marks.pop_front();
    partition.marks.push_back(now);
  }
}

Result<void> LogCatalog::apply_one(const CountersSet& change, Effects&) {
  counters_ = change;
  return {};
}

Result<void> LogCatalog::apply_one(const TopicCreated& change, Effects&) {
  if (topics_.contains(change.name) || topics_by_id_.contains(change.id))
    return does_not_follow("topic " + change.name + " is created twice");
  auto topic = std::make_shared<TopicState>(change.id, Topic{change.name, change.config});
  topics_.emplace(change.name, topic);
  topics_by_id_.emplace(change.id, topic);
  counters_.next_topic = std::max(counters_.next_topic, change.id + 1);
  return {};
}

Result<void> LogCatalog::apply_one(const TopicDeleted& change, Effects& effects) {
  auto at = topics_by_id_.find(change.id);
  if (at == topics_by_id_.end()) return does_not_follow("topic " + std::to_string(change.id) + " is deleted twice");
  TopicRef topic = at->second;
  topics_by_id_.erase(at);
  topics_.erase(topic->topic.name);
  topic->deleted = true;
  for (Partition& partition : topic->partitions)
    for (auto& segment : partition.segments) effects.retired.push_back({PartitionRef(topic, &partition), segment});
  for (auto& [group, offsets] : groups_)
    std::erase_if(offsets, [&](const auto& offset) { return offset.first.topic == change.id; });
  effects.deleted.push_back(std::move(topic));
  return {};
}

Result<void> LogCatalog::apply_one(const SegmentOpened& change, Effects&) {
  PartitionRef p = partition(change.of);
  if (!p || change.base != p->end) return does_not_follow("a segment begins where its partition does not end");
  auto segment = std::make_shared<Segment>();
  segment->file_number = change.file_number;
  segment->base = segment->next = change.base;
  segment->appended_ms = time_ms_;
  p->segments.push_back(std::move(segment));
  used_file(change.file_number);
  return {};
}

Result<void> LogCatalog::apply_one(const SegmentExtended& change, Effects& effects) {
  PartitionRef p = partition(change.of);
  if (!p || p->segments.empty()) return does_not_follow("records for a partition without a segment");
  Segment& segment = *p->segments.back();
  if (change.file_number != segment.file_number || change.position != segment.bytes || change.next <= segment.next)
    return does_not_follow("records of " + text_of(p->name) + " do not follow those before them");
  for (const IndexPoint& point : change.points) segment.index.add(point);
  segment.bytes += change.bytes;
  segment.next = p->end = change.next;
  segment.appended_ms = time_ms_;
  p->bytes_appended += change.bytes;
  mark(*p);
  if (effects.grown.empty() || effects.grown.back() != p->name) effects.grown.push_back(p->name);
  return {};
}

Result<void> LogCatalog::apply_one(const SegmentsReplaced& change, Effects& effects) {
  PartitionRef p = partition(change.of);
  if (!p) return does_not_follow("segments of a partition that is not there are replaced");
  auto& segments = p->segments;
  auto begin = segments.begin();
  if (!change.removed.empty())
    begin = std::ranges::find(segments, change.removed.front(), [](const auto& s) { return s->file_number; });
  auto end = begin;
  for (std::uint64_t file_number : change.removed)
    if (end == segments.end() || (*end++)->file_number != file_number)
      return does_not_follow("segments of " + text_of(p->name) + " go that are not there");
  for (auto gone = begin; gone != end; ++gone) effects.retired.push_back({p, *gone});
  begin = segments.erase(begin, end);
  std::vector<std::shared_ptr<Segment>> added;
  for (const SegmentEntry& entry : change.added) {
    added.push_back(std::make_shared<Segment>());
    static_cast<SegmentEntry&>(*added.back()) = entry;
    used_file(entry.file_number);
  }
  segments.insert(begin, added.begin(), added.end());
  for (std::size_t i = 1; i < segments.size(); ++i)
    if (segments[i - 1]->next != segments[i]->base)
      return does_not_follow("there is a gap between segments of " + text_of(p->name));
  if (change.removed.empty() && !segments.empty()) {  // from a checkpoint
    p->end = segments.back()->next;
    p->bytes_appended = 0;
    for (const auto& segment : segments) p->bytes_appended += segment->bytes;
    p->marks.clear();
    p->marks.push_back({number_, p->end, p->bytes_appended});
  }
  return {};
}

Result<void> LogCatalog::apply_one(const GroupAdvanced& change, Effects&) {
  if (!partition(change.of)) return does_not_follow("a group has an offset in a partition that is not there");
  groups_[change.group][change.of] = change.next;
  return {};
}

Result<void> LogCatalog::apply_one(const PositionPut& change, Effects&) {
  positions_[change.source] = change.position;
  return {};
}

Result<void> LogCatalog::apply_one(const HolderBegun& change, Effects&) {
  epochs_[change.transactional_id] = change.epoch;
  return {};
}

std::vector<Change> LogCatalog::checkpoint(std::uint64_t redo_from) const {
  std::vector<Change> changes;
  CountersSet counters = counters_;
  counters.redo_from = redo_from;
  changes.emplace_back(counters);
  for (const auto& [name, topic] : topics_) {
    changes.emplace_back(TopicCreated{topic->id, name, topic->topic.config});
    for (const Partition& partition : topic->partitions) {
      if (partition.segments.empty()) continue;
      SegmentsReplaced segments{partition.id, {}, {}};
      for (const auto& segment : partition.segments) segments.added.push_back(*segment);
      changes.emplace_back(std::move(segments));
    }
  }
  for (const auto& [group, offsets] : groups_)
    for (const auto& [of, next] : offsets) changes.emplace_back(GroupAdvanced{group, of, next});
  for (const auto& [source, position] : positions_) changes.emplace_back(PositionPut{source, position});
  for (const auto& [id, epoch] : epochs_) changes.emplace_back(HolderBegun{id, epoch});
  return changes;
}

void LogCatalog::replace_by(LogCatalog& fresh, Effects& effects) {
  for (auto& [name, fresh_topic] : fresh.topics_) {
    auto known = topics_by_id_.find(fresh_topic->id);
    if (known == topics_by_id_.end()) {
      for (const Partition& partition : fresh_topic->partitions)
        if (partition.end > Offset(0)) effects.grown.push_back(partition.name);
      continue;
    }
    TopicRef topic = known->second;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      Partition &ours = topic->partitions[i], &theirs = fresh_topic->partitions[i];
      for (auto& segment : theirs.segments) {
        auto same =
            std::ranges::find(ours.segments, segment->file_number, [](const auto& s) { return s->file_number; });
        if (same == ours.segments.end()) continue;
        static_cast<SegmentEntry&>(**same) = *segment;
        segment = *same;
      }
      if (theirs.end > ours.end) effects.grown.push_back(ours.name);
      ours.segments = std::move(theirs.segments);
      ours.end = theirs.end;
      ours.bytes_appended = theirs.bytes_appended;
      ours.marks = std::move(theirs.marks);
    }
    topics_by_id_.erase(known);
    fresh.topics_by_id_[topic->id] = topic;
    fresh_topic = std::move(topic);
  }
  for (auto& [id, gone] : topics_by_id_) gone->deleted = true;
  number_ = fresh.number_;
  time_ms_ = fresh.time_ms_;
  counters_ = fresh.counters_;
  topics_ = std::move(fresh.topics_);
  topics_by_id_ = std::move(fresh.topics_by_id_);
  groups_ = std::move(fresh.groups_);
  positions_ = std::move(fresh.positions_);
  epochs_ = std::move(fresh.epochs_);
}

// ---- questions ----

TopicRef LogCatalog::topic(const std::string& name) const {
  auto at = topics_.find(name);
  return at == topics_.end() ? nullptr : at->second;
}
PartitionRef LogCatalog::partition(const TopicPartition& name) const { return ref(topic(name.topic), name.partition); }
PartitionRef LogCatalog::partition(PartitionId id) const {
  auto at = topics_by_id_.find(id.topic);
  return at == topics_by_id_.end() ? nullptr : ref(at->second, id.partition);
}

std::uint64_t LogCatalog::epoch(const std::string& transactional_id) const {
  auto at = epochs_.find(transactional_id);
  return at == epochs_.end() ? 0 : at->second;
}

std::optional<Offset> LogCatalog::group_offset(const std::string& group, const TopicPartition& of) const {
  PartitionRef p = partition(of);
  auto offsets = groups_.find(group);
  if (!p || offsets == groups_.end()) return std::nullopt;
  auto at = offsets->second.find(p->id);
  if (at == offsets->second.end()) return std::nullopt;
  return at->second;
}

std::optional<std::string> LogCatalog::position(const std::string& source) const {
  auto at = positions_.find(source);
  if (at == positions_.end()) return std::nullopt;
  return at->second;
}

// The ends after commit c are known for every c from the youngest of the partitions' oldest marks on. Both the bytes up
// to them and whether they are beyond `from` only grow with c, so both bounds are found by halving. One who has begun
// with some partitions later than with others is further on in the others: there the cut stays where he is.
Result<std::vector<Offset>> LogCatalog::cut(std::span<const TopicPartition> of, std::span<const Offset> from,
                                            std::size_t max_bytes) const {
  LV_ASSERT(of.size() == from.size());
  std::vector<PartitionRef> partitions;
  std::vector<std::uint64_t> before;  // bytes of each below `from`
  std::uint64_t bytes_before = 0, oldest = 0;
  for (std::size_t i = 0; i < of.size(); ++i) {
    PartitionRef p = partition(of[i]);
    if (!p) return Error(ErrorKind::not_found, "there is no partition " + text_of(of[i]) + " in the log");
    before.push_back(p->bytes_before(from[i]));
    bytes_before += before.back();
    oldest = std::max(oldest, p->marks.front().commit);
    partitions.push_back(std::move(p));
  }
  auto near = [&](std::uint64_t commit) {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < partitions.size(); ++i)
      bytes += std::max(partitions[i]->mark_at(commit).bytes, before[i]);
    return bytes <= bytes_before + max_bytes;
  };
  auto beyond = [&](std::uint64_t commit) {
    for (std::size_t i = 0; i < partitions.size(); ++i)
      if (partitions[i]->mark_at(commit).end > from[i]) return true;
    return false;
  };
  std::uint64_t commit = number_;
  if (!near(commit)) {
    std::uint64_t low = oldest, high = number_;  // near(low) or it is the best there is, !near(high)
    while (high - low > 1) {
      std::uint64_t middle = low + (high - low) / 2;
      (near(middle) ? low : high) = middle;
    }
    commit = low;
    if (!beyond(commit)) {
      for (high = number_; high - low > 1;) {
        std::uint64_t middle = low + (high - low) / 2;
        (beyond(middle) ? high : low) = middle;
      }
      commit = high;
    }
  }
  std::vector<Offset> ends;
  for (std::size_t i = 0; i < partitions.size(); ++i)
    ends.push_back(std::max(partitions[i]->mark_at(commit).end, from[i]));
  return ends;
}

}  // namespace levada
