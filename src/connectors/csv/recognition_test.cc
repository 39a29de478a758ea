#include "connectors/csv/recognition.h"

#include <doctest/doctest.h>

#include <map>

#include "connectors/csv/content_hash.h"
#include "connectors/csv/test_desk.h"

namespace levada {

using namespace csv_test;  // NOLINT

TEST_SUITE("connectors") {
  TEST_CASE("csv source: the same file offered again counts once") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
    SUBCASE("copied under another name") {
      desk.write("/in/b.csv", header + ada + bob);
      CHECK(desk.more().empty());
      CHECK(desk.more().empty());
    }
    SUBCASE("renamed") {
      REQUIRE(desk.files->rename("/in/a.csv", "/in/z.csv"));
      CHECK(desk.more().empty());
      desk.append("/in/z.csv", cyd);
      CHECK(desk.more() == only_cyd);
    }
    SUBCASE("deleted and delivered again") {
      REQUIRE(desk.files->remove("/in/a.csv"));
      CHECK(desk.more().empty());
      desk.write("/in/b.csv", header + ada + bob);
      CHECK(desk.more().empty());
    }
    SUBCASE("written over itself") {
      desk.overwrite("/in/a.csv", header + ada + bob);
      CHECK(desk.more().empty());
    }
    SUBCASE("replaced by its like") {
      desk.write("/in/a.csv", header + ada + bob);
      CHECK(desk.more().empty());
    }
    SUBCASE("touched") {
      desk.append("/in/a.csv", "");
      CHECK(desk.more().empty());
    }
    desk.write("/in/c.csv", header + cyd);
    CHECK(desk.more() == only_cyd);
  }

