#include "tests/cases/case_file.h"

#include <algorithm>

namespace levada::cases {
namespace {

constexpr std::string_view name_mark = "=== ", output_mark = "----", before_each = "before each";

bool blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

void drop_blanks_at_the_end(Lines& lines) {
  while (!lines.empty() && blank(lines.back())) lines.pop_back();
}

}  // namespace

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Result<CaseFile> read_cases(std::string_view text) {
  CaseFile file;
  bool output = false;
  Lines lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    auto wrong = [&](std::string what) {
      return Error(ErrorKind::usage, std::move(what)).where("line " + std::to_string(i + 1));
    };
    if (line.starts_with(name_mark)) {
      Case next{.name = line.substr(name_mark.size()), .line = i + 1, .steps = {{}}};
      if (std::ranges::find(file.cases, next.name, &Case::name) != file.cases.end())
        return wrong("there are two cases \"" + next.name + "\"");
      file.cases.push_back(std::move(next));
      output = false;
      continue;
    }
    if (file.cases.empty()) {
      file.head.push_back(line);
      continue;
    }
    std::vector<Step>& steps = file.cases.back().steps;
    if (line == output_mark) {
      if (output) return wrong("a second ---- in one step");
      output = true;
    } else if (!output) {
      if (!steps.back().input.empty() || !blank(line)) steps.back().input.push_back(line);
    } else if (!blank(line)) {
      steps.back().expected.push_back(line == "." ? "" : line);
    } else {
      steps.emplace_back();
      output = false;
    }
  }
  if (!file.cases.empty() && file.cases.front().name == before_each) {
    for (Step& step : file.cases.front().steps) {
      if (!step.expected.empty())
        return Error(ErrorKind::usage, "nothing is expected of what is done before each case");
      file.before_each = std::move(step.input);
    }
    drop_blanks_at_the_end(file.before_each);
    file.cases.erase(file.cases.begin());
  }
  for (Case& one : file.cases) {
    for (Step& step : one.steps) drop_blanks_at_the_end(step.input);
    if (one.steps.size() > 1 && one.steps.back().input.empty()) one.steps.pop_back();
  }
  drop_blanks_at_the_end(file.head);
  return file;
}

std::string text_of(const CaseFile& file) {
  std::string text;
  for (const std::string& line : file.head) text += line + "\n";
  if (!file.before_each.empty()) {
    text += (text.empty() ? "=== " : "\n=== ") + std::string(before_each) + "\n";
    for (const std::string& line : file.before_each) text += line + "\n";
  }
  for (const Case& one : file.cases) {
    text += (text.empty() ? "=== " : "\n=== ") + one.name + "\n";
    for (const Step& step : one.steps) {
      if (&step != &one.steps.front()) text += "\n";
      for (const std::string& line : step.input) text += line + "\n";
      text += std::string(output_mark) + "\n";
      for (const std::string& line : step.expected) text += (blank(line) ? "." : line) + "\n";
    }
  }
  return text;
}

Lines difference(const Lines& expected, const Lines& actual) {
  // The longest common sequence, by its length from each place on: cases are short.
  std::size_t n = expected.size(), m = actual.size();
  std::vector<std::vector<std::size_t>> common(n + 1, std::vector<std::size_t>(m + 1, 0));
  for (std::size_t i = n; i-- > 0;)
    for (std::size_t j = m; j-- > 0;)
      common[i][j] = expected[i] == actual[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  Lines lines;
  std::size_t i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && expected[i] == actual[j]) {
      lines.push_back("  " + expected[i++]);
      ++j;
    } else if (j == m || (i < n && common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back("- " + expected[i++]);
    } else {
      lines.push_back("+ " + actual[j++]);
    }
  }
  return lines;
}

}  // namespace levada::cases
