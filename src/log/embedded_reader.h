// Reads a partition of the embedded log from segment to segment.
#pragma once
#include <memory>
#include <optional>

#include "log/log_core.h"
#include "log/segment_reader.h"

namespace levada {

class Follower;

class EmbeddedReader : public Reader {
 public:
  // With a follower the log belongs to another process, which may take any file away at any time.
  EmbeddedReader(LogCore& core, Follower* follower, PartitionRef partition, Offset from)
      : core_(core), follower_(follower), partition_(std::move(partition)), position_(from) {}

  Result<Chunk> read(std::size_t max_bytes, Offset limit) override;
  Offset position() const override { return position_; }
  void seek(Offset to) override;

 private:
  // Where the next batch is, as the catalog has it.
  struct Place {
    std::shared_ptr<Segment> segment;
    SegmentEntry entry;  // without index
    IndexPoint entrance;
  };
  Result<std::optional<Place>> find() const;
  Result<void> open(const Place& place);
  // The bytes just read from the place's file were still the segment's.
  bool still_valid(const Place& place) const;

  LogCore& core_;
  Follower* follower_;
  PartitionRef partition_;
  Offset position_;
  std::optional<SegmentReader> segment_;
  std::uint64_t file_number_ = 0;  // of `segment_`
};

}  // namespace levada
