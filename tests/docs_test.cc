// The pages say what is true: what they name is there. Written like tests/tidy_test.cc.
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <regex>
#include <set>
#include <string>

#include "tests/tidy_tree.h"

namespace levada::tidy {
namespace {

namespace fs = std::filesystem;

// `src/x/y.cc` must be there, and hold what is named behind it: `src/x/y.cc`: `function()`.
Complaints named_places(const SourceFile& page, const std::function<std::string(std::string_view path)>& find) {
  static const std::regex place(
      R"(`((?:src|tests|bench|docs|examples|include|console)/[\w./-]+\.\w+)`(?:: `(?:\w+::)*(\w+)\(\)`)?)");
  if (!page.ends(".md")) return {};
  Complaints complaints;
  each_match(page.text, place, [&](std::size_t at, const std::smatch& m) {
    std::string text = find(m[1].str()), where = at_line(page, page.text, at) + m[1].str();
    if (text.empty()) return complaints.push_back(where + " is not there");
    bool found = !m[2].matched;
    if (!found) each_word(text, m[2].str() + "(", "", [&](std::size_t) { found = true; });
    if (!found) complaints.push_back(where + " has no " + m[2].str() + "()");
  });
  return complaints;
}

Complaints links(const SourceFile& page, const std::function<bool(const fs::path&)>& there) {
  static const std::regex link(R"(\]\(([^)#:]+)(?:#[^)]*)?\))");
  if (!page.ends(".md")) return {};
  Complaints complaints;
  each_match(page.text, link, [&](std::size_t at, const std::smatch& m) {
    if (!there((fs::path(page.path).parent_path() / m[1].str()).lexically_normal()))
      complaints.push_back(at_line(page, page.text, at) + "link to " + m[1].str() + ", which is not there");
  });
  return complaints;
}

// A decision is docs/decisions/NNNN-words.md, has a line "Date: YYYY-MM-DD" and a line in the list.
Complaints decision_form(const SourceFile& page, const std::string& list) {
  static const std::regex path("docs/decisions/(\\d{4})-[a-z0-9-]+\\.md"), date("\nDate: \\d{4}-\\d\\d-\\d\\d\n");
  if (!page.under("docs/decisions") || page.ends("/README.md")) return {};
  Complaints complaints;
  if (!std::regex_match(page.path, path)) complaints.push_back(page.path + ": the name must be NNNN-words.md");
  if (!std::regex_search(page.text, date)) complaints.push_back(page.path + ": no line Date: YYYY-MM-DD");
  if (list.find("(" + page.path.substr(15) + ")") == std::string::npos)
    complaints.push_back(page.path + ": not in docs/decisions/README.md");
  return complaints;
}

}  // namespace

TEST_SUITE("docs") {
  TEST_CASE("files and functions that a page names are there") {
    auto find = [](std::string_view path) { return path == "src/a/b.cc" ? "int run(int x);" : ""; };
    CHECK(named_places({"a.md", "`src/a/b.cc` and `src/a/b.cc`: `run()`, `Line::run()`"}, find).empty());
    CHECK(named_places({"a.md", "`src/a/c.cc` and `src/a/b.cc`: `Line::walk()`"}, find).size() == 2);
    check_all([](const SourceFile& page) { return named_places(page, text_of); });
  }

  TEST_CASE("links between pages lead somewhere") {
    auto there = [](const fs::path& path) { return path == "docs/b.md"; };
    CHECK(links({"docs/a.md", "[b](b.md), [b](b.md#part), [web](https://example.org), [here](#part)"}, there).empty());
    CHECK(links({"docs/a.md", "[b](../b.md)"}, there).size() == 1);
    check_all([](const SourceFile& page) {
      return links(page, [](const fs::path& path) { return fs::exists(fs::path(LEVADA_ROOT) / path); });
    });
  }

  TEST_CASE("decisions have a number, a date and a line in their list") {
    const std::string good = "# One\n\nDate: 2026-01-31\n";
    CHECK(decision_form({"docs/decisions/0001-one.md", good}, "[one](0001-one.md)").empty());
    CHECK(decision_form({"docs/decisions/one.md", "# One\n"}, "").size() == 3);
    std::set<std::string> numbers;
    for (const SourceFile& page : tree()) {
      check(decision_form(page, text_of("docs/decisions/README.md")));
      if (page.under("docs/decisions") && !page.ends("README.md"))
        CHECK_MESSAGE(numbers.insert(page.path.substr(15, 4)).second, "two decisions have the number of ", page.path);
    }
  }
}

}  // namespace levada::tidy
