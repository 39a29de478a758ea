// ALTER TABLE of a captured table: its writers never notice, each change has its own values, and nothing is read twice
// without need.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.h"
#include "connectors/postgres/names.h"
#include "tests/live/trigger_stage.h"

namespace levada {
namespace {

using Events = std::vector<std::string>;

// A source that is killed when it has set up, before anything is read.
void set_up_and_die(TriggerLine& line) { CHECK(line.start_error() == ""); }

std::string count_texts(PostgresStage& stage) {
  return stage.sql("SELECT count(*) FROM t_changes WHERE json_typeof(levada_row) = 'object'");
}

}  // namespace

TEST_SUITE("trigger") {
  TEST_CASE("trigger: A8: columns come and go while nobody looks: no writer fails, each change once with its values") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage), owner(*stage);
    owner.sql("CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(9)); INSERT INTO t VALUES (1, 'one', 'b')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    line.take_events();
    // This session has plans of all that follows.
    writer.sql("PREPARE add(int, text) AS INSERT INTO t (id, a) VALUES ($1, $2)");
    writer.sql("PREPARE change(text) AS UPDATE t SET a = $1 WHERE id = 1");
    writer.sql("EXECUTE add(2, 'two'); EXECUTE change('uno')");
    owner.sql("ALTER TABLE t ADD c int");
    writer.sql("EXECUTE add(3, 'three'); UPDATE t SET c = 33 WHERE id = 3");
    owner.sql("ALTER TABLE t DROP b");
    writer.sql("EXECUTE change('een'); DELETE FROM t WHERE id = 2");
    owner.sql("ALTER TABLE t ALTER a SET NOT NULL");
    writer.sql("UPDATE t SET id = 4 WHERE id = 3");
    bool die = false;
    SUBCASE("the source goes on") {}
    SUBCASE("the source is killed between the setup and the first commit") { die = true; }
    if (die) set_up_and_die(line);
    CHECK(count_texts(*stage) == (die ? "0" : "5"));
    line.catch_up();
    CHECK(line.take_events() == Events{"t 2: two|NULL", "t 1: uno|NULL", "t 3: three|NULL", "t 3: three|33",
                                       "t 1: een|NULL", "t 2: deleted", "t 3: deleted", "t 4: three|33"});
    writer.sql("EXECUTE change('ein'); EXECUTE add(5, 'five')");
    CHECK(count_texts(*stage) == "0");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: ein|NULL", "t 5: five|NULL"});
  }

