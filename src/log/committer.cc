#include "log/committer.h"

#include <algorithm>
#include <array>

#include "log/record_batch.h"

namespace levada {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::array<char, page> zeros{};
// Index points within one commit are at least so far apart.
constexpr std::uint64_t index_distance = 64 << 10;
// A journal longer than this is begun anew when the log is closed, so that the next start is quick.
constexpr std::uint64_t quick_to_read = 256 << 10;

}  // namespace

Committer::Committer(LogCore& core, std::unique_ptr<Journal> journal, std::unique_ptr<File> published)
    : core_(core),
      journal_(std::move(journal)),
      published_(std::move(published)),
      released_(journal_->place().generation - 1),
      flusher_(std::make_unique<Flusher>(core, released_)),
      thread_([this] { run(); }) {}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    submitted_.notify_all();
  }
  thread_.join();
  if (!core_.fail_stop.stopped()) close();
}

// ---- for the others ----

Result<void> Committer::submit(std::shared_ptr<Submission> submission) {
  std::unique_lock lock(mutex_);
  LV_TRY(core_.fail_stop.check());
  std::uint64_t bytes = submission->bytes.size();
  settled_.wait(lock, [&] {
    return queued_bytes_ == 0 || queued_bytes_ + bytes <= core_.options.most_queued_bytes || core_.fail_stop.stopped();
  });
  queued_bytes_ += bytes;
  queue_.push_back(std::move(submission));
  submitted_.notify_one();
  return {};
}

Result<void> Committer::wait(const Submission& submission) {
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [&] { return submission.settled; });
  if (submission.error) return submission.error->copy();
  return {};
}

bool Committer::settled(const Submission& submission) const {
  std::lock_guard lock(mutex_);
  return submission.settled;
}

void Committer::acknowledge_failure(Holder& holder, std::uint64_t through) {
  std::lock_guard lock(mutex_);
  holder.failed_through = through;
}

Result<void> Committer::change(std::function<Result<std::vector<Change>>(const LogCatalog&)> propose) {
  auto submission = std::make_shared<Submission>();
  submission->propose = std::move(propose);
  LV_TRY(submit(submission));
  return wait(*submission);
}

// ---- the thread ----

void Committer::run() {
  for (;;) {
    Group group = take_group();
    if (group.empty()) return;
    commit(group);
  }
}

Committer::Group Committer::take_group() {
  std::unique_lock lock(mutex_);
  submitted_.wait(lock, [&] { return closing_ || !queue_.empty(); });
  Group group;
  std::uint64_t bytes = 0;
  while (!queue_.empty()) {
    Submission& next = *queue_.front();
    // Proposals look at the catalog, so each goes by itself.
    if (!group.empty() && (next.propose || bytes + next.bytes.size() > core_.options.group_bytes)) break;
    bytes += next.bytes.size();
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (group.back()->propose) break;
  }
  return group;
}

void Committer::settle(Submission& submission, const Error* error) {
  std::lock_guard lock(mutex_);
  queued_bytes_ -= submission.bytes.size();
  submission.settled = true;
  if (!error) return;
  submission.error = error->copy();
  Holder* holder = submission.holder.get();
  if (!holder || (holder->failed && submission.number <= holder->failed_through)) return;
  // All that come behind it fail too, until the holder says that it knows.
  holder->failed = error->copy();
  holder->failed_through = UINT64_MAX;
}

void Committer::commit(Group& group) {
  ++group_number_;
  next_file_ = core_.catalog.counters().next_file;
  extents_.clear();
  commit_.changes.clear();

  Group placed;
  auto fail = [&](Submission& submission, const Error& error) { settle(submission, &error); };
  for (std::shared_ptr<Submission>& submission : group) {
    if (auto checked = check(*submission); !checked) {
      fail(*submission, checked.error());
      continue;
    }
    if (submission->propose) {
      auto proposed = submission->propose(core_.catalog);
      if (!proposed) {
        fail(*submission, proposed.error());
        continue;
      }
      commit_.changes = *std::move(proposed);
    } else {
      place(*submission);
    }
    placed.push_back(submission);
  }

  Result<void> done;
  if (!extents_.empty() || !commit_.changes.empty()) done = commit_placed();
  for (std::shared_ptr<Submission>& submission : placed)
    done ? settle(*submission, nullptr) : fail(*submission, done.error());
  std::lock_guard lock(mutex_);
  settled_.notify_all();
}

