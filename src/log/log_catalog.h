// What the log knows besides the records: topics, where the segments of their partitions begin and end, group offsets,
// source positions, holders of transactional ids. It changes by commits only: those of the journal make the same
// catalog in the writer, after a restart, and in every process that reads along.
//
// Guarded by `mutex`, which the caller holds for all of it; only the committer, who is the only one to change it, may
// look without. Topics and partitions that somebody holds stay alive when they are deleted, with `deleted` set.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "log/change.h"
#include "log/log.h"
#include "log/segment.h"

namespace levada {

struct TopicState;

// Where the committer is in a partition: the open file of its last segment, and what the commit being put together has
// placed there so far.
struct Tail {
  std::shared_ptr<File> file;
  std::uint64_t file_number = 0;  // of `file`
  std::uint64_t allocated = 0;    // bytes of the file that were there when it was opened
  std::uint64_t group = 0;        // the commit for which the rest is true
  bool empty = true;              // no segment yet
  std::uint64_t position = 0;
  Offset next;
  std::ptrdiff_t extent = -1;  // the last one placed
};

struct Partition {
  Partition(TopicState& of, std::int32_t partition);

  TopicState& topic;
  const TopicPartition name;
  const PartitionId id;
  std::vector<std::shared_ptr<Segment>> segments;  // adjacent; only the last one grows
  Offset end;
  std::uint64_t bytes_appended = 0;
  Tail tail;  // the committer's own

  Offset first() const { return segments.empty() ? end : segments.front()->base; }
  // The segment that holds the offset, which must be in [first, end).
  const std::shared_ptr<Segment>& segment_of(Offset offset) const;

  // The end as it was after recent commits, and the bytes up to there.
  struct Mark {
    std::uint64_t commit = 0;
    Offset end;
    std::uint64_t bytes = 0;
  };
  static constexpr std::size_t most_marks = 512;
  std::deque<Mark> marks;  // never empty
  const Mark& mark_at(std::uint64_t commit) const;
  std::uint64_t bytes_before(Offset offset) const;
};

struct TopicState {
  TopicState(std::uint32_t topic_id, Topic as_told);

  const std::uint32_t id;
  const Topic topic;
  std::deque<Partition> partitions;
  bool deleted = false;
  std::unique_ptr<const Error> damage;  // set for good when stored bytes were found wrong
};
using TopicRef = std::shared_ptr<TopicState>;
using PartitionRef = std::shared_ptr<Partition>;  // keeps the topic alive

// A segment that no reader is led to any more; its file can go.
struct RetiredSegment {
  PartitionRef partition;
  std::shared_ptr<Segment> segment;
};

// What a change of the catalog asks others to do.
struct Effects {
  std::vector<TopicPartition> grown;
  std::vector<RetiredSegment> retired;
  std::vector<TopicRef> deleted;
};

class LogCatalog {
 public:
  mutable std::mutex mutex;

  // damaged: the changes do not follow from what is here. Nothing else can go wrong.
  Result<void> apply(const JournalCommit& commit, Effects& effects);
  // The changes that make this catalog from nothing.
  std::vector<Change> checkpoint(std::uint64_t redo_from) const;
  // Becomes the same as `fresh`, which is given up for it. Topics, partitions and segments that are in both stay the
  // same objects.
  void replace_by(LogCatalog& fresh, Effects& effects);

  TopicRef topic(const std::string& name) const;  // nullptr if there is none
  PartitionRef partition(const TopicPartition& name) const;
  PartitionRef partition(PartitionId id) const;
  const std::map<std::string, TopicRef>& topics() const { return topics_; }

  std::uint64_t epoch(const std::string& transactional_id) const;  // 0: never begun
  std::optional<Offset> group_offset(const std::string& group, const TopicPartition& of) const;
  std::optional<std::string> position(const std::string& source) const;
  Result<std::vector<Offset>> cut(std::span<const TopicPartition> of, std::span<const Offset> from,
                                  std::size_t max_bytes) const;

  std::uint64_t number() const { return number_; }  // of the last commit
  const CountersSet& counters() const { return counters_; }

 private:
  Result<void> apply_one(const CountersSet& change, Effects& effects);
  Result<void> apply_one(const TopicCreated& change, Effects& effects);
  Result<void> apply_one(const TopicDeleted& change, Effects& effects);
  Result<void> apply_one(const SegmentOpened& change, Effects& effects);
  Result<void> apply_one(const SegmentExtended& change, Effects& effects);
  Result<void> apply_one(const SegmentsReplaced& change, Effects& effects);
  Result<void> apply_one(const GroupAdvanced& change, Effects& effects);
  Result<void> apply_one(const PositionPut& change, Effects& effects);
  Result<void> apply_one(const HolderBegun& change, Effects& effects);
  void used_file(std::uint64_t file_number);
  void mark(Partition& partition);

  std::uint64_t number_ = 0;
  std::int64_t time_ms_ = 0;
  CountersSet counters_;
  std::map<std::string, TopicRef> topics_;
  std::unordered_map<std::uint32_t, TopicRef> topics_by_id_;
  std::map<std::string, std::map<PartitionId, Offset>> groups_;
  std::map<std::string, std::string> positions_;
  std::map<std::string, std::uint64_t> epochs_;
};

// "topic-partition", as in messages and folder names.
std::string text_of(const TopicPartition& name);

}  // namespace levada
