// What becomes of files when their rows are durable in the log: left, deleted, or moved, never over another file.
#pragma once
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "connectors/csv/folder.h"
#include "connectors/csv/known_files.h"
#include "connectors/csv/options.h"

namespace levada {

class CsvCleaner {
 public:
  // kind usage, where the options contradict each other.
  static Result<CsvCleaner> make(Files& files, const CsvOptions& options);

  // Makes the directories. Files of the position that were moved before a crash are marked as gone: their names are
  // free. All others of it that have ended are there to be cleaned.
  Result<void> start(KnownFiles& known);
  // Cleans up a file that has ended or was refused. False: there is nothing to do with it.
  Result<bool> clean(const KnownFile& file, const CsvFolder& folder, std::int64_t now_us);

 private:
  CsvCleaner(Files& files, CsvCleanup policy, bool keep_relative_path, std::string finished_path,
             std::string error_path)
      : files_(&files),
        policy_(policy),
        keep_relative_path_(keep_relative_path),
        finished_path_(std::move(finished_path)),
        error_path_(std::move(error_path)) {}
  Result<void> move(const std::string& from, std::string directory, std::string_view name);

  Files* files_;
  CsvCleanup policy_;
  bool keep_relative_path_;
  std::string finished_path_, error_path_;
};

}  // namespace levada
