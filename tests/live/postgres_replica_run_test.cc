// A table of one database as a replica in another, by the program itself: read again, with rules, with tables that
// refer to each other.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <thread>

#include "base/json.h"
#include "tests/live/levada_program.h"
#include "tests/live/wal_stage.h"

namespace levada {
namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Source and target are schemas of one server.
class Replication {
 public:
  static std::unique_ptr<Replication> open() {
    auto source = WalStage::open();
    if (!source) return nullptr;
    return std::make_unique<Replication>(std::move(source), PostgresStage::open());
  }
  Replication(std::unique_ptr<WalStage> from, std::unique_ptr<PostgresStage> to)
      : source_(std::move(from)), target_(std::move(to)), levada_("") {}

  std::string source(const std::string& statements) { return source_->sql(statements); }
  std::string target(const std::string& statement) { return target_->sql(statement); }
  PostgresStage& replica() { return *target_; }
  LevadaProgram& levada() { return levada_; }
  std::string topic(const std::string& table) const {
    std::string schema = source_->database().schema();
    for (char& c : schema)
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return "t." + schema + "." + table;
  }

  // Until it has caught up; the code. `tables`: statements between the connectors.
  int run(const Properties& source, const std::string& tables = "", const Properties& sink = {}) {
    return run_from("postgres", source_->properties(source), tables, sink);
  }
  // The same by triggers on this table.
  int run_by_triggers(const std::string& table) {
    return run_from(
        "postgres-trigger",
        {{"connection.url", source_->database().url()}, {"topic.prefix", "t"}, {"table.include.list", table}});
  }
  int run_from(const std::string& connector, const Properties& source, const std::string& tables = "",
               const Properties& sink = {}) {
    std::string script = "CREATE SOURCE CONNECTOR shop WITH ('connector.class' = '" + connector + "'";
    for (const Property& p : source) script += ", '" + p.name + "' = '" + p.value + "'";
    script += ");\n" + tables +
              "CREATE SINK CONNECTOR replica WITH ('connector.class' = 'postgres', 'topics.regex' = "
              "'t\\..*', 'connection.url' = '" +
              target_->url() + "', 'auto.create' = 'true', 'auto.evolve' = 'true', 'table.name.format' = '$${table}'";
    for (const Property& p : sink) script += ", '" + p.name + "' = '" + p.value + "'";
    levada_.rewrite(script + ");\n");
    said_ = levada_.run("run $SQL --log $LOG --until-caught-up");
    return said_.code;
  }
  const LevadaProgram::Said& said() const { return said_; }
  // The server has noticed that the last run is over; then its slot goes.
  void lose_slot() {
    const std::string mine = " FROM pg_replication_slots WHERE slot_name = '" + source_->slot() + "'";
    for (int n = 0; n < 500 && source("SELECT count(*)" + mine + " AND active") != "0"; ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    source("SELECT pg_drop_replication_slot(slot_name)" + mine);
  }
  // The rows of both, compared.
  void check_equal(const std::string& table) {
    const std::string rows = "SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM " + table + " t";
    CHECK(target(rows) == source(rows));
  }

 private:
  std::unique_ptr<WalStage> source_;
  std::unique_ptr<PostgresStage> target_;
  LevadaProgram levada_;
  LevadaProgram::Said said_;
};

// The fewest rows that anybody could see meanwhile.
class Watcher {
 public:
  Watcher(PostgresStage& stage, const std::string& table) {
    auto connection = PostgresConnection::open(*parse_postgres_url(stage.url()), "levada live test");
    REQUIRE(connection);
    thread_ = std::jthread([this, table, c = std::move(*connection)](std::stop_token stop) {
      while (!stop.stop_requested()) {
        auto rows = c->query("SELECT count(*) FROM " + table);
        if (!rows) break;
        fewest_ = std::min<long>(fewest_, std::stol(std::string(*(*rows)[0][0])));
        ++looks_;
      }
    });
  }
  long fewest() {
    thread_.request_stop();
    thread_.join();
    CHECK(looks_ > 10);
    return fewest_;
  }

