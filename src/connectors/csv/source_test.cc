#include "connectors/csv/source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "connectors/csv/test_desk.h"

namespace levada {

using namespace csv_test;  // NOLINT

TEST_SUITE("connectors") {
  TEST_CASE("csv source: a file becomes rows, once") {
    Desk desk;
    desk.write("/in/a.csv", header + ada + bob);
    CHECK(desk.more() == ada_bob);
    CHECK(desk.more().empty());
    CHECK(desk.rejected.empty());
  }

  TEST_CASE("csv source: line ends, byte order mark, no line end at the end, blank lines") {
    for (std::string text : {"id,name,born\r\n1,Ada,1815-12-10\r\n2,Bob,1900-01-01\r\n",
                             "\xEF\xBB\xBFid,name,born\n1,Ada,1815-12-10\n2,Bob,1900-01-01",
                             "1,Ada,1815-12-10\n\n\r\n2,Bob,1900-01-01\n\n",
                             "\"id\",\"name\",\"born\"\n\"1\",\"Ada\",\"1815-12-10\"\n2,\"Bob\",\"1900-01-01\"\r\n"}) {
      INFO(text);
      Desk desk;
      desk.write("/in/a.csv", text);
      CHECK(desk.more() == ada_bob);
      CHECK(desk.rejected.empty());
    }
  }

  TEST_CASE("csv source: empty files and files of a header alone hold no rows") {
    Desk desk;
    desk.set("finished.path", "/done");
    desk.write("/in/a.csv", "");
    desk.write("/in/b.csv", header);
    desk.write("/in/c.csv", "id,name,born");
    desk.write("/in/d.csv", "\xEF\xBB\xBF");
    CHECK(desk.more().empty());
    CHECK(desk.names("/in").empty());
    CHECK(desk.names("/done").size() == 4);
  }

  TEST_CASE("csv source: rows carry their file, number and time") {
    Desk desk;
    desk.clock.advance_us(5'000'000);
    desk.write("/in/a.csv", header + ada + bob);
    desk.start();
    SourceRead read = desk.source->read({}, std::chrono::milliseconds(0)).value();
    REQUIRE(read.parts.size() == 1);
    const Batch& batch = read.parts[0].batch;
    CHECK(batch.origin->topic == "/in/a.csv");
    CHECK(batch.origin->offsets == std::vector<std::int64_t>{1, 2});
    CHECK(batch.timestamp_ms(1) == 5000);
    desk.set("timestamp.mode", "FIELD");
    desk.set("timestamp.field", "BORN");
    desk.start();
    CHECK(desk.source->read({}, std::chrono::milliseconds(0))->parts[0].batch.timestamp_ms(1) == -2208988800000);
  }

  // ---- cleaning up ----

  TEST_CASE("csv source: finished files are moved after acknowledgement only, and over nothing") {
    Desk desk;
    desk.set("finished.path", "/in/done");
    desk.write("/in/a.csv", header + ada);
    desk.start();
    while (!desk.ended) REQUIRE(desk.step(false));
    CHECK(desk.rows.size() == 1);
    CHECK(desk.names("/in") == Strings{"a.csv", "done"});
    REQUIRE(desk.source->acknowledge(*desk.position));
    CHECK(desk.names("/in") == Strings{"done"});
    CHECK(desk.read("/in/done/a.csv") == header + ada);
    desk.write("/in/a.csv", header + bob);
    CHECK(desk.more() == Strings{ada_bob[1]});
    CHECK(desk.names("/in/done") == Strings{"a.csv", "a.csv.1"});
    CHECK(desk.read("/in/done/a.csv") == header + ada);
    CHECK(desk.read("/in/done/a.csv.1") == header + bob);
  }

  TEST_CASE("csv source: a crash between commit and move is made up for") {
    Desk desk;
    desk.set("finished.path", "/done");
    desk.write("/in/a.csv", header + ada);
    desk.start();
    while (!desk.ended) REQUIRE(desk.step(false));
    SUBCASE("before the move") {
      CHECK(desk.more().empty());
      CHECK(desk.names("/done") == Strings{"a.csv"});
    }
    SUBCASE("after the move, before the next commit") {
      REQUIRE(desk.files->rename("/in/a.csv", "/done/a.csv"));
      desk.write("/in/a.csv", header + bob);
      CHECK(desk.more() == Strings{ada_bob[1]});
    }
    CHECK(desk.names("/in").empty());
  }

  TEST_CASE("csv source: cleanup policies") {
    Desk desk;
    desk.write("/in/a.csv", header + ada);
    SUBCASE("delete") {
      desk.set("cleanup.policy", "DELETE");
      CHECK(desk.more().size() == 1);
      CHECK(desk.names("/in").empty());
      desk.write("/in/b.csv", header + ada);  // known by its content still
      CHECK(desk.more().empty());
      CHECK(desk.names("/in").empty());
    }
    SUBCASE("by date") {
      desk.set("cleanup.policy", "MOVEBYDATE");
      desk.set("finished.path", "/done");
      CHECK(desk.more().size() == 1);
      CHECK(desk.read("/done/1970-01-01/a.csv") == header + ada);
    }
    SUBCASE("none") {
      desk.set("cleanup.policy", "NONE");
      desk.set("finished.path", "/done");
      CHECK(desk.more().size() == 1);
      CHECK(desk.names("/in") == Strings{"a.csv"});
    }
    SUBCASE("move without a place") {
      desk.set("cleanup.policy", "MOVE");
      CHECK_FALSE(desk.make().has_value());
    }
  }

  TEST_CASE("csv source: directories below, with their structure kept or not") {
    Desk desk;
    desk.set("input.path.walk.recursively", "true");
    desk.set("finished.path", "/in/done");
    REQUIRE(desk.files->create_directories("/in/x/y"));
    desk.write("/in/x/y/a.csv", header + ada);
    SUBCASE("flat") {
      CHECK(desk.more().size() == 1);
      CHECK(desk.names("/in/done") == Strings{"a.csv"});
    }
    SUBCASE("kept") {
      desk.set("cleanup.policy.maintain.relative.path", "true");
      CHECK(desk.more().size() == 1);
      CHECK(desk.names("/in/done/x/y") == Strings{"a.csv"});
    }
    CHECK(desk.more().empty());
  }

  TEST_CASE("csv source: files come in the order asked for") {
    Desk desk;
    desk.write("/in/b.csv", header + bob);
    desk.write("/in/a.csv", header + ada);
    desk.write("/in/c.csv", header + cyd + "\n\n\n");
    auto order = [&](const std::string& attributes) {
      desk.set("files.sort.attributes", attributes);
      desk.position.reset();
      std::string ids;
      for (const std::string& row : desk.more()) ids += row[0];
      return ids;
    };
    CHECK(order("NameAsc") == "123");
    CHECK(order("NameDesc") == "321");
    CHECK(order("LastModifiedAsc") == "213");
    CHECK(order("LengthDesc,NameDesc") == "321");
    CHECK(order("LengthAsc,LastModifiedDesc") == "123");
    desk.set("files.sort.attributes", "Size");
    CHECK_FALSE(desk.make().has_value());
  }

  TEST_CASE("csv source: one file by path") {
    Desk desk;
    std::erase_if(desk.properties, [](const Property& p) { return p.name == "input.path"; });
    desk.set("path", "/in/a.txt");
    auto missing = desk.run();
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().kind() == ErrorKind::not_found);
    desk.write("/in/a.txt", header + ada);
    desk.write("/in/b.txt", header + bob);
    CHECK(desk.more() == Strings{ada_bob[0]});
    desk.follow = true;
    desk.set("path", "/in/later.txt");
    desk.start();
    CHECK(desk.news().empty());
    desk.write("/in/later.txt", header + cyd);
    CHECK(desk.news() == only_cyd);
  }

