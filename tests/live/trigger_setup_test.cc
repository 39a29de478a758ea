// What the trigger source finds wrong on a real server, and what it says is to be done about it.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "connectors/postgres/capture_filter.h"
#include "connectors/postgres/names.h"
#include "tests/live/trigger_stage.h"

namespace levada {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Runs all that stands behind "Run: " in the problems, as somebody would who reads them.
void obey(PostgresStage& stage, const std::string& problems) {
  OtherSession session(stage);
  for (std::size_t at = 0; (at = problems.find("Run: ", at)) != std::string::npos;) {
    at += 5;
    std::size_t end = problems.find(" Or set 'setup' = 'auto'.", at);
    REQUIRE(end != std::string::npos);
    session.sql(problems.substr(at, end - at));
    at = end;
  }
}

}  // namespace

TEST_SUITE("trigger") {
  TEST_CASE("trigger: setup=check says the SQL that is needed, changes nothing, and is content when it has been run") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE employees (emp_id int PRIMARY KEY, city varchar(100))");
    SUBCASE("nothing is there") {}
    SUBCASE("a plain change table") {
      stage->sql("CREATE TABLE emp_cdc (emp_id SERIAL, city varchar(100), action varchar(100))");
    }
    SUBCASE("a change table with an id, its sequence with a cache, and columns that may not be null") {
      stage->sql("CREATE TABLE emp_cdc (cdc_id bigserial PRIMARY KEY, emp_id int NOT NULL, action varchar(100))");
      stage->sql("ALTER SEQUENCE emp_cdc_cdc_id_seq CACHE 10");
    }
    TriggerLine line(*stage, {"table.include.list=employees", "change.table=emp_cdc", "topic=e", "setup=check"});
    std::string problems = line.problems();
    CAPTURE(problems);
    CHECK(holds(problems, "no trigger on"));
    CHECK(line.problems() == problems);
    CHECK(line.start_error() != "");
    obey(*stage, problems);
    CHECK(line.problems() == "");
    stage->sql("INSERT INTO employees VALUES (1, 'Perth')");
    line.catch_up();
    stage->sql("UPDATE employees SET emp_id = 2");
    line.catch_up();
    CHECK(line.table("e") == "2: Perth");
  }

  TEST_CASE("trigger: changes that are older than a column have what the table's rows have there") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    stage->sql("INSERT INTO t VALUES (1, 'one')");
    line.catch_up();
    line.take_events();
    stage->sql("INSERT INTO t VALUES (2, 'two')");
    stage->sql(
        "ALTER TABLE t ADD a int NOT NULL DEFAULT 6, ADD b text NOT NULL DEFAULT 'it''s', ADD c int, ADD d int[] "
        "DEFAULT '{1,2}'");
    stage->sql("UPDATE t SET word = 'uno' WHERE id = 1");
    line.catch_up();
    for (const std::string& event : line.events()) {
      CAPTURE(event);
      CHECK(holds(event, "6|it's|"));
    }
    CHECK(line.events().size() == 2);  // the rows have the same, which is told with the schema
    stage->sql("INSERT INTO t VALUES (3, 'three', 7, 'x', 8, NULL)");
    line.catch_up();
    CHECK(holds(line.table("t"), "3: three|7|x|8|"));
  }

  TEST_CASE("trigger: setup=auto goes on with tables that are altered while it runs") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    // Somebody is quicker: as the change table is made, the table gets another column.
    const std::string schema = quote_name(stage->schema()),
                      name = "quicker_" + std::to_string(random_seed() % 1'000'000);
    stage->sql("CREATE FUNCTION quicker() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF to_regclass('" +
               schema + ".t_changes') IS NOT NULL THEN ALTER TABLE " + schema +
               ".t ADD IF NOT EXISTS more int; END IF; END $$");
    stage->sql("CREATE EVENT TRIGGER " + name +
               " ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE TRIGGER') EXECUTE FUNCTION quicker()");
    line.catch_up();
    stage->sql("DROP EVENT TRIGGER " + name);
    stage->sql("INSERT INTO t VALUES (1, 'one', 11)");
    line.catch_up();
    CHECK(line.table("t") == "1: one|11");
  }

  TEST_CASE("trigger: setup=auto repairs what somebody has broken") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, word text)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    line.catch_up();
    SUBCASE("a trigger is disabled") { stage->sql("ALTER TABLE t DISABLE TRIGGER ALL"); }
    SUBCASE("a trigger is gone") { stage->sql("DROP TRIGGER \"0levada_capture_t_changes\" ON t"); }
    SUBCASE("the function is another one") {
      OtherSession(*stage).sql(
          "CREATE OR REPLACE FUNCTION levada_capture_t_changes() RETURNS trigger LANGUAGE plpgsql AS "
          "'BEGIN RETURN NULL; END'");
    }
    SUBCASE("a column was added to the table") { stage->sql("ALTER TABLE t ADD COLUMN more int"); }
    line.catch_up();
    stage->sql("INSERT INTO t (id, word) VALUES (1, 'one')");
    line.catch_up();
    CHECK(line.table("t").starts_with("1: one"));
  }

  TEST_CASE("trigger: what would make the order of changes uncertain is refused") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    SUBCASE("a key that is checked at the commit") {
      stage->sql("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE)");
      CHECK(holds(line.problems(), "the primary key of"));
      CHECK(holds(line.problems(), "is DEFERRABLE"));
      CHECK(holds(line.start_error(), "refused: "));
    }
    SUBCASE("no key") {
      stage->sql("CREATE TABLE t (id int)");
      CHECK(holds(line.problems(), "nothing tells its rows apart / Run: ALTER TABLE"));
      CHECK(holds(line.problems(), "'message.key.columns' = '" + stage->schema() + ".t:id'"));
    }
    SUBCASE("a trigger that fires before the change") {
      stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
      stage->sql("CREATE TABLE t_changes (id int, action text)");
      stage->sql(
          "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t_changes VALUES (NEW.id, "
          "TG_OP); RETURN NEW; END'");
      stage->sql("CREATE TRIGGER early BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()");
      CHECK(holds(line.problems(), "trigger early on"));
      CHECK(holds(line.problems(), "fires before the change"));
    }
    SUBCASE("a trigger that does not record all") {
      stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
      stage->sql("CREATE TABLE t_changes (id int, action text)");
      stage->sql(
          "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t_changes VALUES (NEW.id, "
          "TG_OP); RETURN NEW; END'");
      stage->sql("CREATE TRIGGER partly AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()");
      CHECK(holds(line.problems(), "does not record all of INSERT, UPDATE and DELETE"));
    }
  }

  TEST_CASE("trigger: a table that is not there, and a server that is not there, are said") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    CHECK(
        holds(TriggerLine(*stage, {"table.include.list=no_such", "topic=t"}).problems(), "there is no table no_such"));
    CHECK(holds(TriggerLine(*stage, {"table.include.list=t", "topic=t", "connection.url=postgresql://127.0.0.1:1/x"})
                    .problems(),
                "cannot connect to PostgreSQL at 127.0.0.1:1/x"));
  }

  TEST_CASE("trigger: privileges that are missing are said with the GRANT; writers need none on the change table") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    const std::string role = "role_" + std::to_string(random_seed() % 1'000'000'000);
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, word text)");
    stage->sql("CREATE ROLE " + role + " LOGIN PASSWORD 'secret'");
    stage->sql("GRANT USAGE ON SCHEMA " + quote_name(stage->schema()) + " TO " + role);
    std::string url = stage->url();
    url.erase(url.find("://") + 3, url.find('@') - url.find("://") - 2);
    if (std::size_t at = url.find("&passfile"); at != url.npos) url.erase(at);
    TriggerLine reader(*stage, {"table.include.list=t", "topic=t", "connection.url=" + url, "connection.user=" + role,
                                "connection.password=secret"});
    std::string problems = reader.problems();
    CAPTURE(problems);
    CHECK(holds(problems, "there is no change table"));
    CHECK(holds(problems, "As the table's owner run: CREATE TABLE"));
    CHECK(holds(problems, "has no privilege SELECT on"));
    CHECK(holds(problems, "TO \"" + role + "\";"));

    TriggerLine owner(*stage, {"table.include.list=t", "topic=t"});
    owner.catch_up();
    problems = reader.problems();
    CHECK(holds(problems, "GRANT DELETE ON"));
    stage->sql("GRANT SELECT ON t TO " + role);
    stage->sql("GRANT SELECT, INSERT, DELETE ON t_changes TO " + role);
    CHECK(reader.problems() == "");

    stage->sql("GRANT INSERT ON t TO " + role);
    stage->sql("REVOKE INSERT ON t_changes FROM " + role);
    stage->sql("SET ROLE " + role);
    stage->sql("INSERT INTO t VALUES (1, 'by a writer')");
    stage->sql("RESET ROLE");
    owner.catch_up();
    CHECK(owner.table("t") == "1: by a writer");
    stage->sql("DROP OWNED BY " + role);
    stage->sql("DROP ROLE " + role);
  }

  TEST_CASE("trigger: a change table that was emptied is a position lost, or rows read anew where that is wanted") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    auto lose = [&](TriggerLine& line) {
      line.catch_up();
      stage->sql("INSERT INTO t VALUES (1), (2)");
      line.catch_up();
      stage->sql("DELETE FROM t WHERE id = 1");
      stage->sql("TRUNCATE t_changes");
    };
    TriggerLine strict(*stage, {"table.include.list=t", "topic=t"});
    lose(strict);
    CHECK(strict.start_error() ==
          "position lost: the change table of " + stage->schema() + ".t does not have the change read last");
    stage->sql("TRUNCATE t");
    TriggerLine again(*stage, {"table.include.list=t", "topic=t", "snapshot.mode=when_needed"});
    lose(again);
    again.catch_up();
    CHECK(again.table("t") == "2: ");
  }

  TEST_CASE("trigger: what a crash or another server would lose is refused, and two that prune one table") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "setup=check"});
    SUBCASE("an unlogged table") {
      stage->sql("CREATE UNLOGGED TABLE t (id int PRIMARY KEY)");
      CHECK(holds(line.problems(), ".t is UNLOGGED / Run: ALTER TABLE"));
    }
    SUBCASE("an unlogged change table, and one of another type") {
      stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
      stage->sql("CREATE UNLOGGED TABLE t_changes (id text, action text)");
      CHECK(holds(line.problems(), ".t_changes is UNLOGGED / Run: ALTER TABLE"));
      CHECK(holds(line.problems(), "is of type text, that of the table is integer"));
    }
    SUBCASE("changes of another server") {
      stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
      TriggerLine owner(*stage, {"table.include.list=t", "topic=t"});
      owner.catch_up();
      stage->sql("INSERT INTO t VALUES (1)");
      owner.catch_up();
      stage->sql("UPDATE t_changes SET levada_transaction = '4000000000000000000'");
      CHECK(holds(line.problems(), "has changes of transactions that this server has not had"));
      CHECK(holds(owner.start_error(), "position lost"));
      stage->sql("INSERT INTO t VALUES (2)");
      TriggerLine fresh(*stage, {"table.include.list=t", "topic=t", "snapshot.mode=no_data"});
      fresh.catch_up();
      CHECK(fresh.table("t") == "1: \n2: ");
    }
    SUBCASE("two sources") {
      stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
      TriggerLine one(*stage, {"table.include.list=t", "topic=t"}), two(*stage, {"table.include.list=t", "topic=t"});
      auto source = one.source(false);
      REQUIRE(one.start(*source));
      CHECK(holds(two.start_error(), "another connector reads and prunes"));
      source.reset();
    }
  }

  TEST_CASE("trigger: A10: a commit wakes the source") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t", "poll.interval.ms=3600000"});
    auto source = line.source(true);
    REQUIRE(line.start(*source));
    auto next = [&](int ms) {
      auto read = source->read({}, std::chrono::milliseconds(ms));
      REQUIRE(read);
      std::size_t n = read->parts.size();
      line.keep(*std::move(read));
      return n;
    };
    next(0), next(0);
    std::jthread writer([&] { OtherSession(*stage).sql("INSERT INTO t VALUES (1)"); });
    CHECK(next(60'000) == 1);  // else it would wait for an hour
    CHECK(line.table("t") == "1: ");
    CHECK(next(0) == 0);
  }

  TEST_CASE("trigger: A10: from commit to rows, measured") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    TriggerLine line(*stage, {"table.include.list=t", "topic=t"});
    auto source = line.source(true);
    REQUIRE(line.start(*source));
    constexpr int commits = 500;
    std::vector<std::int64_t> committed(commits), latencies;
    std::jthread writer([&] {
      OtherSession session(*stage);
      for (int i = 0; i < commits; ++i) {
        session.sql("INSERT INTO t VALUES (" + std::to_string(i) + ")");
        committed[static_cast<std::size_t>(i)] = real_clock().steady_us();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
    std::vector<std::int64_t> seen;
    while (seen.size() < commits) {
      auto read = source->read({}, std::chrono::milliseconds(200));
      REQUIRE(read);
      std::int64_t now = real_clock().steady_us();
      for (const SourceRead::Part& part : read->parts) seen.resize(seen.size() + part.batch.size, now);
      auto position = read->position;
      if (position) REQUIRE(source->acknowledge(*position));
    }
    writer.join();
    for (std::size_t i = 0; i < commits; ++i) latencies.push_back(std::max<std::int64_t>(0, seen[i] - committed[i]));
    std::ranges::sort(latencies);
    MESSAGE("from commit to rows: p50 " << latencies[commits / 2] << " us, p99 " << latencies[commits * 99 / 100]
                                        << " us, max " << latencies.back() << " us");
  }

  TEST_CASE("trigger: a topic is described as its rows will be, before anything is set up") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, amount numeric(10,2), word varchar(20) NOT NULL)");
    TriggerLine line(*stage, {"table.include.list=t", "topic.prefix=shop"});
    auto schema = line.describe(captured_topic("shop", stage->schema(), "t"));
    REQUIRE_MESSAGE(schema, schema.error().text());
    REQUIRE(*schema);
    CHECK((**schema)[1].name == "amount");
    CHECK((**schema).origin->columns[1].type == "numeric(10,2)");
    CHECK_FALSE(line.describe("shop.other")->has_value());
    CHECK(stage->sql("SELECT count(*) FROM pg_class WHERE relname = 't_changes' AND relnamespace = "
                     "quote_ident(current_schema())::regnamespace") == "0");
  }
}

}  // namespace levada
