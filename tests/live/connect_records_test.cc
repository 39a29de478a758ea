// A captured table in the forms of Kafka Connect, from the command line to the rows: envelopes that are read again as a
// table, and rows that a transform took out of them and that describe themselves.
#include <doctest/doctest.h>

#include "tests/live/levada_program.h"
#include "tests/live/wal_stage.h"

namespace levada {
namespace {

constexpr const char* run = "run $SQL --log $LOG --until-caught-up";

std::string connector(WalStage& stage, const std::string& more) {
  std::string text =
      "CREATE SOURCE CONNECTOR pg WITH ('connector.class' = 'io.debezium.connector.postgresql.PostgresConnector'";
  for (const Property& property :
       stage.properties({{"snapshot.mode", "initial"}, {"publication.autocreate.mode", "filtered"}}))
    text += ", '" + property.name + "' = '" + property.value + "'";
  return text + ", " + more + ");\n";
}

void make_people(WalStage& stage) {
  stage.sql("CREATE TABLE people (id int PRIMARY KEY, name text, price numeric(6,2), at timestamp, born date)");
  stage.sql(
      "INSERT INTO people VALUES (1, 'Ann', 1.50, '2020-02-29 12:34:56.789012', '2000-01-01'), (2, 'Bob', NULL, NULL, "
      "NULL)");
}
void change_people(WalStage& stage) {
  stage.sql(
      "UPDATE people SET name = 'Anna' WHERE id = 1; DELETE FROM people WHERE id = 2; "
      "INSERT INTO people VALUES (3, 'Cyd', -2.25, '1969-12-31 23:59:59.999', '1969-12-31')");
}

TEST_SUITE("live") {
  TEST_CASE("captured envelopes are read as the table they are of, with schemas and without") {
    // The stage's schema has a name that no topic can have.
    const std::string route =
        ", 'transforms.route.type' = 'RegexRouter', 'transforms.route.regex' = '.*\\.(.*)', "
        "'transforms.route.replacement' = 'x_$1'";
    for (std::string form :
         {"'format' = 'DEBEZIUM_JSON', 'transforms' = 'route'" + route,
          "'value.converter' = 'org.apache.kafka.connect.json.JsonConverter', 'transforms' = 'f,route', "
          "'transforms.f.type' = 'Filter', 'transforms.f.predicate' = 't', 'predicates' = 't', "
          "'predicates.t.type' = 'RecordIsTombstone'" +
              route}) {
      CAPTURE(form);
      auto stage = WalStage::open();
      if (!stage) return;
      make_people(*stage);
      LevadaProgram levada(
          "CREATE TABLE people (id INT PRIMARY KEY, name STRING, price DECIMAL(6, 2), at TIMESTAMP, born DATE) WITH "
          "(KAFKA_TOPIC = 'x_people', PARTITIONS = 1, FORMAT = 'DEBEZIUM_JSON');\n" +
          connector(*stage, form) +
          "CREATE TABLE copy WITH (KAFKA_TOPIC = 'copy', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'JSON') AS SELECT * FROM "
          "people;\n");
      auto said = levada.run(run);
      REQUIRE_MESSAGE(said.code == 0, said.err);
      change_people(*stage);
      said = levada.run(run);
      REQUIRE_MESSAGE(said.code == 0, said.err);
      std::string rows = levada.run("print copy --log $LOG --from-beginning --no-follow").out;
      for (const char* row :
           {R"(key: 1, value: {"NAME":"Ann","PRICE":1.50,"AT":1582979696789,"BORN":10957})",
            R"(key: 2, value: {"NAME":"Bob","PRICE":null,"AT":null,"BORN":null})",
            R"(key: 1, value: {"NAME":"Anna","PRICE":1.50,"AT":1582979696789,"BORN":10957})", "key: 2, value: null",
            R"(key: 3, value: {"NAME":"Cyd","PRICE":-2.25,"AT":-1,"BORN":-1})"})
        CHECK_MESSAGE(rows.find(row) != std::string::npos, row << "\nis not in\n" << rows);
    }
  }

  TEST_CASE("rows that ExtractNewRecordState made, under another name, describe themselves") {
    auto stage = WalStage::open();
    if (!stage) return;
    make_people(*stage);
    LevadaProgram levada(connector(
        *stage,
        "'transforms' = 'unwrap,route', 'transforms.unwrap.type' = 'io.debezium.transforms.ExtractNewRecordState', "
        "'transforms.unwrap.add.fields' = 'op', 'transforms.route.type' = 'RegexRouter', 'transforms.route.regex' = "
        "'.*\\.(.*)', 'transforms.route.replacement' = 'x_$1'"));
    auto said = levada.run(run);
    REQUIRE_MESSAGE(said.code == 0, said.err);
    change_people(*stage);
    said = levada.run(run);
    REQUIRE_MESSAGE(said.code == 0, said.err);
    levada.rewrite(
        "CREATE TABLE p WITH (KAFKA_TOPIC = 'x_people', FORMAT = 'AVRO');\nSELECT id, name, price, at, born, __op FROM "
        "p;\n");
    said = levada.run("run $SQL --log $LOG --until-caught-up --output json");
    CHECK_MESSAGE(said.code == 0, said.err);
    for (const char* row :
         {R"({"ID":1,"NAME":"Anna","PRICE":1.50,"AT":"2020-02-29T12:34:56.789012","BORN":"2000-01-01","__OP":"u"})",
          R"({"ID":3,"NAME":"Cyd","PRICE":-2.25,"AT":"1969-12-31T23:59:59.999","BORN":"1969-12-31","__OP":"c"})"})
      CHECK_MESSAGE(said.out.find(row) != std::string::npos, row << "\nis not in\n" << said.out);
    CHECK_MESSAGE(said.out.find("Bob") == std::string::npos, said.out);
  }
}

}  // namespace
}  // namespace levada
