// The manifest of a jsonfile sink: what in its files counts. One line a commit, in one directory with the files:
//
//   line = crc32c of the JSON as 8 hex digits, blank, JSON, line feed
//   JSON = {"epoch":3,"commit":17,"pipeline":"p","connector":"c",      all four only in the first line
//           "files":[{"file":"orders-0-00000000000000000000.jsonl","topic":"orders","partition":0,
//                     "length":1234,"rows":10,"crc":"0a1b2c3d","opened":1700000000000,"finished":true}],
//           "offsets":[{"topic":"orders","partition":0,"next":10}]}
//
// A line tells the files and partitions that changed; later lines count. A file that is not finished carries ".open"
// behind its name, and of it only the first `length` bytes. The first line holds the whole state: it is written anew at
// every start, under a higher epoch, and when the manifest has grown long. Whoever finds another manifest in place of
// the one it wrote, or lines that it did not write, has been fenced.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "log/log.h"

namespace levada {

struct ManifestFile {
  std::string name;  // when it is finished; before that with ".open", except for the one file of a single-file sink
  std::string topic;
  std::int32_t partition = 0;
  std::uint64_t length = 0, rows = 0;
  std::uint32_t crc = 0;  // CRC32C of the first `length` bytes
  std::int64_t opened_ms = 0;
  bool finished = false;
  bool operator==(const ManifestFile&) const = default;
};

struct ManifestState {
  std::string pipeline, connector;
  std::int64_t epoch = 0;
  std::uint64_t commit = 0;
  std::map<std::string, ManifestFile> files;  // by name: open ones, and finished ones that may not have their name yet
  std::map<TopicPartition, Offset> offsets;   // the next to be written
  bool operator==(const ManifestState&) const = default;
};

// What one commit changes.
struct ManifestChange {
  std::vector<ManifestFile> files;
  std::map<TopicPartition, Offset> offsets;
};

class Manifest {
 public:
  Manifest(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  // nullopt: there is none. A last line that is torn is passed over; damaged: a line that is wrong with good ones
  // behind.
  Result<std::optional<ManifestState>> read() const;
  // Writes the state as a new manifest in place of the old one, durably; appends go there.
  Result<void> begin(const ManifestState& state);
  // Durable when it returns. fenced: the manifest is not as we left it.
  Result<void> append(const ManifestChange& change, std::uint64_t commit);
  std::uint64_t size() const { return size_; }

 private:
  Result<void> check_ours() const;

  Files& files_;
  const std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
};

}  // namespace levada
