// Where things are in the log's directory, and how segment files come and go.
//
//   DIR/LOCK                                          held by the writer, with its name
//   DIR/PUBLISHED                                     how far the journal is durable, for readers (log/published.h)
//   DIR/journal/00000000000000000007.journal          by generation (log/journal.h)
//   DIR/topics/ORDERS-0/00000000000000001200.31.log   a segment: base offset, file number
//   DIR/spare/31                                      a retired segment's file, to be used again
//
// Writing over blocks that a file has already is twice as fast as making it grow, so the files of segments that are no
// longer needed are kept, up to a bound, and get new names. A name is never used for two files.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.h"
#include "log/log_catalog.h"

namespace levada {

// Thread safe.
class LogDirectory {
 public:
  LogDirectory(Files& files, std::string path, std::uint64_t most_spare_bytes)
      : files_(files), path_(std::move(path)), most_spare_bytes_(most_spare_bytes) {}

  Files& files() const { return files_; }
  const std::string& path() const { return path_; }
  std::string lock() const { return join_path(path_, "LOCK"); }
  std::string published() const { return join_path(path_, "PUBLISHED"); }
  std::string journals() const { return join_path(path_, "journal"); }
  std::string journal(std::uint64_t generation) const;
  std::string topics() const { return join_path(path_, "topics"); }
  std::string spares() const { return join_path(path_, "spare"); }
  std::string folder(const TopicPartition& of) const { return join_path(topics(), text_of(of)); }
  std::string segment(const TopicPartition& of, const SegmentEntry& entry) const;

  // ---- for the writer ----
  // Makes the folders, durably.
  Result<void> make() const;
  // Takes stock of spare files left from before.
  Result<void> find_spares();

  struct OpenSegment {
    std::unique_ptr<File> file;
    std::uint64_t allocated = 0;  // bytes that are there already
  };
  // Makes the segment's file, of a spare one of about `likely_bytes` if there is any. Its name is not yet durable.
  Result<OpenSegment> make_segment(const TopicPartition& of, const SegmentEntry& entry, std::uint64_t likely_bytes);
  // Opens the file for writing behind what counts of it. damaged: it is missing or shorter than that.
  Result<OpenSegment> open_segment(const TopicPartition& of, const SegmentEntry& entry) const;
  // Opens it whatever there is of it, also if it is missing.
  Result<OpenSegment> restore_segment(const TopicPartition& of, const SegmentEntry& entry) const;
  // Makes the segment's name durable if it is not yet.
  Result<void> sync_name(const TopicPartition& of, Segment& segment) const;
  // Makes the file a spare one, or removes it. The segment must be marked as retired before.
  Result<void> retire(const TopicPartition& of, const SegmentEntry& entry);
  // Removes every file and folder below topics/ that the catalog does not know.
  Result<std::size_t> remove_unknown(const LogCatalog& catalog);

 private:
  struct Spare {
    std::string path;
    std::uint64_t bytes;
  };

  Files& files_;
  const std::string path_;
  const std::uint64_t most_spare_bytes_;
  std::mutex mutex_;  // of the rest
  std::vector<Spare> spares_;
  std::uint64_t spare_bytes_ = 0;
};

}  // namespace levada
