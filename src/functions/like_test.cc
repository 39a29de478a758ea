#include "functions/like.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "functions/characters.h"
#include "functions/example_reader.h"

namespace levada {
namespace {

// As slow as it is plain.
bool matches_slowly(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (std::size_t i = 0; i <= text.size(); ++i)
      if (matches_slowly(text.substr(i), pattern.substr(1))) return true;
    return false;
  }
  if (text.empty()) return false;
  if (pattern[0] == '_') return matches_slowly(text.substr(character_size(text, 0)), pattern.substr(1));
  return text[0] == pattern[0] && matches_slowly(text.substr(1), pattern.substr(1));
}

bool like(std::string_view text, std::string_view pattern, std::string_view escape = "") {
  auto p = LikePattern::parse(pattern, escape);
  REQUIRE(p);
  return p->matches(text);
}

TEST_SUITE("functions") {
  TEST_CASE("LIKE agrees with a slow matcher on all kinds of patterns") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 30'000; ++i) {
      std::string text, pattern;
      for (std::uint64_t n = random.below(9); n > 0; --n)
        text += random.one_in(4) ? "\xc3\xa4" : random.one_in(2) ? "a" : "b";
      for (std::uint64_t n = random.below(7); n > 0; --n)
        pattern += random.one_in(3)   ? "%"
                   : random.one_in(3) ? "_"
                   : random.one_in(4) ? "\xc3\xa4"
                   : random.one_in(2) ? "a"
                                      : "b";
      CAPTURE(text);
      CAPTURE(pattern);
      CHECK(like(text, pattern) == matches_slowly(text, pattern));
    }
  }

  TEST_CASE("LIKE at its corners") {
    CHECK(like("", ""));
    CHECK(like("", "%"));
    CHECK(like("", "%%"));
    CHECK(!like("", "_"));
    CHECK(!like("a", ""));
    CHECK(like("a\nb", "a%b"));
    CHECK(like("a.b", "a.b"));
    CHECK(!like("axb", "a.b"));
    CHECK(!like("ABC", "abc"));
    CHECK(like("aaa", "a%a"));
    CHECK(!like("a", "a%a"));
    CHECK(like("abab", "%ab"));
    CHECK(!like("\xc3\xa4", "__"));
    CHECK(like("\xc3\xa4", "_"));
    CHECK(like("\xff\xfe", "__"));  // no UTF-8: bytes
  }

  TEST_CASE("the escape character takes the meaning from the next one") {
    CHECK(like("%", "!%", "!"));
    CHECK(!like("x", "!%", "!"));
    CHECK(like("a_b", "a!_b", "!"));
    CHECK(!like("axb", "a!_b", "!"));
    CHECK(like("!", "!!", "!"));
    CHECK(like("x", "!x", "!"));
    CHECK(like("100%!", "%!%!!", "!"));
    CHECK(like("a\\b", "a\\b"));  // none unless it is named
    CHECK(!LikePattern::parse("abc!", "!"));
    CHECK(like("%", "\xc3\xa4%", "\xc3\xa4"));
    CHECK(value_of_example("'a' LIKE 'a!' ESCAPE '!'") == "failed: the pattern of LIKE ends with its escape character");
  }

  TEST_CASE("regular expressions give Java's matches, also empty ones") {
    CHECK(value_of_example("REGEXP_REPLACE('abc', 'x*', '-')") == "-a-b-c-");
    CHECK(value_of_example("REGEXP_REPLACE('\xc3\xa4z', '', '-')") == "-\xc3\xa4-z-");
    CHECK(value_of_example("REGEXP_REPLACE('abc', 'b', '\\$1')") == "a$1c");
    CHECK(value_of_example("REGEXP_REPLACE('abc', '(?P<mid>b)', '<${mid}>')") == "a<b>c");
    CHECK(value_of_example("REGEXP_REPLACE('abc', '(b)', '$11')") == "ab1c");
    CHECK(value_of_example("REGEXP_REPLACE('abc', 'b', '$1')").starts_with("failed: '$1' names a group"));
    CHECK(value_of_example("REGEXP_EXTRACT('(a)|(b)', 'b', 1)") == "null");
    CHECK(value_of_example("REGEXP_EXTRACT('(a)|(b)', 'b', 2)") == "b");
    CHECK(value_of_example("REGEXP_EXTRACT('a', 'a', 1)") == "null");
    CHECK(value_of_example("REGEXP_EXTRACT('a', 'a', -1)") == "null");
    CHECK(value_of_example("REGEXP_EXTRACT('(', 'a')").starts_with("failed: not a regular expression: missing )"));
    CHECK(value_of_example("REGEXP_EXTRACT('(a)\\1', 'aa')")
              .starts_with("failed: not a regular expression"));  // Java knows it
    CHECK(value_of_example("REGEXP_EXTRACT_ALL('(a)|b', 'ab', 1)") == "[\"a\",null]");
    CHECK(value_of_example("REGEXP_EXTRACT_ALL('x', 'ab')") == "[]");
    CHECK(value_of_example("REGEXP_SPLIT_TO_ARRAY('abc', '')") == "[\"a\",\"b\",\"c\"]");
    CHECK(value_of_example("REGEXP_SPLIT_TO_ARRAY('', 'x')") == "[\"\"]");
    CHECK(value_of_example("REGEXP_SPLIT_TO_ARRAY('xax', 'x')") == "[\"\",\"a\",\"\"]");
  }
}

}  // namespace
}  // namespace levada
