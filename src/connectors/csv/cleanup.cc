#include "connectors/csv/cleanup.h"

#include <set>

#include "batch/value.h"

namespace levada {

Result<CsvCleaner> CsvCleaner::make(Files& files, const CsvOptions& options) {
  CsvCleanup policy = options.cleanup;
  if (policy == CsvCleanup::by_default) policy = options.finished_path.empty() ? CsvCleanup::none : CsvCleanup::move;
  bool moves = policy == CsvCleanup::move || policy == CsvCleanup::move_by_date;
  if (moves && options.finished_path.empty())
    return Error(ErrorKind::usage, "'cleanup.policy' moves files, but there is no 'finished.path'")
        .remedy("Give the directory that finished files are moved to.");
  std::string input = options.path.empty() ? options.input_path : directory_of(options.path);
  for (const std::string& path : {options.finished_path, options.error_path})
    if (!path.empty() && join_path(path, "") == join_path(input, ""))
      return Error(ErrorKind::usage, "files cannot be moved to " + path + ", where they come from")
          .remedy("Give another directory as 'finished.path' or 'error.path'.");
  return CsvCleaner(files, policy, options.keep_relative_path, moves ? options.finished_path : "", options.error_path);
}

Result<void> CsvCleaner::start(KnownFiles& known) {
  for (const std::string& path : {finished_path_, error_path_})
    if (!path.empty()) LV_TRY(files_->create_directories(path));
  std::set<std::uint64_t> moved;
  auto collect = [&](auto& self, const std::string& path) -> Result<void> {
    for (const DirectoryEntry& entry : LV_TRY(files_->list(path))) {
      if (entry.directory)
        LV_TRY(self(self, join_path(path, entry.name)));
      else
        moved.insert(entry.identity);
    }
    return {};
  };
  if (!finished_path_.empty()) LV_TRY(collect(collect, finished_path_));
  if (!error_path_.empty()) LV_TRY(collect(collect, error_path_));
  for (KnownFile& file : known.files) {
    if (file.gone) continue;
    if ((file.ended || file.refused) && moved.contains(file.inode)) file.gone = true;
    file.settled_by = 1;  // the position has it, so it is durable
  }
  return {};
}

Result<bool> CsvCleaner::clean(const KnownFile& file, const CsvFolder& folder, std::int64_t now_us) {
  bool moves = file.refused ? !error_path_.empty() : policy_ != CsvCleanup::none;
  if (!moves) return false;
  std::string path = folder.path_of(file.name);
  auto entry = files_->entry(path);
  if (!entry && entry.error().kind() == ErrorKind::not_found) return false;
  DirectoryEntry there = LV_TRY(std::move(entry));
  // It has changed since it was read: let it be looked at again.
  if (there.identity != file.inode || there.size != file.size || there.modified_us != file.modified_us) return false;
  if (!file.refused && policy_ == CsvCleanup::remove) {
    LV_TRY(files_->remove(path));
    return true;
  }
  std::string directory = file.refused ? error_path_ : finished_path_;
  if (!file.refused && policy_ == CsvCleanup::move_by_date)
    directory = join_path(directory, date_text(now_us / micros_per_day));
  std::string below = directory_of(file.name);
  if (keep_relative_path_ && below != ".") directory = join_path(directory, below);
  LV_TRY(move(path, directory, file_name_of(file.name)));
  return true;
}

Result<void> CsvCleaner::move(const std::string& from, std::string directory, std::string_view name) {
  LV_TRY(files_->create_directories(directory));
  std::string to = join_path(directory, name);
  for (int n = 1; files_->exists(to); ++n) to = join_path(directory, std::string(name) + "." + std::to_string(n));
  auto renamed = files_->rename(from, to);
  if (!renamed)
    return std::move(renamed).error().remedy(
        "'finished.path' and 'error.path' must be on the file system of 'input.path', and writable.");
  return {};
}

}  // namespace levada
