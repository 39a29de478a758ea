#include "tests/tidy_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace levada::tidy {

namespace fs = std::filesystem;

static bool name_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

static std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

static std::vector<SourceFile> read_tree(const fs::path& root) {
  std::set<std::string> ignored = {".git"};
  for (const std::string& line : lines_of(read(root / ".gitignore")))
    if (line.size() > 2 && line.front() == '/' && line.back() == '/') ignored.insert(line.substr(1, line.size() - 2));
  std::vector<SourceFile> files;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
    std::string path = at->path().lexically_relative(root);
    if (ignored.contains(path)) at.disable_recursion_pending();
    if (!at->is_regular_file() || ignored.contains(path)) continue;
    std::string text = read(at->path());
    if (text.find('\0') == std::string::npos) files.push_back({path, text});
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

const std::vector<SourceFile>& tree() {
  static const auto files = read_tree(LEVADA_ROOT);
  return files;
}

std::string text_of(std::string_view path) {
  auto file = std::ranges::find(tree(), path, &SourceFile::path);
  return file == tree().end() ? "" : file->text;
}

// Where the comment or quotation that begins at `at` ends; `at` itself if none does.
static std::size_t end_of_quiet(const std::string& text, std::size_t at) {
  auto behind = [&](std::string_view stop, std::size_t from) {
    std::size_t found = text.find(stop, from);
    return found == std::string::npos ? text.size() : found + stop.size();
  };
  char before = at == 0 ? ' ' : text[at - 1];
  if (text.compare(at, 2, "//") == 0) return std::min(text.find('\n', at), text.size());
  if (text.compare(at, 2, "/*") == 0) return behind("*/", at + 2);
  if (text[at] == '"' && before == 'R')
    return behind(")" + text.substr(at + 1, text.find('(', at) - at - 1) + "\"", at);
  if (text[at] != '"' && (text[at] != '\'' || name_letter(before))) return at;  // 1'000 is no quotation
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == text[at] || text[i] == '\n') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

std::string code_of(const std::string& text) {
  std::string code = text;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = end_of_quiet(text, at);
    for (std::size_t i = at; i < end; ++i)
      if (code[i] != '\n') code[i] = ' ';
    at = std::max(end, at + 1);
  }
  return code;
}

std::string at_line(const SourceFile& file, const std::string& text, std::size_t position) {
  auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
  return file.path + ":" + std::to_string(line) + ": ";
}

void each_match(const std::string& text, const std::regex& pattern,
                const std::function<void(std::size_t, const std::smatch&)>& found) {
  for (std::sregex_iterator m(text.begin(), text.end(), pattern), end; m != end; ++m)
    found(static_cast<std::size_t>(m->position()), *m);
}

void each_word(const std::string& text, std::string_view word, std::string_view not_before,
               const std::function<void(std::size_t)>& found) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    std::size_t end = at + word.size();
    bool begins = at == 0 || !(name_letter(text[at - 1]) || not_before.find(text[at - 1]) != std::string_view::npos);
    bool ends = end == text.size() || !(name_letter(text[end]) && name_letter(word.back()));
    if (begins && ends) found(at);
  }
}

std::vector<std::string> words_of(const std::string& name) {
  static const std::regex word("[A-Z]+(?![a-z])|[A-Z]?[a-z]+");
  std::vector<std::string> words;
  each_match(name, word, [&](std::size_t, const std::smatch& m) {
    std::string w = m.str();
    w[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(w[0])));
    words.push_back(w);
  });
  return words;
}

std::vector<std::string> included(const std::string& text, char open) {
  static const std::regex quoted("(?:^|\n)#include \"([^\"]+)\""), angled("(?:^|\n)#include <([^>]+)>");
  std::vector<std::string> names;
  each_match(text, open == '"' ? quoted : angled, [&](std::size_t, const std::smatch& m) { names.push_back(m[1]); });
  return names;
}

}  // namespace levada::tidy
