#include "connectors/csv/tokenizer.h"

#include <doctest/doctest.h>

#include <string>

#include "base/bytes.h"
#include "base/random.h"

namespace levada {
namespace {

// The rows as "a|b;c|d;", spoiled ones with an exclamation mark, then what is left after a slash.
std::string shown(std::string_view text, const CsvDialect& dialect, Isa isa) {
  Buffer buffer;
  buffer.append(text);
  buffer.reserve(text.size() + 64);
  std::memset(buffer.data() + text.size(), '"', 64);  // what stands behind the text must not matter
  CsvFields fields;
  tokenize({buffer.data(), text.size()}, dialect, fields, isa);
  std::string out;
  std::size_t spoiled = 0;
  for (std::uint32_t row = 0; row < fields.rows(); ++row) {
    for (std::uint32_t f = fields.first_field(row); f < fields.first_field(row + 1); ++f) {
      if (f > fields.first_field(row)) out += '|';
      out += text.substr(fields.begin(f), fields.end(f) - fields.begin(f));
    }
    if (spoiled < fields.spoiled().size() && fields.spoiled()[spoiled].row == row) out += '!', ++spoiled;
    out += ';';
  }
  CHECK(spoiled == fields.spoiled().size());
  out += '/';
  out += text.substr(fields.complete());
  if (fields.ends_in_quotes()) out += '?';
  return out;
}

std::string shown(std::string_view text, const CsvDialect& dialect = {}) {
  std::string plain = shown(text, dialect, Isa::plain);
  for (Isa isa : {Isa::sse42, Isa::avx2, Isa::avx512})
    if (runs_here(isa)) CHECK(shown(text, dialect, isa) == plain);
  return plain;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("a csv text falls into rows and fields") {
    CHECK(shown("") == "/");
    CHECK(shown("a,b\nc,d\n") == "a|b;c|d;/");
    CHECK(shown("a,b\r\nc,\r\n") == "a|b\r;c|\r;/");
    CHECK(shown("\n\n,\n") == ";;|;/");
    CHECK(shown("a,b\nc,d") == "a|b;/c,d");
  }

  TEST_CASE("separators and line feeds within quotes count for nothing") {
    CHECK(shown("\"a,b\",c\n") == "\"a,b\"|c;/");
    CHECK(shown("\"a\nb\",c\nd\n") == "\"a\nb\"|c;d;/");
    CHECK(shown("\"a\"\"b,\",c\n") == "\"a\"\"b,\"|c;/");
    CHECK(shown("\"\"\"\",\"\"\n") == "\"\"\"\"|\"\";/");
    CHECK(shown("\"a\"\r\n\"b\"\r\n") == "\"a\"\r;\"b\"\r;/");
    CHECK(shown("1,\"open\n2,x\n") == "/1,\"open\n2,x\n?");
  }

  TEST_CASE("a quote in a plain field is a character") {
    CHECK(shown("5\" pipe,\"5\"\" pipe\"\nx\"y\"z,1\n") == "5\" pipe|\"5\"\" pipe\";x\"y\"z|1;/");
  }

  TEST_CASE("text behind a closing quote spoils the row, once") {
    CHECK(shown("\"a\"b,\"c\"d\ne\n") == "\"a\"b|\"c\"d!;e;/");
    CHECK(shown("\"a\"\rb,c\ne\n") == "\"a\"\rb|c!;e;/");
    CHECK(shown("\"a\"\r,c\ne\n") == "\"a\"\r|c!;e;/");
    CHECK(shown("\"a\nb\"c,d\n") == "\"a\nb\"c|d!;/");
    CHECK(shown("\"a\"b") == "/\"a\"b");
  }

  TEST_CASE("blanks around quotes are skipped or not, as the dialect says") {
    CHECK(shown("a, \"b,c\" ,d\n") == "a| \"b,c\" |d;/");
    CHECK(shown("  \t\"b,c\"\t\r\n") == "  \t\"b,c\"\t\r;/");
    CsvDialect strict;
    strict.skip_blanks_around_quotes = false;
    CHECK(shown("a, \"b,c\" ,d\n", strict) == "a| \"b|c\" |d;/");
    CHECK(shown("\"b\" ,d\n", strict) == "\"b\" |d!;/");
  }

  TEST_CASE("an escape takes the meaning from a quote, only within quotes") {
    CsvDialect dialect;
    dialect.escape = '\\';
    CHECK(shown("\"a\\\",b\",c\n", dialect) == "\"a\\\",b\"|c;/");
    CHECK(shown("\"a\\\\\",c\n", dialect) == "\"a\\\\\"|c;/");
    CHECK(shown("a\\,c\n", dialect) == "a\\|c;/");
  }

  TEST_CASE("without a quote character there are no quotes, and with only_quoted all of them count") {
    CsvDialect none;
    none.quote = '\0';
    CHECK(shown("\"a,b\"\n", none) == "\"a|b\";/");
    CsvDialect only;
    only.only_quoted = true;
    CHECK(shown("x\"a,b\"y,z\n", only) == "x\"a,b\"y|z;/");
  }

  TEST_CASE("other separators") {
    CsvDialect tabs;
    tabs.separator = '\t';
    CHECK(shown("a,b\t\"c\td\"\te\n", tabs) == "a,b|\"c\td\"|e;/");
  }

  TEST_CASE("all instruction sets agree with the state machine on texts of awkward bytes") {
    constexpr std::string_view alphabets[] = {"a,\n\"", "ab,\n\"\r \\", "aaaaaaaaaaaaaaaa,,\n\"", "\"\"\"\",\n\r",
                                              " \t\"\\,\n"};
    Random random(20260101);
    for (int i = 0; i < 4000; ++i) {
      std::string_view letters = alphabets[random.below(std::size(alphabets))];
      std::string text;
      for (std::size_t n = random.below(random.one_in(10) ? 9000 : 300); n > 0; --n)
        text += letters[random.below(letters.size())];
      CsvDialect dialect;
      if (random.one_in(3)) dialect.escape = '\\';
      if (random.one_in(3)) dialect.skip_blanks_around_quotes = false;
      if (random.one_in(5)) dialect.only_quoted = true;
      if (random.one_in(5)) dialect.separator = ' ';
      INFO("text number " << i);
      shown(text, dialect);
    }
  }

  TEST_CASE("a character may be written as itself, as a number or by name") {
    CHECK(*parse_character(",") == ',');
    CHECK(*parse_character("44") == ',');
    CHECK(*parse_character("9") == '\t');
    CHECK(*parse_character("\\t") == '\t');
    CHECK(*parse_character("semicolon") == ';');
    CHECK(*parse_character("none") == '\0');
    for (std::string_view bad : {"", ",,", "10", "13", "128", "-1", "\n", "\xc3\xa9", "dot"})
      CHECK_FALSE(parse_character(bad).has_value());
  }
}

}  // namespace levada
