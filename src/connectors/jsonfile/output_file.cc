#include "connectors/jsonfile/output_file.h"

#include <algorithm>
#include <vector>

namespace levada {

static constexpr std::size_t write_bytes = 1 << 20;

Result<OutputFile> OutputFile::create(Files& files, const std::string& path, ManifestFile start) {
  auto file = LV_TRY(files.open(path, OpenMode::write));
  LV_TRY(file->truncate(0));
  return OutputFile(std::move(file), std::move(start));
}

Result<OutputFile> OutputFile::repair(Files& files, const std::string& path, ManifestFile committed) {
  auto file = LV_TRY(files.open(path, OpenMode::write));
  std::uint64_t size = LV_TRY(file->size());
  std::uint32_t crc = 0;
  std::vector<char> buffer(std::min<std::uint64_t>(committed.length, 256 << 10));
  for (std::uint64_t at = 0; at < committed.length && size >= committed.length;) {
    std::size_t n = std::min<std::uint64_t>(buffer.size(), committed.length - at);
    LV_TRY(file->read_exactly_at(at, std::span(buffer.data(), n)));
    crc = crc32c({buffer.data(), n}, crc);
    at += n;
  }
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

Result<void> OutputFile::write_if_many() {
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
