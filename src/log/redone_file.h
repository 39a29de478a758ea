// A segment's file as it will be once a writer has recovered the log: with the bytes that rode in the journal in their
// places. For readers of a log whose writer has died and has not come back.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "base/files.h"

namespace levada {

// Bytes of a segment that stand in a journal file.
struct JournaledBytes {
  std::uint64_t position = 0, size = 0;  // in the segment
  std::shared_ptr<const File> journal;
  std::uint64_t journal_position = 0;
};

class RedoneFile : public File {
 public:
  // `segment` is nullptr if its file is gone.
  RedoneFile(std::unique_ptr<File> segment, std::vector<JournaledBytes> journaled)
      : segment_(std::move(segment)), journaled_(std::move(journaled)) {}

  Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const override {
    std::size_t got = segment_ ? LV_TRY(segment_->read_at(at, into)) : 0;
    std::fill(into.begin() + static_cast<std::ptrdiff_t>(got), into.end(), '\0');
    for (const JournaledBytes& bytes : journaled_) {
      std::uint64_t begin = std::max(at, bytes.position);
      std::uint64_t end = std::min(at + into.size(), bytes.position + bytes.size);
      if (begin >= end) continue;
      LV_TRY(bytes.journal->read_exactly_at(bytes.journal_position + (begin - bytes.position),
                                            into.subspan(begin - at, end - begin)));
      got = std::max<std::size_t>(got, end - at);
    }
    return got;
  }
  Result<std::uint64_t> size() const override {
    std::uint64_t size = segment_ ? LV_TRY(segment_->size()) : 0;
    for (const JournaledBytes& bytes : journaled_) size = std::max(size, bytes.position + bytes.size);
    return size;
  }
  std::uint64_t identity() const override { return segment_ ? segment_->identity() : 0; }

  Result<void> write_at(std::uint64_t, std::span<const std::string_view>) override { return read_only(); }
  Result<void> sync() override { return read_only(); }
  Result<void> truncate(std::uint64_t) override { return read_only(); }

 private:
  static Error read_only() { return Error(ErrorKind::io, "a file to be read only cannot be written"); }

  std::unique_ptr<File> segment_;
  const std::vector<JournaledBytes> journaled_;
};

}  // namespace levada
