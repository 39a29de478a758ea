// What docs/style.md asks for and a machine can see. Each rule is a function from a file, or from all of them, to
// complaints; its test shows first that it complains where it should, then holds the repository to it.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "tests/tidy_rules.h"
#include "tests/tidy_tree.h"

namespace levada::tidy {
namespace {

namespace fs = std::filesystem;

// The folders of src/README.md: lines "- `name`: …", in their order.
std::vector<std::string> folder_list(const std::string& readme) {
  static const std::regex row("(?:^|\n)- `(\\w+)`:");
  std::vector<std::string> folders;
  each_match(readme, row, [&](std::size_t, const std::smatch& m) { folders.push_back(m[1]); });
  return folders;
}

Complaints include_order(const SourceFile& file, const std::vector<std::string>& folders) {
  if (!file.under("src") || !file.source()) return {};
  auto place = [&](const std::string& folder) { return std::ranges::find(folders, folder) - folders.begin(); };
  auto known = static_cast<std::ptrdiff_t>(folders.size());
  std::string own = file.path.substr(4, file.path.find('/', 4) - 4);
  if (place(own) == known) return {file.path + ": folder " + own + " has no line in src/README.md"};
  Complaints complaints;
  for (const std::string& name : included(file.text, '"')) {
    std::string folder = name.substr(0, name.find('/'));
    if (folder == "tests" && file.ends("_test.cc")) continue;
    if (folder == "levada") folder = "pipeline";  // include/levada is the face of the pipeline
    if (name.find('/') == std::string::npos || place(folder) == known)
      complaints.push_back(file.path + ": include \"" + name + "\" names no folder of src/README.md");
    else if (place(folder) > place(own))
      complaints.push_back(file.path + ": " + own + " may not include \"" + name + "\": " + folder + " comes later");
  }
  return complaints;
}

Complaints header_form(const SourceFile& file) {
  if (!file.header()) return {};
  Complaints complaints;
  std::string code = code_of(file.text);
  if (file.text.find("#pragma once\n") == std::string::npos) complaints.push_back(file.path + ": no #pragma once");
  each_word(code, "using namespace", "",
            [&](std::size_t at) { complaints.push_back(at_line(file, code, at) + "using namespace in a header"); });
  for (const std::string& name : included(file.text, '<'))
    for (const Rule& heavy : heavy_headers)
      if (name.starts_with(heavy.text) && std::ranges::find(light_headers, name) == std::end(light_headers))
        complaints.push_back(file.path + ": <" + name + "> in a header: " + std::string(heavy.reason));
  return complaints;
}

Complaints names(const SourceFile& file) {
  if (!file.source()) return {};
  static const std::regex type(R"(\b(?:struct|class|enum|union|concept|using)\s+([A-Z]\w*))");
  Complaints complaints;
  auto look = [&](const std::string& where, const std::string& name) {
    for (const std::string& word : words_of(name))
      for (const Rule& empty : empty_words)
        if (word == empty.text)
          complaints.push_back(where + name + ": " + word + " says nothing: " + std::string(empty.reason));
  };
  look("", file.path);
  std::string code = code_of(file.text);
  std::set<std::string> seen;
  each_match(code, type, [&](std::size_t at, const std::smatch& m) {
    if (seen.insert(m[1]).second) look(at_line(file, code, at), m[1]);
  });
  return complaints;
}

Complaints seam(const SourceFile& file) {
  if (!file.under("src") || !file.source()) return {};
  std::string code = code_of(file.text);
  Complaints complaints;
  for (const Rule& call : seams) {
    bool allowed = std::ranges::any_of(seam_exceptions, [&](const Exception& e) {
      return file.path.find(e.path) != std::string::npos && (e.text.empty() || e.text == call.text);
    });
    if (allowed) continue;
    each_word(code, call.text, ":.>", [&](std::size_t at) {
      complaints.push_back(at_line(file, code, at) + std::string(call.text) + ": take " + std::string(call.reason));
    });
  }
  return complaints;
}

Complaints suite_name(const SourceFile& file) {
  if (!file.under("src") || !file.ends("_test.cc")) return {};
  std::string folder = file.path.substr(4, file.path.find('/', 4) - 4);
  if (file.text.find("TEST_SUITE(\"" + folder + "\")") != std::string::npos) return {};
  return {file.path + ": its tests must stand in TEST_SUITE(\"" + folder + "\")"};
}

// Written by hand, as opposed to samples and recorded outputs.
bool written(const SourceFile& file) {
  static const std::set<std::string> kinds = {".cc", ".h", ".md", ".txt", ".sql", ".json", ".py", ".sh", ".cmake", ""};
  return kinds.contains(fs::path(file.path).extension());
}

Complaints text_form(const SourceFile& file) {
  if (!written(file)) return {};
  Complaints complaints;
  int number = 0;
  for (const std::string& line : lines_of(file.text)) {
    std::string where = file.path + ":" + std::to_string(++number) + ": ";
    if (line.find('\t') != std::string::npos) complaints.push_back(where + "tab");
    if (!line.empty() && (line.back() == ' ' || line.back() == '\r')) complaints.push_back(where + "trailing blank");
  }
  if (!file.text.empty() && file.text.back() != '\n') complaints.push_back(file.path + ": no line feed at the end");
  return complaints;
}

Complaints strange_text(const SourceFile& file) {
  if (!written(file)) return {};
  Complaints complaints;
  auto look = [&](std::span<const Rule> rules, std::string_view not_before) {
    for (const Rule& rule : rules)
      each_word(file.text, rule.text, not_before, [&](std::size_t at) {
        complaints.push_back(at_line(file, file.text, at) + std::string(rule.text) + ": " + std::string(rule.reason));
      });
  };
  look(machine_paths, "./}$*");
  look(strange_words, "");
  return complaints;
}

// The files that a CMakeLists.txt names: arguments of a call, alone or behind the call's first one as their folder.
std::set<std::string> cmake_rows(const SourceFile& cmake) {
  static const std::regex comment("#[^\n]*"), here(R"(\$\{CMAKE_CURRENT_SOURCE_DIR\}/)");
  std::string folder = fs::path(cmake.path).parent_path();
  std::string text = std::regex_replace(std::regex_replace(cmake.text, comment, ""), here, "");
  std::set<std::string> rows;
  for (std::size_t open = text.find('('); open != std::string::npos; open = text.find('(', open + 1)) {
    std::istringstream arguments(text.substr(open + 1, text.find(')', open) - open - 1));
    std::string first;
    for (std::string name; arguments >> name;) {
      if (first.empty()) first = name;
      rows.insert(fs::path(folder) / name);
      rows.insert(fs::path(folder) / first / name);
    }
  }
  return rows;
}

Complaints without_row(std::span<const SourceFile> files) {
  std::set<std::string> rows;
  for (const SourceFile& file : files)
    if (file.ends("CMakeLists.txt")) rows.merge(cmake_rows(file));
  Complaints complaints;
  for (const SourceFile& file : files)
    if (file.ends(".cc") && (file.under("src") || file.under("tests") || file.under("bench")) &&
        !rows.contains(file.path))
      complaints.push_back(file.path + ": no row in a CMakeLists.txt");
  return complaints;
}

// A folder of contracts that nobody has begun to fill is let be.
Complaints never_included(std::span<const SourceFile> files) {
  std::set<std::string> names;
  for (const SourceFile& file : files)
    for (const std::string& name : included(file.text, '"')) {
      names.insert("src/" + name);
      names.insert("include/" + name);
      names.insert(name);
      names.insert(fs::path(file.path).parent_path() / name);
    }
  Complaints complaints;
  for (const SourceFile& file : files) {
    if (!file.header() || names.contains(file.path)) continue;
    std::string folder = fs::path(file.path).parent_path();
    bool begun = std::ranges::any_of(files, [&](const SourceFile& f) { return f.ends(".cc") && f.under(folder); });
    if (begun) complaints.push_back(file.path + ": nobody includes it");
  }
  return complaints;
}

// Types that headers define in our namespace itself. Two of one name are two programs' worth of trouble: the linker
// takes one's constructor for the other's.
Complaints types_of_one_name(std::span<const SourceFile> files) {
  static const std::regex type("(^|\\n)(template <[^\\n]*\\n)?(class|struct|enum class) ([A-Z]\\w*)[^;{\\n]*\\{");
  std::map<std::string, std::string> first;
  Complaints complaints;
  for (const SourceFile& file : files) {
    if (!file.header()) continue;
    std::string code = code_of(file.text);
    each_match(code, type, [&](std::size_t position, const std::smatch& found) {
      std::size_t space = code.rfind("\nnamespace ", position);
      if (found[2].matched || space == std::string::npos || code.compare(space, 19, "\nnamespace levada {") != 0)
        return;
      auto [there, fresh] = first.emplace(found[4], file.path);
      if (!fresh && there->second != file.path)
        complaints.push_back(file.path + ": " + there->first + " is a name of " + there->second);
    });
  }
  return complaints;
}

}  // namespace

TEST_SUITE("tidy") {
  TEST_CASE("an include points to a folder named earlier in src/README.md") {
    std::vector<std::string> folders = folder_list("# Folders\n- `base`: words\n- `log`: bytes\n- `sql`: text\n");
    CHECK(folders == std::vector<std::string>{"base", "log", "sql"});
    auto order = [&](std::string path, std::string include) {
      return include_order({path, "#include <vector>\n#include \"" + include + "\"\n"}, folders).size();
    };
    CHECK(order("src/log/a.cc", "base/error.h") == 0);
    CHECK(order("src/log/a.cc", "log/log.h") == 0);
    CHECK(order("src/log/a.cc", "sql/ast.h") == 1);
    CHECK(order("src/log/a_test.cc", "tests/skip.h") == 0);
    CHECK(order("src/log/a.cc", "levada/levada.h") == 1);
    CHECK(order("src/log/a.cc", "tests/skip.h") == 1);
    CHECK(order("src/log/a.cc", "log.h") == 1);
    CHECK(order("src/log/a.cc", "nowhere/log.h") == 1);
    CHECK(order("src/other/a.cc", "base/error.h") == 1);

    folders = folder_list(text_of("src/README.md"));
    REQUIRE(folders.size() >= 14);
    check_all([&](const SourceFile& file) { return include_order(file, folders); });
  }

  TEST_CASE("headers have #pragma once, no using namespace and no heavy header") {
    CHECK(header_form({"a.h", "#pragma once\n#include <fmt/core.h>\n// using namespace std\n"}).empty());
    CHECK(header_form({"a.h", "#include <vector>\n"}).size() == 1);
    CHECK(header_form({"a.h", "#pragma once\nusing namespace std;\n"}).size() == 1);
    CHECK(header_form({"a.h", "#pragma once\n#include <simdjson.h>\n#include <fmt/format.h>\n"}).size() == 2);
    CHECK(header_form({"a.cc", "#include <simdjson.h>\n"}).empty());
    check_all(header_form);
  }

  TEST_CASE("names say something") {
    CHECK(names({"src/a/log.h", "class Database;  // Manager\nstruct Metadata { int data; };"}).empty());
    CHECK(names({"src/a/log_utils.h", ""}).size() == 1);
    CHECK(names({"src/common/log.h", ""}).size() == 1);
    CHECK(names({"src/a/log.h", "class LogManager;\nusing RowData = int;\nenum class FileInfo {};"}).size() == 3);
    check_all(names);
  }

  TEST_CASE("the system is called through its seam") {
    auto calls = [](std::string code) { return seam({"src/log/a.cc", code}).size(); };
    CHECK(calls("auto f = ::open(p, 0);") == 1);
    CHECK(calls("auto f = Files::open(p); files.open(p); real_time(nullptr); x.system(1);") == 0);
    CHECK(calls("std::ofstream out; // std::ifstream in") == 1);
    CHECK(calls("auto s = \"::open(\"; auto n = 1'000; auto t = time(nullptr); char c = '\\'';") == 1);
    CHECK(seam({"src/base/a.cc", "::open(p, 0);"}).empty());
    check_all(seam);
  }

  TEST_CASE("a unit test stands in the suite of its folder") {
    CHECK(suite_name({"src/log/a_test.cc", "TEST_SUITE(\"log\") {}"}).empty());
    CHECK(suite_name({"src/log/a_test.cc", "TEST_SUITE(\"logs\") {}"}).size() == 1);
    check_all(suite_name);
  }

  TEST_CASE("no tabs, no trailing blanks, a line feed at the end") {
    CHECK(text_form({"a.md", "one\n\ntwo\n"}).empty());
    CHECK(text_form({"a.md", "one\ttwo \nthree\r\nfour"}).size() == 4);
    CHECK(text_form({"a.csv", "one\ttwo "}).empty());
    check_all(text_form);
  }

  TEST_CASE("nothing of one machine and no strange words") {
    std::string machine = std::string(machine_paths[0].text) + "/x", word(strange_words[0].text);
    CHECK(strange_text({"a.md", "in " + machine}).size() == 1);
    CHECK(strange_text({"a.md", "bench" + machine + " ./" + machine.substr(1)}).empty());
    CHECK(strange_text({"a.md", "by " + word + ", " + word + "tte"}).size() == 1);
    check_all(strange_text);
  }

  TEST_CASE("every .cc has its row in CMake, every header is included") {
    std::vector<SourceFile> files = {
        {"src/CMakeLists.txt", "# levada_sources(base c.cc)\nlevada_sources(base\n  a.cc\n  deep/b.cc\n)\n"},
        {"src/base/a.cc", "#include \"base/a.h\"\n"},
        {"src/base/deep/b.cc", "// #include \"base/c.h\"\n"},
        {"src/base/a.h", ""},
    };
    CHECK(without_row(files).empty());
    CHECK(never_included(files).empty());
    files.push_back({"src/base/c.cc", ""});
    files.push_back({"src/base/c.h", ""});
    files.push_back({"src/log/contract.h", ""});
    CHECK(without_row(files).size() == 1);
    CHECK(never_included(files).size() == 1);
    check(without_row(tree()));
    check(never_included(tree()));
  }

  TEST_CASE("no two headers define types of one name") {
    auto file = [](std::string path, std::string code) { return SourceFile{path, "\nnamespace levada {\n" + code}; };
    std::vector<SourceFile> files = {file("src/a/a.h", "struct A {\n};\nclass B;\n"),
                                     file("src/b/b.h", "class B : A {"),
                                     file("src/c/c.h", "template <class T>\nstruct A {"),
                                     file("src/c/d.cc", "struct A {"),
                                     {"src/c/e.h", "\nnamespace levada::ast {\nstruct A {"}};
    CHECK(types_of_one_name(files).empty());
    files.push_back(file("src/c/f.h", "class A final {"));
    CHECK(types_of_one_name(files).size() == 1);
    check(types_of_one_name(tree()));
  }

  TEST_CASE("no source is longer than a thousand lines") {
    for (const SourceFile& file : tree()) {
      auto lines = std::ranges::count(file.text, '\n');
      if (!file.source() || lines <= long_source) continue;
      if (lines <= longest_source)
        MESSAGE("a long one: ", file.path, ", ", lines, " lines");
      else
        FAIL_CHECK(file.path, " has ", lines, " lines: part it");
    }
  }
}

}  // namespace levada::tidy