 private:
  std::atomic<long> fewest_ = 1'000'000, looks_ = 0;
  std::jthread thread_;
};

}  // namespace

TEST_SUITE("live") {
  TEST_CASE(
      "A9: always: a replica read again loses the rows that the source has no more, and is never seen half full") {
    auto stage = Replication::open();
    if (!stage) return;
    stage->source("CREATE TABLE people (id int PRIMARY KEY, name varchar(40))");
    stage->source("INSERT INTO people SELECT i, 'name ' || i FROM generate_series(1, 20000) i");
    const Properties always = {{"snapshot.mode", "always"}};
    CHECK_MESSAGE(stage->run(always) == 0, stage->said().err);
    stage->check_equal("people");
    for (int again = 0; again < 2; ++again) {
      stage->target("INSERT INTO people VALUES (-1, 'nobody'), (-2, 'knows')");
      stage->target("UPDATE people SET name = 'changed' WHERE id % 7 = 0");
      stage->source("DELETE FROM people WHERE id % 100 = " + std::to_string(again));
      Watcher watcher(stage->replica(), "people");
      CHECK_MESSAGE(stage->run(always) == 0, stage->said().err);
      CHECK(watcher.fewest() >= 19'600);
      stage->check_equal("people");
    }
  }

  TEST_CASE("A9: when_needed: after a lost slot rows deleted unseen go from the replica, and the stream goes on") {
    auto stage = Replication::open();
    if (!stage) return;
    const Properties needed = {{"snapshot.mode", "when_needed"}, {"transaction_mode", "atomic"}};
    stage->source("CREATE TABLE people (id int PRIMARY KEY, name text)");
    stage->source("INSERT INTO people VALUES (1, 'one'), (2, 'two'), (3, 'three')");
    CHECK_MESSAGE(stage->run(needed) == 0, stage->said().err);
    stage->lose_slot();
    stage->source("DELETE FROM people WHERE id = 1; UPDATE people SET name = 'TWO' WHERE id = 2");
    CHECK_MESSAGE(stage->run(needed) == 0, stage->said().err);
    stage->check_equal("people");
    stage->source("INSERT INTO people VALUES (4, 'four'); DELETE FROM people WHERE id = 3");
    CHECK_MESSAGE(stage->run(needed) == 0, stage->said().err);
    stage->check_equal("people");
  }

  TEST_CASE("a table whose columns are all of its key has a replica too") {
    auto stage = Replication::open();
    if (!stage) return;
    const Properties initial = {{"snapshot.mode", "initial"}};
    stage->source("CREATE TABLE owned (who int, what text, PRIMARY KEY (who, what))");
    stage->source("INSERT INTO owned VALUES (1, 'hat'), (1, 'coat'), (2, 'hat')");
    CHECK_MESSAGE(stage->run(initial) == 0, stage->said().err);
    stage->check_equal("owned");
    stage->source("DELETE FROM owned WHERE who = 2; UPDATE owned SET what = 'cap' WHERE what = 'hat'");
    stage->source("INSERT INTO owned VALUES (3, 'scarf')");
    CHECK_MESSAGE(stage->run(initial) == 0, stage->said().err);
    stage->check_equal("owned");
  }

  TEST_CASE("A9, A11: parents and children: whole transactions in either order, and read again") {
    auto stage = Replication::open();
    if (!stage) return;
    Properties mode = {{"snapshot.mode", "initial"}, {"transaction_mode", "atomic"}};
    for (const char* which : {"source", "target"}) {
      auto make = [&](const std::string& s) { *which == 's' ? stage->source(s) : stage->target(s); };
      // In both orders of the names: a round goes through topics by name.
      make("CREATE TABLE m (id int PRIMARY KEY, v int)");
      for (const char* child : {"a", "z"})
        make("CREATE TABLE " + std::string(child) + " (id int PRIMARY KEY, m int REFERENCES m)");
    }
    stage->source("INSERT INTO m VALUES (1, 1), (2, 2); INSERT INTO a VALUES (1, 1); INSERT INTO z VALUES (2, 2)");
    stage->source(
        "CREATE TABLE large (id int PRIMARY KEY, v text); CREATE TABLE few (id int PRIMARY KEY REFERENCES large)");
    stage->target("CREATE TABLE large (id int PRIMARY KEY, v text)");
    stage->target("CREATE TABLE few (id int PRIMARY KEY REFERENCES large)");
    stage->source("INSERT INTO large SELECT i, repeat('x', 200) FROM generate_series(1, 40000) i");
    stage->source("INSERT INTO few SELECT i FROM generate_series(1, 40000, 4000) i");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    auto equal = [&] {
      for (const char* table : {"m", "a", "z", "large", "few"}) stage->check_equal(table);
      CHECK(stage->levada().run("dlq list --log $LOG").out.empty());
      CHECK(stage->target("SELECT count(*) FROM levada_positions WHERE topic LIKE '%retry' AND next_offset > 0") ==
            "0");
    };
    equal();
    stage->source(
        "BEGIN; INSERT INTO m VALUES (3, 3); INSERT INTO a VALUES (3, 3); INSERT INTO z VALUES (3, 3); "
        "DELETE FROM a WHERE id = 1; DELETE FROM m WHERE id = 1; UPDATE z SET m = 3; DELETE FROM m WHERE id = 2; "
        "COMMIT");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    equal();
    stage->source("TRUNCATE m CASCADE; BEGIN; INSERT INTO m VALUES (3, 33); INSERT INTO a VALUES (7, 3); COMMIT");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    equal();
    // Read again, with rows that the source has no more.
    stage->target("INSERT INTO m VALUES (-1, 0), (-2, 0)");
    stage->target("INSERT INTO a VALUES (-1, -1)");
    mode[0].value = "always";
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    equal();
    // Of a table that is not emptied with it the constraint must be able to wait; else the letter says which it is, and
    // nothing is lost.
    stage->target("CREATE TABLE only_here (m int REFERENCES m)");
    stage->target("INSERT INTO only_here VALUES (3)");
    stage->target("INSERT INTO m VALUES (-1, 0), (-2, 0)");
    stage->source("UPDATE m SET v = 34");
    CHECK_MESSAGE(stage->run(mode) == 3, stage->said().err);
    CHECK(stage->target("SELECT string_agg(id || ':' || v, ' ' ORDER BY id) FROM m") == "-2:0 -1:0 3:34");
    LevadaProgram::Said said = stage->levada().run("dlq list --log $LOG --output json");
    CHECK_MESSAGE(holds(said.out, "only_here_m_fkey"), said.out);
    CHECK_MESSAGE(holds(said.out, "DEFERRABLE"), said.out);
    said = stage->levada().run("dlq replay 0 --log $LOG --file $SQL");
    CHECK_MESSAGE(holds(said.err, "what was written since would go"), (said.out + said.err));
    CHECK(stage->levada().run("dlq discard 0 --log $LOG").code == 0);
    stage->target("ALTER TABLE only_here ALTER CONSTRAINT only_here_m_fkey DEFERRABLE");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    for (const char* table : {"m", "a", "z"}) stage->check_equal(table);
    CHECK(stage->target("SELECT m FROM only_here") == "3");
  }

  TEST_CASE(
      "A11: rules: what breaks them is a letter with its place and bytes, deletions pass, and mended it comes in") {
    auto stage = Replication::open();
    if (!stage) return;
    const Properties mode = {{"snapshot.mode", "initial"}};
    const std::string rules =
        "CREATE TABLE employees (CONSTRAINT born_before_2007 CHECK (dob < '2007-01-01'), CONSTRAINT "
        "paid_enough CHECK (salary > 10000), CONSTRAINT id_not_negative CHECK (emp_id >= 0)) WITH "
        "(KAFKA_TOPIC = '" +
        stage->topic("employees") + "', FORMAT = 'AVRO');\n";
    stage->source("CREATE TABLE employees (emp_id serial PRIMARY KEY, name varchar(100), dob date, salary int)");
    stage->source("INSERT INTO employees VALUES (1, 'Max', '2002-02-03', 90432), (2, 'Karl', '2004-04-10', 63319)");
    stage->source("INSERT INTO employees VALUES (-5, 'Neg', '1980-01-01', 20000), (6, 'Poor', '1980-01-01', 10000)");
    CHECK_MESSAGE(stage->run(mode, rules) == 3, stage->said().err);
    CHECK(stage->target("SELECT string_agg(emp_id::text, ' ' ORDER BY emp_id) FROM employees") == "1 2");
    // A row that the replica has becomes wrong and goes; so do those that never got there. One is wrong in the target
    // only.
    stage->target("ALTER TABLE employees ADD CONSTRAINT no_eve CHECK (name <> 'Eve')");
    stage->source(
        "UPDATE employees SET salary = 1 WHERE emp_id = 1; DELETE FROM employees WHERE emp_id IN (1, -5, 6); "
        "INSERT INTO employees VALUES (9, 'Ivy', '2010-01-01', 20000), (10, 'Eve', '1990-01-01', 20000), "
        "(11, 'Ada', '1990-01-01', 20000)");
    CHECK_MESSAGE(stage->run(mode, rules) == 3, stage->said().err);
    CHECK(stage->target("SELECT string_agg(emp_id::text, ' ' ORDER BY emp_id) FROM employees") == "2 11");

    LevadaProgram& levada = stage->levada();
    std::string text = levada.run("dlq list --log $LOG --output json").out;
    std::vector<Json> letters;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      auto letter = Json::parse(text.substr(at, end - at));
      REQUIRE(letter);
      letters.push_back(*std::move(letter));
    }
    REQUIRE(letters.size() == 5);
    const char* rule[] = {"PAID_ENOUGH", "ID_NOT_NEGATIVE", "BORN_BEFORE_2007", "PAID_ENOUGH"};
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(letters[i].text_of("stage") == "check");
      CHECK(letters[i].text_of("object") == "SHOP");
      CHECK(letters[i].text_of("topic") == stage->topic("employees"));
      CHECK(holds(letters[i].text_of("cause"), std::string("breaks constraint ") + rule[i]));
      CHECK(holds(letters[i].text_of("origin"), ".employees LSN 0/"));  // of the server's log
      CHECK(letters[i].find("value_base64") != nullptr);
    }
    CHECK(letters[4].text_of("stage") == "write");
    CHECK(letters[4].text_of("object") == "REPLICA");
    CHECK(holds(letters[4].text_of("cause"), "violates check constraint \"no_eve\" (SQLSTATE 23514)"));
    CHECK(letters[4].text_of("topic") == stage->topic("employees"));
    CHECK(letters[4].find("partition")->integer() == 0);
    CHECK(letters[4].find("offset")->integer() > 0);

    // Corrected by people, with JSON; by a rule that is no more; and given up.
    auto said =
        levada.run("dlq replay 2 --log $LOG --file $SQL --value '{\"NAME\":\"Ivy\",\"DOB\":3650,\"SALARY\":30000}'");
    CHECK_MESSAGE(said.code == 0, (said.out + said.err));
    stage->target("ALTER TABLE employees DROP CONSTRAINT no_eve");
    said = levada.run("dlq replay 4 --log $LOG --file $SQL --value '{}'");
    CHECK_MESSAGE(holds(said.err, "the corrected value is JSON"), (said.out + said.err));
    said = levada.run("dlq replay 4 --log $LOG --file $SQL");
    CHECK_MESSAGE(holds(said.out, "written by REPLICA"), (said.out + said.err));
    CHECK(levada.run("dlq discard 0 1 3 --log $LOG").code == 0);
    CHECK(levada.run("dlq list --open --log $LOG").out.empty());
    CHECK(stage->run(mode, rules) == 0);
    CHECK(stage->target("SELECT string_agg(emp_id || name || dob || salary, ' ' ORDER BY emp_id) FROM employees") ==
          "2Karl2004-04-1063319 9Ivy1979-12-3030000 10Eve1990-01-0120000 11Ada1990-01-0120000");
    CHECK(holds(levada.run("dlq show 2 --log $LOG").out, "replayed"));
  }