  // ---- properties ----

  TEST_CASE("csv source: wrong properties are told before anything is read") {
    struct Case {
      std::string name, value, what;
    };
    const Case cases[] = {
        {"inputpath", "x", "unknown property 'inputpath'"},
        {"topic", "peopel", "no stream or table declares the columns of topic 'peopel'"},
        {"path", "/in/a.csv", "'path' and 'input.path' are both given"},
        {"input.file.pattern", "*.csv", "'input.file.pattern' = '*.csv' is no regular expression"},
        {"csv.separator.char", "ab", "'csv.separator.char': 'ab' is not a character"},
        {"csv.separator.char", "\"", "'csv.separator.char' is also the quote or escape character"},
        {"csv.file.charset", "UTF-16", "character set 'UTF-16' cannot be read"},
        {"format.NAME", "yyyy", "'format.NAME' is not for a DATE, TIME or TIMESTAMP column of the topic"},
        {"columns", "A:NAMES", "'columns' names NAMES, which the topic does not have"},
        {"timestamp.mode", "FIELD", "'timestamp.field' = '' is no TIMESTAMP, DATE or BIGINT column of PEOPLE"},
        {"error.path", "/in/", "files cannot be moved to /in/, where they come from"},
        {"max.row.bytes", "1", "'max.row.bytes': 1 is out of range"}};
    for (const Case& c : cases) {
      Desk desk;
      desk.set(c.name, c.value);
      auto made = desk.make();
      REQUIRE_FALSE(made.has_value());
      CHECK(made.error().what() == c.what);
    }
    Desk desk;
    desk.set("key.schema", "{}");
    CHECK(desk.make().has_value());
    REQUIRE(desk.notes.size() == 1);
    CHECK(desk.notes[0].starts_with("'key.schema' has no effect"));
    desk.schema = std::make_shared<Schema>(Schema{.key = {}, .value = {{"A", Type::array(TypeKind::int32)}}});
    CHECK(desk.make().error().kind() == ErrorKind::statement);
  }

