// levada_cases [--accept] [--only TEXT] FILE…: plays the cases of .slt, .flow and .plan files (docs/testing.md).
//
// Prints a line for each: ok FILE: NAME, or FAILED FILE: NAME and the difference. With --accept what comes of the steps
// is written into the files as what is expected.
#include <cstdio>
#include <span>

#include "base/files.h"
#include "tests/cases/case_file.h"
#include "tests/cases/player.h"

namespace levada::cases {
namespace {

struct Wishes {
  bool accept = false;
  std::string only;
  std::vector<std::string> files;
};

void out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::optional<Language> language_of(const std::string& path) {
  if (path.ends_with(".slt")) return Language::slt;
  if (path.ends_with(".flow")) return Language::flow;
  if (path.ends_with(".plan")) return Language::plan;
  return std::nullopt;
}

// True if all steps gave what was expected. What they gave is put in its place.
bool play(Case& one, const Lines& before, Language language, std::string& report) {
  Player player(language);
  if (Lines said = player.prepare(before); !said.empty()) {
    report = "before each case:\n";
    for (const std::string& line : said) report += "  " + line + "\n";
    return false;
  }
  bool good = true;
  for (Step& step : one.steps) {
    Lines actual = player.play(step);
    if (actual == step.expected) continue;
    good = false;
    for (const std::string& line : step.input) report += "    " + line + "\n";
    for (const std::string& line : difference(step.expected, actual)) report += "  " + line + "\n";
    step.expected = std::move(actual);
  }
  return good;
}

// The number of cases that failed.
Result<int> run(const std::string& path, const Wishes& wishes) {
  std::optional<Language> language = language_of(path);
  if (!language) return Error(ErrorKind::usage, path + " is neither .slt nor .flow nor .plan");
  std::string text = LV_TRY(read_file(real_files(), path));
  CaseFile file = LV_TRY(read_cases(text));
  int failed = 0;
  for (Case& one : file.cases) {
    std::string name = path + ": " + one.name, report;
    if (name.find(wishes.only) == std::string::npos) continue;
    bool good = play(one, file.before_each, *language, report);
    if (!good && !wishes.accept) {
      out(report + "FAILED " + name + " (line " + std::to_string(one.line) + ")\n");
      ++failed;
    } else {
      out("ok " + name + (good ? "" : " (accepted)") + "\n");
    }
    std::fflush(stdout);
  }
  if (wishes.accept && text_of(file) != text) LV_TRY(replace_file(real_files(), path, text_of(file)));
  return failed;
}

int run(std::span<char*> arguments) {
  Wishes wishes;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string word = arguments[i];
    if (word == "--accept")
      wishes.accept = true;
    else if (word == "--only" && i + 1 < arguments.size())
      wishes.only = arguments[++i];
    else
      wishes.files.push_back(word);
  }
  int failed = 0;
  for (const std::string& path : wishes.files) {
    auto result = run(path, wishes);
    if (!result) out(result.error().text() + "\nFAILED " + path + "\n");
    failed += result ? *result : 1;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace levada::cases

int main(int count, char** words) {
  return levada::cases::run(std::span(words + 1, static_cast<std::size_t>(count - 1)));
}
