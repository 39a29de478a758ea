#include "log/log_directory.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace levada {

std::string LogDirectory::journal(std::uint64_t generation) const {
  return join_path(journals(), fmt::format("{:020}.journal", generation));
}

std::string LogDirectory::segment(const TopicPartition& of, const SegmentEntry& entry) const {
  return join_path(folder(of), fmt::format("{:020}.{}.log", entry.base.value(), entry.file_number));
}

Result<void> LogDirectory::make() const {
  for (const std::string& folder : {journals(), topics(), spares()}) LV_TRY(files_.create_directories(folder));
  LV_TRY(files_.sync_directory(path_));
  return files_.sync_directory(directory_of(path_));
}

Result<void> LogDirectory::find_spares() {
  std::lock_guard lock(mutex_);
  for (const DirectoryEntry& entry : LV_TRY(files_.list(spares()))) {
    spares_.push_back({join_path(spares(), entry.name), entry.size});
    spare_bytes_ += entry.size;
  }
  return {};
}

Result<LogDirectory::OpenSegment> LogDirectory::make_segment(const TopicPartition& of, const SegmentEntry& entry,
                                                             std::uint64_t likely_bytes) {
  std::string path = segment(of, entry), of_spare;
  {
    // The largest that is not much too large.
    std::lock_guard lock(mutex_);
    auto best = spares_.end();
    for (auto spare = spares_.begin(); spare != spares_.end(); ++spare)
      if (spare->bytes <= likely_bytes + likely_bytes / 4 && (best == spares_.end() || spare->bytes > best->bytes))
        best = spare;
    if (best != spares_.end()) {
      of_spare = std::move(best->path);
      spare_bytes_ -= best->bytes;
      spares_.erase(best);
    }
  }
  // The folder of a topic that has just been deleted and made again may go away in between.
  for (int attempt = 0;; ++attempt) {
    if (!files_.exists(folder(of))) LV_TRY(files_.create_directories(folder(of)));
    if (!of_spare.empty()) {
      if (files_.rename(of_spare, path)) of_spare.clear();
    }
    auto file = files_.open(path, OpenMode::write);
    if (!file && file.error().kind() == ErrorKind::not_found && attempt < 3) continue;
    OpenSegment opened{LV_TRY(std::move(file))};
    opened.allocated = LV_TRY(opened.file->size());
    return opened;
  }
}

Result<LogDirectory::OpenSegment> LogDirectory::open_segment(const TopicPartition& of,
                                                             const SegmentEntry& entry) const {
  std::string path = segment(of, entry);
  auto there = files_.entry(path);
  std::uint64_t bytes = there ? there->size : 0;
  if (!there && there.error().kind() != ErrorKind::not_found) return std::move(there).error();
  if (!there || bytes < entry.bytes)
    return Error(ErrorKind::damaged, there ? "a segment file is too short" : "a segment file is missing")
        .where(path)
        .why("the journal has committed " + std::to_string(entry.bytes) + " bytes of it, there are " +
             std::to_string(bytes));
  return OpenSegment{LV_TRY(files_.open(path, OpenMode::write)), bytes};
}

Result<LogDirectory::OpenSegment> LogDirectory::restore_segment(const TopicPartition& of,
                                                                const SegmentEntry& entry) const {
  LV_TRY(files_.create_directories(folder(of)));
  OpenSegment opened{LV_TRY(files_.open(segment(of, entry), OpenMode::write))};
  opened.allocated = LV_TRY(opened.file->size());
  return opened;
}

Result<void> LogDirectory::sync_name(const TopicPartition& of, Segment& segment) const {
  if (segment.name_durable.load()) return {};
  for (const std::string& folder : {folder(of), topics()}) {
    auto synced = files_.sync_directory(folder);
    // A deleted topic's folder needs no name.
    if (!synced && !(synced.error().kind() == ErrorKind::not_found && segment.retired)) return synced;
  }
  segment.name_durable = true;
  return {};
}

Result<void> LogDirectory::retire(const TopicPartition& of, const SegmentEntry& entry) {
  std::string path = segment(of, entry);
  auto there = files_.entry(path);
  if (!there) return {};
  {
    std::lock_guard lock(mutex_);
    if (spare_bytes_ + there->size <= most_spare_bytes_) {
      std::string spare = join_path(spares(), std::to_string(entry.file_number));
      LV_TRY(files_.rename(path, spare));
      spares_.push_back({std::move(spare), there->size});
      spare_bytes_ += there->size;
      return {};
    }
  }
  return files_.remove(path);
}

Result<std::size_t> LogDirectory::remove_unknown(const LogCatalog& catalog) {
  std::set<std::string> known;
  for (const auto& [name, topic] : catalog.topics())
    for (const Partition& partition : topic->partitions) {
      known.insert(folder(partition.name));
      for (const auto& entry : partition.segments) known.insert(segment(partition.name, *entry));
    }
  std::size_t removed = 0;
  for (const DirectoryEntry& entry : LV_TRY(files_.list(topics()))) {
    if (!entry.directory) continue;
    std::string folder = join_path(topics(), entry.name);
    for (const DirectoryEntry& file : LV_TRY(files_.list(folder))) {
      std::string path = join_path(folder, file.name);
      if (file.directory || known.contains(path)) continue;
      LV_TRY(files_.remove(path));
      ++removed;
    }
    if (!known.contains(folder)) {
      LV_TRY(files_.remove(folder));
      ++removed;
    }
  }
  return removed;
}

}  // namespace levada