  TEST_CASE("csv source: a configuration of the spooldir connectors runs, and what has no meaning here is said") {
    Desk desk;
    REQUIRE(desk.files->create_directories("/in"));
    const std::pair<const char*, const char*> configuration[] = {{"batch.size", "1000"},
                                                                 {"empty.poll.wait.ms", "500"},
                                                                 {"input.file.pattern", "^sales.*\\.csv$"},
                                                                 {"finished.path", "/done"},
                                                                 {"error.path", "/bad"},
                                                                 {"cleanup.policy", "MOVE"},
                                                                 {"halt.on.error", "false"},
                                                                 {"file.minimum.age.ms", "0"},
                                                                 {"file.buffer.size.bytes", "131072"},
                                                                 {"files.sort.attributes", "NameAsc"},
                                                                 {"parser.timestamp.date.formats", "yyyy-MM-dd"},
                                                                 {"parser.timestamp.timezone", "UTC"},
                                                                 {"timestamp.mode", "PROCESS_TIME"},
                                                                 {"csv.separator.char", "59"},
                                                                 {"csv.quote.char", "34"},
                                                                 {"csv.escape.char", "92"},
                                                                 {"csv.first.row.as.header", "true"},
                                                                 {"csv.case.sensitive.field.names", "false"},
                                                                 {"csv.skip.lines", "0"},
                                                                 {"csv.null.field.indicator", "EMPTY_SEPARATORS"},
                                                                 {"csv.file.charset", "UTF-8"},
                                                                 {"csv.strict.quotes", "false"},
                                                                 {"csv.ignore.leading.whitespace", "true"},
                                                                 {"csv.ignore.quotations", "false"},
                                                                 {"csv.keep.carriage.return", "false"},
                                                                 {"csv.rfc.4180.parser.enabled", "false"},
                                                                 // these have no meaning
                                                                 {"csv.verify.reader", "true"},
                                                                 {"key.schema", "{}"},
                                                                 {"value.schema", "{}"},
                                                                 {"schema.generation.enabled", "true"},
                                                                 {"schema.generation.key.fields", "id"},
                                                                 {"schema.generation.key.name", "K"},
                                                                 {"schema.generation.value.name", "V"},
                                                                 {"processing.file.extension", ".PROCESSING"},
                                                                 {"metadata.location", "HEADERS"},
                                                                 {"task.partitioner", "ByName"}};
    bool meaning = true;
    for (auto [name, value] : configuration) desk.set(name, value);
    desk.write("/in/sales-1.csv", "id;name;born\n1;\"Ada\";1815-12-10\n2;\"Bob\";1900-01-01\n");
    desk.write("/in/other.csv", "id;name;born\n3;Cyd;2000-02-29\n");
    CHECK(desk.more() == ada_bob);
    CHECK(desk.names("/done") == Strings{"sales-1.csv"});
    for (auto [name, value] : configuration) {
      if (name == std::string("csv.verify.reader")) meaning = false;
      CAPTURE(name);
      CHECK(std::ranges::none_of(desk.notes, [&](const std::string& note) {
              return note.starts_with("'" + std::string(name) + "' has no effect");
            }) == meaning);
    }
    desk.set("csv.seperator.char", ";");
    auto made = desk.make();
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().what() == "unknown property 'csv.seperator.char'");
    CHECK(made.error().remedy() == "Did you mean csv.separator.char?");
  }

  TEST_CASE("csv source: columns that nobody declares are left out, and that is told once") {
    Desk desk;
    desk.write("/in/a.csv", "id,name,born,city\n1,Ada,1815-12-10,London\n");
    desk.write("/in/b.csv", "city,id,name,born\nX,2,Bob,1900-01-01\n");
    CHECK(desk.more() == ada_bob);
    std::size_t at = desk.told.find("city");
    CHECK(at != std::string::npos);
    CHECK(desk.told.find("city", at + 1) == std::string::npos);
  }

  TEST_CASE("csv source: progress is told in bytes") {
    Desk desk;
    desk.set("batch.size", "1");
    desk.write("/in/a.csv", header + ada + bob);
    desk.start();
    REQUIRE(desk.step());
    Progress progress = desk.source->progress();
    CHECK(progress.total == header.size() + ada.size() + bob.size());
    CHECK(progress.done == header.size() + ada.size());
    CHECK(progress.detail == "/in/a.csv");
    CHECK(progress.unit == "bytes");
  }

  // ---- the salaries ----

  TEST_CASE("csv source: the salary file, with either line end, gives the known totals") {
    std::string text = read_file(real_files(), LEVADA_ROOT "/examples/salary/Employee_Salaries.csv").value();
    REQUIRE(text.size() == 752'717);
    bool crlf = false;
    SUBCASE("LF") {}
    SUBCASE("CR LF") { crlf = true; }
    if (crlf) {
      std::string with;
      for (char c : text) {
        if (c == '\n') with += '\r';
        with += c;
      }
      text = std::move(with);
      REQUIRE(text.size() == 759'671);
    }
    Desk desk;
    desk.schema = std::make_shared<Schema>(Schema{.key = {{"DEPARTMENT", {}}},
                                                  .value = {{"DEPARTMENT_DIVISION", {}},
                                                            {"POSITION_TITLE", {}},
                                                            {"INITIAL_HIRE_DATE", TypeKind::date},
                                                            {"SALARY", Type::decimal(10, 2)}}});
    desk.set("format.INITIAL_HIRE_DATE", "dd-MMM-yyyy");
    desk.write("/in/salaries.csv", text);
    desk.start();
    struct Total {
      std::int64_t rows = 0, sum = 0;
      bool operator==(const Total&) const = default;
    };
    std::map<std::string, Total> totals;
    Total all, blank;
    std::int64_t cents = 0;
    while (true) {
      SourceRead read = desk.source->read({}, std::chrono::milliseconds(0)).value();
      CHECK(read.rejected.empty());
      for (const SourceRead::Part& part : read.parts)
        part.batch.rows().for_each([&](std::uint32_t row) {
          const Column& salary = *part.batch.after[3];
          ++all.rows;
          if (salary.is_null(row)) {
            ++blank.rows;
            return;
          }
          auto pay = static_cast<std::int64_t>(salary.values<Int128>()[row]);
          cents += pay;
          all.sum += pay / 100;
          std::string department(part.batch.key[0]->string(row));
          if (part.batch.after[2]->values<std::int32_t>()[row] < days_from_civil(2010, 1, 1)) return;
          ++totals[department].rows;
          totals[department].sum += pay / 100;
        });
      if (read.end) break;
    }
    CHECK(all.rows == 6'954);
    CHECK(blank.rows == 8);
    CHECK(cents == 34'946'684'678);
    CHECK(all.sum == 349'463'667);
    CHECK(totals["EMS"] == Total{127, 3'779'570});
    CHECK(totals["CIT"] == Total{112, 9'102'142});
    CHECK(totals["ECC"] == Total{48, 2'042'698});
  }
}

}  // namespace levada
