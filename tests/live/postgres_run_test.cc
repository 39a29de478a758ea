// `levada` against a real server, from the command line to the rows: what it says, what it leaves, how it ends.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/json.h"
#include "base/network.h"
#include "base/random.h"
#include "connectors/postgres/names.h"
#include "tests/live/levada_program.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

constexpr const char* run = "run $SQL --log $LOG --until-caught-up";
constexpr const char* canary = "canary-5e1d";

// A role with a password that must be seen nowhere; it owns the stage's schema.
class Role {
 public:
  explicit Role(PostgresStage& stage) : stage_(stage), name_("role_" + std::to_string(random_seed() % 1'000'000'000)) {
    stage.sql("CREATE ROLE " + name_ + " LOGIN PASSWORD '" + canary + "'");
    stage.sql("GRANT ALL ON SCHEMA " + quote_name(stage.schema()) + " TO " + name_);
  }
  ~Role() {
    stage_.sql("DROP OWNED BY " + name_);
    stage_.sql("DROP ROLE " + name_);
  }
  // The lines of a sink connector that say where to connect to.
  std::string connection(const std::string& password = canary) const {
    std::string url = stage_.url();
    url.erase(url.find("://") + 3, url.find('@') - url.find("://") - 2);
    url.erase(url.find("&passfile"));
    return "'connection.url' = '" + url + "', 'connection.user' = '" + name_ + "', 'connection.password' = '" +
           password + "'";
  }

 private:
  PostgresStage& stage_;
  const std::string name_;
};

std::string connection(const PostgresStage& stage) { return "'connection.url' = '" + stage.url() + "'"; }

// `count` made rows in a stream, and a sink for it.
std::string numbers(std::int64_t count, const std::string& sink, const std::string& source = "") {
  return "CREATE STREAM numbers (id BIGINT, word STRING) WITH (KAFKA_TOPIC = 'numbers', PARTITIONS = 2, VALUE_FORMAT = "
         "'JSON');\n"
         "CREATE SOURCE CONNECTOR made WITH ('connector.class' = 'generator', 'topic' = 'numbers', 'column.ID' = "
         "'sequence from 1', 'column.WORD' = 'text word {ID}', 'count' = '" +
         std::to_string(count) + "'" + source +
         ");\n"
         "CREATE SINK CONNECTOR target WITH ('connector.class' = 'postgres', 'topics' = 'numbers', " +
         sink + ");\n";
}

// Each of 1..count once.
void check_numbers(PostgresStage& stage, std::int64_t count) {
  CHECK(stage.sql("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM numbers") ==
        std::to_string(count) + "|" + std::to_string(count) + "|1|" + std::to_string(count));
}

// The log lines whose msg is this.
std::vector<Json> events(const std::string& err, std::string_view msg) {
  std::vector<Json> found;
  for (std::size_t from = 0, to; from < err.size(); from = to + 1) {
    to = std::min(err.find('\n', from), err.size());
    if (err[from] != '{') continue;  // for people
    auto line = Json::parse(std::string_view(err).substr(from, to - from));
    CHECK_MESSAGE(line, err.substr(from, to - from));
    if (line && line->find("msg") && *line->find("msg")->string() == msg) found.push_back(*std::move(line));
  }
  return found;
}

std::string text_of(const Json& event, std::string_view field) {
  const Json* value = event.find(field);
  return value && value->string() ? *value->string() : "";
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("levada run: the salary example makes its tables, and a second run changes nothing") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Role role(*stage);
    std::ifstream example(LEVADA_ROOT "/examples/salary/salary.sql");
    std::string script(std::istreambuf_iterator<char>(example), {});
    std::string url = "'connection.url' = '${env:SALARY_DATABASE:-postgresql://localhost/postgres}'";
    REQUIRE(holds(script, url));
    script.replace(script.find(url), url.size(), role.connection());
    std::string path = "examples/salary/Employee_Salaries.csv";
    script.replace(script.find(path, script.find("'path'")), path.size(), LEVADA_ROOT "/" + path);
    LevadaProgram levada(script);
    levada.must_not_say(canary);
    auto said = levada.run(std::string(run) + " --verbose");
    CHECK_MESSAGE(said.code == 0, said.err);
    const std::string totals = "SELECT * FROM department_employee_salary ORDER BY 1";
    const std::string counts =
        "SELECT department, count(*), sum(salary) FROM department_employee GROUP BY 1 ORDER BY 1";
    auto check = [&] {
      CHECK(stage->sql(totals) == "CIT|9102142\nECC|2042698\nEMS|3779570");
      CHECK(stage->sql(counts) == "CIT|112|9102142\nECC|48|2042698\nEMS|127|3779570");
    };
    check();
    CHECK(stage->sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = "
                     "'department_employee_salary'::regclass") == "PRIMARY KEY (department)");
    said = levada.run(run);
    CHECK(said.code == 0);
    check();
    CHECK(stage->sql("SELECT max(epoch) FROM levada_positions") == "2");

