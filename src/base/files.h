// The disk. Everything that is stored goes through here, so that tests can put a disk underneath that loses, tears and
// reorders what was not synced, fills up, or fails on the n-th call (base/memory_files.h).
//
// Errors: a missing file is not_found, a full disk disk_full, a file mode permission, all else io. A failed sync must
// be taken as final: what was written before it may be gone although a later sync succeeds.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace levada {

// An open file. Reads may go on beside one writer; two writers need their own lock.
class File {
 public:
  virtual ~File() = default;

  // Fills `into` with the bytes from position `at` on; returns how many there were, fewer only at the end of the file.
  // A pipe is read from its beginning to its end, once; an error, where the bytes from `at` on are not the next ones.
  virtual Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const = 0;
  // Writes the pieces one after the other from position `at` on. All of them, or an error and an unknown part of them.
  virtual Result<void> write_at(std::uint64_t at, std::span<const std::string_view> pieces) = 0;
  // Returns when all that was written is durable (not the file's name: see Files::sync_directory).
  virtual Result<void> sync() = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // Cuts the file off, or extends it with zeros.
  virtual Result<void> truncate(std::uint64_t size) = 0;
  // Tells this file from every other one that exists now, whatever it is called (an inode number).
  virtual std::uint64_t identity() const = 0;

  Result<void> write_at(std::uint64_t at, std::string_view bytes) { return write_at(at, std::span(&bytes, 1)); }
  // Exactly these bytes; fewer there are an error of kind damaged.
  Result<void> read_exactly_at(std::uint64_t at, std::span<char> into) const;
};

struct DirectoryEntry {
  std::string name;  // without the directory
  bool directory = false;
  std::uint64_t size = 0;
  std::uint64_t identity = 0;
  std::int64_t modified_us = 0;
};

enum class OpenMode { read, write };  // write: also read; made if it is not there

// Held until destroyed; the system lets go of it when the process dies, however it dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<void> create_directories(const std::string& path) = 0;
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;  // sorted by name
  virtual Result<DirectoryEntry> entry(const std::string& path) = 0;
  // Replaces `to` if it is there, in one step.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // a file or an empty directory
  // Makes the names in the directory durable: what was created, renamed and removed.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Takes the lock file for this process and writes `holder` into it; refused, with the other holder named, if it is
  // taken.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path, std::string_view holder) = 0;
  // Who holds the lock file now, in its own words; nullopt if nobody does. Asks only, so that nobody's lock() fails for
  // it.
  virtual Result<std::optional<std::string>> lock_holder(const std::string& path) = 0;
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;

  bool exists(const std::string& path) { return entry(path).has_value(); }
};

// The operating system's files. Thread safe, lives for ever.
Files& real_files();

// The whole file in one string; for configuration and statements, not for data.
Result<std::string> read_file(Files& files, const std::string& path);
// Writes beside it, syncs and renames: afterwards there is the old content or the new, never half of it.
Result<void> replace_file(Files& files, const std::string& path, std::string_view content);

// "a/b" + "c" is "a/b/c"; an absolute second part stands alone.
std::string join_path(std::string_view directory, std::string_view name);
std::string directory_of(std::string_view path);  // "." for a bare name
std::string file_name_of(std::string_view path);

}  // namespace levada
