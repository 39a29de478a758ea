// What a commit changes in the log's catalog, and how that is written in the journal. A checkpoint is the same: changes
// that make the whole catalog out of nothing.
//
//   changes = count varint, change …
//   change  = kind u8, then as listed here; numbers are unsigned varints (signed ones zigzag), text is length and bytes
//
//   1 counters   next topic id, next file number, oldest journal generation that may have to be redone
//   2 topic      id, name, partitions, flags (1 compact), retention ms, retention bytes, segment bytes,
//                delete retention ms, compression
//   3 no topic   id
//   4 opened     topic id, partition, file number, base offset: a new last segment, empty
//   5 extended   topic id, partition, file number, position, bytes, next offset, flags (1: the bytes follow in the
//                journal record), count and index points (offset and position, each as the distance from the one
//                before)
//   6 replaced   topic id, partition, count and file numbers of adjacent segments that go, count and segments that come
//                segment: file number, base, records up to next, bytes, wall time ms, flags (1 compacted),
//                tombstones until ms, count and index points
//   7 group      name, topic id, partition, offset
//   8 position   source, bytes
//   9 holder     transactional id, epoch
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "log/log.h"
#include "log/segment.h"

namespace levada {

struct PartitionId {
  std::uint32_t topic = 0;  // the topic's id: a topic made again under its old name has another one
  std::int32_t partition = 0;
  auto operator<=>(const PartitionId&) const = default;
};

struct CountersSet {
  std::uint32_t next_topic = 1;
  std::uint64_t next_file = 1;
  std::uint64_t redo_from = 0;
  bool operator==(const CountersSet&) const = default;
};
struct TopicCreated {
  std::uint32_t id = 0;
  std::string name;
  TopicConfig config;
  bool operator==(const TopicCreated&) const = default;
};
struct TopicDeleted {
  std::uint32_t id = 0;
  bool operator==(const TopicDeleted&) const = default;
};
struct SegmentOpened {
  PartitionId of;
  std::uint64_t file_number = 0;
  Offset base;
  bool operator==(const SegmentOpened&) const = default;
};
struct SegmentExtended {
  PartitionId of;
  std::uint64_t file_number = 0;  // of the last segment
  std::uint64_t position = 0, bytes = 0;
  Offset next;
  bool in_journal = false;
  std::vector<IndexPoint> points;
  bool operator==(const SegmentExtended&) const = default;
};
struct SegmentsReplaced {
  PartitionId of;
  std::vector<std::uint64_t> removed;
  std::vector<SegmentEntry> added;
  bool operator==(const SegmentsReplaced&) const = default;
};
struct GroupAdvanced {
  std::string group;
  PartitionId of;
  Offset next;
  bool operator==(const GroupAdvanced&) const = default;
};
struct PositionPut {
  std::string source, position;
  bool operator==(const PositionPut&) const = default;
};
struct HolderBegun {
  std::string transactional_id;
  std::uint64_t epoch = 0;
  bool operator==(const HolderBegun&) const = default;
};

using Change = std::variant<CountersSet, TopicCreated, TopicDeleted, SegmentOpened, SegmentExtended, SegmentsReplaced,
                            GroupAdvanced, PositionPut, HolderBegun>;

// All that became true at once: a group of transactions, or one change of the catalog's own.
struct JournalCommit {
  std::uint64_t number = 0;  // one more than the commit before
  std::int64_t time_ms = 0;  // wall time
  std::vector<Change> changes;
};

void put_changes(Buffer& out, std::span<const Change> changes);
// damaged: bytes that put_changes() has not written.
Result<std::vector<Change>> parse_changes(std::string_view bytes);

}  // namespace levada
