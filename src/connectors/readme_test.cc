// The option tables in the README.md of each connector are those of the program. With LEVADA_WRITE_README=1 they are
// written, instead of compared.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "connectors/connectors.h"

namespace levada {
namespace {

const std::string end_mark = "<!-- end of options -->\n";

// What stands before a connector's options. A page of several says whose they are.
std::string mark_in(const std::string& page, const Connector& connector) {
  const std::string by = ": written by the test src/connectors/readme_test.cc -->\n";
  const std::string direction = connector.make_source ? " of the source" : " of the sink";
  for (const std::string& whose : {direction + " " + std::string(connector.name), direction})
    if (std::string mark = "<!-- options" + whose + by; page.find(mark) != std::string::npos) return mark;
  return "<!-- options" + by;
}

std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? "\\|" : c == '\n' ? "<br>" : std::string(1, c);
  return out;
}

std::string table_of(const Connector& connector) {
  std::string rows = "| Name | Default | What it does |\n|---|---|---|\n", ignored;
  for (const Option& option : connector.options) {
    std::string name = "`" + std::string(option.name) + "`";
    if (!option.field.set && !option.field.add) {
      ignored += "- " + name + ": " + std::string(option.doc) + "\n";
      continue;
    }
    std::string fallback = option.required           ? "required"
                           : option.fallback.empty() ? ""
                                                     : "`" + cell(option.fallback) + "`";
    if (!option.unit.empty() && !fallback.empty()) fallback += " " + std::string(option.unit);
    rows += "| " + name + " | " + fallback + " | " + cell(option.doc) + " |\n";
  }
  if (!ignored.empty())
    rows += "\nAccepted because files have them, and without meaning here, which is told at the start:\n\n" + ignored;
  return rows;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("connectors: their pages list the options that there are") {
    for (const Connector& connector : connectors()) {
      // postgres-trigger stands in the folder of postgres.
      std::string folder(connector.name.substr(0, connector.name.find('-')));
      std::string path = std::string(LEVADA_ROOT) + "/src/connectors/" + folder + "/README.md";
      CAPTURE(path);
      if (!real_files().exists(path)) continue;
      std::string page = read_file(real_files(), path).value();
      const std::string mark = mark_in(page, connector);
      std::size_t begin = page.find(mark), end = page.find(end_mark, begin);
      REQUIRE(begin != std::string::npos);
      REQUIRE(end != std::string::npos);
      begin += mark.size();
      std::string table = table_of(connector);
      if (std::getenv("LEVADA_WRITE_README")) {
        REQUIRE(replace_file(real_files(), path, page.substr(0, begin) + table + page.substr(end)));
        continue;
      }
      CHECK(page.substr(begin, end - begin) == table);
    }
  }
}

}  // namespace levada
