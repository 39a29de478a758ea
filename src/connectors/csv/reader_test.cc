#include "connectors/csv/reader.h"

#include <doctest/doctest.h>

#include <map>

#include "base/random.h"
#include "connectors/csv/known_files.h"
#include "connectors/csv/test_desk.h"

namespace levada {

using namespace csv_test;  // NOLINT

TEST_SUITE("connectors") {
  TEST_CASE("csv source: bad rows are told with file, row, line, column, value and bytes; the others go on") {
    Desk desk;
    desk.write("/in/a.csv",
               header +
                   "1,\"two\nlines\",2000-01-01\nx,Ada,2000-01-01\n2,Bob\n3,Cyd,2000-01-01,4\n4,\"D\"e,2000-01-01\n5,"
                   "\xff,2000-01-01\ny,Fay,1.1.2000\r\n6,Gil,2000-02-30\n7,Hal,2000-01-01\n");
    CHECK(desk.more() == Strings{"1|two\nlines|2000-01-01", "7|Hal|2000-01-01"});
    struct Expected {
      std::string origin, cause, value;
    };
    const Expected expected[] = {
        {"/in/a.csv row 2, line 4", "ID: 'x' is not a whole number", "x,Ada,2000-01-01"},
        {"/in/a.csv row 3, line 5", "the row has 2 fields instead of 3", "2,Bob"},
        {"/in/a.csv row 4, line 6", "the row has 4 fields instead of 3", "3,Cyd,2000-01-01,4"},
        {"/in/a.csv row 5, line 7", "NAME: there is text behind the closing quote", "4,\"D\"e,2000-01-01"},
        {"/in/a.csv row 6, line 8", "NAME: '\\xff' is not valid UTF-8", "5,\xff,2000-01-01"},
        {"/in/a.csv row 7, line 9", "ID: 'y' is not a whole number; BORN: '1.1.2000' is no date of the form yyyy-MM-dd",
         "y,Fay,1.1.2000"},
        {"/in/a.csv row 8, line 10", "BORN: '2000-02-30' is no date of the form yyyy-MM-dd", "6,Gil,2000-02-30"}};
    REQUIRE(desk.rejected.size() == std::size(expected));
    for (std::size_t i = 0; i < std::size(expected); ++i) {
      CHECK(desk.rejected[i].origin == expected[i].origin);
      CHECK(desk.rejected[i].cause == expected[i].cause);
      CHECK(desk.rejected[i].value == expected[i].value);
      CHECK(desk.rejected[i].stage == "read");
    }
  }

  TEST_CASE("csv source: one open quote costs one line") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + "9,\"open,2000-01-01\n" + bob + cyd);
    CHECK(desk.more() == Strings{ada_bob[0], ada_bob[1], only_cyd[0]});
    REQUIRE(desk.rejected.size() == 1);
    CHECK(desk.rejected[0].origin == "/in/a.csv row 2, line 3");
    CHECK(desk.rejected[0].cause ==
          "a quote is opened and not closed before the end of the file; reading goes on at the next line");
    CHECK(desk.rejected[0].value == "9,\"open,2000-01-01");
  }

  TEST_CASE("csv source: two open quotes cost two lines") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + "9,\"open,2000-01-01\n" + bob + "9,\"open,2000-01-01\n" + cyd);
    CHECK(desk.more() == Strings{ada_bob[0], ada_bob[1], only_cyd[0]});
    REQUIRE(desk.rejected.size() == 2);
    CHECK(desk.rejected[0].cause == "NAME: there is text behind the closing quote; reading goes on at the next line");
    CHECK(desk.rejected[1].origin == "/in/a.csv row 4, line 5");
  }

  TEST_CASE("csv source: an open quote at the end of a file that grows is waited for") {
    Desk desk;
    desk.follow = true;
    desk.write("/in/a.csv", header + ada + "2,\"B\n");
    desk.start();
    CHECK(desk.news() == Strings{ada_bob[0]});
    desk.append("/in/a.csv", "ob\",1900-01-01\n");
    CHECK(desk.news() == Strings{"2|B\nob|1900-01-01"});
    CHECK(desk.rejected.empty());
  }

  TEST_CASE("csv source: a row longer than the bound is rejected, and reading goes on at the next line") {
    Desk desk;
    desk.set("max.row.bytes", "100");
    desk.set("file.buffer.size.bytes", "1024");
    std::string cause;
    SUBCASE("in one line") {
      desk.write("/in/a.csv", header + ada + "9," + std::string(200, 'x') + ",2000-01-01\n" + bob);
      cause = "the row has 214 bytes, more than 100";
    }
    SUBCASE("longer than what is read at once") {
      desk.write("/in/a.csv", header + ada + "9," + std::string(20000, 'x') + ",2000-01-01\n" + bob);
      cause = "the row is longer than 100 bytes, or a quote in it is left open, and only its beginning is kept";
    }
    SUBCASE("much longer") {
      desk.write("/in/a.csv", header + ada + "9," + std::string(2000000, 'x') + ",2000-01-01\n" + bob);
      cause = "the row is longer than 100 bytes, or a quote in it is left open, and only its beginning is kept";
    }
    SUBCASE("because of a quote") {
      desk.write("/in/a.csv",
                 header + ada + "9,\"" + std::string(20, 'x') + ",2000-01-01\n" + bob + std::string(500, '\n'));
      cause = "the row is longer than 100 bytes, or a quote in it is left open; reading goes on at the next line";
    }
    CHECK(desk.more() == ada_bob);
    REQUIRE(desk.rejected.size() == 1);
    CHECK(desk.rejected[0].cause == cause);
    CHECK(desk.rejected[0].value->starts_with("9,"));
    CHECK(desk.rejected[0].value->size() <= 214);
    desk.append("/in/a.csv", cyd);
    CHECK(desk.more() == only_cyd);
  }

  TEST_CASE("csv source: a table's row without its key is rejected") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + ",Nemo,2000-01-01\n");
    SUBCASE("of a table") {
      desk.table = true;
      CHECK(desk.more() == Strings{ada_bob[0]});
      REQUIRE(desk.rejected.size() == 1);
      CHECK(desk.rejected[0].cause == "ID: the key is missing");
    }
    SUBCASE("of a stream it is a row") { CHECK(desk.more().size() == 2); }
  }

  TEST_CASE("csv source: halt.on.error delivers what comes before the bad row, then stops") {
    Desk desk;
    desk.set("halt.on.error", "true");
    std::string bad;
    SUBCASE("a bad value") { bad = "x,Ada,2000-01-01\n"; }
    SUBCASE("a bad row") { bad = "1,2\n"; }
    SUBCASE("an open quote") { bad = "1,\"2,3\n"; }
    desk.write("/in/a.csv", header + ada + bob + bad + cyd);
    auto ran = desk.run();
    REQUIRE_FALSE(ran.has_value());
    CHECK(ran.error().kind() == ErrorKind::data);
    CHECK(ran.error().where() == "/in/a.csv row 3, line 4");
    CHECK(desk.rows == ada_bob);
    desk.rows.clear();
    CHECK_FALSE(desk.run().has_value());
    CHECK(desk.rows.empty());
  }

  TEST_CASE("csv source: files that are no csv are refused as a whole") {
    struct Case {
      std::string content, what;
    };
    const Case cases[] = {{"\xFF\xFEi\0", "the file is UTF-16 text"},
                          {"\x1F\x8B\x08", "the file is compressed (gzip)"},
                          {"id,nme,born\n", "the header lacks column NAME"},
                          {"id,\"name\n", "the first row opens a quote that is never closed"},
                          {"id,\"na\"me\",born\n", "the header lacks column NAME"}};
    for (const Case& c : cases) {
      INFO(c.what);
      Desk desk;
      desk.write("/in/a.csv", c.content);
      desk.write("/in/b.csv", header + ada);
      auto ran = desk.run();
      REQUIRE_FALSE(ran.has_value());
      CHECK(ran.error().what() == c.what);
      CHECK(ran.error().where() == "/in/a.csv");
      desk.set("error.path", "/bad");
      CHECK(desk.more() == Strings{ada_bob[0]});
      REQUIRE(desk.rejected.size() == 1);
      CHECK(desk.rejected[0].cause.starts_with(c.what));
      CHECK(desk.names("/bad") == Strings{"a.csv"});
      CHECK(desk.more().empty());
      CHECK(desk.rejected.size() == 1);
    }
  }

  // ---- any pieces, any crash ----

  TEST_CASE("csv source: the size of pieces changes nothing") {
    Random random(7);
    std::string text = header;
    for (int i = 0; i < 300; ++i) {
      text += std::to_string(i) + ",";
      switch (random.below(6)) {
        case 0: text += "\"quoted, with\nline\""; break;
        case 1: text += "\"\"\"\""; break;
        case 2: text += std::string(random.below(3000), 'x'); break;
        case 3: text += "wrong,field,count"; break;
        default: text += "plain"; break;
      }
      text += random.one_in(9) ? ",bad date\r\n" : ",2000-01-01\n";
      if (random.one_in(40)) text += "7,\"open\n";
    }
    auto all = [&](const std::string& buffer, const std::string& batch) {
      Desk desk;
      desk.set("file.buffer.size.bytes", buffer);
      desk.set("batch.size", batch);
      desk.set("max.row.bytes", "2500");
      desk.write("/in/a.csv", text);
      Strings rows = desk.more();
      std::map<std::string, std::string> rejected;
      for (const DeadLetter& l : desk.rejected) rejected[l.origin] = l.value->substr(0, 2500);
      for (const auto& [origin, value] : rejected) rows.push_back(origin + " " + value);
      return rows;
    };
    Strings expected = all("1048576", "100000");
    CHECK(expected.size() > 280);
    for (std::string buffer : {"1024", "1500", "4096", "65536"})
      for (std::string batch : {"1", "7", "100000"}) CHECK(all(buffer, batch) == expected);
  }

  TEST_CASE("csv source: killed between any two reads, every row counts once") {
    std::string text = header;
    for (int i = 0; i < 100; ++i) text += std::to_string(i) + (i % 10 == 3 ? ",bad\n" : ",\"a\nb\",2000-01-01\n");
    auto prepare = [&](Desk& desk) {
      desk.set("file.buffer.size.bytes", "1024");
      desk.set("batch.size", "9");
      desk.set("finished.path", "/done");
      desk.write("/in/a.csv", text);
      desk.write("/in/b.csv", text + cyd);
    };
    Desk whole;
    prepare(whole);
    Strings expected = whole.more();
    REQUIRE(expected.size() == 181);
    for (int kill = 0; kill < 40; ++kill) {
      INFO("killed after read " << kill);
      Desk desk;
      prepare(desk);
      desk.start();
      for (int i = 0; i < kill && !desk.ended; ++i) REQUIRE(desk.step(i % 3 != 0));
      Strings before = desk.rows;
      auto rejected = desk.rejected.size();
      auto lost = desk.source->read({}, std::chrono::milliseconds(0));  // read, but never committed
      desk.rejected.resize(rejected);
      Strings after = desk.more();
      before.insert(before.end(), after.begin(), after.end());
      CHECK(before == expected);
      CHECK(desk.rejected.size() == 20);
      CHECK(desk.names("/done") == Strings{"a.csv", "b.csv"});
    }
  }

  TEST_CASE("csv source: positions stay small when files come and go") {
    Desk desk;
    desk.set("cleanup.policy", "DELETE");
    for (std::size_t i = 0; i < 30; ++i) {
      for (std::size_t j = 0; j < 300; ++j) {
        std::size_t n = i * 300 + j;
        desk.write("/in/" + std::to_string(n) + ".csv", header + std::to_string(n) + ",N,2000-01-01\n");
      }
      CHECK(desk.more().size() == 300);
    }
    CHECK(desk.position->size() < KnownFiles::most_gone * 40);
    KnownFiles known;
    REQUIRE(known.decode(*desk.position));
    CHECK(known.files.size() <= KnownFiles::most_gone + 300);
    desk.write("/in/again.csv", header + "8999,N,2000-01-01\n");
    CHECK(desk.more().empty());
  }

  TEST_CASE("csv source: positions of others are refused") {
    Desk desk;
    desk.source = desk.make().value();
    CHECK(desk.source->start("").error().kind() == ErrorKind::refused);
    CHECK(desk.source->start("\x07zzz").error().kind() == ErrorKind::refused);
    desk.write("/in/a.csv", header + ada);
    CHECK(desk.more().size() == 1);
    std::string position = *desk.position;
    for (std::size_t n = 1; n < position.size(); ++n) {
      INFO(n);
      CHECK_FALSE(desk.source->start(position.substr(0, n)).has_value());
    }
    CHECK_FALSE(desk.source->start(position + "x").has_value());
  }
}

}  // namespace levada