  TEST_CASE(
      "R19: rows that nobody touches have the default of a column that is added, in the replica as in the source") {
    auto stage = Replication::open();
    if (!stage) return;
    bool triggers = false;
    SUBCASE("by the log") {}
    SUBCASE("by triggers") { triggers = true; }
    auto run = [&] {
      CHECK_MESSAGE((triggers ? stage->run_by_triggers("people") : stage->run({{"snapshot.mode", "initial"}})) == 0,
                    stage->said().err);
    };
    stage->source("CREATE TABLE people (id int PRIMARY KEY, name text)");
    stage->source("INSERT INTO people VALUES (1, 'one'), (2, 'two'), (3, 'three')");
    run();
    stage->source(
        "ALTER TABLE people ADD a int NOT NULL DEFAULT 7, ADD b text DEFAULT 'it''s', ADD c int[] DEFAULT '{1,NULL}', "
        "ADD d numeric(6,2) DEFAULT 1.5, ADD e int, ADD f timestamptz DEFAULT '2024-02-29 12:00:00+05:30', ADD g text "
        "DEFAULT ''; ALTER TABLE people ALTER a SET DEFAULT 8; UPDATE people SET a = 1, b = NULL WHERE id = 2; "
        "INSERT INTO people (id, e) VALUES (4, 4)");
    run();
    stage->check_equal("people");
    CHECK(stage->target("SELECT count(*) FROM pg_attrdef WHERE adrelid = 'people'::regclass") == "0");
    // A column without default is there with the first row that has it.
    stage->source(
        "ALTER TABLE people DROP b, ADD h int, ADD i boolean DEFAULT true; UPDATE people SET h = id WHERE id > 2");
    run();
    CHECK(stage->target("SELECT string_agg(concat_ws(' ', id, a, h, i), ',' ORDER BY id) FROM people") ==
          "1 7 t,2 1 t,3 7 3 t,4 8 4 t");
    CHECK(stage->levada().run("dlq list --open --log $LOG").out.empty());
  }

