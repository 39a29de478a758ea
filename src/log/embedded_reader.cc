#include "log/embedded_reader.h"

#include "log/follower.h"

namespace levada {

// So often the file under a reader may change before we say that something else is wrong.
static constexpr int most_attempts = 100;

void EmbeddedReader::seek(Offset to) {
  if (to != position_) segment_.reset();
  position_ = to;
}

Result<std::optional<EmbeddedReader::Place>> EmbeddedReader::find() const {
  std::lock_guard lock(core_.catalog.mutex);
  const Partition& p = *partition_;
  if (p.topic.damage) return p.topic.damage->copy();
  if (p.topic.deleted) return Error(ErrorKind::not_found, "topic " + p.name.topic + " has been deleted");
  if (position_ < p.first())
    return Error(ErrorKind::not_found,
                 "offset " + std::to_string(position_.value()) + " of " + text_of(p.name) + " is not there any more")
        .why("retention has removed what was below " + std::to_string(p.first().value()))
        .remedy("Begin at the first offset that is there, or keep records longer (retention.ms, retention.bytes).");
  if (position_ >= p.end) return std::nullopt;
  Place place{p.segment_of(position_), {}, {}};
  place.entry.file_number = place.segment->file_number;
  place.entry.base = place.segment->base;
  place.entry.bytes = place.segment->bytes;
  place.entrance = place.segment->index.find(position_, {place.segment->base, 0});
  return place;
}

Result<void> EmbeddedReader::open(const Place& place) {
  std::string path = core_.directory.segment(partition_->name, place.entry);
  auto file = follower_ ? follower_->open_segment(path, place.entry.file_number)
                        : core_.directory.files().open(path, OpenMode::read);
  if (!file) {
    if (file.error().kind() != ErrorKind::not_found) return std::move(file).error();
    return Error(ErrorKind::damaged, "a segment file is missing")
        .where(path)
        .why("the journal has committed " + std::to_string(place.entry.bytes) + " bytes of it");
  }
  segment_.emplace(*std::move(file), std::move(path), place.entrance);
  file_number_ = place.entry.file_number;
  return {};
}

bool EmbeddedReader::still_valid(const Place& place) const {
  if (!follower_) return !place.segment->retired;
  return follower_->still_there(core_.directory.segment(partition_->name, place.entry), place.entry.file_number,
                                segment_ ? segment_->identity() : 0);
}

Result<Chunk> EmbeddedReader::read(std::size_t max_bytes, Offset limit) {
  LV_TRY(core_.fail_stop.check());
  std::optional<Error> last;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (follower_ && attempt > 0) LV_TRY(follower_->refresh());
    auto place = LV_TRY(find());
    if (!place) {
      if (!follower_ || attempt > 0) return Chunk{};
      continue;
    }
    std::uint64_t generation = follower_ ? follower_->generation() : 0;
    Result<Chunk> chunk;
    if (!segment_ || file_number_ != place->entry.file_number) {
      auto opened = open(*place);
      if (!opened) chunk = std::move(opened).error();
    }
    if (chunk) chunk = segment_->read(max_bytes, place->entry.bytes, position_, limit, core_.chunks);
    if (!still_valid(*place)) {
      segment_.reset();
      if (!chunk) last = std::move(chunk).error();
      continue;
    }
    if (!chunk) {
      segment_.reset();
      bool damaged = chunk.error().kind() == ErrorKind::damaged;
      if (damaged && follower_ && LV_TRY(follower_->changed_since(generation))) continue;
      if (damaged) core_.damaged(partition_->topic, chunk.error());
      return chunk;
    }
    if (!chunk->record_batches.empty()) position_ = segment_->place().offset;
    return chunk;
  }
  if (last) return *std::move(last);
  return Error(ErrorKind::io, "segment files of " + text_of(partition_->name) + " change faster than they can be read");
}

}  // namespace levada
