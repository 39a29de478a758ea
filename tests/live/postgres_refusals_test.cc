// Rows that the server refuses for good: they are told with its words, all others are written.
#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

SinkTopic things(std::vector<Field> value, bool table = true) {
  return {.topic = "things",
          .object = "THINGS",
          .schema = std::make_shared<Schema>(Schema{{{"ID", TypeKind::int32}}, std::move(value)}),
          .table = table};
}

TestRecord row(std::int64_t id, std::optional<Value> v) {
  if (!v) return {{id}, std::nullopt};
  return {{id}, ValueList{*std::move(v)}};
}

// What the server says about one bad row among good ones, in each mode; the good ones must be there afterwards.
std::string refusal(PostgresStage& stage, const std::string& column_and_constraint, const Type& type, const Value& good,
                    const Value& bad) {
  std::string words;
  for (const char* mode : {"insert", "upsert"}) {
    CAPTURE(column_and_constraint);
    CAPTURE(mode);
    stage.sql("DROP TABLE IF EXISTS things");
    stage.sql("CREATE TABLE things (id int PRIMARY KEY, v " + column_and_constraint + ")");
    stage.sql("DELETE FROM levada_positions");
    SteadySink sink(stage, things({{"V", type}}), {{"insert.mode", mode}});
    std::vector<TestRecord> records;
    for (std::int64_t i = 0; i < 20; ++i) records.push_back({{i}, ValueList{i == 13 ? bad : good}});
    std::string told = sink.write(std::move(records));
    if (words.empty()) words = told;
    CHECK(told == words);  // the same in both modes
    CHECK(stage.sql("SELECT count(*), count(*) FILTER (WHERE id = 13) FROM things") == "19|0");
  }
  CHECK(words.starts_with("13: "));
  return words.size() > 4 ? words.substr(4) : words;
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("a value that the column cannot hold is refused with the server's words") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SteadySink(*stage, things({{"V", TypeKind::string}}), {{"auto.create", "true"}});  // makes levada_positions
    auto text = [](const char* t) { return Value(std::string(t)); };
    const Type string = TypeKind::string, int64 = TypeKind::int64, float64 = TypeKind::float64;
    CHECK(refusal(*stage, "varchar(5)", string, text("12345"), text("123456")) ==
          "value too long for type character varying(5) (SQLSTATE 22001)");
    CHECK(refusal(*stage, "char(3)", string, text("ab"), text("äöüß")) ==
          "value too long for type character(3) (SQLSTATE 22001)");
    CHECK(refusal(*stage, "smallint", int64, std::int64_t{32767}, std::int64_t{32768}) ==
          "smallint out of range, column \"v\" (SQLSTATE 22003)");
    CHECK(refusal(*stage, "integer", int64, std::int64_t{-2147483648}, std::int64_t{-2147483649}) ==
          "integer out of range, column \"v\" (SQLSTATE 22003)");
    CHECK(refusal(*stage, "real", float64, 1.5, 1e300) ==
          "value out of range: overflow, column \"v\" (SQLSTATE 22003)");
    CHECK(refusal(*stage, "numeric(5,2)", Type::decimal(7, 2), Int128{99999}, Int128{100000}) ==
          "numeric field overflow (SQLSTATE 22003)");
    CHECK(refusal(*stage, "text", string, text("ok"), Value(std::string("nul\0byte", 8))) ==
          "invalid byte sequence for encoding \"UTF8\": 0x00 (SQLSTATE 22021)");
    CHECK(refusal(*stage, "text", string, text("ok"), text("\xff\xfe")) ==
          "invalid byte sequence for encoding \"UTF8\": 0xff (SQLSTATE 22021)");
    CHECK(refusal(*stage, "uuid", string, text("{7EC7B8A7-d3b5-4b3c-9c1c-0123456789ab}"), text("7ec7b8a7")) ==
          "invalid input syntax for type uuid: \"7ec7b8a7\", column \"v\" (SQLSTATE 22P02)");
    CHECK(refusal(*stage, "jsonb", string, text("{\"a\": [1]}"), text("{\"a\": ")) ==
          "invalid input syntax for type json (SQLSTATE 22P02)");
    CHECK(refusal(*stage, "jsonb", string, text("[]"), Value(std::string(200'000, '['))) ==
          "stack depth limit exceeded (SQLSTATE 54001)");
    CHECK(refusal(*stage, "inet", string, text("10.0.0.1/8"), text("10.0.0.256")) ==
          "invalid input syntax for type inet: \"10.0.0.256\" (SQLSTATE 22P02)");
    CHECK(refusal(*stage, "date", TypeKind::date, std::int64_t{0}, std::int64_t{-3'000'000}) ==
          "date out of range (SQLSTATE 22008)");
    CHECK(refusal(*stage, "timestamp", TypeKind::timestamp, std::int64_t{0}, std::int64_t{INT64_MIN + 5}) ==
          "timestamp out of range, column \"v\" (SQLSTATE 22008)");
    CHECK(refusal(*stage, "time", TypeKind::time, std::int64_t{86'399'999'999}, std::int64_t{86'400'000'001}) ==
          "time out of range (SQLSTATE 22008)");
    stage->sql("CREATE TYPE mood AS ENUM ('good', 'bad')");
    CHECK(refusal(*stage, "mood", string, text("bad"), text("odd")) ==
          "invalid input value for enum mood: \"odd\" (SQLSTATE 22P02)");
  }

  TEST_CASE("a row that breaks a constraint is refused with its name") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SteadySink(*stage, things({{"V", TypeKind::string}}), {{"auto.create", "true"}});
    const Type int32 = TypeKind::int32;
    const std::int64_t good = 1, bad = -1;
    CHECK(refusal(*stage, "int NOT NULL", int32, good, Value()) ==
          "null value in column \"v\" of relation \"things\" violates not-null constraint (SQLSTATE 23502)");
    CHECK(refusal(*stage, "int CONSTRAINT positive CHECK (v > 0)", int32, good, bad) ==
          "new row for relation \"things\" violates check constraint \"positive\" (SQLSTATE 23514)");
    stage->sql("CREATE TABLE parents (id int PRIMARY KEY)");
    stage->sql("INSERT INTO parents VALUES (1)");
    CHECK(refusal(*stage, "int REFERENCES parents", int32, good, bad) ==
          "insert or update on table \"things\" violates foreign key constraint \"things_v_fkey\": Key (v)=(-1) is not "
          "present in table \"parents\". (SQLSTATE 23503)");
    stage->sql("CREATE DOMAIN positive AS int CHECK (VALUE > 0)");
    CHECK(refusal(*stage, "positive", int32, good, bad) ==
          "value for domain positive violates check constraint \"positive_check\" (SQLSTATE 23514)");
    stage->sql(
        "CREATE FUNCTION no_negatives() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v < 0 THEN RAISE "
        "EXCEPTION 'not %', NEW.v USING ERRCODE = TG_ARGV[0]; END IF; RETURN NEW; END $$");
    for (auto [when, code] :
         {std::pair("BEFORE", "P0001"), std::pair("AFTER", "P0001"), std::pair("BEFORE", "UE123")}) {
      CAPTURE(when);
      CAPTURE(code);
      for (const char* mode : {"insert", "upsert"}) {
        stage->sql("DROP TABLE IF EXISTS things");
        stage->sql("CREATE TABLE things (id int PRIMARY KEY, v int)");
        stage->sql("DELETE FROM levada_positions");
        stage->sql(std::string("CREATE TRIGGER t ") + when +
                   " INSERT ON things FOR EACH ROW EXECUTE FUNCTION no_negatives('" + code + "')");
        SteadySink sink(*stage, things({{"V", int32}}), {{"insert.mode", mode}});
        CHECK(sink.write({row(1, good), row(2, bad), row(3, good)}) ==
              "1: not -1 (SQLSTATE " + std::string(code) + ")");
        CHECK(stage->sql("SELECT id FROM things ORDER BY id") == "1\n3");
      }
    }
  }

  TEST_CASE("a key twice is refused where rows are only inserted") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE things (id int PRIMARY KEY, v int)");
    stage->sql("INSERT INTO things VALUES (5, 0)");
    SteadySink sink(*stage, things({{"V", TypeKind::int32}}, false), {});
    std::vector<TestRecord> records;
    for (std::int64_t i : {1, 2, 5, 2, 3}) records.push_back({{i}, ValueList{i}});
    CHECK(sink.write(std::move(records)) ==
          "2: duplicate key value violates unique constraint \"things_pkey\": Key (id)=(5) already exists. (SQLSTATE "
          "23505)\n"
          "3: duplicate key value violates unique constraint \"things_pkey\": Key (id)=(2) already exists. (SQLSTATE "
          "23505)");
    CHECK(stage->sql("SELECT * FROM things ORDER BY id") == "1|1\n2|2\n3|3\n5|0");
  }

  TEST_CASE("a second unique column refuses only what the log's order would refuse") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE things (id int PRIMARY KEY, v text UNIQUE)");
    stage->sql("INSERT INTO things VALUES (9, 'x')");
    SteadySink sink(*stage, things({{"V", TypeKind::string}}), {});
    auto put = [](std::int64_t id, const char* v) { return TestRecord{{id}, ValueList{std::string(v)}}; };
    // 9 gives x up, 1 takes it (a smaller key: sorted, it comes first), 9 goes on to z; 2 may not have x.
    CHECK(sink.write({put(9, "y"), put(1, "x"), put(9, "z"), put(2, "x"), put(3, "w")}) ==
          "3: duplicate key value violates unique constraint \"things_v_key\": Key (v)=(x) already exists. (SQLSTATE "
          "23505)");
    CHECK(stage->sql("SELECT * FROM things ORDER BY id") == "1|x\n3|w\n9|z");
    // A deletion makes room for the row behind it.
    CHECK(sink.write({row(3, std::nullopt), put(4, "w")}) == "");
    CHECK(stage->sql("SELECT * FROM things ORDER BY id") == "1|x\n4|w\n9|z");
  }

  TEST_CASE("keys that are the same to the server only are written one after the other") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE things (name char(5) PRIMARY KEY, n double precision)");
    SinkTopic topic{
        .topic = "things",
        .object = "THINGS",
        .schema = std::make_shared<Schema>(Schema{{{"NAME", TypeKind::string}}, {{"N", TypeKind::float64}}}),
        .table = true};
    SteadySink sink(*stage, topic, {});
    auto put = [](const char* name, double n) { return TestRecord{{std::string(name)}, ValueList{n}}; };
    CHECK(sink.write({put("a", 1), put("a  ", 2), put("b", 3), put("a ", 4)}) == "");
    CHECK(stage->sql("SELECT * FROM things ORDER BY 1") == "a    |4\nb    |3");
  }

  TEST_CASE("one bad row in many costs few statements, and many bad rows are all found") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    for (const char* mode : {"insert", "upsert"}) {
      for (std::uint64_t one_in : {10'000, 50, 2, 1}) {
        CAPTURE(mode);
        CAPTURE(one_in);
        stage->sql("DROP TABLE IF EXISTS things, levada_positions");
        stage->sql("CREATE TABLE things (id int PRIMARY KEY, v int CHECK (v >= 0))");
        SteadySink sink(*stage, things({{"V", TypeKind::int32}}), {{"insert.mode", mode}});
        const std::int64_t count = one_in == 10'000 ? 4000 : 300;
        std::int64_t bad = 0;
        std::vector<TestRecord> records;
        for (std::int64_t i = 0; i < count; ++i) {
          bool is_bad = one_in == 10'000 ? i == 1234 : random.one_in(one_in);
          bad += is_bad;
          records.push_back({{i}, ValueList{std::int64_t{is_bad ? -1 : 1}}});
        }
        std::string told = sink.write(std::move(records));
        CHECK(std::ranges::count(told, '\n') + (told.empty() ? 0 : 1) == bad);
        CHECK(stage->sql("SELECT count(*) FROM things") == std::to_string(count - bad));
        if (one_in == 10'000)  // dead rows are what was written in vain
          CHECK(std::stoi(stage->sql("SELECT pg_relation_size('things') / 8192")) < 3 * count / 226 + 3);
      }
    }
  }

  TEST_CASE(
      "a constraint that is only checked at the end of the transaction refuses its row in the round's second try") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE parents (id int PRIMARY KEY)");
    stage->sql("INSERT INTO parents VALUES (1)");
    for (const char* mode : {"insert", "upsert"}) {
      CAPTURE(mode);
      stage->sql("DROP TABLE IF EXISTS things, levada_positions");
      stage->sql("CREATE TABLE things (id int PRIMARY KEY, v int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)");
      SinkTopic topic = things({{"V", TypeKind::int32}});
      auto sink = stage->sink({topic}, {{"insert.mode", mode}});
      Delivery delivery;
      for (std::int64_t i = 0; i < 500; ++i)
        delivery.records.push_back({{i}, ValueList{std::int64_t{i % 100 == 42 ? 7 : 1}}});
      CHECK(delivery.run(*sink, topic));
      CHECK(delivery.errors == 5);  // one for each round of 100 with a bad row
      CHECK(delivery.rejected == std::vector<std::int64_t>{42, 142, 242, 342, 442});
      CHECK(stage->sql("SELECT count(*), count(*) FILTER (WHERE v <> 1) FROM things") == "495|0");
    }
  }

  TEST_CASE("a child that comes before its parent in a round is fine where the constraint waits") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE things (id int PRIMARY KEY, v int REFERENCES things DEFERRABLE INITIALLY DEFERRED)");
    SteadySink sink(*stage, things({{"V", TypeKind::int32}}), {{"batch.size", "1"}});
    CHECK(sink.write({row(1, std::int64_t{2}), row(2, std::int64_t{1})}) == "");
    CHECK(stage->sql("SELECT * FROM things ORDER BY id") == "1|2\n2|1");
  }
}

}  // namespace levada