  TEST_CASE("csv source: two copies that come together count once") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob);
    desk.write("/in/b.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
  }

  TEST_CASE("csv source: duplicate rows in a file all count") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob + ada + bob);
    CHECK(desk.more() == Strings{ada_bob[0], ada_bob[1], ada_bob[0], ada_bob[1]});
  }

  TEST_CASE("csv source: a half-written file completed later counts once") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
    std::string whole = header + ada + bob + cyd;
    SUBCASE("by appending") { desk.append("/in/a.csv", cyd); }
    SUBCASE("by writing it anew") { desk.overwrite("/in/a.csv", whole); }
    SUBCASE("by a file that takes its place") { desk.write("/in/a.csv", whole); }
    SUBCASE("renamed first") {
      REQUIRE(desk.files->rename("/in/a.csv", "/in/final.csv"));
      desk.append("/in/final.csv", cyd);
    }
    SUBCASE("by another file under another name, the half one being gone") {
      REQUIRE(desk.files->remove("/in/a.csv"));
      desk.write("/in/final.csv", whole);
    }
    CHECK(desk.more() == only_cyd);
    CHECK(desk.more().empty());
  }

  TEST_CASE("csv source: of a copy that is being made, the first bytes are not read as a new file") {
    Desk desk;
    desk.follow = true;
    desk.write("/in/a.csv", header + ada + bob + cyd);
    desk.start();
    CHECK(desk.news().size() == 3);
    desk.let_pass(2000);
    CHECK(desk.news().empty());
    desk.write("/in/b.csv", header + ada);
    CHECK(desk.news().empty());
    desk.append("/in/b.csv", bob);
    CHECK(desk.news().empty());
    SUBCASE("it becomes a copy") {
      desk.append("/in/b.csv", cyd);
      CHECK(desk.news().empty());
      desk.let_pass(2000);
      CHECK(desk.news().empty());
    }
    SUBCASE("it stays as it is: another file") {
      desk.let_pass(2000);
      CHECK(desk.news() == ada_bob);
    }
  }

  TEST_CASE("csv source: a half-read row is read when it is whole") {
    Desk desk;
    desk.follow = true;
    desk.write("/in/a.csv", header + ada + "2,Bob,19");
    desk.start();
    CHECK(desk.news() == Strings{ada_bob[0]});
    desk.append("/in/a.csv", "00-01-01\n3,Cyd,2000-");
    CHECK(desk.news() == Strings{ada_bob[1]});
    desk.start();  // after a crash
    CHECK(desk.news().empty());
    desk.append("/in/a.csv", "02-29\n");
    CHECK(desk.news() == only_cyd);
    CHECK(desk.rejected.empty());
  }

  TEST_CASE("csv source: a last row without line end counts once the file is old") {
    Desk desk;
    desk.follow = true;
    desk.set("finished.path", "/done");
    desk.write("/in/a.csv", header + ada + bob.substr(0, bob.size() - 1));
    desk.start();
    CHECK(desk.news() == Strings{ada_bob[0]});
    desk.let_pass(900);
    CHECK(desk.news().empty());
    desk.let_pass(200);
    CHECK(desk.news() == Strings{ada_bob[1]});
    CHECK(desk.names("/done") == Strings{"a.csv"});
  }

  TEST_CASE("csv source: the line end of a row that counted without it may come late, more of the row may not") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob.substr(0, bob.size() - 1));
    CHECK(desk.more() == ada_bob);
    SUBCASE("line feed") {
      desk.append("/in/a.csv", "\n" + cyd);
      CHECK(desk.more() == only_cyd);
    }
    SUBCASE("both") {
      desk.append("/in/a.csv", "\r\n" + cyd);
      CHECK(desk.more() == only_cyd);
    }
    SUBCASE("alone") {
      desk.append("/in/a.csv", "\n");
      CHECK(desk.more().empty());
      desk.append("/in/a.csv", cyd);
      CHECK(desk.more() == only_cyd);
    }
    SUBCASE("more of the row") {
      desk.append("/in/a.csv", "9\n" + cyd);
      auto ran = desk.run();
      REQUIRE_FALSE(ran.has_value());
      CHECK(ran.error().kind() == ErrorKind::refused);
      CHECK(ran.error().why() == "row 2 was taken as complete without a line end, and has been continued");
    }
  }

  TEST_CASE("csv source: a changed file is refused, never read again in silence") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
    std::string why;
    SUBCASE("a row edited in place") {
      desk.overwrite("/in/a.csv", header + "1,Eve,1815-12-10\n" + bob);
      why = "the 47 bytes that were read of it are no longer the same";
    }
    SUBCASE("edited and saved as another file") {
      desk.write("/in/a.csv", header + "1,Eve,1815-12-10\n" + bob);
      why = "another file has taken its name, and does not begin with the 47 bytes that were read";
    }
    SUBCASE("cut off") {
      desk.overwrite("/in/a.csv", header + ada);
      why = "it is shorter than the 47 bytes that were read of it";
    }
    SUBCASE("longer and different") {
      desk.overwrite("/in/a.csv", header + cyd + ada + bob);
      why = "the 47 bytes that were read of it are no longer the same";
    }
    auto ran = desk.run();
    REQUIRE_FALSE(ran.has_value());
    CHECK(ran.error().kind() == ErrorKind::refused);
    CHECK(ran.error().what() == "file /in/a.csv is not the one that was read");
    CHECK(ran.error().why() == why);
    CHECK(ran.error().remedy().find("'changed.file' = 'load'") != std::string::npos);

    desk.set("error.path", "/bad");
    CHECK(desk.more().empty());
    CHECK(desk.names("/in").empty());
    CHECK(desk.names("/bad") == Strings{"a.csv"});
    REQUIRE(desk.rejected.size() == 1);
    CHECK(desk.rejected[0].origin == "/in/a.csv");
    CHECK(desk.rejected[0].cause == "file /in/a.csv is not the one that was read: " + why);
    // The right one is recognised still.
    desk.write("/in/a.csv", header + ada + bob + cyd);
    CHECK(desk.more() == only_cyd);
  }

  TEST_CASE("csv source: a replaced file is loaded as a new one where that is asked for") {
    Desk desk;
    desk.set("changed.file", "load");
    desk.write("/in/a.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
    desk.overwrite("/in/a.csv", header + cyd);
    CHECK(desk.more() == only_cyd);
    desk.write("/in/a.csv", header + bob);
    CHECK(desk.more() == Strings{ada_bob[1]});
    CHECK(desk.more().empty());
  }

  TEST_CASE("csv source: a file that shares its beginning with one that is still there is a new file") {
    Desk desk;
    desk.write("/in/a.csv", header + ada);
    CHECK(desk.more() == Strings{ada_bob[0]});
    desk.write("/in/b.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
    CHECK(desk.more().empty());
  }

  TEST_CASE("csv source: a name is free again when its file was gone in between") {
    Desk desk;
    desk.write("/in/a.csv", header + ada);
    CHECK(desk.more() == Strings{ada_bob[0]});
    REQUIRE(desk.files->remove("/in/a.csv"));
    CHECK(desk.more().empty());
    desk.write("/in/a.csv", header + bob);
    CHECK(desk.more() == Strings{ada_bob[1]});
  }

  TEST_CASE("csv source: a slow copy of a known file is waited for") {
    std::string big = header;
    for (int i = 0; i < 200; ++i) big += std::to_string(i) + ",somebody,2001-01-01\n";
    Desk desk;
    desk.follow = true;
    desk.write("/in/a.csv", big);
    desk.start();
    CHECK(desk.news().size() == 200);
    desk.let_pass(2000);
    CHECK(desk.news().empty());
    desk.write("/in/b.csv", big.substr(0, 2000));
    CHECK(desk.news().empty());
    SUBCASE("and counts once when it is complete") {
      desk.append("/in/b.csv", big.substr(2000));
      CHECK(desk.news().empty());
      desk.let_pass(2000);
      CHECK(desk.news().empty());
    }
    SUBCASE("unless it turns out to be another file") {
      desk.append("/in/b.csv", "x,y\n" + big.substr(2000) + cyd);
      CHECK(desk.news().size() > 100);
    }
    SUBCASE("but not for ever") {
      desk.let_pass(2000);
      CHECK(desk.news().size() > 50);
    }
  }

  TEST_CASE("csv source: an inode that serves another file now says nothing") {
    Desk desk;
    desk.write("/in/a.csv", header + ada);
    CHECK(desk.more() == Strings{ada_bob[0]});
    REQUIRE(desk.files->rename("/in/a.csv", "/in/b.csv"));
    desk.overwrite("/in/b.csv", header + bob);
    CHECK(desk.more() == Strings{ada_bob[1]});
    CHECK(desk.more().empty());
  }

  TEST_CASE("csv source: a copy of a file that is still being read waits for that one") {
    Desk desk;
    desk.follow = true;
    desk.start();
    desk.write("/in/a.csv", header + ada + bob);
    desk.write("/in/b.csv", header + ada + bob);
    CHECK(desk.news() == ada_bob);
    desk.let_pass(2000);
    CHECK(desk.news().empty());
    desk.let_pass(2000);
    CHECK(desk.news().empty());
    desk.append("/in/b.csv", cyd);
    CHECK(desk.news() == only_cyd);
  }

  TEST_CASE("csv source: large files are read on from any place, and looked at as a whole when they have ended") {
    std::string rows;
    for (int i = 0; i < 12'000; ++i) rows += std::to_string(i) + ",somebody,2001-01-01\n";
    REQUIRE(rows.size() > 4 * ContentHash::block);
    Desk desk;
    desk.set("batch.size", "1000");
    desk.set("file.buffer.size.bytes", "20000");
    desk.write("/in/a.csv", header + rows);
    desk.start();
    std::size_t steps = 0;
    while (!desk.ended) {
      REQUIRE(desk.step());
      if (++steps % 3 == 0) desk.start();  // killed, with what was committed
    }
    CHECK(desk.rows.size() == 12'000);
    CHECK(steps > 12);
    SUBCASE("grown") {
      desk.append("/in/a.csv", cyd);
      CHECK(desk.more() == only_cyd);
      desk.write("/in/copy.csv", header + rows + cyd);
      CHECK(desk.more().empty());
    }
    SUBCASE("edited at its start and grown") {
      desk.overwrite("/in/a.csv", "Id,name,born\n" + rows + cyd);
      CHECK_FALSE(desk.run().has_value());
    }
  }

  TEST_CASE("csv source: a directory that receives files while it is watched") {
    Desk desk;
    desk.follow = true;
    desk.start();
    CHECK(desk.news().empty());
    desk.write("/in/a.csv", header + ada);
    desk.write("/in/not.txt", header + bob);
    CHECK(desk.news() == Strings{ada_bob[0]});
    desk.write("/in/b.csv", "born,id,name\n1900-01-01,2,Bob\n");
    CHECK(desk.news() == Strings{ada_bob[1]});
    desk.append("/in/a.csv", cyd);
    CHECK(desk.news() == only_cyd);
  }
}

}  // namespace levada
