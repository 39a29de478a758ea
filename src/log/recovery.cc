#include "log/recovery.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "log/flusher.h"

namespace levada {
namespace {

constexpr const char* damaged_remedy = "Keep the directory as it is; restore it from a backup.";

Result<std::vector<std::uint64_t>> find_generations(const LogDirectory& directory) {
  std::vector<std::uint64_t> generations;
  auto entries = directory.files().list(directory.journals());
  if (!entries && entries.error().kind() == ErrorKind::not_found) return generations;
  for (const DirectoryEntry& entry : LV_TRY(std::move(entries))) {
    std::uint64_t generation = 0;
    std::string_view name = entry.name;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), generation);
    if (error == std::errc() && std::string_view(end) == ".journal" && generation > 0)
      generations.push_back(generation);
  }
  std::ranges::sort(generations);
  return generations;
}

Error journal_damaged(const LogDirectory& directory, std::uint64_t generation, std::uint64_t position,
                      std::string why) {
  return Error(ErrorKind::damaged, "the journal of the log is damaged")
      .where(fmt::format("{}, byte {}", directory.journal(generation), position))
      .why(std::move(why))
      .remedy(damaged_remedy);
}

Result<std::optional<Published>> find_published(const LogDirectory& directory) {
  auto file = directory.files().open(directory.published(), OpenMode::read);
  if (!file && file.error().kind() == ErrorKind::not_found) return std::nullopt;
  return read_published(*LV_TRY(std::move(file)));
}

// That what ends the valid prefix is its end.
Result<void> check_end(const LogDirectory& directory, JournalReader& reader, const JournalPlace& place,
                       const std::optional<Published>& published) {
  if (published && published->place > place)
    return journal_damaged(directory, place.generation, place.position,
                           fmt::format("valid records end with commit {}, but commit {} was durable", place.number,
                                       published->place.number));
  if (published && published->place == place) return {};
  if (auto later = LV_TRY(reader.find_later()))
    return journal_damaged(directory, place.generation, place.position,
                           fmt::format("there is no valid record, but a later one at byte {}", *later));
  return {};
}

bool knows(const LogCatalog& catalog, const SegmentExtended& extended) {
  PartitionRef partition = catalog.partition(extended.of);
  if (!partition) return false;
  return std::ranges::any_of(partition->segments,
                             [&](const auto& segment) { return segment->file_number == extended.file_number; });
}

// Adds what one generation holds; returns the number of its last commit.
Result<std::uint64_t> find_journaled_in(const LogDirectory& directory, std::uint64_t generation,
                                        const LogCatalog& catalog, JournaledSegments& journaled) {
  std::string path = directory.journal(generation);
  auto reader = LV_TRY(JournalReader::open(directory.files(), path, generation));
  std::shared_ptr<const File> file = LV_TRY(directory.files().open(path, OpenMode::read));
  std::uint64_t number = 0;
  while (auto record = LV_TRY(reader.next(true))) {
    number = record->commit.number;
    std::uint64_t at = record->inline_position, left = record->inline_size;
    for (const Change& change : record->commit.changes) {
      const auto* extended = std::get_if<SegmentExtended>(&change);
      if (!extended || !extended->in_journal) continue;
      if (extended->bytes > left)
        return journal_damaged(directory, generation, record->position, "it holds fewer bytes than it says");
      if (knows(catalog, *extended))
        journaled[extended->file_number].push_back({extended->position, extended->bytes, file, at});
      at += extended->bytes;
      left -= extended->bytes;
    }
  }
  return number;
}

// Writes what rode in the journal to the segments, durably.
Result<void> redo(LogCore& core, const JournaledSegments& journaled) {
  Buffer bytes;
  for (const auto& [name, topic] : core.catalog.topics())
    for (Partition& partition : topic->partitions)
      for (const std::shared_ptr<Segment>& segment : partition.segments) {
        auto of_segment = journaled.find(segment->file_number);
        if (of_segment == journaled.end()) continue;
        auto opened = LV_TRY(core.directory.restore_segment(partition.name, *segment));
        for (const JournaledBytes& part : of_segment->second) {
          bytes.resize(part.size);
          LV_TRY(part.journal->read_exactly_at(part.journal_position, {bytes.data(), bytes.size()}));
          LV_TRY(opened.file->write_at(part.position, bytes.view()));
        }
        segment->name_durable = false;
        LV_TRY(sync_segment(core, {PartitionRef(topic, &partition), segment, std::move(opened.file)}));
      }
  return {};
}

}  // namespace

