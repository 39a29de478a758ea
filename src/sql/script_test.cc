#include "sql/script.h"

#include <doctest/doctest.h>

using namespace levada;

namespace {

std::string at(const std::string& text, std::uint32_t begin, std::uint32_t end) {
  return excerpt({"a.sql", text}, {begin, end});
}

// The span of the first place where the part stands.
std::string under(const std::string& text, const std::string& part) {
  auto begin = static_cast<std::uint32_t>(text.find(part));
  return at(text, begin, begin + static_cast<std::uint32_t>(part.size()));
}

std::string times(int n, std::string_view text) {
  std::string out;
  while (n-- > 0) out += text;
  return out;
}

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("an excerpt shows line, column, the line and a caret under each column of the span") {
    CHECK(under("SELECT a FROM b;", "FROM") == "a.sql:1:10\nSELECT a FROM b;\n         ^^^^");
    CHECK(under("SELECT a\n  FROM b\nWHERE c", "FROM") == "a.sql:2:3\n  FROM b\n  ^^^^");
    CHECK(under("SELECT a\r\n  FROM b\r\nWHERE c", "b") == "a.sql:2:8\n  FROM b\n       ^");
    CHECK(under("x", "x") == "a.sql:1:1\nx\n^");
  }

  TEST_CASE("passwords are not shown, wherever they stand in the line") {
    CHECK(under("'connection.password' = 'geheim', 'x' = y", "y") ==
          "a.sql:1:41\n'connection.password' = '******', 'x' = y\n" + std::string(40, ' ') + "^");
    CHECK(under("CONNECTION.PASSWORD='it''s' y", "y") ==
          "a.sql:1:29\nCONNECTION.PASSWORD='*****' y\n" + std::string(28, ' ') + "^");
    CHECK(under("'sasl.jaas.config' =\n 'a;b' y", "y") == "a.sql:2:8\n '***' y\n       ^");
    CHECK(under("'a.password' = 'open; y", "y") == "a.sql:1:23\n'a.password' = '*******\n                      ^");
    CHECK(under("'jdbc://ann:geheim@h/d?password=geheim&x=1' y", "y") ==
          "a.sql:1:45\n'jdbc://ann:******@h/d?password=******&x=1' y\n" + std::string(44, ' ') + "^");
    CHECK(under("'a.token' = '${env:TOKEN}' y", "y") ==
          "a.sql:1:28\n'a.token' = '${env:TOKEN}' y\n" + std::string(27, ' ') + "^");
    // Nothing to hide.
    CHECK(under("SELECT token FROM b y", "y") == "a.sql:1:21\nSELECT token FROM b y\n                    ^");
    CHECK(under("'postgresql://h:5432/d' y", "y") ==
          "a.sql:1:25\n'postgresql://h:5432/d' y\n" + std::string(24, ' ') + "^");
  }

  TEST_CASE("an empty span, or one beyond the text, still gets a caret") {
    CHECK(at("SELECT", 6, 6) == "a.sql:1:7\nSELECT\n      ^");
    CHECK(at("", 0, 0) == "a.sql:1:1\n\n^");
    CHECK(at("a\n", 2, 2) == "a.sql:2:1\n\n^");
    CHECK(at("a\nb", 900, 7) == "a.sql:2:2\nb\n ^");
  }

  TEST_CASE("a span over several lines is marked to the end of its first one") {
    CHECK(under("a 'b\nc' d", "'b\nc'") == "a.sql:1:3\na 'b\n  ^^");
  }

  TEST_CASE("the caret stands right after tabs, wide characters and marks") {
    CHECK(under("\tx\ty z", "y") == "a.sql:1:4\n\tx\ty z\n\t \t^");
    CHECK(under("'ü€' y", "y") == "a.sql:1:6\n'ü€' y\n     ^");
    CHECK(under("'你好' y", "y") == "a.sql:1:6\n'你好' y\n       ^");
    CHECK(under("'e\u0301' y", "y") == "a.sql:1:6\n'e\u0301' y\n    ^");
    CHECK(under("a 你好 b", "你好") == "a.sql:1:3\na 你好 b\n  ^^^^");
  }

  TEST_CASE("what would disturb a terminal is shown as a replacement") {
    CHECK(under("a\x1B[31m b", "b") == "a.sql:1:8\na\uFFFD[31m b\n       ^");
    CHECK(under("a \xFF\xFE b", "b") == "a.sql:1:6\na \uFFFD\uFFFD b\n     ^");
    CHECK(under("a \u202E b", "b") == "a.sql:1:5\na \uFFFD b\n    ^");
    CHECK(at(std::string("a\0b", 3), 2, 3) == "a.sql:1:3\na\uFFFDb\n  ^");
  }

  TEST_CASE("passwords are not shown, and the caret stays where it belongs") {
    CHECK(under("('connection.password' = 'geheim', 'a' = 'b')", "'a'") ==
          "a.sql:1:36\n('connection.password' = '******', 'a' = 'b')\n                                   ^^^");
    CHECK(under("('PASSWORD'='gehéim', 'a'='b')", "'a'") ==
          "a.sql:1:23\n('PASSWORD'='******', 'a'='b')\n                      ^^^");
    CHECK(under("('url' = 'postgresql://me:geheim@here/db', x)", "x").find("//me:******@here/db") != std::string::npos);
    CHECK(under("('db.password' = '${env:DB_PASSWORD}', x)", "x").find("${env:DB_PASSWORD}") != std::string::npos);
    CHECK(under("('url' = 'http://here:8080/', x)", "x").find(":8080/") != std::string::npos);
    CHECK(under("SELECT password, secret FROM t WHERE x = 'y'", "x").find("'y'") != std::string::npos);
    std::string far = "('password' = 'geheim" + times(120, "geheim") + "', x)";
    CHECK(under(far, "x").find("geheim") == std::string::npos);
  }

  TEST_CASE("long lines are cut around the span, and the column still counts from the line's begin") {
    std::string text = times(100'000, "ä,") + "HERE" + times(100'000, ",ö");
    std::string shown = under(text, "HERE");
    CHECK(shown == "a.sql:1:200001\n…" + times(30, "ä,") + "HERE" + times(23, ",ö") + "…\n" + times(61, " ") + "^^^^");
    CHECK(under(times(200, "x") + " y", "y").ends_with("^"));
    CHECK(under("y" + times(200, "x"), "y") == "a.sql:1:1\ny" + times(109, "x") + "…\n^");
  }

  TEST_CASE("a piece of text in a message is one short line") {
    CHECK(shortened("abc") == "abc");
    CHECK(shortened("a\nb\tc\x1B") == "a b\uFFFDc\uFFFD");
    CHECK(shortened(times(40, "ä")) == times(40, "ä"));
    CHECK(shortened(times(41, "ä")) == times(40, "ä") + "…");
    CHECK(shortened("\xFFz") == "\uFFFDz");
  }

  TEST_CASE("a statement error reads as one") {
    Error error = statement_error({"a.sql", "SELECT FROM t"}, {7, 11}, "expected an expression, found 'FROM'")
                      .remedy("Name a column.");
    CHECK(error.kind() == ErrorKind::statement);
    CHECK(error.text() ==
          "error: expected an expression, found 'FROM'\n"
          "  a.sql:1:8\n"
          "  SELECT FROM t\n"
          "         ^^^^\n"
          "  do: Name a column.");
    CHECK(error.line() == "expected an expression, found 'FROM' at a.sql:1:8 (Name a column.)");
  }
}
