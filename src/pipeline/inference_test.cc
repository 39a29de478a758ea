// Statements without columns over topics that a source connector writes, or will write.
#include <doctest/doctest.h>

#include "base/clock.h"
#include "formats/formats.h"
#include "log/log_fixture.h"
#include "pipeline/session.h"
#include "registry/schema_topic.h"

namespace levada {
namespace {

constexpr const char* topic = "shop.public.employees";

Schema employees() {
  TableOrigin origin{.system = "postgresql",
                     .schema = "public",
                     .table = "employees",
                     .columns = {{"integer", true}, {"character varying(100)", true}, {"numeric(10,2)", false}},
                     .order = {0, 1, 2}};
  return {.key = {{"id", TypeKind::int32}},
          .value = {{"name", TypeKind::string}, {"salary", Type::decimal(10, 2)}},
          .origin = std::make_shared<const TableOrigin>(std::move(origin))};
}

struct Life {
  MemoryFiles files;
  std::unique_ptr<EmbeddedLog> log;
  std::unique_ptr<SchemaStore> schemas;
  FakeClock clock{0};
  std::unique_ptr<Session> session;

  explicit Life(MemoryDisk& disk)
      : files(disk),
        log(open_log(files)),
        schemas(must(open_schema_topic(*log, false))),
        session(must(Session::open(*log, *schemas, clock, false))) {}

  std::string run(const std::string& sql) {
    auto answers = session->execute(Script{"test", sql}, false);
    return answers ? answers->back().message : answers.error().text();
  }
  // As a source registers what it writes.
  std::int32_t capture(Side side) {
    auto schema = std::make_shared<const Schema>(employees());
    FormatSpec spec{
        .format = "AVRO", .side = side, .fields = side == Side::key ? schema->key : schema->value, .whole = schema};
    return must(schemas->put(std::string(topic) + (side == Side::key ? "-key" : "-value"),
                             find_format("AVRO")->schema_text(spec)));
  }
};

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("before there is a schema the source connector is asked, once; a restart needs it no more") {
    MemoryDisk disk;
    const std::string sql = "CREATE TABLE employees WITH (KAFKA_TOPIC = 'shop.public.employees', FORMAT = 'AVRO');";
    int asked = 0;
    {
      Life life(disk);
      life.session->ask([&](const Catalog&, const std::string& of, std::vector<std::string>& answers) {
        ++asked;
        std::optional<DescribedTopic> described;
        if (of == topic)
          described = DescribedTopic{employees(), {.partitions = 3, .retention_ms = -1}};
        else
          answers.push_back("source connector PG does not write it");
        return described;
      });
      CHECK(life.run(sql) == "Table EMPLOYEES created");
      CHECK(life.session->catalog().find("EMPLOYEES")->statement ==
            "CREATE TABLE EMPLOYEES (ID INTEGER PRIMARY KEY, NAME STRING, SALARY DECIMAL(10, 2)) WITH "
            "(KAFKA_TOPIC = 'shop.public.employees', FORMAT = 'AVRO')");
      // As the connector makes it: a compacted topic would lose values that the source does not send again.
      CHECK(life.log->topic(topic)->config == TopicConfig{.partitions = 3, .retention_ms = -1});
      std::string other = life.run("CREATE STREAM s WITH (KAFKA_TOPIC = 'other', FORMAT = 'AVRO', PARTITIONS = 1);");
      CHECK(other.find("source connector PG does not write it") != std::string::npos);
    }
    Life again(disk);
    CHECK(again.run(sql) == "Table EMPLOYEES is as it was");
    CHECK(text_of(again.session->catalog().find("EMPLOYEES")->schema->value) ==
          "`NAME` STRING, `SALARY` DECIMAL(10, 2)");
    CHECK(asked == 2);
  }

  TEST_CASE("rows of a statement have the key bytes that the source gives a row of the same key") {
    MemoryDisk disk;
    Life life(disk);
    std::int32_t key = life.capture(Side::key), value = life.capture(Side::value);
    must(life.log->create_topic(topic, {.partitions = 1}));
    CHECK(life.run("CREATE TABLE employees WITH (KAFKA_TOPIC = 'shop.public.employees', FORMAT = 'AVRO');") ==
          "Table EMPLOYEES created");
    // A table that is only declared registers nothing, so that the source's schema stays the newest.
    CHECK(must(life.schemas->latest(std::string(topic) + "-value"))->id == value);
    CHECK(life.run("INSERT INTO employees VALUES (7, 'a', 1.50);") == "1 row inserted");
    auto reader = must(life.log->open_reader({topic, 0}, Offset(0)));
    Chunk chunk = must(reader->read(1 << 20));
    Records records;
    must(records.append(chunk.record_batches));
    REQUIRE(records.all().size() == 1);
    CHECK(framed_schema_id(records.all()[0].key.view()) == key);
    CHECK(records.all()[0].key.view().substr(schema_frame_size) == "\x0e");
  }
}

}  // namespace levada
