// Changes by triggers, from the tables of a real server to what the log gets: each once, in the order of its key.
#include <doctest/doctest.h>

#include "connectors/postgres/capture_filter.h"
#include "tests/live/trigger_stage.h"
#include "tests/skip.h"

namespace levada {
namespace {

using Events = std::vector<std::string>;

constexpr const char* seed_tables = R"(
CREATE TABLE employees (emp_id SERIAL, first_name VARCHAR(100), last_name VARCHAR(100), dob DATE, city VARCHAR(100),
                        salary INT);
CREATE TABLE emp_cdc (emp_id SERIAL, first_name VARCHAR(100), last_name VARCHAR(100), dob DATE, city VARCHAR(100),
                      salary INT, action VARCHAR(100));)";

// As the answers to the exercise have it.
constexpr const char* seed_trigger = R"(
CREATE FUNCTION log_employee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO emp_cdc VALUES (OLD.emp_id, OLD.first_name, OLD.last_name, OLD.dob, OLD.city, OLD.salary, TG_OP);
  ELSE
    INSERT INTO emp_cdc VALUES (NEW.emp_id, NEW.first_name, NEW.last_name, NEW.dob, NEW.city, NEW.salary, TG_OP);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER employee_changes AFTER INSERT OR UPDATE OR DELETE ON employees
  FOR EACH ROW EXECUTE FUNCTION log_employee();)";

const Events seed_properties = {"table.include.list=employees", "change.table=emp_cdc", "topic=bf_employee_cdc"};

Events with(Events properties, const Events& more) {
  properties.insert(properties.end(), more.begin(), more.end());
  return properties;
}

void execute(PostgresStage& stage, const std::string& script) { OtherSession(stage).sql(script); }

}  // namespace

