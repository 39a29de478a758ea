// A disk in memory for tests, with the habits of real ones: what was not synced may be lost, torn or overtaken when the
// power goes, names are durable only after sync_directory(), it fills up, and any call can be made to fail.
//
//   MemoryDisk disk;
//   MemoryFiles writer(disk), reader(disk);   // two processes on one machine
//   writer.crash_at(17);                      // power fails at the writer's 17th call
//   ...
//   disk.crash(seed);                         // what is left of the unsynced things is drawn by the seed
//   MemoryFiles again(disk);                  // the next life
//
// The model: a file is durable bytes plus the list of changes since its last sync. A crash keeps each change, drops it,
// or tears it at sectors of 512 bytes. A name made, moved or removed since its directory's last sync may be undone; a
// change of names that is kept keeps those that it builds upon.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/random.h"

namespace levada {

// Kinds of calls, to be put together with |.
namespace file_calls {
inline constexpr unsigned open = 1, make = 2, read = 4, write = 8, sync = 16, truncate = 32, rename = 64, remove = 128,
                          sync_directory = 256, list = 512, lock = 1024;
// Those that change something.
inline constexpr unsigned changing = make | write | sync | truncate | rename | remove | sync_directory;
inline constexpr unsigned all = changing | open | read | list | lock;
}  // namespace file_calls

// Thread safe. Outlives its MemoryFiles, and they the files opened by them.
class MemoryDisk {
 public:
  MemoryDisk();
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  // The power goes: every process dies with its locks, and what was not durable is decided by the seed.
  void crash(std::uint64_t seed);

  // Bytes that all files together may take; more is disk_full. Overwriting needs no room.
  void set_capacity(std::uint64_t bytes);
  std::uint64_t used() const;

  // Bit rot: turns over the bits of `mask` in one byte, durable and current.
  void damage(const std::string& path, std::uint64_t position, unsigned char mask = 0xff);
  // What stands in the file now, synced or not; all names of files, sorted.
  std::string content(const std::string& path) const;
  std::vector<std::string> paths() const;

 private:
  friend class MemoryFiles;
  friend class MemoryFile;
  friend class MemoryFileLock;

  // A write, or a truncation if `truncation` is set (then only `at` counts).
  struct Change {
    std::uint64_t at = 0;
    std::string bytes;
    bool truncation = false;
  };
  struct Node {
    std::uint64_t identity = 0;
    bool directory = false;
    std::string current, durable;
    std::vector<Change> unsynced;
    std::int64_t modified_us = 0;
  };
  using NodeRef = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodeRef>;
  struct NameChange {  // made: from empty; removed: to empty
    std::string from, to;
    NodeRef node;
  };

  std::uint64_t new_process();
  static void apply(std::string& bytes, const Change& change);
  static void apply(Names& names, const NameChange& change);
  static void crash(Node& node, Random& random);
  void rename(NameChange change);
  bool depends(const NameChange& later, const NameChange& earlier) const;
  void settle_names(std::vector<bool> kept);

  mutable std::mutex mutex_;
  Names names_, durable_names_;
  std::vector<NameChange> unsynced_names_;
  std::map<std::string, std::pair<std::uint64_t, std::string>> locks_;  // path: process, holder
  std::set<std::uint64_t> dead_;                                        // processes
  std::uint64_t capacity_ = UINT64_MAX, used_ = 0;
  std::uint64_t next_identity_ = 1, next_process_ = 1;
  std::int64_t time_us_ = 0;
};

// What one process sees of the disk. Thread safe.
class MemoryFiles : public Files {
 public:
  explicit MemoryFiles(MemoryDisk& disk);
  ~MemoryFiles() override;

  // ---- faults; calls are counted from 1 from here on ----
  // The n-th call of these kinds fails once, with an unknown part of it done.
  void fail_at(std::uint64_t n, unsigned kinds, ErrorKind error);
  // The process's machine stops at the n-th call of these kinds: of it no one knows what happened, and it and all later
  // calls fail. MemoryDisk::crash() then decides what is left.
  void crash_at(std::uint64_t n, unsigned kinds = file_calls::changing);
  // The n-th sync fails, what it should have made durable never will be, and later syncs say that all is well.
  void fail_sync_and_lie_at(std::uint64_t n);
  std::uint64_t calls(unsigned kinds = file_calls::changing) const;  // so far, since the last fault was set
  bool crashed() const;
  // As kill -9: the locks are free, all later calls fail, the disk does not notice.
  void kill();

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<void> create_directories(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override;
  Result<DirectoryEntry> entry(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, std::string_view holder) override;
  Result<std::optional<std::string>> lock_holder(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;

 private:
  friend class MemoryFile;
  enum class Fault { none, fail, fail_and_lie, crash };
  struct Verdict {
    Fault fault = Fault::none;
    ErrorKind error = ErrorKind::io;
    bool bad() const { return fault != Fault::none; }
  };

  void set_fault(Fault fault, std::uint64_t n, unsigned kinds, ErrorKind error);
  // Counts the call (0: of no kind) and says how it shall go. The disk is locked.
  Result<Verdict> enter(unsigned kind, const std::string& what);
  Error failure(Verdict verdict, const std::string& what);
  void die();

  MemoryDisk& disk_;
  const std::uint64_t process_;
  Fault fault_ = Fault::none;
  std::uint64_t fault_at_ = 0;
  unsigned fault_kinds_ = 0;
  ErrorKind fault_error_ = ErrorKind::io;
  bool crashed_ = false;
  std::map<unsigned, std::uint64_t> calls_;
  Random random_;
};

}  // namespace levada
