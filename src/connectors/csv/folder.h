// The files that a csv source is to read: one by name, or those of a directory whose names match a pattern.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "connectors/csv/recognition.h"

namespace levada {

struct CsvFolderRules {
  std::string path;                      // of the directory, or of its one file
  std::string only;                      // the name of the one file; empty: all that match
  std::string pattern;                   // RE2, of the whole name
  bool walk = false;                     // directories below, too
  std::vector<std::string> sort;         // NameAsc, LastModifiedDesc, …
  std::vector<std::string> other_paths;  // of directories that are not walked into: finished.path, error.path
};

class CsvFolder {
 public:
  // kind usage: the pattern or an attribute is wrong.
  static Result<std::unique_ptr<CsvFolder>> open(Files& files, CsvFolderRules rules);
  ~CsvFolder();

  // Regular files as they are now, in the order asked for; of names for one file (links) the first. An empty list if
  // the one file is not there.
  Result<std::vector<FoundFile>> list() const;
  // The path of a file below the directory.
  std::string path_of(std::string_view name) const;

 private:
  struct Pattern;
  CsvFolder(Files& files, CsvFolderRules rules, std::unique_ptr<Pattern> pattern);
  Result<void> list(const std::string& below, std::vector<FoundFile>& found) const;

  Files& files_;
  CsvFolderRules rules_;
  std::unique_ptr<Pattern> pattern_;
};

}  // namespace levada
