#include "log/compaction.h"

#include <algorithm>

#include "log/batch_filter.h"
#include "log/flusher.h"
#include "log/key_offsets.h"
#include "log/segment_reader.h"

namespace levada {
namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t write_bytes = 1 << 20;

// A run through the batches of a closed segment.
template <class F>
Result<void> for_each_batch(LogCore& core, const Partition& partition, const SegmentEntry& segment, F f) {
  std::string path = core.directory.segment(partition.name, segment);
  SegmentReader reader(LV_TRY(core.directory.files().open(path, OpenMode::read)), path, {segment.base, 0});
  while (reader.place().position < segment.bytes) {
    if (core.closing) return Error(ErrorKind::cancelled, "the log is being closed");
    Chunk chunk = LV_TRY(reader.read(read_bytes, segment.bytes, segment.base, Offset(INT64_MAX), core.chunks));
    for (std::string_view left = chunk.record_batches; !left.empty();) {
      auto header = LV_TRY(parse_header(left));
      LV_TRY(f(left.substr(0, header.size), header));
      left.remove_prefix(header.size);
    }
  }
  return {};
}

// A new segment being written. The last batch is held back, because it may have to be stretched.
class SegmentWriter {
 public:
  SegmentWriter(LogCore& core, PartitionRef partition, std::uint64_t file_number, Offset base)
      : core_(core), partition_(std::move(partition)), segment_(std::make_shared<Segment>()) {
    segment_->file_number = file_number;
    segment_->base = segment_->next = base;
    segment_->compacted = true;
    segment_->name_durable = false;
  }

  std::uint64_t bytes() const { return segment_->bytes + held_.size(); }
  SegmentEntry& entry() { return *segment_; }

  // A batch that takes [header's base, header's next).
  Result<void> add(std::string_view batch, const RecordBatchHeader& header) {
    LV_TRY(close_gap(header.base_offset));
    segment_->index.add({header.base_offset, bytes()});
    last_ = header;
    last_at_ = held_.size();
    held_.append(batch);
    segment_->next = header.next_offset();
    if (last_at_ >= write_bytes) LV_TRY(write(last_at_));
    return {};
  }
  // Makes it durable, up to this offset.
  Result<void> finish(Offset next) {
    LV_TRY(close_gap(next));
    LV_TRY(write(held_.size()));
    if (file_) LV_TRY(sync_segment(core_, {partition_, segment_, file_}));
    return {};
  }
  void discard() {
    if (file_) (void)core_.directory.files().remove(core_.directory.segment(partition_->name, *segment_));
  }

 private:
  Result<void> close_gap(Offset next) {
    if (next == segment_->next) return {};
    if (last_ && can_stretch(*last_, next)) {
      stretch(held_.data() + last_at_, next);
    } else {
      segment_->index.add({segment_->next, bytes()});
      put_empty_batch(held_, segment_->next, next);
      last_.reset();
    }
    segment_->next = next;
    return {};
  }
  Result<void> write(std::size_t size) {
    if (size == 0) return {};
    if (!file_) {
      auto made = LV_TRY(core_.directory.make_segment(
          partition_->name, *segment_, static_cast<std::uint64_t>(partition_->topic.topic.config.segment_bytes)));
      file_ = std::move(made.file);
    }
    LV_TRY(file_->write_at(segment_->bytes, held_.view().substr(0, size)));
    segment_->bytes += size;
    held_.remove_front(size);
    last_at_ -= std::min(last_at_, size);
    return {};
  }

  LogCore& core_;
  const PartitionRef partition_;
  std::shared_ptr<Segment> segment_;
  std::shared_ptr<File> file_;
  Buffer held_;
  std::optional<RecordBatchHeader> last_;  // the last batch, which is still held
  std::size_t last_at_ = 0;                // in `held_`
};

class Compaction {
 public:
  Compaction(LogCore& core, Committer& committer, const PartitionRef& partition, std::vector<SegmentEntry> segments)
      : core_(core),
        committer_(committer),
        partition_(partition),
        segments_(std::move(segments)),
        now_ms_(core.options.clock->now_ms()) {}

  Result<std::uint64_t> run() {
    LV_TRY(collect_keys());
    auto done = write_all();
    if (done) done = replace();
    if (!done) {
      // When the log has stopped, nobody knows whether the new segments have been taken.
      if (!core_.fail_stop.stopped())
        for (auto& writer : written_) writer->discard();
      return std::move(done).error();
    }
    std::uint64_t before = 0, after = 0;
    for (const SegmentEntry& segment : segments_) before += segment.bytes;
    for (auto& writer : written_) after += writer->entry().bytes;
    return before - std::min(before, after);
  }

 private:
  // The keys of segments not yet compacted. Where they become too many, the rest of the segments waits for another
  // time.
  Result<void> collect_keys() {
    std::size_t collected = 0;
    bool any = false;
    for (; collected < segments_.size(); ++collected) {
      if (segments_[collected].compacted) continue;
      if (any && keys_.bytes() > core_.options.compaction_key_bytes) break;
      any = true;
      auto put = [&](std::string_view batch, const RecordBatchHeader& header) -> Result<void> {
        if (header.control()) return {};
        LV_TRY(filter_.read(batch));
        for (const Record& record : filter_.records())
          if (!record.key.is_null()) keys_.put(record.key.view(), record.offset);
        return {};
      };
      LV_TRY(for_each_batch(core_, *partition_, segments_[collected], put));
    }
    segments_.resize(collected);
    return {};
  }

