// A11 against a real server: refused records wait by key, are tried again, become dead letters, and come back.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "base/json.h"
#include "tests/live/levada_program.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

// Children whose parents are not the pipeline's business; each change of a child leaves a line in `history`.
std::string family(const PostgresStage& stage, const std::string& rows, const std::string& retry) {
  return "CREATE TABLE children (id INT PRIMARY KEY, parent INT, v INT) WITH (KAFKA_TOPIC = 'children', PARTITIONS = "
         "1, "
         "VALUE_FORMAT = 'JSON');\n" +
         rows +
         "CREATE SINK CONNECTOR target WITH ('connector.class' = 'postgres', 'topics' = 'children', 'batch.size' = "
         "'1', "
         "'connection.url' = '" +
         stage.url() + "', " + retry + ");\n";
}

void make_tables(PostgresStage& stage, const std::string& reference = "REFERENCES parents") {
  stage.sql("CREATE TABLE parents (id int PRIMARY KEY)");
  stage.sql("CREATE TABLE children (id int PRIMARY KEY, parent int " + reference + ", v int)");
  stage.sql("CREATE TABLE history (n bigserial, id int, v int)");
  stage.sql(
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v < 0 THEN RAISE EXCEPTION 'v is %', "
      "NEW.v; END IF; IF TG_ARGV[0] = '' AND NOT EXISTS (SELECT 1 FROM parents WHERE id = NEW.parent) THEN RAISE "
      "EXCEPTION 'no parent'; END IF; INSERT INTO history (id, v) VALUES (NEW.id, NEW.v); RETURN NEW; END $$");
  stage.sql("CREATE TRIGGER note BEFORE INSERT OR UPDATE ON children FOR EACH ROW EXECUTE FUNCTION note('" + reference +
            "')");
}

