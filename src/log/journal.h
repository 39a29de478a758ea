// The journal: what was committed, in order. A commit is durable when its record is.
//
// A journal is a row of files called generations. Each begins with a checkpoint, the whole catalog; then follow the
// commits since. When a generation is full the next one begins, and the file of the one before is used again once
// everything in it stands elsewhere, durably. So opening a log means reading the newest generation only.
//
//   generation = checkpoint commit …
//   record     = head meta inline, zeros up to the next block of 4096 bytes
//   head       = 0  magic u32 "LVJ1"     4  crc u32, of the head from here on and meta
//                8  generation u64      16  number u64, of the commit; of a checkpoint: of the last commit in it
//                24 time i64, ms        32  kind u32: 1 checkpoint, 2 commit
//                36 meta size u32       40  inline size u64
//                48 inline crc u32      52  version u32: 1        56  reserved u64: 0
//   meta       = changes (log/change.h)
//   inline     = the record batches of the segments' extensions that say so, in their order
//
// Numbers are little endian. The file behind the last record holds records of former generations, zeros, or a record
// whose writing was cut short; none of them fits: generation, number or checksum is wrong. Records begin at blocks so
// that writing one never touches the block of another.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "log/change.h"

namespace levada {

class LogDirectory;

enum class JournalKind : std::uint32_t { checkpoint = 1, commit = 2 };

struct JournalRecord {
  JournalKind kind = JournalKind::commit;
  JournalCommit commit;
  std::uint64_t position = 0, size = 0;  // in the file, blocks
  std::uint64_t inline_position = 0, inline_size = 0;
};

// How far a journal goes.
struct JournalPlace {
  std::uint64_t generation = 0;
  std::uint64_t position = 0;  // where the next record begins
  std::uint64_t number = 0;    // of the last commit
  auto operator<=>(const JournalPlace&) const = default;
};

// Reads a generation from its beginning, or from a place in it.
class JournalReader {
 public:
  // not_found: there is no such generation.
  static Result<JournalReader> open(Files& files, const std::string& path, std::uint64_t generation);

  // The next record, or nothing where the valid ones end. With `check_inline` a record counts only if its inline bytes
  // are whole; who follows a living writer knows that they are. Errors: io; refused: written by a newer version.
  Result<std::optional<JournalRecord>> next(bool check_inline);
  Result<void> read_inline(const JournalRecord& record, Buffer& into) const;
  // Whether a record of this generation stands behind the place where next() found no more: then that is not the end
  // but damage. Its position.
  Result<std::optional<std::uint64_t>> find_later();

  std::uint64_t position() const { return position_; }
  std::uint64_t identity() const { return file_->identity(); }
  // Goes on after the place, which must be in this generation.
  void seek(const JournalPlace& place);

 private:
  JournalReader(std::unique_ptr<File> file, std::uint64_t generation)
      : file_(std::move(file)), generation_(generation) {}

  std::unique_ptr<File> file_;
  std::uint64_t generation_;
  std::uint64_t position_ = 0;
  std::uint64_t number_ = 0;  // of the last record
  Buffer bytes_;
};

// Writes. One thread.
class Journal {
 public:
  Journal(LogDirectory& directory, std::uint64_t bytes) : directory_(directory), generation_bytes_(bytes) {}

  // Begins generation 1 of a new log, or a new generation after `last`, with this checkpoint; durable on return. An
  // error that is not `final_error` leaves everything as it was.
  Result<void> rotate(std::uint64_t generation, const JournalCommit& checkpoint);
  // Goes on where a journal that was closed well ends.
  Result<void> resume(const JournalPlace& place);

  // Puts the commit's meta together; its size in the journal with this many inline bytes.
  std::uint64_t prepare(const JournalCommit& commit, std::uint64_t inline_bytes);
  bool fits(std::uint64_t size) const { return place_.position + size <= generation_bytes_; }
  // Writes what was prepared and syncs. As for rotate(): an error leaves everything as it was, or is final.
  Result<void> append(std::span<const std::string_view> inline_pieces);

  const JournalPlace& place() const { return place_; }
  // After an error: nobody knows what is on the disk now, only a restart can tell.
  bool final_error() const { return final_error_; }

  // The file of the generation may be used for a later one.
  void release(std::uint64_t generation) { released_.push_back(generation); }
  // Removes released files but one, which the next start may use.
  void clean_up();

 private:
  void put_head(JournalKind kind, std::uint64_t generation, const JournalCommit& commit,
                std::span<const std::string_view> inline_pieces, std::uint64_t inline_bytes);
  Result<void> reserve(std::uint64_t begin, std::uint64_t end);
  Result<void> write(std::uint64_t position, std::span<const std::string_view> inline_pieces);

  LogDirectory& directory_;
  const std::uint64_t generation_bytes_;
  std::unique_ptr<File> file_;
  JournalPlace place_;
  std::uint64_t allocated_ = 0;  // bytes of the file
  std::vector<std::uint64_t> released_;
  bool final_error_ = false;
  Buffer record_;  // head and meta of the record being written
  JournalCommit prepared_;
  std::uint64_t prepared_inline_ = 0;
};

}  // namespace levada
