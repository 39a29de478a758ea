#include "connectors/csv/letter.h"

#include "connectors/csv/test_desk.h"

namespace levada {
namespace {

using namespace csv_test;  // NOLINT

// The rows of a letter that is given back, and what is rejected again.
struct Again {
  Strings rows, causes;
  std::vector<std::int64_t> times_ms;
};

Again again(Desk& desk, DeadLetter letter, std::optional<std::string> corrected = {}) {
  if (corrected) letter.value = corrected;
  SourceRead read = desk.make().value()->read_again(letter).value();  // a source that never started
  CHECK(!read.position);
  Again result;
  for (const SourceRead::Part& part : read.parts) {
    CHECK(part.topic == "people");
    part.batch.rows().for_each([&](std::uint32_t row) {
      result.rows.push_back(shown(part, row));
      result.times_ms.push_back(part.batch.timestamp_ms(row));
    });
  }
  for (const DeadLetter& rejected : read.rejected) {
    CHECK(rejected.origin == letter.origin);
    result.causes.push_back(rejected.cause);
  }
  return result;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE(
      "csv source: every kind of bad row is told as it is, is as bad when it is read again, and good when repaired") {
    struct Case {
      std::string row, cause;
    };
    const std::string long_text(200, 'x');
    const Case cases[] = {
        {"9,Zoe", "the row has 2 fields instead of 3"},
        {"9,Zoe,2000-01-01,more", "the row has 4 fields instead of 3"},
        {"9,Zoe,1.1.2000", "BORN: '1.1.2000' is no date of the form yyyy-MM-dd"},
        {"9,Zoe,2001-02-29", "BORN: '2001-02-29' is no date of the form yyyy-MM-dd"},
        {"nine,Zoe,2000-01-01", "ID: 'nine' is not a whole number"},
        {"99999999999,Zoe,2000-01-01", "ID: '99999999999' does not fit into INTEGER"},
        {"9,Zo\xc3,2000-01-01", "NAME: 'Zo\\xc3' is not valid UTF-8"},
        {"9,\"Zo\"e,2000-01-01", "NAME: there is text behind the closing quote"},
        {"9,\"Zoe,2000-01-01",
         "a quote is opened and not closed before the end of the file; reading goes on at the next line"},
        {"9,Zoe" + long_text + ",2000-01-01", "the row has 217 bytes, more than 100"},
    };
    for (const Case& c : cases) {
      CAPTURE(c.row);
      Desk desk;
      desk.set("max.row.bytes", "100");
      desk.write("/in/a.csv", header + ada + c.row + "\n" + bob);
      CHECK(desk.more() == ada_bob);
      REQUIRE(desk.rejected.size() == 1);
      const DeadLetter& letter = desk.rejected[0];
      CHECK(letter.stage == "read");
      CHECK(letter.cause == c.cause);
      CHECK(letter.origin == "/in/a.csv row 2, line 3");
      CHECK(letter.key == "id,name,born");
      CHECK(letter.value == c.row);

      Again unchanged = again(desk, letter);
      CHECK(unchanged.rows.empty());
      REQUIRE(unchanged.causes.size() == 1);
      CHECK(unchanged.causes[0].substr(0, 20) == c.cause.substr(0, 20));
      CHECK(again(desk, letter, "9,Zoe,2000-01-01").rows == Strings{"9|Zoe|2000-01-01"});
    }
  }

  TEST_CASE("csv source: a letter is read by the header of its own file") {
    Desk desk;
    SUBCASE("another order, more columns, CR LF, a byte order mark") {
      desk.write("/in/a.csv",
                 "\xEF\xBB\xBF"
                 "city,born,name,id\r\nLondon,x,Ada,1\r\n");
      CHECK(desk.more().empty());
      REQUIRE(desk.rejected.size() == 1);
      CHECK(desk.rejected[0].key == "city,born,name,id");
      CHECK(desk.rejected[0].value == "London,x,Ada,1");
      CHECK(again(desk, desk.rejected[0], "London,1815-12-10,Ada,1").rows == Strings{ada_bob[0]});
    }
    SUBCASE("no header") {
      desk.write("/in/a.csv", ada + "2,Bob,x\n");
      CHECK(desk.more() == Strings{ada_bob[0]});
      REQUIRE(desk.rejected.size() == 1);
      CHECK(!desk.rejected[0].key);
      CHECK(again(desk, desk.rejected[0], "2,Bob,1900-01-01").rows == Strings{ada_bob[1]});
      // What looks like a header is a row here.
      CHECK(again(desk, desk.rejected[0], "id,name,born").causes.size() == 1);
    }
    SUBCASE("a header that is known by position only") {
      desk.set("columns", "nr:ID, who:NAME, day:BORN");
      desk.write("/in/a.csv", "day,nr,who\nx,1,Ada\n");
      CHECK(desk.more().empty());
      REQUIRE(desk.rejected.size() == 1);
      CHECK(again(desk, desk.rejected[0], "1815-12-10,1,Ada").rows == Strings{ada_bob[0]});
    }
    SUBCASE("lines that are skipped are not skipped twice") {
      desk.set("csv.skip.lines", "2");
      desk.write("/in/a.csv", "made by\nsomebody\n" + header + "x,Ada,1815-12-10\n");
      CHECK(desk.more().empty());
      REQUIRE(desk.rejected.size() == 1);
      CHECK(desk.rejected[0].origin == "/in/a.csv row 1, line 4");
      CHECK(desk.rejected[0].key == "id,name,born");
      CHECK(again(desk, desk.rejected[0], "1,Ada,1815-12-10").rows == Strings{ada_bob[0]});
    }
    SUBCASE("of the file's character set and separator") {
      desk.set("csv.file.charset", "ISO-8859-1");
      desk.set("csv.separator.char", ";");
      desk.write("/in/a.csv", "id;name;born\n1;Zo\xeb;x\n");
      CHECK(desk.more().empty());
      REQUIRE(desk.rejected.size() == 1);
      CHECK(desk.rejected[0].value == "1;Zo\xeb;x");
      CHECK(again(desk, desk.rejected[0], "1;Zo\xeb;1815-12-10").rows == Strings{"1|Zo\xc3\xab|1815-12-10"});
    }
  }

  TEST_CASE("csv source: a header of a megabyte does not fill the memory with its copies") {
    Desk desk;
    desk.set("file.buffer.size.bytes", "1048576");
    std::string wide = "id,name,born," + std::string(1'000'000, 'x');
    std::string rows;
    for (int i = 0; i < 200; ++i) rows += "1,2\n";
    desk.write("/in/a.csv", wide + "\n" + rows);
    desk.start();
    std::size_t rejected = 0;
    while (!desk.ended) {
      desk.rejected.clear();
      auto stepped = desk.step();
      REQUIRE(stepped);
      if (!*stepped) desk.let_pass(300);
      CHECK(desk.rejected.size() <= 17);
      rejected += desk.rejected.size();
      if (!desk.rejected.empty()) CHECK(desk.rejected[0].key == wide);
    }
    CHECK(rejected == 200);
  }

  TEST_CASE("csv source: a corrected letter may be several rows, good and bad, or none") {
    Desk desk;
    desk.write("/in/a.csv", header + "1,\"Ada,1815-12-10\n");
    CHECK(desk.more().empty());
    REQUIRE(desk.rejected.size() == 1);
    Again some = again(desk, desk.rejected[0], ada + "x,Eve,2000-01-01\n" + bob);
    CHECK(some.rows == ada_bob);
    CHECK(some.causes == Strings{"ID: 'x' is not a whole number"});
    CHECK(again(desk, desk.rejected[0], "1,\"A\nda\",1815-12-10").rows == Strings{"1|A\nda|1815-12-10"});
    for (const char* nothing : {"", "\n", "\r\n\n"}) {
      DeadLetter letter = desk.rejected[0];
      letter.value = nothing;
      auto read = desk.make().value()->read_again(letter);
      REQUIRE(!read);
      CHECK(read.error().what() == "there is no row in these bytes");
    }
  }

  TEST_CASE("csv source: where bad rows halt, letters of before are read again all the same") {
    Desk desk;
    desk.write("/in/a.csv", header + "x,Ada,1815-12-10\n");
    CHECK(desk.more().empty());
    desk.set("halt.on.error", "true");
    CHECK(again(desk, desk.rejected.at(0)).causes.size() == 1);
    CHECK(again(desk, desk.rejected.at(0), "1,Ada,1815-12-10").rows == Strings{ada_bob[0]});
  }

  TEST_CASE("csv source: a repaired row has the time that it would have had") {
    Desk desk;
    desk.clock.advance_us(7'000'000);
    desk.write("/in/a.csv", header + "x,Ada,1815-12-10\n");
    auto time_of = [&](const std::string& mode) {
      desk.set("timestamp.mode", mode);
      desk.set("timestamp.field", "BORN");
      desk.position.reset();
      desk.rejected.clear();
      CHECK(desk.more().empty());
      REQUIRE(desk.rejected.size() == 1);
      desk.clock.advance_us(60'000'000);
      return again(desk, desk.rejected[0], "1,Ada,1815-12-10").times_ms.at(0);
    };
    CHECK(time_of("PROCESS_TIME") == 7'000);
    CHECK(time_of("FILE_TIME") == desk.files->entry("/in/a.csv")->modified_us / 1000);
    CHECK(time_of("FIELD") == -4'861'728'000'000);
  }

  TEST_CASE("csv source: the letter of a whole file cannot be read again as a row") {
    Desk desk;
    desk.set("error.path", "/bad");
    desk.write("/in/a.csv", "\x1F\x8B\x08");
    CHECK(desk.more().empty());
    REQUIRE(desk.rejected.size() == 1);
    CHECK(!desk.rejected[0].value);
    auto read = desk.make().value()->read_again(desk.rejected[0]);
    REQUIRE(!read);
    CHECK(read.error().kind() == ErrorKind::unsupported);
    CHECK(read.error().remedy() == "Repair the file and offer it again, under another name.");
  }
}

}  // namespace levada
