// What tests/tidy_test.cc and tests/docs_test.cc look at: the files of the repository as text, and ways to search it.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace levada::tidy {

struct SourceFile {
  std::string path;  // from the root
  std::string text;

  bool ends(std::string_view s) const { return path.ends_with(s); }
  bool header() const { return ends(".h"); }
  bool source() const { return header() || ends(".cc"); }
  bool under(std::string_view folder) const { return path.starts_with(std::string(folder) + "/"); }
};

// All text files, without .git and the folders that .gitignore names as /folder/. Read once.
const std::vector<SourceFile>& tree();
// "" if there is no such file.
std::string text_of(std::string_view path);

// ---- searching ----

std::vector<std::string> lines_of(const std::string& text);
// The text with comments and what stands in quotes blanked out; lines stay where they are.
std::string code_of(const std::string& text);
// "path:line: ", to begin a complaint with.
std::string at_line(const SourceFile& file, const std::string& text, std::size_t position);

// For short matches only: the standard library's regular expressions go down a stack frame a letter.
void each_match(const std::string& text, const std::regex& pattern,
                const std::function<void(std::size_t position, const std::smatch&)>& found);
// Every place of `word` that no name and none of the letters `not_before` stands before, nor (if it ends in a letter) a
// name goes on behind.
void each_word(const std::string& text, std::string_view word, std::string_view not_before,
               const std::function<void(std::size_t position)>& found);

// The words of PascalCase, snake_case and paths, each with a capital: "KafkaLogImpl" is Kafka, Log, Impl.
std::vector<std::string> words_of(const std::string& name);
// What is included in "" or <>, told by the opening sign.
std::vector<std::string> included(const std::string& text, char open);

// ---- complaining ----

using Complaints = std::vector<std::string>;

inline void check(const Complaints& complaints) {
  for (const std::string& complaint : complaints) FAIL_CHECK(complaint);
}
template <class Rule>
void check_all(Rule rule) {
  for (const SourceFile& file : tree()) check(rule(file));
}

}  // namespace levada::tidy
