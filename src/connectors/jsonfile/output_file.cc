#include "connectors/jsonfile/output_file.h"

#include <algorithm>
#include <vector>

namespace levada {

namespace {

constexpr std::size_t write_bytes = 1 << 20;

// Of the first bytes of the file. `last` becomes the last one of them.
Result<std::uint32_t> checksum(const File& file, std::uint64_t length, char& last) {
  std::uint32_t crc = 0;
  std::vector<char> buffer(std::min<std::uint64_t>(length, 256 << 10));
  for (std::uint64_t at = 0; at < length;) {
    std::size_t n = std::min<std::uint64_t>(buffer.size(), length - at);
    LV_TRY(file.read_exactly_at(at, std::span(buffer.data(), n)));
    crc = crc32c({buffer.data(), n}, crc);
    last = buffer[n - 1];
    at += n;
  }
  return crc;
}

}  // namespace

Result<OutputFile> OutputFile::create(Files& files, const std::string& path, ManifestFile start) {
  auto file = LV_TRY(files.open(path, OpenMode::write));
  LV_TRY(file->truncate(0));
  return OutputFile(std::move(file), std::move(start));
}

Result<OutputFile> OutputFile::adopt(Files& files, const std::string& path, ManifestFile start) {
  auto file = LV_TRY(files.open(path, OpenMode::write));
  char last = '\n';
  start.length = LV_TRY(file->size());
  start.crc = LV_TRY(checksum(*file, start.length, last));
  if (last != '\n')
    return Error(ErrorKind::refused, "the last line of file " + path + " has no end")
        .why("what is written behind it would stand on the same line")
        .remedy("Complete the line, or take another file.");
  LV_TRY(file->sync());
  return OutputFile(std::move(file), std::move(start));
}

Result<OutputFile> OutputFile::repair(Files& files, const std::string& path, ManifestFile committed) {
  auto file = LV_TRY(files.open(path, OpenMode::write));
  std::uint64_t size = LV_TRY(file->size());
  char last = '\n';
  std::uint32_t crc = size < committed.length ? 0 : LV_TRY(checksum(*file, committed.length, last));
  if (size < committed.length || crc != committed.crc)
    return Error(ErrorKind::damaged, "file " + path + " does not hold the lines that were written to it")
        .why(size < committed.length
                 ? "it has " + std::to_string(size) + " bytes instead of " + std::to_string(committed.length)
                 : "the checksum of its first " + std::to_string(committed.length) + " bytes is another one")
        .remedy("Put the file back as it was. To write everything again, empty the directory, manifest included.");
  if (size > committed.length) {
    LV_TRY(file->truncate(committed.length));
    LV_TRY(file->sync());
  }
  return OutputFile(std::move(file), std::move(committed));
}

Result<void> OutputFile::append(std::string_view lines, std::uint64_t rows) {
  pending_.append(lines);
  rows_ += rows;
  if (pending_.size() < write_bytes) return {};
  return write();
}

Result<void> OutputFile::write() {
  LV_TRY(file_->write_at(written_, pending_.view()));
  crc_ = crc32c(pending_.view(), crc_);
  written_ += pending_.size();
  pending_.clear();
  return {};
}

Result<void> OutputFile::forget_uncommitted() {
  pending_.clear();
  rows_ = committed_.rows;
  if (written_ == committed_.length) return {};
  LV_TRY(file_->truncate(committed_.length));
  LV_TRY(file_->sync());
  written_ = committed_.length;
  crc_ = committed_.crc;
  return {};
}

Result<ManifestFile> OutputFile::sync() {
  if (!pending_.empty()) LV_TRY(write());
  if (written_ != committed_.length) LV_TRY(file_->sync());
  ManifestFile next = committed_;
  next.length = written_;
  next.rows = rows_;
  next.crc = crc_;
  return next;
}

}  // namespace levada
