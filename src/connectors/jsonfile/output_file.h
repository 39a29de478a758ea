// One file that lines are appended to: what of it counts (the manifest says so), and what has been written behind that.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "connectors/jsonfile/manifest.h"

namespace levada {

class OutputFile {
 public:
  // A new file, empty.
  static Result<OutputFile> create(Files& files, const std::string& path, ManifestFile start);
  // One that is there already perhaps, whatever is in it, and to be written on. refused: its last line has no end.
  static Result<OutputFile> adopt(Files& files, const std::string& path, ManifestFile start);
  // One that the manifest knows: cut off behind what counts. damaged: what counts is no longer there as it was.
  static Result<OutputFile> repair(Files& files, const std::string& path, ManifestFile committed);

  // Whole lines, so many. Written when there are many, or at sync().
  Result<void> append(std::string_view lines, std::uint64_t rows);
  // All that was appended is durable. What the manifest must say then.
  Result<ManifestFile> sync();
  // Back to what the manifest says.
  Result<void> forget_uncommitted();
  // The manifest has said it.
  void committed(ManifestFile file) { committed_ = std::move(file); }

  const ManifestFile& state() const { return committed_; }
  bool changed() const { return written_ != committed_.length || !pending_.empty(); }
  std::uint64_t size() const { return written_ + pending_.size(); }
  std::uint64_t rows() const { return rows_; }

 private:
  OutputFile(std::unique_ptr<File> file, ManifestFile committed)
      : file_(std::move(file)),
        committed_(std::move(committed)),
        written_(committed_.length),
        rows_(committed_.rows),
        crc_(committed_.crc) {}
  Result<void> write();

  std::unique_ptr<File> file_;
  ManifestFile committed_;
  std::uint64_t written_, rows_;
  std::uint32_t crc_;  // of what is written
  Buffer pending_;
};

}  // namespace levada