    // The log is gone, the target is not.
    std::filesystem::remove_all(levada.log_directory());
    levada.rewrite(script + "\n");
    stage->sql("UPDATE levada_positions SET next_offset = next_offset + 100000 WHERE topic = 'department_employee'");
    said = levada.run(run);
    CHECK(said.code == 8);
    CHECK_MESSAGE(holds(said.err, "has already written offset "), said.err);
    CHECK(holds(said.err, "this is not the log that the target was filled from, or the log has lost its end"));
    CHECK(holds(said.err, "To fill the target anew from this log, empty it"));
    check();
  }

  TEST_CASE("levada run: what will not pass ends it with what to do, and no password is ever said") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    if (stage->release() < 15) return skip_test("before 15 everybody may make tables in schema public");
    Role role(*stage);
    struct Case {
      std::string sink;
      int code;
      std::string what, remedy;
    };
    std::string nowhere = role.connection();
    std::size_t port = nowhere.find(":" + std::to_string(stage->port()) + "/"), database = nowhere.find('/', port) + 1;
    nowhere.replace(database, nowhere.find('?') - database, "nowhere");
    const Case cases[] = {
        {role.connection(std::string(canary) + "x"), 6, "password authentication failed for user",
         "Check 'connection.user' and 'connection.password'."},
        {nowhere, 5, "database \"nowhere\" does not exist",
         "Create the database, or name another one in 'connection.url'."},
        {role.connection(), 5, "table numbers does not exist", "Set 'auto.create' = 'true', or create it:"},
        {role.connection() + ", 'auto.create' = 'true', 'table.name.format' = 'public.levada_no_such'", 6,
         "no privilege to create table public.levada_no_such", "Let the owner of the schema run:"},
        {role.connection() + ", 'connection.sslmode' = 'require'", 6,
         "server does not support SSL, but SSL was required",
         "Check sslmode and sslrootcert in 'connection.url' against what the server offers."},
        {role.connection() + ", 'insert.mod' = 'upsert'", 1, "insert.mod", "insert.mode"},
    };
    for (const Case& c : cases) {
      CAPTURE(c.what);
      LevadaProgram levada(numbers(10, c.sink));
      levada.must_not_say(canary);
      for (const std::string arguments : {run, "check $SQL --connect", "check $SQL --connect --output json"}) {
        CAPTURE(arguments);
        auto said = levada.run(arguments);
        CHECK(said.code == (arguments == run ? c.code : 1));
        std::string all = said.out + said.err;
        for (std::size_t at; (at = all.find("\\\"")) != all.npos;) all.erase(at, 1);
        CHECK_MESSAGE(holds(all, c.what), all);
        CHECK_MESSAGE(holds(all, c.remedy), all);
      }
    }
    LevadaProgram right(numbers(10, role.connection() + ", 'auto.create' = 'true'"));
    right.must_not_say(canary);
    auto said = right.run("check $SQL --connect");
    CHECK_MESSAGE(said.code == 0, said.err);
    CHECK(stage->sql("SELECT count(*) FROM pg_class WHERE relname = 'numbers' AND relnamespace = (SELECT oid FROM "
                     "pg_namespace WHERE nspname = current_schema())") == "0");
    CHECK(right.run(run).code == 0);
    check_numbers(*stage, 10);
  }

  TEST_CASE("levada check --connect: all that does not fit is told at once, and nothing is changed") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE numbers (id date, extra int NOT NULL)");
    LevadaProgram levada(numbers(10, connection(*stage)));
    auto said = levada.run("check $SQL --connect");
    CHECK(said.code == 1);
    CHECK_MESSAGE(
        holds(said.err, "column \"id\" of table " + stage->schema() + ".numbers is date, which takes no BIGINT"),
        said.err);
    CHECK(holds(said.err, "has no column \"word\""));
    CHECK(holds(said.err, "Set 'auto.evolve' = 'true', or add them:\n  ALTER TABLE"));
    CHECK(holds(said.err, "column \"extra\" of table " + stage->schema() + ".numbers is NOT NULL without default"));
    CHECK(stage->sql("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
                     "'numbers'::regclass AND attnum > 0") == "id,extra");
    CHECK(!std::filesystem::exists(levada.log_directory()));
    stage->sql("ALTER TABLE numbers ALTER id TYPE bigint USING NULL, DROP extra");
    levada.rewrite(numbers(10, connection(*stage) + ", 'auto.evolve' = 'true'"));
    said = levada.run("check $SQL --connect");
    CHECK_MESSAGE(said.code == 0, said.err);
    CHECK(levada.run(run).code == 0);
    check_numbers(*stage, 10);
  }

  TEST_CASE("levada run: a server that is away at the start is waited for, and the state is told in JSON lines") {
    if (!PostgresStage::open()) return;
    OwnServer server;
    server.kill();
    LevadaProgram levada(numbers(1000, "'connection.url' = '" + server.url() + "', 'auto.create' = 'true'"));
    levada.start(run);
    CHECK(levada.says("\"attempt\":3"));
    server.up();
    auto said = levada.wait();
    CHECK_MESSAGE(said.code == 0, said.err);
    PostgresStage stage(server.url());
    CHECK(stage.sql("SELECT count(*), count(DISTINCT id) FROM public.numbers") == "1000|1000");
    auto retries = events(said.err, "retrying");
    REQUIRE(retries.size() >= 3);
    CHECK(text_of(retries[0], "object") == "TARGET");
    CHECK(text_of(retries[0], "level") == "warning");
    CHECK(holds(text_of(retries[0], "error"), "cannot connect to PostgreSQL at 127.0.0.1:"));
    CHECK(events(said.err, "goes on").size() == 1);
    CHECK_MESSAGE(holds(said.out, "TARGET"), said.out);
    stage.sql("DROP TABLE public.numbers, public.levada_positions");
  }

  TEST_CASE("levada run: a server that is stopped during the load and comes back has every row once") {
    if (!PostgresStage::open()) return;
    OwnServer server;
    LevadaProgram levada(
        numbers(60'000, "'connection.url' = '" + server.url() + "', 'auto.create' = 'true'", ", 'rate' = '20000'"));
    levada.start(run);
    for (int round = 0; round < 2; ++round) {
      {
        PostgresStage stage(server.url());
        while (stage.sql("SELECT to_regclass('public.numbers')") == "NULL" ||
               std::stoi(stage.sql("SELECT count(*) FROM public.numbers")) <= round * 20'000)
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      server.down();
      CHECK(levada.says("\"msg\":\"retrying\""));
      server.up();
    }
    auto said = levada.wait();
    CHECK_MESSAGE(said.code == 0, said.err);
    PostgresStage stage(server.url());
    CHECK(stage.sql("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM public.numbers") ==
          "60000|60000|1|60000");
    CHECK(events(said.err, "retrying").size() >= 2);
    CHECK(events(said.err, "failed").empty());
    CHECK_MESSAGE(holds(said.out, "60,000"), said.out);  // what was done twice is not counted twice
  }

  TEST_CASE("levada run: max.retries ends the waiting, and Ctrl-C does") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    auto port = real_network().listen("127.0.0.1", 0).value()->port();
    std::string away = "'connection.url' = 'postgresql://127.0.0.1:" + std::to_string(port) + "/x'";
    LevadaProgram levada(numbers(10, away + ", 'max.retries' = '2', 'retry.backoff.ms' = '20'"));
    auto said = levada.run(run);
    CHECK(said.code == 4);
    CHECK_MESSAGE(holds(said.err, "given up after 2 retries: cannot start sink TARGET"), said.err);
    levada.rewrite(numbers(10, away));
    levada.start(run);
    CHECK(levada.says("\"attempt\":2"));
    levada.interrupt();
    said = levada.wait();
    CHECK_MESSAGE(said.code == 0, said.err);
    // Nothing was lost by it.
    levada.rewrite(numbers(10, connection(*stage) + ", 'auto.create' = 'true'"));
    CHECK(levada.run(run).code == 0);
    check_numbers(*stage, 10);
  }

  TEST_CASE("levada dlq: rows that a column is too narrow for are listed with the cause, and go in when it is wider") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Role role(*stage);
    stage->sql("CREATE TABLE numbers (id bigint, word varchar(7))");
    stage->sql("ALTER TABLE numbers OWNER TO CURRENT_USER");
    stage->sql("GRANT ALL ON numbers TO PUBLIC");
    LevadaProgram levada(numbers(105, role.connection()));
    levada.must_not_say(canary);
    auto said = levada.run(run);
    CHECK_MESSAGE(said.code == 3, said.err);
    CHECK(holds(said.err, "levada dlq list --log"));
    check_numbers(*stage, 99);
    said = levada.run("dlq list --log $LOG --output json");
    CHECK(said.code == 0);
    std::size_t letters = 0;
    for (std::size_t from = 0, to; from < said.out.size(); from = to + 1, ++letters) {
      to = said.out.find('\n', from);
      auto letter = Json::parse(std::string_view(said.out).substr(from, to - from));
      REQUIRE(letter);
      CHECK(text_of(*letter, "object") == "TARGET");
      CHECK(text_of(*letter, "stage") == "write");
      CHECK(text_of(*letter, "topic") == "numbers");
      CHECK(text_of(*letter, "cause") == "value too long for type character varying(7) (SQLSTATE 22001)");
      CHECK(holds(text_of(*letter, "value"), "word 10"));
    }
    CHECK(letters == 6);
    CHECK(holds(levada.run("dlq list --log $LOG").out, "value too long for type character varying(7)"));

    said = levada.run("dlq replay --all --log $LOG --file $SQL");
    CHECK(said.code == 1);
    CHECK_MESSAGE(holds(said.err, "value too long for type character varying(7)"), said.err);
    CHECK_MESSAGE(holds(said.err, "It is dead letter 6 now"), said.err);
    check_numbers(*stage, 99);
    stage->sql("ALTER TABLE numbers ALTER word TYPE varchar(20)");
    said = levada.run("dlq replay --all --log $LOG --file $SQL");
    CHECK_MESSAGE(said.code == 0, said.err);
    check_numbers(*stage, 105);
    CHECK(levada.run("dlq replay --all --log $LOG --file $SQL").code == 0);  // none is open
    said = levada.run("dlq replay 0 --log $LOG --file $SQL");
    CHECK(holds(said.err, "was replayed before"));
    CHECK(levada.run(run).code == 0);
    check_numbers(*stage, 105);
  }
}

}  // namespace levada