  TEST_CASE("R19: the replica follows: columns come, go, widen, may be null and are renamed while it is away") {
    auto stage = Replication::open();
    if (!stage) return;
    const Properties mode = {{"snapshot.mode", "initial"}};
    stage->source(
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(5) NOT NULL, n int NOT NULL, gone date NOT NULL)");
    stage->source("INSERT INTO people VALUES (1, 'one', 1, '2026-01-01')");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    stage->check_equal("people");
    auto columns = [&] {
      return stage->target(
          "SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' "
          "END FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY "
          "attnum");
    };
    CHECK(columns() ==
          "id integer NOT NULL\nname character varying(5) NOT NULL\nn integer NOT NULL\ngone date NOT NULL");
    stage->source(
        "ALTER TABLE people ALTER name DROP NOT NULL, ALTER name TYPE varchar(20), ALTER n TYPE bigint, DROP "
        "gone, ADD more text[]; INSERT INTO people VALUES (2, NULL, 5000000000, '{a,b}'); ALTER TABLE people "
        "RENAME n TO number; UPDATE people SET name = 'longer than five' WHERE id = 1; "
        "INSERT INTO people VALUES (3, 'three', 3, NULL)");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    // What the source has no more stays, with what was in it, and may be null.
    CHECK(columns() ==
          "id integer NOT NULL\nname character varying(20)\nn bigint\ngone date\nmore text[]\nnumber bigint");
    CHECK(stage->target("SELECT id, name, coalesce(number, n), more FROM people ORDER BY id") ==
          "1|longer than five|1|NULL\n2|NULL|5000000000|{a,b}\n3|three|3|NULL");
    CHECK(stage->target("SELECT gone FROM people WHERE id = 1") == "2026-01-01");
    // Every number has a text.
    stage->source(
        "ALTER TABLE people ALTER number TYPE text USING 'no ' || number; INSERT INTO people VALUES (4, 'four', 'no "
        "4', "
        "NULL)");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    CHECK(stage->target("SELECT number FROM people WHERE id = 4") == "no 4");
    // A change that would lose something is not made; where the column takes the values as it is that does not matter,
    // else who may decide is told what to run.
    stage->source("ALTER TABLE people ALTER number TYPE int USING 4; INSERT INTO people VALUES (5, 'five', 5, NULL)");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    CHECK(stage->target("SELECT number FROM people WHERE id = 5") == "5");
    stage->source("ALTER TABLE people ALTER more TYPE int USING 1; INSERT INTO people VALUES (6, 'six', 6, 66)");
    CHECK(stage->run(mode) != 0);
    CHECK_MESSAGE(holds(stage->said().err, "ALTER COLUMN \"more\" TYPE integer"), stage->said().err);
    stage->target("ALTER TABLE people ALTER COLUMN \"more\" TYPE integer USING NULL");
    CHECK_MESSAGE(stage->run(mode) == 0, stage->said().err);
    CHECK(stage->target("SELECT more FROM people WHERE id = 6") == "66");
  }
}

}  // namespace levada
