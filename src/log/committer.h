// Turns transactions into commits. One thread does it, for all: it takes what waits as a group, checks the holders,
// gives the offsets, writes the bytes to the segments, and makes the group durable with one flush of the journal:
//
//   take a group → place it → write segments → sync the large ones → append and sync the journal → show it → tell
//
// Bytes that ride in the journal record are written to their segments too, where readers take them from, but these are
// synced only when the journal's generation ends (log/flusher.h). The catalog changes after all of this went well, so
// an error on the way leaves nothing behind but bytes beyond the ends, which the next commit writes over.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "log/flusher.h"
#include "log/journal.h"
#include "log/log_core.h"
#include "log/published.h"
#include "log/submission.h"

namespace levada {

class Committer {
 public:
  // The journal must be ready for the commit after the catalog's last one.
  Committer(LogCore& core, std::unique_ptr<Journal> journal, std::unique_ptr<File> published);
  // Finishes what was submitted and leaves the log such that the next start has nothing to redo.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Waits if too much is on its way.
  Result<void> submit(std::shared_ptr<Submission> submission);
  // Returns when it is settled, with its error.
  Result<void> wait(const Submission& submission);
  bool settled(const Submission& submission) const;
  // The holder knows of its failure: what it has submitted so far fails, what comes next does not.
  void acknowledge_failure(Holder& holder, std::uint64_t through);

  // Has the proposed changes committed; durable on return.
  Result<void> change(std::function<Result<std::vector<Change>>(const LogCatalog&)> propose);

 private:
  using Group = std::vector<std::shared_ptr<Submission>>;
  // A run of bytes in one segment.
  struct Extent {
    PartitionRef partition;
    SegmentEntry segment;  // as it was before
    bool opened = false;   // the segment begins here
    std::shared_ptr<File> file;
    std::uint64_t allocated = 0;
    std::uint64_t position = 0, bytes = 0;
    Offset next;
    std::vector<std::string_view> pieces;
    std::vector<IndexPoint> points;
    bool in_journal = false;
  };

  void run();
  Group take_group();
  void settle(Submission& submission, const Error* error);
  void commit(Group& group);
  Result<void> commit_placed();
  Result<void> check(const Submission& submission);
  Result<void> open_tail(Partition& partition);
  void place(Submission& submission);
  void place(Submission& submission, const Submission::Append& append);
  void choose_inline();
  Result<void> write(Extent& extent);
  Result<void> write_segments();
  Result<void> write_journal();
  Result<void> next_generation();
  void show();
  void discard();
  void close();

  LogCore& core_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<File> published_;
  bool publish_failed_ = false;
  std::uint64_t released_;  // the newest generation whose file the journal has back
  std::unique_ptr<Flusher> flusher_;
  std::vector<DirtySegment> dirty_;  // in the journal's present generation

  // The commit being put together.
  std::uint64_t group_number_ = 0;
  std::uint64_t next_file_ = 0;
  std::vector<Extent> extents_;
  JournalCommit commit_;

  mutable std::mutex mutex_;
  std::condition_variable submitted_, settled_;
  std::deque<std::shared_ptr<Submission>> queue_;
  std::uint64_t queued_bytes_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace levada