TEST_SUITE("trigger") {
  TEST_CASE("trigger: A8: insert, update, delete, key change, TRUNCATE and NULLs come as they happened") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text, day date)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    CHECK(line.events().empty());
    execute(*stage, "INSERT INTO t VALUES (1, 'one', '2024-02-29'), (2, NULL, NULL)");
    execute(*stage, "UPDATE t SET word = 'uno' WHERE id = 1");
    execute(*stage, "UPDATE t SET id = 20, word = 'twenty' WHERE id = 2");
    execute(*stage, "UPDATE t SET word = NULL WHERE id = 20");
    execute(*stage, "DELETE FROM t WHERE id = 1");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: one|2024-02-29", "t 2: NULL|NULL", "t 1: uno|2024-02-29", "t 2: deleted",
                                       "t 20: twenty|NULL", "t 20: NULL|NULL", "t 1: deleted"});
    execute(*stage, "BEGIN; INSERT INTO t VALUES (3, 'a'); TRUNCATE t; INSERT INTO t VALUES (4, 'b'); COMMIT");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 3: a|NULL", "t: truncated", "t 4: b|NULL"});
    CHECK(line.table("t") == "4: b|NULL");
    line.catch_up();
    CHECK(line.events().empty());
  }

  TEST_CASE(
      "trigger: A8: the seed's plain emp_cdc with its own trigger is completed, and key changes reach the replica") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, seed_tables);
    execute(*stage, seed_trigger);
    execute(*stage,
            "INSERT INTO employees (first_name, last_name, dob, city, salary) VALUES "
            "('Max', 'Smith', '2002-02-03', 'Sydney', 90432), ('Karl', 'Summers', '2004-04-10', 'Brisbane', "
            "63319)");
    TriggerLine unsaid(*stage, seed_properties);
    CHECK(unsaid.problems().find("employees has no primary key") != std::string::npos);

    TriggerLine line(*stage, with(seed_properties, {"message.key.columns=employees:emp_id"}));
    line.catch_up();
    CHECK(line.take_events() == Events{"bf_employee_cdc 1: Max|Smith|2002-02-03|Sydney|90432",
                                       "bf_employee_cdc 2: Karl|Summers|2004-04-10|Brisbane|63319"});
    execute(*stage, "UPDATE employees SET salary = 1, dob = NULL WHERE emp_id = 1");
    execute(*stage, "UPDATE employees SET emp_id = 7 WHERE emp_id = 2");
    execute(*stage, "DELETE FROM employees WHERE emp_id = 1");
    line.catch_up();
    CHECK(line.take_events() == Events{"bf_employee_cdc 1: Max|Smith|NULL|Sydney|1", "bf_employee_cdc 2: deleted",
                                       "bf_employee_cdc 7: Karl|Summers|2004-04-10|Brisbane|63319",
                                       "bf_employee_cdc 1: deleted"});
    execute(*stage, "TRUNCATE employees");
    line.catch_up();
    CHECK(line.take_events() == Events{"bf_employee_cdc: truncated"});
    CHECK(stage->sql("SELECT count(*) FROM emp_cdc") == "1");
  }

  TEST_CASE(
      "trigger: the seed's plain emp_cdc without rows for the table yet: all changes that it has, in their order") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, seed_tables);
    execute(*stage, seed_trigger);
    execute(*stage, "INSERT INTO employees (first_name) VALUES ('Max'); UPDATE employees SET first_name = 'Moritz'");
    TriggerLine line(*stage, with(seed_properties, {"message.key.columns=employees:emp_id", "snapshot.mode=no_data"}));
    line.catch_up();
    CHECK(line.take_events() ==
          Events{"bf_employee_cdc 1: Max|NULL|NULL|NULL|NULL", "bf_employee_cdc 1: Moritz|NULL|NULL|NULL|NULL"});
  }

  TEST_CASE("trigger: A7: interleaved transactions lose nothing, those rolled back are never seen") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    OtherSession slow(*stage), fast(*stage), back(*stage);
    slow.sql("BEGIN; INSERT INTO t VALUES (1, 'slow')");  // takes its change id first
    back.sql("BEGIN; INSERT INTO t VALUES (2, 'back')");
    fast.sql("INSERT INTO t VALUES (3, 'fast')");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 3: fast"});
    fast.sql(
        "BEGIN; INSERT INTO t VALUES (4, 'kept'); SAVEPOINT s; INSERT INTO t VALUES (5, 'lost'); "
        "ROLLBACK TO s; INSERT INTO t VALUES (6, 'kept too'); SAVEPOINT s2; UPDATE t SET word = 'in s2' WHERE id = "
        "4; RELEASE s2; COMMIT");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 4: kept", "t 6: kept too", "t 4: in s2"});
    back.sql("ROLLBACK");
    line.catch_up();
    CHECK(line.events().empty());
    slow.sql("UPDATE t SET word = 'slower' WHERE id = 3; COMMIT");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: slow", "t 3: slower"});
  }

  // With an upper bound like pg_snapshot_xmin() the update of the first transaction would come before the insertion
  // that it has changed: 1 < 2 < 3, and the second holds the bound between them.
  TEST_CASE("trigger: A5: equal times, times that step back and late commits neither lose nor repeat a change") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    execute(*stage, "CREATE SEQUENCE steps");
    const std::string clocks[] = {"date_trunc('second', clock_timestamp())", "TIMESTAMPTZ '2000-01-01'",
                                  "TIMESTAMPTZ '2000-01-01' - nextval('steps') * INTERVAL '1 second'",
                                  "TIMESTAMPTZ '2000-01-01' + nextval('steps') * INTERVAL '1 microsecond'"};
    int id = 0;
    for (const std::string& clock : clocks) {
      CAPTURE(clock);
      execute(*stage, "ALTER TABLE t_changes ALTER levada_time SET DEFAULT " + clock);
      OtherSession late(*stage), later(*stage);
      const std::string a = std::to_string(++id), b = std::to_string(++id), c = std::to_string(++id);
      late.sql("BEGIN; INSERT INTO t VALUES (" + a + ", 'late')");
      later.sql("BEGIN; INSERT INTO t VALUES (" + b + ", 'later')");
      execute(*stage, "INSERT INTO t VALUES (" + c + ", 'now')");
      execute(*stage, "UPDATE t SET word = 'again' WHERE id = " + c);
      line.catch_up();
      CHECK(line.take_events() == Events{"t " + c + ": now", "t " + c + ": again"});
      late.sql("UPDATE t SET word = 'late again' WHERE id = " + c + "; COMMIT");
      line.catch_up();
      CHECK(line.take_events() == Events{"t " + a + ": late", "t " + c + ": late again"});
      later.sql("DELETE FROM t WHERE id = " + c + "; COMMIT");
      line.catch_up();
      CHECK(line.take_events() == Events{"t " + b + ": later", "t " + c + ": deleted"});
      line.catch_up();
      CHECK(line.events().empty());
    }
  }

  TEST_CASE("trigger: A7: changes of a key keep their order while an older transaction runs between two younger ones") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    OtherSession first(*stage), second(*stage), third(*stage);
    first.sql("BEGIN; INSERT INTO t VALUES (1, 'first')");
    second.sql("BEGIN; INSERT INTO t VALUES (2, 'second')");
    third.sql("BEGIN; INSERT INTO t VALUES (3, 'third'); COMMIT");
    first.sql("UPDATE t SET word = 'first again' WHERE id = 3; COMMIT");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: first", "t 3: third", "t 3: first again"});
    second.sql("COMMIT");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 2: second"});
  }

  TEST_CASE("trigger: a prepared transaction's changes come when it is committed, whoever does it") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    if (stage->sql("SHOW max_prepared_transactions") == "0")
      return skip_test("the server has max_prepared_transactions = 0");
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "wake.up=false"});
    line.catch_up();
    execute(*stage, "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION '" + stage->schema() + "'");
    execute(*stage, "INSERT INTO t VALUES (2)");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 2: "});
    execute(*stage, "COMMIT PREPARED '" + stage->schema() + "'");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: "});
  }

  TEST_CASE("trigger: A7: what the log has is pruned, all but the last change, and what it does not have stays") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    OtherSession open(*stage);
    open.sql("BEGIN; INSERT INTO t VALUES (0)");
    execute(*stage, "INSERT INTO t SELECT generate_series(1, 2500)");
    line.catch_up();
    CHECK(line.take_events().size() == 2500);
    CHECK(stage->sql("SELECT id FROM t_changes") == "2500");
    open.sql("COMMIT");
    CHECK(stage->sql("SELECT id FROM t_changes ORDER BY id") == "0\n2500");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 0: "});
    CHECK(stage->sql("SELECT id FROM t_changes") == "2500");
  }

  // The nested statement's changes are recorded before those of the outer one, whose rows are older.
  TEST_CASE("trigger: A8: rows that somebody's trigger changes once more end in their last state") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    execute(*stage, R"(CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;
        IF TG_OP = 'DELETE' THEN
          INSERT INTO t VALUES (OLD.id + 10, 'moved');
        ELSIF NEW.word = 'away' THEN
          DELETE FROM t WHERE id = NEW.id + 1;
        ELSIF NEW.word = 'up' THEN
          UPDATE t SET id = id + 100 WHERE id = NEW.id + 1;
        ELSE
          UPDATE t SET word = word || ' nested' WHERE id = NEW.id + 1;
        END IF;
        RETURN NULL;
      END $$)");
    execute(*stage, "CREATE TRIGGER again AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION again()");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    auto same = [&] {
      line.catch_up();
      CHECK(line.table("t") == stage->sql("SELECT id || ': ' || word FROM t ORDER BY id::text COLLATE \"C\""));
    };
    execute(*stage, "INSERT INTO t SELECT i, 'new' FROM generate_series(1, 5) i");
    same();
    execute(*stage, "UPDATE t SET word = 'outer'");
    same();
    execute(*stage, "UPDATE t SET word = 'up' WHERE id <= 3");
    same();
    execute(*stage, "UPDATE t SET word = 'away' WHERE id > 3");
    same();
    execute(*stage,
            "BEGIN; DELETE FROM t WHERE id < 100; UPDATE t SET id = id + 1000, word = 'last' WHERE id > 100; COMMIT");
    same();
  }

  TEST_CASE("trigger: A8: columns that come and go while it runs: rows that have not changed get the new ones too") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    execute(*stage, "INSERT INTO t VALUES (1, 'one'), (2, 'two')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    execute(*stage, "ALTER TABLE t ADD COLUMN n int DEFAULT 7; INSERT INTO t VALUES (3, 'three', 3)");
    line.catch_up();
    CHECK(line.table("t") == "1: one\n2: two\n3: three|3");  // see the test of a replica
    execute(*stage, "UPDATE t SET n = 8 WHERE id = 1");
    line.catch_up();
    CHECK(line.table("t") == "1: one|8\n2: two\n3: three|3");
    execute(*stage, "ALTER TABLE t ALTER COLUMN n TYPE bigint USING n * 10000000000");
    line.catch_up();
    execute(*stage, "UPDATE t SET word = 'uno' WHERE id = 1");
    line.catch_up();
    CHECK(line.table("t") == "1: uno|80000000000\n2: two|70000000000\n3: three|30000000000");
    execute(*stage, "ALTER TABLE t DROP COLUMN word");
    line.catch_up();
    execute(*stage, "DELETE FROM t WHERE id = 2");
    line.catch_up();
    // What was not changed is not told again: who has the rows has that column still, or not.
    CHECK(line.table("t") == "1: uno|80000000000\n3: three|30000000000");
    execute(*stage, "UPDATE t SET n = n");
    line.catch_up();
    CHECK(line.table("t") == "1: 80000000000\n3: 30000000000");
    execute(*stage, "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, n bigint); INSERT INTO t VALUES (4, 4)");
    line.catch_up();
    CHECK(line.table("t") == "4: 4");
  }

  TEST_CASE("trigger: a running source sees that a column was added") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY)");
    execute(*stage, "INSERT INTO t VALUES (1)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    auto source = line.source(true);
    REQUIRE(line.start(*source));
    auto read_until = [&](const std::string& table) {
      for (int i = 0; i < 100 && line.table("t") != table; ++i) {
        auto read = source->read({}, std::chrono::milliseconds(100));
        REQUIRE_MESSAGE(read, read.error().text());
        line.keep(*std::move(read));
      }
      CHECK(line.table("t") == table);
    };
    read_until("1: ");
    execute(*stage, "ALTER TABLE t ADD COLUMN word text DEFAULT pg_current_xact_id()::text; UPDATE t SET word = 'w'");
    read_until("1: w");
    execute(*stage, "INSERT INTO t VALUES (2, 'x')");
    read_until("1: w\n2: x");
  }

  TEST_CASE("trigger: the rows of tables that others refer to come first, however they are listed") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage,
            "CREATE TABLE lands (id int PRIMARY KEY); CREATE TABLE cities (id int PRIMARY KEY REFERENCES lands); "
            "CREATE TABLE streets (id int PRIMARY KEY REFERENCES cities); INSERT INTO lands VALUES (1); "
            "INSERT INTO cities VALUES (1); INSERT INTO streets VALUES (1)");
    TriggerLine line(*stage, {"table.include.list=streets,lands,cities", "topic.prefix=p"});
    line.catch_up();
    auto first = [&](const char* table) { return captured_topic("p", stage->schema(), table) + " 1: "; };
    CHECK(line.take_events() == Events{first("lands"), first("cities"), first("streets")});
  }

  TEST_CASE("trigger: A8: Debezium's envelopes, when they are asked for") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    execute(*stage, "INSERT INTO t VALUES (1, 'one')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.form = RecordForm::connect;
    line.catch_up();
    execute(*stage, "INSERT INTO t VALUES (2, 'two')");
    execute(*stage, "UPDATE t SET word = 'zwei' WHERE id = 2");
    execute(*stage, "UPDATE t SET id = 3 WHERE id = 2");
    execute(*stage, "DELETE FROM t WHERE id = 1");
    execute(*stage, "TRUNCATE t");
    line.catch_up();
    CHECK(line.take_events() ==
          Events{R"(t {"id":1}: r null {"id":1,"word":"one"})", R"(t {"id":2}: c null {"id":2,"word":"two"})",
                 R"(t {"id":2}: u null {"id":2,"word":"zwei"})", R"(t {"id":2}: d {"id":2,"word":null} null)",
                 R"(t {"id":2}: -)", R"(t {"id":3}: c null {"id":3,"word":"zwei"})",
                 R"(t {"id":1}: d {"id":1,"word":null} null)", R"(t {"id":1}: -)", R"(t -: t null null)"});
  }

  TEST_CASE("trigger: masked and truncated columns, of rows that are there, of changes and in dead letters") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage,
            "CREATE TABLE t (id int PRIMARY KEY, name text, note text); INSERT INTO t VALUES (1, 'Anna', 'long')");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "column.mask.with.3.chars=.*\\.t\\.name",
                              "column.truncate.to.2.chars=.*\\.t\\.note"});
    line.catch_up();
    execute(*stage, "INSERT INTO t VALUES (2, 'Bo', NULL)");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 1: ***|lo", "t 2: ***|NULL"});
    execute(*stage, "INSERT INTO t_changes (id, name, note, action) VALUES (3, 'Eve', 'x', 'what')");
    line.catch_up();
    REQUIRE(line.rejected().size() == 1);
    CHECK(line.rejected()[0].value == R"({"id":"3","name":"***","note":"x"})");
  }

  TEST_CASE("trigger: heartbeats run their statement and write their record") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE beats (at timestamptz)");
    TriggerLine line(*stage, {"table.include.list=t", "topic.prefix=shop", "heartbeat.interval.ms=20",
                              "heartbeat.action.query=INSERT INTO beats VALUES (now())", "poll.interval.ms=20"});
    line.form = RecordForm::connect;
    auto source = line.source(true);
    REQUIRE(line.start(*source));
    std::size_t beats = 0;
    for (int round = 0; round < 500 && beats < 3; ++round) {
      auto read = source->read({}, std::chrono::milliseconds(50));
      REQUIRE_MESSAGE(read, read.error().text());
      if (!read->records.empty()) CHECK(read->position);
      for (const ConnectRecords& records : read->records) {
        CHECK(records.topic == "__debezium-heartbeat.shop");
        beats += records.size;
      }
    }
    CHECK(beats >= 3);
    CHECK(std::stoi(stage->sql("SELECT count(*) FROM beats")) >= 3);
  }

  TEST_CASE("trigger: an action that is none is a dead letter, and what follows is not held up") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage, "CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    execute(*stage, "INSERT INTO t_changes (id, word, action) VALUES (1, NULL, 'UPSERT'), (2, 'two', 'i')");
    line.catch_up();
    CHECK(line.take_events() == Events{"t 2: two"});
    REQUIRE(line.rejected().size() == 1);
    CHECK(line.rejected()[0].cause == "action 'UPSERT' is none of INSERT, UPDATE, DELETE and TRUNCATE");
    CHECK(line.rejected()[0].value == R"({"id":"1","word":null})");
  }

  TEST_CASE("trigger: names with quotes, blanks, capitals and dots are taken as they are") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    execute(*stage,
            R"(CREATE TABLE "Odd ""t"".a" ("A ""key""" int, "b.c" text, "select" text, "$levada$" text, action text,
                       PRIMARY KEY ("A ""key""", "b.c")))");
    TriggerLine line(*stage, {R"(table.include.list="Odd ""t"".a")", "topic=odd"});
    line.catch_up();
    execute(*stage, R"(INSERT INTO "Odd ""t"".a" VALUES (1, 'x', 's', 'd', 'DELETE'))");
    execute(*stage, R"(UPDATE "Odd ""t"".a" SET "b.c" = 'y''"' )");
    line.catch_up();
    CHECK(line.take_events() == Events{"odd 1|x: s|d|DELETE", "odd 1|x: deleted", "odd 1|y'\": s|d|DELETE"});
  }
}

}  // namespace levada
