#include "sql/lexer.h"

#include <doctest/doctest.h>

#include <vector>

#include "sql/words.h"

using namespace levada;

namespace {

// "w:SELECT i:1 …", or the error and what comes after it.
std::string tokens_of(const std::string& text) {
  Script script{"t", text};
  Lexer lexer(script);
  std::string out;
  for (int limit = 100; limit > 0; --limit) {
    Result<Token> token = lexer.next();
    if (!out.empty()) out += ' ';
    if (!token) {
      out += "!" + token.error().what();
      continue;
    }
    if (token->kind == TokenKind::end) return out + "end";
    out += "-wqsidfv_"[static_cast<int>(token->kind)];
    out += ":" + token->text;
  }
  return out + " and so on";
}

std::string remedy_of(const std::string& text) {
  Script script{"t", text};
  Lexer lexer(script);
  for (;;) {
    Result<Token> token = lexer.next();
    if (!token) return token.error().remedy();
    if (token->kind == TokenKind::end) return "none";
  }
}

struct Row {
  std::string text, tokens;
};

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("tokens are what the header says") {
    const Row rows[] = {
        {"", "end"},
        {" \t\r\n ", "end"},
        {"\xEF\xBB\xBFSELECT", "w:SELECT end"},
        {"select A_1 _x a@b", "w:select w:A_1 w:_x w:a@b end"},
        {"2nd 2_ 1e 1e5x 0x1F", "w:2nd w:2_ w:1e w:1e5x w:0x1F end"},
        {"0 12 007", "i:0 i:12 i:007 end"},
        {"1.5 1. .5 00.10", "d:1.5 d:1. d:.5 d:00.10 end"},
        {"1e0 1E+5 1.5e-3 .5e1 1.e2", "f:1e0 f:1E+5 f:1.5e-3 f:.5e1 f:1.e2 end"},
        {"1.5e 1.5e+", "d:1.5 w:e d:1.5 w:e _:+ end"},
        {"1-1 1--1\n+2", "i:1 _:- i:1 i:1 _:+ i:2 end"},
        {"a.b a.2nd a.5 a .5 `a`.5 ${a}.5",
         "w:a _:. w:b w:a _:. w:2nd w:a _:. i:5 w:a d:.5 q:a _:. i:5 v:a _:. i:5 end"},
        {"1.2.3 . ..", "d:1.2 d:.3 _:. _:. _:. end"},
        {"'it''s' '' '''' 'a\nb' '\"`'", "s:it's s: s:' s:a\nb s:\"` end"},
        {"`a b` \"c\" `d``e` \"f\"\"g\" \"`\"", "q:a b q:c q:d`e q:f\"g q:` end"},
        {"'a' 'b'", "s:a s:b end"},
        {"${x} ${X_1}", "v:x v:X_1 end"},
        {"'${x}'", "s:${x} end"},
        {"a--b\nc --", "w:a w:c end"},
        {"--@test: x\na", "w:a end"},
        {"a/*b\n'*/c/**/d/*/*/e", "w:a w:c w:d w:e end"},
        {"||<>!=<=>=->=>:=()[],;.+-*/%=<>",
         "_:|| _:<> _:!= _:<= _:>= _:-> _:=> _::= _:( _:) _:[ _:] _:, _:; _:. _:+ _:- _:* _:/ _:% _:= _:<> end"},
        {"ARRAY<ARRAY<INT>>", "w:ARRAY _:< w:ARRAY _:< w:INT _:> _:> end"},
        {"a<-1 a->b a- >b", "w:a _:< _:- i:1 w:a _:-> w:b w:a _:- _:> w:b end"},
        {"x=>y x>=y x:=y", "w:x _:=> w:y w:x _:>= w:y w:x _::= w:y end"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      CHECK(tokens_of(row.text) == row.tokens);
    }
  }

  TEST_CASE("what is no token is an error, and the lexer goes on behind it") {
    const Row rows[] = {
        {"a 'b", "w:a !this string has no closing quote end"},
        {"a 'b''", "w:a !this string has no closing quote end"},
        {"a `b", "w:a !this name has no closing quote end"},
        {"a \"b", "w:a !this name has no closing quote end"},
        {"a /* b", "w:a !this comment has no end end"},
        {"/*/", "!this comment has no end end"},
        {"`` a", "!a name must not be empty w:a end"},
        {"'\xFF' a", "!this string is not UTF-8 w:a end"},
        {"`\xC3` a", "!this name is not UTF-8 w:a end"},
        {"a # b", "w:a !the character # is no part of SQL w:b end"},
        {"a | b : c ! d",
         "w:a !the character | is no part of SQL w:b !the character : is no part of SQL w:c "
         "!the character ! is no part of SQL w:d end"},
        {"‘a’", "!the character ‘ is no part of SQL w:a !the character ’ is no part of SQL end"},
        {"größe_2 a", "!names with letters beyond A to Z must be quoted w:a end"},
        {"ß", "!the character ß is no part of SQL end"},
        {"\xFF"
         "a",
         "!the byte 0xFF is no part of SQL w:a end"},
        {std::string("\0b", 2), "!the byte 0x00 is no part of SQL w:b end"},
        {"$a ${ ${1} ${a ${a b}",
         "!expected a variable such as ${name} w:a !expected a variable such as ${name} "
         "!expected a variable such as ${name} i:1 !the character } is no part of SQL "
         "!expected a variable such as ${name} !expected a variable such as ${name} w:b "
         "!the character } is no part of SQL end"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      CHECK(tokens_of(row.text) == row.tokens);
    }
  }

  TEST_CASE("the remedy fits the mistake") {
    CHECK(remedy_of("'a") == "Close it with '; inside, write '' for one '.");
    CHECK(remedy_of("größe") == "Write `größe`.");
    CHECK(remedy_of("“a”") == "Write ' around strings, and ` around names that need quotes.");
    CHECK(remedy_of("\xE4") == "Save the file as UTF-8.");
    CHECK(remedy_of("\x02") == "Delete it.");
    CHECK(remedy_of("/*") == "Close it with */.");
    CHECK(remedy_of("${env:X}").find("'${env:NAME}'") != std::string::npos);
  }

  TEST_CASE("a span covers the token and its quotes") {
    Script script{"t", "  'it''s' `n` 12 <="};
    Lexer lexer(script);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> spans;
    for (int i = 0; i < 5; ++i) {
      Token token = lexer.next().value();
      spans.emplace_back(token.span.begin, token.span.end);
    }
    CHECK(spans == decltype(spans){{2, 9}, {10, 13}, {14, 16}, {17, 19}, {19, 19}});
  }

  TEST_CASE("an open string is marked where it begins") {
    Script script{"t", "a\n  'b\nc"};
    Lexer lexer(script);
    REQUIRE(lexer.next());
    Result<Token> token = lexer.next();
    REQUIRE_FALSE(token);
    CHECK(token.error().where() == "t:2:3\n  'b\n  ^^");
  }

  TEST_CASE("letter case does not matter to words") {
    CHECK(in_capitals("aZ_9@ä") == "AZ_9@ä");
    CHECK(same_word("Select", "SELECT"));
    CHECK_FALSE(same_word("SELECTS", "SELECT"));
    CHECK(is_reserved("select"));
    CHECK_FALSE(is_reserved("key"));
    CHECK_FALSE(is_reserved("table"));
  }

  TEST_CASE("a plain name means the same without quotes") {
    for (const char* name : {"A", "ORDERS_2", "_X", "A@B", "KEY"}) CHECK(is_plain_name(name));
    for (const char* name : {"", "a", "2ND", "A B", "SELECT", "Ä", "A-B"}) CHECK_FALSE(is_plain_name(name));
  }
}