  Result<void> write_all() {
    for (const SegmentEntry& segment : segments_) {
      bool drop_tombstones = segment.compacted && segment.tombstones_until_ms <= now_ms_;
      std::int64_t until_ms = !segment.compacted ? now_ms_ + partition_->topic.topic.config.delete_retention_ms
                              : drop_tombstones  ? 0
                                                 : segment.tombstones_until_ms;
      LV_TRY(choose_writer(segment, until_ms));
      SegmentWriter& writer = *written_.back();
      bool any_tombstone = false;
      LV_TRY(for_each_batch(core_, *partition_, segment, [&](std::string_view batch, auto& header) {
        return write(batch, header, drop_tombstones, any_tombstone, writer);
      }));
      writer.entry().appended_ms = segment.appended_ms;
      if (any_tombstone) writer.entry().tombstones_until_ms = until_ms;
      next_ = segment.next;
    }
    return finish_writer();
  }

  // Small neighbours become one, unless their tombstones have different times to go.
  Result<void> choose_writer(const SegmentEntry& segment, std::int64_t until_ms) {
    auto segment_bytes = static_cast<std::uint64_t>(partition_->topic.topic.config.segment_bytes);
    if (!written_.empty()) {
      SegmentEntry& entry = written_.back()->entry();
      std::int64_t other_ms = entry.tombstones_until_ms;
      if (written_.back()->bytes() + segment.bytes <= segment_bytes &&
          (other_ms == until_ms || other_ms == 0 || until_ms == 0))
        return {};
      LV_TRY(finish_writer());
    }
    std::uint64_t file_number = 0;
    LV_TRY(committer_.change([&](const LogCatalog& catalog) -> Result<std::vector<Change>> {
      CountersSet counters = catalog.counters();
      file_number = counters.next_file++;
      return std::vector<Change>{counters};
    }));
    written_.push_back(std::make_unique<SegmentWriter>(core_, partition_, file_number, segment.base));
    return {};
  }
  Result<void> finish_writer() {
    if (written_.empty()) return {};
    return written_.back()->finish(next_);
  }

  Result<void> write(std::string_view batch, const RecordBatchHeader& header, bool drop_tombstones, bool& any_tombstone,
                     SegmentWriter& writer) {
    if (header.control()) return writer.add(batch, header);
    LV_TRY(filter_.read(batch));
    keep_.clear();
    std::size_t kept = 0;
    for (const Record& record : filter_.records()) {
      bool keep = record.key.is_null() ||
                  (!keys_.superseded(record.key.view(), record.offset) && !(drop_tombstones && record.value.is_null()));
      keep_.push_back(keep);
      kept += keep;
      any_tombstone |= keep && record.value.is_null();
    }
    if (kept == 0) return {};
    if (kept == keep_.size()) return writer.add(batch, header);
    filtered_.clear();
    filter_.write(keep_, filtered_);
    RecordBatchHeader left = LV_TRY(parse_header(filtered_.view()));
    return writer.add(filtered_.view(), left);
  }

  Result<void> replace() {
    return committer_.change([&](const LogCatalog&) -> Result<std::vector<Change>> {
      SegmentsReplaced change{partition_->id, {}, {}};
      for (const SegmentEntry& segment : segments_) change.removed.push_back(segment.file_number);
      for (auto& writer : written_) change.added.push_back(writer->entry());
      // The topic may have gone meanwhile; nobody else touches closed segments of a compacted topic.
      if (partition_->topic.deleted) return Error(ErrorKind::not_found, "the topic has been deleted");
      return std::vector<Change>{std::move(change)};
    });
  }

  LogCore& core_;
  Committer& committer_;
  const PartitionRef partition_;
  std::vector<SegmentEntry> segments_;
  const std::int64_t now_ms_;
  KeyOffsets keys_;
  BatchFilter filter_;
  std::vector<bool> keep_;
  Buffer filtered_;
  std::vector<std::unique_ptr<SegmentWriter>> written_;
  Offset next_;  // what the segments read so far reach to
};

}  // namespace

Result<std::uint64_t> compact(LogCore& core, Committer& committer, const PartitionRef& partition) {
  std::vector<SegmentEntry> closed;
  {
    std::lock_guard lock(core.catalog.mutex);
    if (partition->topic.deleted || partition->topic.damage) return 0;
    for (std::size_t i = 0; i + 1 < partition->segments.size(); ++i) closed.push_back(*partition->segments[i]);
  }
  std::uint64_t bytes = 0, dirty = 0;
  bool tombstones_due = false;
  for (const SegmentEntry& segment : closed) {
    bytes += segment.bytes;
    if (!segment.compacted) dirty += segment.bytes;
    tombstones_due |= segment.tombstones_until_ms > 0 && segment.tombstones_until_ms <= core.options.clock->now_ms();
  }
  bool enough =
      dirty > 0 && static_cast<double>(dirty) >= core.options.compaction_dirty_ratio * static_cast<double>(bytes);
  if (!enough && !tombstones_due) return 0;
  auto saved = Compaction(core, committer, partition, std::move(closed)).run();
  if (!saved && saved.error().kind() == ErrorKind::damaged) core.damaged(partition->topic, saved.error());
  return saved;
}

}  // namespace levada
