// A segment: one file of a partition, holding the record batches of a run of offsets one after the other. How far it
// counts (`bytes`, `next`) is told by the journal, never by the file's size: behind that stand bytes of commits that
// never were, or of the file's earlier lives.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "log/log.h"

namespace levada {

// A place where a record batch begins.
struct IndexPoint {
  Offset offset;
  std::uint64_t position = 0;  // in the file
  bool operator==(const IndexPoint&) const = default;
};

// Some of the places in a segment where batches begin: at most 64, so that it can stand in the journal's checkpoints
// and needs no file of its own. When it is full, every second point goes and the distance doubles.
class SparseIndex {
 public:
  static constexpr std::size_t most_points = 64;

  // Whether a point here is far enough behind the last one.
  bool wants(std::uint64_t position) const { return position >= next_; }
  // Passed over if it is not wanted.
  void add(IndexPoint point);
  // The last point at or before the offset; `begin` if there is none.
  IndexPoint find(Offset offset, IndexPoint begin) const;

  std::span<const IndexPoint> points() const { return points_; }
  bool operator==(const SparseIndex& other) const { return points_ == other.points_; }

 private:
  std::vector<IndexPoint> points_;
  std::uint64_t distance_ = 16 << 10, next_ = distance_;
};

// What the journal says of a segment.
struct SegmentEntry {
  std::uint64_t file_number = 0;  // in the file's name; never used twice
  Offset base, next;              // it holds [base, next)
  std::uint64_t bytes = 0;
  std::int64_t appended_ms = 0;          // wall time of the last commit in it
  bool compacted = false;                // written by compaction: no key twice in it and the segments before it
  std::int64_t tombstones_until_ms = 0;  // compacted, with tombstones that stay until then; 0: it has none
  SparseIndex index;
  bool operator==(const SegmentEntry&) const = default;
};

// The entry is guarded by the catalog's mutex.
struct Segment : SegmentEntry {
  // Set before the file is used for anything else. Who has read from the file and finds this false has read the
  // segment's bytes.
  std::atomic<bool> retired = false;
  // The file's name has been synced.
  std::atomic<bool> name_durable = true;
  // The newest journal generation that holds bytes of it. The committer's own.
  std::uint64_t in_journal = 0;
};

}  // namespace levada