  TEST_CASE(
      "trigger: A8: types change and columns are renamed: no writer fails, each change has its values, rows again") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage), owner(*stage);
    owner.sql("CREATE TABLE t (id int PRIMARY KEY, a varchar(20), n int)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    writer.sql("PREPARE add(int, text, int) AS INSERT INTO t VALUES ($1, $2, $3)");
    writer.sql("EXECUTE add(1, 'before', 1)");
    owner.sql("ALTER TABLE t ALTER a TYPE varchar(7)");
    writer.sql("EXECUTE add(2, 'narrow', 2)");
    owner.sql("ALTER TABLE t ALTER a TYPE text");
    writer.sql("EXECUTE add(3, repeat('w', 30), 3)");
    owner.sql("ALTER TABLE t RENAME a TO word");
    writer.sql("EXECUTE add(4, 'renamed', 4)");
    owner.sql("ALTER TABLE t ALTER n TYPE bigint");
    writer.sql("EXECUTE add(5, 'large', 5); UPDATE t SET n = 5000000000 WHERE id = 5");
    owner.sql("ALTER TABLE t ALTER n TYPE text");
    writer.sql("INSERT INTO t VALUES (6, 'text', 'six')");
    owner.sql("ALTER TABLE t RENAME n TO a");
    writer.sql("DELETE FROM t WHERE id = 1; UPDATE t SET a = 'zes' WHERE id = 6");
    SUBCASE("the source goes on") {}
    SUBCASE("the source is killed between the setup and the first commit") { set_up_and_die(line); }
    line.catch_up();
    const std::string wide(30, 'w');
    Events changes = {"t 1: before|1",         "t 2: narrow|2", "t 3: " + wide + "|3", "t 4: renamed|4", "t 5: large|5",
                      "t 5: large|5000000000", "t 6: text|six", "t 1: deleted",        "t 6: text|zes"};
    Events rows = {"t 2: narrow|2", "t 3: " + wide + "|3", "t 4: renamed|4", "t 5: large|5000000000", "t 6: text|zes"};
    Events all = changes;
    all.insert(all.end(), rows.begin(), rows.end());
    std::string said;
    for (const std::string& event : line.events()) said += event + "\n";
    CAPTURE(said);
    CHECK(line.take_events() == all);
    line.catch_up();
    CHECK(line.take_events().empty());
  }

  TEST_CASE("trigger: A8: a running source that meets a change of another shape sets up at once and goes on there") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (id int PRIMARY KEY, a text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "poll.interval.ms=3600000"});
    line.catch_up();
    auto source = line.source(true);
    REQUIRE(line.start(*source));
    auto read_until = [&](std::size_t events) {
      for (int i = 0; i < 300 && line.events().size() < events; ++i) {
        auto read = source->read({}, std::chrono::milliseconds(200));
        REQUIRE_MESSAGE(read, read.error().text());
        line.keep(*std::move(read));
      }
    };
    int id = 0;
    for (const char* alter : {"ADD b int", "ADD c int", "DROP b", "ADD d text", "DROP c", "ALTER a DROP NOT NULL"}) {
      const std::string n = std::to_string(++id), m = std::to_string(++id), l = std::to_string(++id);
      writer.sql("INSERT INTO t (id, a) VALUES (" + n + ", 'before')");
      writer.sql("BEGIN; INSERT INTO t (id, a) VALUES (" + m + ", 'with'); ALTER TABLE t " + alter +
                 "; UPDATE t SET a = 'it' WHERE id = " + m + "; COMMIT");
      writer.sql("INSERT INTO t (id, a) VALUES (" + l + ", 'after')");
      read_until(static_cast<std::size_t>(id) / 3 * 4);
    }
    REQUIRE(line.events().size() == 24);
    for (std::size_t i = 0; i < 24; i += 4) {
      CHECK(line.events()[i].find(": before") != std::string::npos);
      CHECK(line.events()[i + 1].find(": with") != std::string::npos);
      CHECK(line.events()[i + 2].find(": it") != std::string::npos);
      CHECK(line.events()[i + 3].find(": after") != std::string::npos);
    }
  }

  TEST_CASE(
      "trigger: A8: TRUNCATE, COPY, keys that change, savepoints and nested triggers while the shape is another") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (a text, b int, word text, PRIMARY KEY (b, a)); INSERT INTO t VALUES ('x', 1, 'old')");
    writer.sql(R"(CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF pg_trigger_depth() = 1 AND NEW.word LIKE 'nest%' THEN
          UPDATE t SET b = b + 100, word = 'nested' WHERE b = NEW.b + 1;
        END IF;
        RETURN NULL;
      END $$)");
    writer.sql("CREATE TRIGGER again AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION again()");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    line.take_events();
    writer.sql("ALTER TABLE t ADD more int");
    writer.sql("UPDATE t SET a = 'y' WHERE b = 1; UPDATE t SET word = NULL, more = 7");
    writer.sql(
        "BEGIN; INSERT INTO t VALUES ('s', 2); SAVEPOINT s; INSERT INTO t VALUES ('no', 3); ROLLBACK TO s; COMMIT");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1|x: deleted", "t 1|y: old|NULL", "t 1|y: NULL|7", "t 2|s: NULL|NULL"});
    writer.sql("ALTER TABLE t ADD last int; TRUNCATE t; INSERT INTO t VALUES ('z', 1, NULL, NULL, 9)");
    CHECK(writer.connection().begin_copy("COPY t FROM STDIN"));
    CHECK(writer.connection().put_copy("c\t5\tcopied\t\\N\t1\nd\t6\tcopied\t2\t\\N\n"));
    CHECK(writer.connection().end_copy());
    line.catch_up();
    CHECK(line.take_events() ==
          Events{"t: truncated", "t 1|z: NULL|NULL|9", "t 5|c: copied|NULL|1", "t 6|d: copied|2|NULL"});
    writer.sql(
        "ALTER TABLE t DROP more; UPDATE t SET word = 'nest' WHERE b = 5; UPDATE t SET word = 'nest', b = b + 1");
    writer.sql("DELETE FROM t WHERE b = 2");
    line.catch_up();
    CHECK(line.table("t") == stage->sql("SELECT b || '|' || a || ': ' || concat_ws('|', coalesce(word, 'NULL'), "
                                        "coalesce(last::text, 'NULL')) FROM t ORDER BY (b || '|' || a) COLLATE \"C\""));
  }

  TEST_CASE(
      "trigger: A8: partitioned tables, statements on a partition and on a parent, ALTER and changes in one "
      "transaction") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    std::string direct = "p1";
    SUBCASE("partitions, one with its columns in another order") {
      writer.sql("CREATE TABLE t (id int PRIMARY KEY, a text, b int) PARTITION BY RANGE (id)");
      writer.sql("CREATE TABLE p1 (b int, id int NOT NULL, gone int, a text); ALTER TABLE p1 DROP gone");
      writer.sql("ALTER TABLE t ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10)");
      writer.sql("CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (10) TO (20)");
    }
    SUBCASE("a parent") {
      writer.sql("CREATE TABLE p1 (id int, a text, b int); CREATE TABLE t (PRIMARY KEY (id)) INHERITS (p1)");
      direct = "t";
    }
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "wake.up=false"});
    line.catch_up();
    const std::string alter = direct == "t" ? "ALTER TABLE p1 " : "ALTER TABLE t ";
    writer.sql("BEGIN; INSERT INTO t (id, a, b) VALUES (1, 'one', 1), (" + std::string(direct == "t" ? "2" : "12") +
               ", 'two', 2); " + alter + "ADD c int; UPDATE p1 SET c = 5 WHERE id = 1; INSERT INTO " + direct +
               " (id, a, b, c) VALUES (3, 'three', 3, 3); COMMIT");
    writer.sql("UPDATE t SET c = 6 WHERE id = 3; UPDATE p1 SET c = 7 WHERE id = 3");
    line.catch_up();
    Events events = line.take_events();
    REQUIRE(events.size() == 6);
    CHECK(events[0] == "t 1: one|1|NULL");
    CHECK(Events(events.begin() + 2, events.end()) ==
          Events{"t 1: one|1|5", "t 3: three|3|3", "t 3: three|3|6", "t 3: three|3|7"});
    writer.sql("BEGIN; UPDATE t SET b = 8 WHERE id = 1; " + alter + "DROP b; UPDATE p1 SET c = 9 WHERE id = 1; COMMIT");
    writer.sql("DELETE FROM p1 WHERE id = 3");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: one|5", "t 1: one|9", "t 3: deleted"});
  }

  TEST_CASE("trigger: A8: a transaction with a snapshot of before the ALTER writes after it") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage), owner(*stage);
    owner.sql("CREATE TABLE t (id int PRIMARY KEY, a text, b int)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    writer.sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class");
    SUBCASE("a column is added") {
      owner.sql("ALTER TABLE t ADD c int");
      writer.sql("INSERT INTO t VALUES (1, 'one', 1, 11); COMMIT");
      line.catch_up();
      CHECK(line.table("t") == "1: one|1|11");
    }
    SUBCASE("a column is dropped") {
      owner.sql("ALTER TABLE t DROP b");
      writer.sql("INSERT INTO t VALUES (1, 'one'); COMMIT");
      line.catch_up();
      CHECK(line.table("t") == "1: one");
    }
    SUBCASE("a column is renamed") {
      owner.sql("ALTER TABLE t RENAME b TO c");
      writer.sql("INSERT INTO t VALUES (1, 'one', 1); COMMIT");
      line.catch_up();
      CHECK(line.table("t") == "1: one|1");
    }
    SUBCASE("a type changes") {
      owner.sql("ALTER TABLE t ALTER b TYPE text");
      writer.sql("INSERT INTO t VALUES (1, 'one', 'eins'); COMMIT");
      line.catch_up();
      CHECK(line.table("t") == "1: one|eins");
    }
    SUBCASE("nothing: no text is recorded") {
      writer.sql("INSERT INTO t VALUES (1, 'one', 1); COMMIT");
      CHECK(count_texts(*stage) == "0");
      line.catch_up();
      CHECK(line.table("t") == "1: one|1");
    }
  }

  TEST_CASE("trigger: A8: values recorded as text are the same afterwards, whatever the writer's settings") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql(
        "CREATE TYPE pair AS (x int, y text); CREATE DOMAIN few AS numeric(6,2); CREATE TYPE mood AS ENUM ('so', "
        "'la'); "
        "CREATE TABLE t (id int PRIMARY KEY, j json, jb jsonb, c char(5), m money, b bytea, a int[], d date, z "
        "timestamptz, "
        "i interval, f float8, r float4, p pair, w few, e mood, g numrange, h text, x text[], u uuid, v varbit(9), k "
        "point)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    const std::string insert =
        " SELECT 1, '{\"b\" : 1,  \"a\": 1.0, \"b\": 2}'::json, '{\"n\": 1.10}'::jsonb, 'ab', 12.34::numeric::money, "
        "'\\x00ff'::bytea, '[2:3]={1,NULL}'::int[], DATE '0044-03-15 BC', TIMESTAMPTZ '2024-02-29 "
        "12:34:56.789012+05:30', "
        "INTERVAL '-1 day +02:03:04.5', 1.0 / 3::float8, 'NaN'::float4, ROW(1, 'a,\"b\\')::pair, 1.5::few, 'la'::mood, "
        "'[1,2)'::numrange, E'\\t\\\\ \"ä€😀', ARRAY['NULL', NULL, '', 'a\"b,{}'], "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, B'101'::varbit, POINT '(1,2)'";
    writer.sql("INSERT INTO t" + insert);
    writer.sql(
        "SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Kolkata'; SET bytea_output "
        "= "
        "'escape'; SET extra_float_digits = 0");
    writer.sql("ALTER TABLE t ADD more int; INSERT INTO t" + insert + " FROM (VALUES (1)) one WHERE false");
    std::string second = insert;
    second.replace(second.find("SELECT 1,"), 9, "SELECT 2,");
    writer.sql("INSERT INTO t" + second);
    CHECK(count_texts(*stage) == "1");
    line.catch_up();
    Events events = line.take_events();
    REQUIRE(events.size() == 2);
    CHECK(events[0].substr(5) == events[1].substr(5));
    CHECK(events[1].find("{\"b\" : 1,  \"a\": 1.0, \"b\": 2}") != std::string::npos);
  }

  TEST_CASE("trigger: A8: what no cast takes is never an endless failure nor lost: the rows are read again") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (id text PRIMARY KEY, a text); INSERT INTO t VALUES ('1', 'x'), ('2', 'y')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    line.take_events();
    SUBCASE("a value recorded by its column, and one as text") {
      writer.sql(
          "UPDATE t SET a = 'xx' WHERE id = '1'; ALTER TABLE t ADD b int; UPDATE t SET a = 'yyy', b = 3 WHERE id = "
          "'2'");
      writer.sql("ALTER TABLE t ALTER a TYPE int USING length(a)");
      line.catch_up();
      CHECK(line.table("t") == "1: 2|NULL\n2: 3|3");
      CHECK(line.take_events()[1] == "t 2: NULL|3");
    }
    SUBCASE("a key: nobody knows which row it was") {
      writer.sql("DELETE FROM t WHERE id = '1'; INSERT INTO t VALUES ('three', 'z'); ALTER TABLE t ADD b int");
      writer.sql("UPDATE t SET b = 1 WHERE id = 'three'; DELETE FROM t WHERE id = '2'");
      writer.sql("ALTER TABLE t ALTER id TYPE int USING length(id)");
      line.catch_up();
      CHECK(line.table("t") == "5: z|1");
    }
    SUBCASE("a type that goes and comes back") {
      writer.sql("ALTER TABLE t ALTER a TYPE int USING length(a); UPDATE t SET a = 7 WHERE id = '1'");
      writer.sql("ALTER TABLE t ALTER a TYPE text; UPDATE t SET a = 'z' WHERE id = '2'");
      line.catch_up();
      CHECK(line.table("t") == "1: 7\n2: z");
    }
    line.catch_up();
    line.take_events();
    line.catch_up();
    CHECK(line.events().empty());
  }

  TEST_CASE("trigger: A8: without rows, a change whose key no cast takes is a dead letter") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (id text PRIMARY KEY, a text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "snapshot.mode=no_data"});
    line.catch_up();
    writer.sql(
        "INSERT INTO t VALUES ('one', 'x'); ALTER TABLE t ALTER id TYPE int USING length(id); INSERT INTO t VALUES (7, "
        "'y')");
    line.catch_up();
    CHECK(line.events() == Events{"t 7: y"});
    REQUIRE(line.rejected().size() == 1);
    CHECK(line.rejected()[0].cause.find("its key cannot be read any more") == 0);
  }

  TEST_CASE(
      "trigger: A8: a column called as one was before, or added with a value for all rows: the rows are read again") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    writer.sql("ALTER TABLE t DROP a");
    line.catch_up();
    line.take_events();
    writer.sql("ALTER TABLE t ADD b int");
    line.catch_up();
    CHECK(line.take_events().empty());
    SUBCASE("a name that was there") {
      writer.sql("ALTER TABLE t ADD a text");
      line.catch_up();
      CHECK(line.take_events() == Events{"t 1: NULL|NULL"});
    }
    SUBCASE("a default that is computed") {
      writer.sql("ALTER TABLE t ADD c serial");
      line.catch_up();
      CHECK(line.take_events() == Events{"t 1: NULL|1"});
    }
    SUBCASE("a default that is gone again") {
      writer.sql(
          "ALTER TABLE t ADD c int DEFAULT 9; ALTER TABLE t ALTER c DROP DEFAULT; ALTER TABLE t ADD m money DEFAULT 3");
      line.catch_up();
      REQUIRE(line.events().size() == 1);
      CHECK(line.take_events()[0].starts_with("t 1: NULL|9|"));
    }
    SUBCASE("a default that is the same for all: it is told with the schema") {
      writer.sql("ALTER TABLE t ADD c int DEFAULT 9; ALTER TABLE t ALTER c DROP DEFAULT");
      line.catch_up();
      CHECK(line.take_events().empty());
    }
  }

  TEST_CASE("trigger: A8: where we may not set up, writers go on and the source says what is to be run") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (id int PRIMARY KEY, a text)");
    TriggerLine owner(*stage, {"table.include.list=t", "topic=t"}),
        line(*stage, {"table.include.list=t", "topic=t", "setup=check"});
    owner.catch_up();
    line.catch_up();
    writer.sql("ALTER TABLE t ADD b int; INSERT INTO t VALUES (1, 'x', 2)");
    CHECK(line.start_error().find("has no column b") != std::string::npos);
    std::string problems = line.problems();
    CHECK(problems.find("recorded while the table had other columns / Run: DO $levada$") != std::string::npos);
    for (std::size_t at = 0; (at = problems.find("Run: ", at)) != std::string::npos;) {
      std::size_t end = problems.find(" Or set 'setup' = 'auto'.", at);
      writer.sql(problems.substr(at + 5, end - at - 5));
      at = end;
    }
    CHECK(line.problems() == "");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: x|2"});
  }

  TEST_CASE("trigger: A8: capture set up by an older version goes on, from its position, without reading rows again") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    OtherSession writer(*stage);
    writer.sql("CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    line.take_events();
    // As it was: no trigger before the statement, no column for texts.
    writer.sql(
        "DROP TRIGGER \"0levada_shape_t_changes\" ON t; DROP FUNCTION levada_text_t_changes(text, anyelement, "
        "anyelement)");
    writer.sql(
        "CREATE OR REPLACE FUNCTION levada_capture_t_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ "
        "BEGIN INSERT INTO " +
        quote_name(stage->schema()) + ".t_changes (id, a, action) VALUES (NEW.id, NEW.a, TG_OP); RETURN NULL; END $$");
    writer.sql("ALTER TABLE t_changes DROP levada_row");
    writer.sql("INSERT INTO t VALUES (2, 'y')");
    line.catch_up();
    writer.sql("ALTER TABLE t ADD b int; INSERT INTO t VALUES (3, 'z', 4)");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 2: y", "t 3: z|4"});
  }
}

}  // namespace levada