// The last writes of each key, in order: with ON CONFLICT a trigger before the row sees each attempt to insert, too.
std::string history(PostgresStage& stage, int id) {
  return stage.sql(
      "SELECT string_agg(v::text, ',' ORDER BY n) FROM (SELECT n, v, lag(v) OVER (ORDER BY n) AS before FROM history "
      "WHERE id = " +
      std::to_string(id) + ") h WHERE before IS DISTINCT FROM v");
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool becomes(PostgresStage& stage, const std::string& sql, const std::string& expected) {
  for (int i = 0; i < 600; ++i) {
    if (stage.sql(sql) == expected) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("A11: a child that comes before its parent waits with its key, others flow, and status says so") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage,
                "");  // the trigger looks: a row that a foreign key refuses would give way to the next of its key
    stage->sql("INSERT INTO parents VALUES (1)");
    LevadaProgram levada(
        family(*stage,
               "INSERT INTO children VALUES (7, 2, 1);\nINSERT INTO children VALUES (8, 1, 1);\n"
               "INSERT INTO children VALUES (7, 1, 2);\nINSERT INTO children VALUES (7, 2, 3);\n",
               "'retry.attempts' = '1000', 'retry.backoff.ms' = '50', 'retry.backoff.multiplier' = '1'"));
    levada.start("run $SQL --log $LOG");
    REQUIRE(becomes(*stage, "SELECT v FROM children WHERE id = 8", "1"));
    std::string state;
    for (int i = 0; i < 500 && !holds(state, "\"waiting\""); ++i) {
      LevadaProgram::Said said = levada.beside("status --log $LOG --output json");
      state = said.out;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK_MESSAGE(holds(state, "\"state\":\"waiting\",\"reason\":\"3 records wait to be tried again"), state);
    CHECK(stage->sql("SELECT count(*) FROM children WHERE id = 7") == "0");
    stage->sql("INSERT INTO parents VALUES (2)");
    CHECK(becomes(*stage, "SELECT v FROM children WHERE id = 7", "3"));
    levada.interrupt();
    CHECK(levada.wait().code == 0);
    CHECK(history(*stage, 7) == "1,2,3");
    CHECK(levada.run("dlq list --log $LOG").out.empty());
  }

  TEST_CASE("A11: a poison record is a dead letter after its attempts; mended it comes back once, as a rerun shows") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    stage->sql("INSERT INTO parents VALUES (1)");
    const std::string script =
        family(*stage,
               "INSERT INTO children VALUES (7, 1, -5);\nINSERT INTO children VALUES (8, 1, 1);\n"
               "INSERT INTO children VALUES (7, 1, 2);\n",
               "'retry.attempts' = '2', 'retry.backoff.ms' = '400', 'retry.backoff.multiplier' = '1'");
    LevadaProgram levada(script);
    LevadaProgram::Said said = levada.run("run $SQL --log $LOG --until-caught-up");
    CHECK_MESSAGE(said.code == 3, said.err);
    CHECK(stage->sql("SELECT string_agg(id || ':' || v, ' ' ORDER BY id) FROM children") == "7:2 8:1");
    said = levada.run("dlq list --log $LOG --output json --stage write --cause 'v is -5' --from children");
    auto letter = Json::parse(said.out);
    REQUIRE_MESSAGE(letter, said.out);
    CHECK(letter->text_of("cause") == "v is -5 (SQLSTATE P0001)");
    CHECK(letter->find("refusals")->integer() == 3);
    CHECK(letter->find("offset")->integer() == 0);
    CHECK(letter->text_of("value") == "{\"PARENT\":1,\"V\":-5}");
    CHECK(levada.run("dlq list --log $LOG --cause nothing").out.empty());
    said = levada.run("dlq replay 0 --log $LOG --file $SQL");
    CHECK_MESSAGE(said.code == 0, said.err);
    CHECK_MESSAGE(holds(said.out, "refused it for now"), said.out);
    CHECK(levada.run("run $SQL --log $LOG --until-caught-up").code == 3);
    said = levada.run("dlq show 1 --log $LOG");
    CHECK_MESSAGE(holds(said.out, "was     _dead_letters 0, replayed"), said.out);
    said = levada.run("dlq replay 1 --value '{\"PARENT\":1,\"V\":5}' --log $LOG --file $SQL");
    CHECK_MESSAGE(holds(said.out, "written by TARGET"), (said.out + said.err));
    CHECK(stage->sql("SELECT v FROM children WHERE id = 7") == "5");
    CHECK(levada.run("run $SQL --log $LOG --until-caught-up").code == 0);
    CHECK(history(*stage, 7) == "2,5");
    CHECK(levada.run("dlq list --open --log $LOG").out.empty());
  }

  TEST_CASE("a running pipeline takes replays and discards that another process asks for") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    LevadaProgram levada(family(*stage,
                                "INSERT INTO children VALUES (7, 1, 1);\nINSERT INTO children VALUES (8, 1, 1);\n",
                                "'retry.attempts' = '0'"));
    levada.start("run $SQL --log $LOG");
    for (int i = 0; i < 500; ++i) {
      std::string out = levada.beside("dlq list --log $LOG --output json").out;
      if (std::ranges::count(out, '\n') == 2) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    stage->sql("INSERT INTO parents VALUES (1)");
    LevadaProgram::Said said = levada.beside("dlq replay 0 --log $LOG");
    CHECK_MESSAGE(holds(said.out, "handed over to sink TARGET, which is running"), (said.out + said.err));
    CHECK(becomes(*stage, "SELECT id FROM children", "7"));
    CHECK(holds(levada.beside("dlq discard 1 --log $LOG").out, "discarded"));
    CHECK(holds(levada.beside("dlq replay 0 --log $LOG").err, "was replayed before"));
    CHECK(levada.beside("dlq list --open --log $LOG").out.empty());
    levada.interrupt();
    CHECK(levada.wait().code == 3);
  }
}

}  // namespace levada
