#include "connectors/csv/folder.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

namespace levada {
namespace {

using Less = bool (*)(const FoundFile&, const FoundFile&);

struct SortAttribute {
  std::string_view name;
  Less less;
};
constexpr SortAttribute sort_attributes[] = {
    {"NameAsc", [](const FoundFile& a, const FoundFile& b) { return a.name < b.name; }},
    {"NameDesc", [](const FoundFile& a, const FoundFile& b) { return a.name > b.name; }},
    {"LengthAsc", [](const FoundFile& a, const FoundFile& b) { return a.size < b.size; }},
    {"LengthDesc", [](const FoundFile& a, const FoundFile& b) { return a.size > b.size; }},
    {"LastModifiedAsc", [](const FoundFile& a, const FoundFile& b) { return a.modified_us < b.modified_us; }},
    {"LastModifiedDesc", [](const FoundFile& a, const FoundFile& b) { return a.modified_us > b.modified_us; }},
};

const SortAttribute* find_attribute(std::string_view name) {
  auto row = std::ranges::find(sort_attributes, name, &SortAttribute::name);
  return row == std::end(sort_attributes) ? nullptr : row;
}

// "a/b/" and "a/b" are one directory.
std::string_view without_slash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

struct CsvFolder::Pattern {
  explicit Pattern(const std::string& text) : regex(text, RE2::Quiet) {}
  RE2 regex;
};

CsvFolder::CsvFolder(Files& files, CsvFolderRules rules, std::unique_ptr<Pattern> pattern)
    : files_(files), rules_(std::move(rules)), pattern_(std::move(pattern)) {}
CsvFolder::~CsvFolder() = default;

Result<std::unique_ptr<CsvFolder>> CsvFolder::open(Files& files, CsvFolderRules rules) {
  auto pattern = std::make_unique<Pattern>(rules.pattern);
  if (!pattern->regex.ok())
    return Error(ErrorKind::usage, "'input.file.pattern' = '" + rules.pattern + "' is no regular expression")
        .why(pattern->regex.error())
        .remedy("Patterns are RE2's: .*\\.csv for all names that end in .csv.");
  for (const std::string& name : rules.sort)
    if (!find_attribute(name)) {
      std::string names;
      for (const SortAttribute& row : sort_attributes) names += (names.empty() ? "" : ", ") + std::string(row.name);
      return Error(ErrorKind::usage, "'files.sort.attributes' has '" + name + "'")
          .remedy("Give some of: " + names + ".");
    }
  return std::unique_ptr<CsvFolder>(new CsvFolder(files, std::move(rules), std::move(pattern)));
}

std::string CsvFolder::path_of(std::string_view name) const { return join_path(rules_.path, name); }

Result<std::vector<FoundFile>> CsvFolder::list() const {
  std::vector<FoundFile> found;
  if (!rules_.only.empty()) {
    auto entry = files_.entry(path_of(rules_.only));
    if (!entry && entry.error().kind() == ErrorKind::not_found) return found;
    DirectoryEntry e = LV_TRY(std::move(entry));
    if (e.directory)
      return Error(ErrorKind::usage, "'path' = '" + path_of(rules_.only) + "' is a directory")
          .remedy("Give it as 'input.path'.");
    found.push_back({rules_.only, path_of(rules_.only), e.identity, e.size, e.modified_us});
    return found;
  }
  LV_TRY(list("", found));
  std::ranges::stable_sort(found, [&](const FoundFile& a, const FoundFile& b) {
    for (const std::string& name : rules_.sort) {
      Less less = find_attribute(name)->less;
      if (less(a, b) != less(b, a)) return less(a, b);
    }
    return a.name < b.name;
  });
  std::set<std::uint64_t> inodes;
  std::erase_if(found, [&](const FoundFile& f) { return !inodes.insert(f.inode).second; });
  return found;
}

Result<void> CsvFolder::list(const std::string& below, std::vector<FoundFile>& found) const {
  std::string directory = below.empty() ? rules_.path : join_path(rules_.path, below);
  for (DirectoryEntry& e : LV_TRY(files_.list(directory))) {
    std::string name = below.empty() ? e.name : join_path(below, e.name);
    std::string path = path_of(name);
    if (e.directory) {
      bool ours = std::ranges::any_of(rules_.other_paths,
                                      [&](const std::string& other) { return without_slash(other) == path; });
      if (rules_.walk && !ours) LV_TRY(list(name, found));
    } else if (RE2::FullMatch(e.name, pattern_->regex)) {
      found.push_back({std::move(name), std::move(path), e.identity, e.size, e.modified_us});
    }
  }
  return {};
}

}  // namespace levada