Result<void> Committer::commit_placed() {
  choose_inline();
  auto done = write_segments();
  if (done) done = write_journal();
  if (done) {
    show();
    return {};
  }
  if (done.error().kind() == ErrorKind::disk_full && !journal_->final_error()) {
    discard();
    core_.options.logger->warning("disk full: commit refused", {{"what", done.error().what()}});
    return std::move(done).error().remedy("Make room on the disk of " + core_.directory.path() + "; then go on.");
  }
  core_.fail_stop.stop(done.error());
  return core_.fail_stop.check();
}

// ---- putting a commit together ----

Result<void> Committer::check(const Submission& submission) {
  LV_TRY(core_.fail_stop.check());
  if (submission.propose) return {};
  {
    std::lock_guard lock(mutex_);
    const Holder& holder = *submission.holder;
    if (holder.failed && submission.number <= holder.failed_through) return holder.failed->copy();
  }
  if (core_.catalog.epoch(submission.holder->transactional_id) != submission.holder->epoch)
    return Error(ErrorKind::fenced, "transactional id " + submission.holder->transactional_id + " has a newer holder")
        .remedy("Another instance has taken over. Stop this one.");
  for (const Submission::Append& append : submission.appends) LV_TRY(open_tail(*append.to));
  for (const Submission::Advance& advance : submission.advances)
    if (advance.of->topic.deleted)
      return Error(ErrorKind::not_found, "topic " + advance.of->name.topic + " has been deleted");
  return {};
}

// Makes the partition ready to take bytes.
Result<void> Committer::open_tail(Partition& partition) {
  Tail& tail = partition.tail;
  if (tail.group == group_number_) return {};
  if (partition.topic.deleted)
    return Error(ErrorKind::not_found, "topic " + partition.name.topic + " has been deleted");
  {
    std::lock_guard lock(core_.catalog.mutex);
    if (partition.topic.damage) return partition.topic.damage->copy();
  }
  if (!partition.segments.empty()) {
    Segment& last = *partition.segments.back();
    if (!tail.file || tail.file_number != last.file_number) {
      // Retention leaves an empty segment that has no file yet.
      auto opened = last.bytes > 0 ? core_.directory.open_segment(partition.name, last)
                                   : core_.directory.restore_segment(partition.name, last);
      if (last.bytes == 0) last.name_durable = false;
      if (!opened) {
        if (opened.error().kind() == ErrorKind::damaged) core_.damaged(partition.topic, opened.error());
        return std::move(opened).error();
      }
      tail.file = std::move(opened->file);
      tail.file_number = last.file_number;
      tail.allocated = opened->allocated;
    }
    tail.position = last.bytes;
  }
  tail.group = group_number_;
  tail.empty = partition.segments.empty();
  tail.next = partition.end;
  tail.extent = -1;
  return {};
}

void Committer::place(Submission& submission) {
  for (const Submission::Append& append : submission.appends) place(submission, append);
  for (const Submission::Advance& advance : submission.advances) {
    const Tail& tail = advance.of->tail;
    Offset end = tail.group == group_number_ ? tail.next : advance.of->end;
    commit_.changes.emplace_back(GroupAdvanced{advance.group, advance.of->id, advance.next.value_or(end)});
  }
  for (const PositionPut& position : submission.positions) commit_.changes.emplace_back(position);
}

