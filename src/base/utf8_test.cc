#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace levada;

TEST_SUITE("base") {
  TEST_CASE("code points of every length are read, and nothing else is one") {
    struct Row {
      std::string text;
      CodePoint expected;
    };
    const Row rows[] = {
        {"a", {U'a', 1, true}},
        {std::string(1, '\0'), {0, 1, true}},
        {"\x7F", {0x7F, 1, true}},
        {"\xC2\x80", {0x80, 2, true}},
        {"ö!", {0xF6, 2, true}},
        {"\xDF\xBF", {0x7FF, 2, true}},
        {"\xE0\xA0\x80", {0x800, 3, true}},
        {"€", {0x20AC, 3, true}},
        {"\xEF\xBF\xBF", {0xFFFF, 3, true}},
        {"\xF0\x90\x80\x80", {0x10000, 4, true}},
        {"\xF4\x8F\xBF\xBF", {0x10FFFF, 4, true}},
        {"\x80", {}},              // goes on with nothing
        {"\xC0\x80", {}},          // overlong
        {"\xC1\xBF", {}},          // overlong
        {"\xE0\x9F\xBF", {}},      // overlong
        {"\xF0\x8F\xBF\xBF", {}},  // overlong
        {"\xED\xA0\x80", {}},      // a surrogate
        {"\xED\xBF\xBF", {}},      // a surrogate
        {"\xF4\x90\x80\x80", {}},  // beyond the last one
        {"\xF5\x80\x80\x80", {}},
        {"\xFF", {}},
        {"\xC3", {}},          // cut off
        {"\xE2\x82", {}},      // cut off
        {"\xE2\x82(", {}},     // broken off
        {"\xF0\x9F\x98", {}},  // cut off
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      CodePoint c = first_code_point(row.text);
      CHECK(c.valid == row.expected.valid);
      CHECK(c.value == row.expected.value);
      CHECK(c.size == row.expected.size);
    }
  }

  TEST_CASE("a text is valid if all of it is") {
    CHECK(valid_utf8(""));
    CHECK(valid_utf8("Ärger, 你好, 😀"));
    CHECK_FALSE(valid_utf8("ab\xC3"));
    CHECK_FALSE(valid_utf8("\xE4hnlich"));
  }

  TEST_CASE("letters take one column, marks none, wide forms two") {
    CHECK(display_width(U'a') == 1);
    CHECK(display_width(0xF6) == 1);
    CHECK(display_width(0x301) == 0);
    CHECK(display_width(0x4F60) == 2);
    CHECK(display_width(0x1F600) == 2);
  }
}
