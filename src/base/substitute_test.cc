#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "base/options.h"
#include "tests/temporary_directory.h"

namespace levada {
namespace {

std::string substituted(const std::string& value) {
  auto result = substitute(value, real_files());
  return result ? *result : result.error().text();
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("values come from the environment, with a default where it has none") {
    setenv("LEVADA_TEST_USER", "ann", 1);
    unsetenv("LEVADA_TEST_NONE");
    CHECK(substituted("no dollar") == "no dollar");
    CHECK(substituted("") == "");
    CHECK(substituted("${env:LEVADA_TEST_USER}@${env:LEVADA_TEST_USER}$") == "ann@ann$");
    CHECK(substituted("${env:LEVADA_TEST_NONE:-bob}") == "bob");
    CHECK(substituted("<${env:LEVADA_TEST_NONE:-}>") == "<>");
    CHECK(substituted("${env:LEVADA_TEST_USER:-bob}") == "ann");
    CHECK(substituted("${env:LEVADA_TEST_NONE}") ==
          "error: the environment has no variable LEVADA_TEST_NONE\n"
          "  do: Set it, or give a default: ${env:LEVADA_TEST_NONE:-value}.");
  }

  TEST_CASE("what was put in is not looked at again") {
    setenv("LEVADA_TEST_USER", "${env:HOME}", 1);
    CHECK(substituted("${env:LEVADA_TEST_USER}") == "${env:HOME}");
  }

  TEST_CASE("values come from files, whole or by key") {
    TemporaryDirectory directory;
    std::string path = directory / "secrets.properties";
    REQUIRE(replace_file(real_files(), path, "# words\nuser = ann\npassword=a=b c \r\n#key=none\nlast=x").has_value());
    CHECK(substituted("${file:" + path + ":user}/${file:" + path + ":password}") == "ann/a=b c");
    CHECK(substituted("${file:" + path + ":last}") == "x");
    CHECK(substituted("${file:" + path + ":key}") == "error: file " + path + " has no line key=…");
    std::string whole = directory / "password";
    REQUIRE(replace_file(real_files(), whole, "  one\ntwo\r\n\n").has_value());
    CHECK(substituted("${file:" + whole + "}") == "  one\ntwo");
    CHECK(substituted("${file:" + (directory / "none") + "}") ==
          "error: cannot open " + (directory / "none") + "\n  why: No such file or directory");
  }

  TEST_CASE("a plain ${ is written $${") {
    CHECK(substituted("$${env:HOME}") == "${env:HOME}");
    CHECK(substituted("a$${b}$$${") == "a${b}$${");
  }

  TEST_CASE("what is no substitution is an error") {
    CHECK(substituted("${env:HOME") == "error: '${' without '}'\n  do: Write $${ for a plain ${.");
    CHECK(substituted("${HOME}") ==
          "error: unknown substitution ${HOME}\n  do: Known are ${env:NAME} and ${file:PATH:KEY}.");
    CHECK(substituted("${schema}.x_${topic}") == "${schema}.x_${topic}");  // means something to sinks
    CHECK(substituted("${}").starts_with("error: unknown substitution ${}"));
  }
}

}  // namespace levada