void Committer::place(Submission& submission, const Submission::Append& append) {
  Partition& partition = *append.to;
  Tail& tail = partition.tail;
  auto segment_bytes = static_cast<std::uint64_t>(partition.topic.topic.config.segment_bytes);
  bool open = tail.empty || (tail.position > 0 && tail.position + append.size > segment_bytes);
  if (open || tail.extent < 0) {
    Extent extent;
    extent.partition = append.to;
    extent.opened = open;
    if (open) {
      extent.segment.file_number = next_file_++;
      extent.segment.base = tail.next;
      tail.empty = false;
      tail.position = 0;
    } else {
      const Segment& last = *partition.segments.back();
      extent.segment.file_number = last.file_number;
      extent.segment.base = last.base;
      extent.file = tail.file;
      extent.allocated = tail.allocated;
    }
    extent.position = tail.position;
    tail.extent = static_cast<std::ptrdiff_t>(extents_.size());
    extents_.push_back(std::move(extent));
  }
  Extent& extent = extents_[static_cast<std::size_t>(tail.extent)];
  bool wanted = extent.points.empty() ? extent.opened ? tail.position >= index_distance
                                                      : partition.segments.back()->index.wants(tail.position)
                                      : tail.position - extent.points.back().position >= index_distance;
  if (wanted) extent.points.push_back({tail.next, tail.position});

  char* bytes = submission.bytes.data() + append.at;
  set_base_offset(bytes, tail.next);
  if (!extent.pieces.empty() && extent.pieces.back().end() == bytes)
    extent.pieces.back() = {extent.pieces.back().data(), extent.pieces.back().size() + append.size};
  else
    extent.pieces.emplace_back(bytes, append.size);
  extent.bytes += append.size;
  tail.position += append.size;
  tail.next = extent.next = tail.next + append.offsets;
}

// The flush of a segment costs about as much as writing inline_bytes twice.
void Committer::choose_inline() {
  std::uint64_t total = 0;
  for (Extent& extent : extents_) {
    extent.in_journal =
        extent.bytes < core_.options.inline_bytes && total + extent.bytes <= core_.options.journal_bytes / 2;
    if (extent.in_journal) total += extent.bytes;
  }
}

// ---- making it durable ----

Result<void> Committer::write(Extent& extent) {
  if (extent.opened) {
    auto made = LV_TRY(
        core_.directory.make_segment(extent.partition->name, extent.segment,
                                     static_cast<std::uint64_t>(extent.partition->topic.topic.config.segment_bytes)));
    extent.file = std::move(made.file);
    extent.allocated = made.allocated;
  }
  // Of a file that is used again the last page is written as a whole: the system would have to read it from the disk to
  // write a part of it.
  std::uint64_t end = extent.position + extent.bytes, last_page = end / page * page;
  if (end > last_page && end < extent.allocated && last_page >= extent.position)
    extent.pieces.emplace_back(zeros.data(), std::min(last_page + page, extent.allocated) - end);
  auto written = extent.file->write_at(extent.position, extent.pieces);
  if (end > last_page && extent.pieces.back().data() == zeros.data()) extent.pieces.pop_back();
  return written;
}

Result<void> Committer::write_segments() {
  for (Extent& extent : extents_) LV_TRY(write(extent));
  for (Extent& extent : extents_) {
    if (extent.in_journal) continue;
    auto synced = extent.file->sync();
    Segment fresh;
    fresh.name_durable = false;
    Segment& segment = extent.opened ? fresh : *extent.partition->segments.back();
    if (synced) synced = core_.directory.sync_name(extent.partition->name, segment);
    if (!synced) return Error(ErrorKind::io, synced.error().what()).why(synced.error().why());
  }
  return {};
}