Result<std::optional<LoadedJournal>> load_journal(const LogDirectory& directory) {
  LoadedJournal loaded;
  loaded.generations = LV_TRY(find_generations(directory));
  auto published = LV_TRY(find_published(directory));
  for (std::size_t i = loaded.generations.size(); i-- > 0;) {
    std::uint64_t generation = loaded.generations[i];
    auto reader = LV_TRY(JournalReader::open(directory.files(), directory.journal(generation), generation));
    loaded.catalog = std::make_unique<LogCatalog>();
    Effects effects;
    std::uint64_t records = 0;
    while (auto record = LV_TRY(reader.next(true))) {
      auto applied = loaded.catalog->apply(record->commit, effects);
      if (!applied) return journal_damaged(directory, generation, record->position, applied.error().what());
      ++records;
    }
    loaded.place = {generation, reader.position(), loaded.catalog->number()};
    LV_TRY(check_end(directory, reader, loaded.place, published));
    // A generation without a checkpoint was about to begin when the power went.
    if (records == 0) continue;
    loaded.closed_well = published && published->closed_well && published->place == loaded.place;
    return loaded;
  }
  if (loaded.generations.empty() || loaded.generations.back() == 1) return std::nullopt;
  return journal_damaged(directory, loaded.generations.back(), 0, "no generation begins with a valid checkpoint");
}

Result<JournaledSegments> find_journaled(const LogDirectory& directory, const LoadedJournal& loaded) {
  JournaledSegments journaled;
  std::uint64_t before = 0, number = 0;  // the generation before and its last commit
  for (std::uint64_t generation : loaded.generations) {
    if (generation < loaded.catalog->counters().redo_from || generation > loaded.place.generation) continue;
    auto reader = LV_TRY(JournalReader::open(directory.files(), directory.journal(generation), generation));
    auto checkpoint = LV_TRY(reader.next(false));
    if (!checkpoint) continue;  // its file has been used again
    if (before + 1 == generation && checkpoint->commit.number != number)
      return journal_damaged(directory, before, 0,
                             fmt::format("valid records end with commit {}, but commit {} was durable", number,
                                         checkpoint->commit.number));
    number = LV_TRY(find_journaled_in(directory, generation, *loaded.catalog, journaled));
    before = generation;
  }
  return journaled;
}

Result<std::unique_ptr<Journal>> recover(LogCore& core) {
  auto journal = std::make_unique<Journal>(core.directory, core.options.journal_bytes);
  auto loaded = LV_TRY(load_journal(core.directory));
  if (!loaded) {
    auto folders = core.directory.files().list(core.directory.topics());
    if (folders && !folders->empty())
      return Error(ErrorKind::damaged, "the journal of the log is missing")
          .where(core.directory.journals())
          .why("there are topics, but nothing that says what is in them")
          .remedy(damaged_remedy);
    LV_TRY(core.directory.make());
    LV_TRY(journal->rotate(1, {0, core.options.clock->now_ms(), core.catalog.checkpoint(1)}));
    return journal;
  }
  LV_TRY(core.directory.find_spares());
  JournaledSegments journaled;
  if (!loaded->closed_well) journaled = LV_TRY(find_journaled(core.directory, *loaded));
  Effects effects;
  core.catalog.replace_by(*loaded->catalog, effects);
  std::uint64_t generation = loaded->place.generation;
  if (loaded->closed_well) {
    LV_TRY(journal->resume(loaded->place));
  } else {
    std::int64_t start_us = core.options.clock->steady_us();
    LV_TRY(redo(core, journaled));
    ++generation;
    LV_TRY(journal->rotate(generation,
                           {core.catalog.number(), core.options.clock->now_ms(), core.catalog.checkpoint(generation)}));
    std::size_t removed = LV_TRY(core.directory.remove_unknown(core.catalog));
    core.options.logger->info("log recovered", {{"commit", core.catalog.number()},
                                                {"files_removed", removed},
                                                {"took_us", core.options.clock->steady_us() - start_us}});
  }
  for (std::uint64_t old : loaded->generations)
    if (old < generation) journal->release(old);
  journal->clean_up();
  return journal;
}

}  // namespace levada
