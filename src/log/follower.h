// Keeps the catalog of a read_only log as it is in the directory, whose writer, if there is one, is another process:
// reads what is published of the journal (log/published.h), or all of it when no writer lives.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "log/log_core.h"
#include "log/published.h"
#include "log/recovery.h"

namespace levada {

// Thread safe.
class Follower {
 public:
  explicit Follower(LogCore& core) : core_(core) {}
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Brings the catalog up to what is durable now. Quick when there is nothing new.
  Result<void> refresh();
  // Opens a segment's file as its committed bytes are: those that a writer which died has left in the journal only are
  // taken from there.
  Result<std::unique_ptr<File>> open_segment(const std::string& path, std::uint64_t file_number);
  // The file under this name is still the one with that identity, so what was read from it was right. What comes from
  // the journal has no identity to go by; it is checked by what it is.
  bool still_there(const std::string& path, std::uint64_t file_number, std::uint64_t identity);
  // After bytes were found wrong: whether the log may have changed since it had this generation, so that it is worth
  // looking again.
  Result<bool> changed_since(std::uint64_t generation);
  std::uint64_t generation() const;

  // From now on a thread looks often enough for watchers.
  void look_by_itself();

 private:
  Result<void> refresh_locked();
  Result<bool> read_on(const Published& published);
  Result<bool> read_anew(const Published& published);
  Result<void> read_all();
  Result<std::optional<Published>> published();
  void show(Effects& effects);
  void run();

  LogCore& core_;
  mutable std::mutex mutex_;         // of what follows
  std::unique_ptr<File> published_;  // nullptr: there was none yet
  std::optional<JournalReader> journal_;
  JournalPlace place_;           // up to which the catalog is true
  JournaledSegments journaled_;  // if a writer died; until one comes back
  bool complete_ = false;        // no writer lived: the catalog is what the journal holds
  std::int64_t asked_us_ = 0;    // when we last looked for a writer

  std::mutex thread_mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace levada