Result<void> Committer::write_journal() {
  std::vector<std::string_view> pieces;
  std::uint64_t bytes = 0;
  for (Extent& extent : extents_) {
    if (extent.opened)
      commit_.changes.emplace_back(
          SegmentOpened{extent.partition->id, extent.segment.file_number, extent.segment.base});
    commit_.changes.emplace_back(SegmentExtended{extent.partition->id, extent.segment.file_number, extent.position,
                                                 extent.bytes, extent.next, extent.in_journal,
                                                 std::move(extent.points)});
    if (!extent.in_journal) continue;
    pieces.insert(pieces.end(), extent.pieces.begin(), extent.pieces.end());
    bytes += extent.bytes;
  }
  commit_.number = core_.catalog.number() + 1;
  commit_.time_ms = core_.options.clock->now_ms();
  if (!journal_->fits(journal_->prepare(commit_, bytes))) {
    LV_TRY(next_generation());
    journal_->prepare(commit_, bytes);
  }
  return journal_->append(pieces);
}

// The generation's segments are flushed while the next one is written; two may wait for that.
Result<void> Committer::next_generation() {
  std::uint64_t generation = journal_->place().generation;
  if (generation > 2) flusher_->wait_for(generation - 2);
  LV_TRY(core_.fail_stop.check());
  std::uint64_t flushed = flusher_->flushed();
  while (released_ < flushed) journal_->release(++released_);
  LV_TRY(journal_->rotate(
      generation + 1, {core_.catalog.number(), core_.options.clock->now_ms(), core_.catalog.checkpoint(flushed + 1)}));
  flusher_->flush(generation, std::move(dirty_));
  dirty_.clear();
  return {};
}

// ---- and known ----

void Committer::show() {
  auto told = write_published(*published_, {journal_->place(), false});
  if (!told && !publish_failed_)
    core_.options.logger->warning("readers in other processes fall behind", {{"what", told.error().what()}});
  publish_failed_ = !told;

  Effects effects;
  {
    std::lock_guard lock(core_.catalog.mutex);
    auto applied = core_.catalog.apply(commit_, effects);
    LV_ASSERT(applied.has_value());
    std::ranges::move(effects.retired, std::back_inserter(core_.retired));
    std::ranges::move(effects.deleted, std::back_inserter(core_.deleted));
  }
  for (Extent& extent : extents_) {
    Partition& partition = *extent.partition;
    auto segment =
        std::ranges::find(partition.segments, extent.segment.file_number, [](const auto& s) { return s->file_number; });
    LV_ASSERT(segment != partition.segments.end());
    if (extent.opened) (*segment)->name_durable = !extent.in_journal;
    if (extent.in_journal && (*segment)->in_journal != journal_->place().generation) {
      (*segment)->in_journal = journal_->place().generation;
      dirty_.push_back({extent.partition, *segment, extent.file});
    }
    partition.tail.file = extent.file;
    partition.tail.file_number = extent.segment.file_number;
    partition.tail.allocated = extent.allocated;
  }
  core_.watchers.notify(effects.grown);
}

// What was made for a commit that did not come about goes again, if it can. Not where nobody knows whether it came
// about.
void Committer::discard() {
  for (Extent& extent : extents_)
    if (extent.opened && extent.file)
      (void)core_.directory.files().remove(core_.directory.segment(extent.partition->name, extent.segment));
}

void Committer::close() {
  auto closed = [&]() -> Result<void> {
    std::uint64_t generation = journal_->place().generation;
    flusher_->wait_for(generation - 1);
    LV_TRY(core_.fail_stop.check());
    for (const DirtySegment& dirty : dirty_)
      if (!dirty.segment->retired) LV_TRY(sync_segment(core_, dirty));
    while (released_ < generation - 1) journal_->release(++released_);
    if (journal_->place().position > quick_to_read) {
      LV_TRY(journal_->rotate(generation + 1, {core_.catalog.number(), core_.options.clock->now_ms(),
                                               core_.catalog.checkpoint(generation + 1)}));
      journal_->release(generation);
    }
    journal_->clean_up();
    LV_TRY(write_published(*published_, {journal_->place(), true}));
    return published_->sync();
  }();
  if (!closed)
    core_.options.logger->warning("the log could not be closed well; the next start will recover it",
                                  {{"what", closed.error().what()}});
}

}  // namespace levada
