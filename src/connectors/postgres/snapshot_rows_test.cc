#include "connectors/postgres/snapshot_rows.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "base/random.h"

namespace levada {
namespace {

using Cells = std::vector<std::optional<std::string>>;

CopiedRows rows_of(std::string_view text, std::uint32_t rows) {
  CopiedRows copied;
  copied.text.append(text);
  copied.rows = rows;
  return copied;
}

Cells cells(const CopiedRows& rows) {
  Cells out;
  for (const FieldText& v : rows.values)
    out.push_back(v.kind == FieldText::Kind::null ? std::nullopt : std::optional(std::string(v.view())));
  return out;
}

// As the server does it (CopyAttributeOutText).
void append_escaped(std::string& out, const std::string& text) {
  for (char c : text) {
    static constexpr std::string_view specials = "\b\f\n\r\t\v\\", letters = "bfnrtv\\";
    std::size_t at = specials.find(c);
    if (at != specials.npos) out += '\\', c = letters[at];
    out += c;
  }
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("rows of COPY are cut into values and unescaped") {
    CopiedRows rows = rows_of("17\tAnna\t\\N\tC:\\\\temp\n18\t\ta\\tb\\nc\\rd\te\\bf\\fg\\v\n", 2);
    REQUIRE(cut_copied_rows(rows, 4));
    CHECK(cells(rows) == Cells{"17", "Anna", std::nullopt, "C:\\temp", "18", "", "a\tb\nc\rd", "e\bf\fg\v"});
  }

  TEST_CASE("a text that looks like null is none: \\\\N") {
    CopiedRows rows = rows_of("\\\\N\t\\N\tN\t\\N\\\\\n", 1);
    REQUIRE(cut_copied_rows(rows, 4));
    CHECK(cells(rows) == Cells{"\\N", std::nullopt, "N", "N\\"});
  }

  TEST_CASE("a row of one empty text, and rows without columns") {
    CopiedRows one = rows_of("\n\n", 2);
    REQUIRE(cut_copied_rows(one, 1));
    CHECK(cells(one) == Cells{"", ""});
    CopiedRows none = rows_of("\n\n", 2);
    REQUIRE(cut_copied_rows(none, 0));
    CHECK(none.values.empty());
    CopiedRows nothing;
    REQUIRE(cut_copied_rows(nothing, 3));
  }

  TEST_CASE("rows with other columns than asked for are an error, not shifted values") {
    for (auto [text, count] : {std::pair{"1\t2\n3\n", 2u},
                               {"1\t2\t3\n4\n", 2u},
                               {"1\t2\n3\t4", 2u},
                               {"1\t2\n", 2u},
                               {"1\t2\n3\t4\n", 1u},
                               {"", 1u}}) {
      CopiedRows rows = rows_of(text, count);
      auto cut = cut_copied_rows(rows, 2);
      INFO(text);
      REQUIRE(!cut);
      CHECK(cut.error().kind() == ErrorKind::data);
    }
  }

  TEST_CASE("any texts come back, wherever they stand to the blocks of 64 bytes") {
    Random random(7);
    for (int round = 0; round < 300; ++round) {
      std::size_t columns = 1 + random.below(5);
      auto count = static_cast<std::uint32_t>(random.below(40));
      Cells wanted;
      std::string text;
      for (std::uint32_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < columns; ++c) {
          if (random.below(5) == 0) {
            wanted.push_back(std::nullopt);
            text += "\\N";
          } else {
            std::string value(random.below(random.below(8) == 0 ? 200 : 12), ' ');
            for (char& v : value) v = "ab\\\t\n\rN\b\v\f\x80 "[random.below(12)];
            append_escaped(text, value);
            wanted.push_back(std::move(value));
          }
          text += c + 1 == columns ? '\n' : '\t';
        }
      CopiedRows rows = rows_of(text, count);
      REQUIRE(cut_copied_rows(rows, columns));
      REQUIRE(cells(rows) == wanted);
    }
  }
}

}  // namespace levada
