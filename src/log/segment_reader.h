// Reads a segment's file forward, whole record batches at a time, and checks that each is the one that was written: its
// checksum, and what its checksum does not cover (base offset, leader epoch).
#pragma once
#include <memory>
#include <string>

#include "base/files.h"
#include "log/chunk_pool.h"
#include "log/log.h"
#include "log/segment.h"

namespace levada {

class SegmentReader {
 public:
  SegmentReader(std::unique_ptr<File> file, std::string path, IndexPoint from)
      : file_(std::move(file)), path_(std::move(path)), place_(from) {}

  // The next batches in the first `counting` bytes of the file: about max_bytes of them and at least one, none that
  // begins at `limit` or beyond. Those that end before `from` are passed over and not checked. damaged: with file,
  // place and what was expected there.
  Result<Chunk> read(std::size_t max_bytes, std::uint64_t counting, Offset from, Offset limit, ChunkPool& chunks);

  const IndexPoint& place() const { return place_; }  // of the next batch
  const std::string& path() const { return path_; }
  std::uint64_t identity() const { return file_->identity(); }

 private:
  Error damaged(std::string what, std::string why) const;

  std::unique_ptr<File> file_;
  const std::string path_;
  IndexPoint place_;
};

}  // namespace levada
