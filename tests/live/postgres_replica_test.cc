// The Postgres sink as a replica: batches in the schemas of captured tables, which change, lack values and empty
// tables.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "base/clock.h"
#include "connectors/postgres/sink.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

struct CapturedField {
  std::string name;
  Type type;
  std::string origin;  // the type at the source
  bool not_null = false;
  bool key = false;
};

// A captured table's schema: keys first, its order that of the fields here.
SchemaRef captured(const std::vector<CapturedField>& fields) {
  Schema schema;
  auto origin = std::make_shared<TableOrigin>(TableOrigin{"postgresql", "public", "people", {}, {}});
  for (bool key : {true, false})
    for (const CapturedField& field : fields) {
      if (field.key != key) continue;
      (key ? schema.key : schema.value).push_back({field.name, field.type});
      origin->columns.push_back({field.origin, field.not_null});
    }
  for (const CapturedField& field : fields)
    origin->order.push_back(static_cast<std::uint32_t>(*schema.find(field.name)));
  schema.origin = origin;
  return std::make_shared<Schema>(std::move(schema));
}

const CapturedField id{"id", TypeKind::int32, "integer", true, true};
const CapturedField name{"Name", TypeKind::string, "character varying(20)", true};

// A sink over a topic that describes itself.
class Replica {
 public:
  explicit Replica(PostgresStage& stage, Properties more = {}, std::int32_t partitions = 1) : stage_(stage) {
    topic_ = {.topic = "shop.public.people", .object = "shop.public.people", .partitions = partitions};
    properties_ = std::move(more);
    for (Property p : Properties{{"auto.create", "true"}, {"auto.evolve", "true"}, {"table.name.format", "${table}"}})
      if (!find_property(properties_, p.name)) properties_.push_back(std::move(p));
    start();
  }
  void start() {
    sink_ = stage_.sink({topic_}, properties_);
    auto started = sink_->start();
    REQUIRE_MESSAGE(started, started.error().text());
  }
  Batch batch(const SchemaRef& schema, std::vector<TestRecord> records, std::int32_t partition = 0) {
    SinkTopic described = topic_;
    described.schema = schema;
    Batch made = test_batch(described, partition, next_, records);
    next_ += static_cast<std::int64_t>(records.size());
    return made;
  }
  Batch truncation() {
    Batch made;
    made.truncates = true;
    made.timestamps_ms = std::make_shared<std::vector<std::int64_t>>(1, 0);
    auto origin = std::make_shared<Origin>(Origin{.topic = topic_.topic, .partition = 0});
    origin->offsets = {next_++};
    made.origin = origin;
    return made;
  }
  // In one round; what was rejected, as "OFFSET: why" lines, or the error.
  std::string write(const std::vector<Batch>& batches) {
    std::string lines;
    auto line = [&](std::int64_t offset, const std::string& why) {
      lines += (lines.empty() ? "" : "\n") + std::to_string(offset) + ": " + why;
    };
    for (const Batch& b : batches) {
      RowFailures rejected;
      if (auto written = sink_->write(b, rejected); !written) return written.error().text();
      for (const RowFailure& r : rejected) line(b.origin->offsets[r.row], r.why);
    }
    std::vector<RejectedRecord> refused;
    if (auto flushed = sink_->flush(refused); !flushed) return flushed.error().text();
    for (const RejectedRecord& r : refused) line(r.offset.value(), r.why);
    PartitionOffset next{{topic_.topic, 0}, Offset(next_)};
    if (auto committed = sink_->commit(std::span(&next, 1)); !committed) return committed.error().text();
    return lines;
  }
  std::string write(const SchemaRef& schema, std::vector<TestRecord> records) {
    return write({batch(schema, std::move(records))});
  }
  // name type [not null], in the table's order.
  std::string columns(const std::string& table = "people") {
    return stage_.sql(
        "SELECT quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) || "
        "CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END FROM pg_attribute WHERE attrelid = '" +
        table + "'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum");
  }
  Sink& sink() { return *sink_; }

 private:
  PostgresStage& stage_;
  SinkTopic topic_;
  Properties properties_;
  std::unique_ptr<Sink> sink_;
  std::int64_t next_ = 0;
};

Value text(const char* t) { return std::string(t); }
Value number(std::int64_t n) { return n; }
TestRecord gone(std::int64_t key) { return {{number(key)}, std::nullopt}; }

// Field `field` of the value is not sent in these rows.
Batch without(Batch batch, std::size_t field, const std::vector<std::uint32_t>& rows) {
  if (batch.absent.empty()) batch.absent.resize(batch.after.size());
  if (batch.absent[field].empty()) batch.absent[field].assign(batch.size, false);
  for (std::uint32_t row : rows) batch.absent[field].set(row);
  return batch;
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("replica: the table is made as it is at the source, with its types, order, NOT NULL and key") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TYPE mood AS ENUM ('glad', 'sad')");
    Replica replica(*stage);
    SchemaRef schema = captured({name,
                                 id,
                                 {"price", Type::decimal(10, 2), "numeric(10,2)"},
                                 {"much", TypeKind::string, "numeric"},
                                 {"u", TypeKind::string, "uuid"},
                                 {"j", TypeKind::string, "jsonb"},
                                 {"at", TypeKind::timestamp, "timestamp with time zone"},
                                 {"local", TypeKind::timestamp, "timestamp(3) without time zone"},
                                 {"tags", Type::array(TypeKind::string), "character varying(5)[]"},
                                 {"mood", TypeKind::string, "mood"},
                                 {"feel", TypeKind::string, "elsewhere.feeling"},
                                 {"odd", TypeKind::string, "int); DROP TABLE people; --"}});
    CHECK(replica.write(schema, {{{number(7)},
                                  ValueList{text("Ann"), Int128{1250}, text("1e1000"),
                                            text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), text("{\"a\": 1}"), number(0),
                                            number(1'000), ValueList{text("x"), Value()}, text("sad"), text("well"),
                                            text("1")}}}) == "");
    CHECK(replica.columns() ==
          "\"Name\" character varying(20) NOT NULL\nid integer NOT NULL\nprice numeric(10,2)\nmuch numeric\nu uuid\nj "
          "jsonb\nat timestamp with time zone\nlocal timestamp(3) without time zone\ntags character varying(5)[]\nmood "
          "mood\nfeel text\nodd text");
    CHECK(stage->sql("SELECT \"Name\", id, price, length(much::text), u, j, at, local, tags, mood, feel FROM people") ==
          "Ann|7|12.50|1001|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|{\"a\": 1}|1970-01-01 00:00:00+00|1970-01-01 "
          "00:00:00.001|{x,NULL}|sad|well");
    // By its key it is upserted and deleted, although nobody has declared a table.
    CHECK(replica.write(schema, {gone(7)}) == "");
    CHECK(stage->sql("SELECT count(*) FROM people") == "0");
  }

  TEST_CASE("replica: types that come as texts are cast, infinities are the server's") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TYPE pair AS (a int, b text)");
    struct Sample {
      std::string origin;
      Type type;
      Value value;
      std::string shown;
    };
    const std::vector<Sample> samples = {
        {"numeric", TypeKind::string, text("NaN"), "NaN"},
        {"numeric", TypeKind::string, text("-Infinity"), "-Infinity"},
        {"numeric(60,3)", TypeKind::string, text("123456789012345678901234567890123456789012345.678"),
         "123456789012345678901234567890123456789012345.678"},
        {"inet", TypeKind::string, text("10.0.0.1/8"), "10.0.0.1/8"},
        {"interval", TypeKind::string, text("1 year 2 mons -3 days 04:05:06.7"), "1 year 2 mons -3 days +04:05:06.7"},
        {"int4range", TypeKind::string, text("[1,10)"), "[1,10)"},
        {"tstzrange", TypeKind::string, text("empty"), "empty"},
        {"bit(5)", TypeKind::string, text("10101"), "10101"},
        {"bit varying", TypeKind::string, text("101"), "101"},
        {"time with time zone", TypeKind::string, text("12:00:00+02"), "12:00:00+02"},
        {"money", Type::decimal(19, 2), Int128{-123456}, "-$1,234.56"},
        {"pair", TypeKind::string, text("(1,\"a b\")"), "(1,\"a b\")"},
        {"pair[]", TypeKind::string, text("{\"(1,x)\",NULL}"), "{\"(1,x)\",NULL}"},
        {"integer[]", TypeKind::string, text("{{1,2},{3,4}}"), "{{1,2},{3,4}}"},
        {"oid", TypeKind::int64, number(4'000'000'000), "4000000000"},
        {"\"char\"", TypeKind::string, text("x"), "x"},
        {"name", TypeKind::string, text("pg"), "pg"},
        {"character(4)", TypeKind::string, text("ab"), "ab  "},
        {"tsvector", TypeKind::string, text("'a' 'b'"), "'a' 'b'"},
        {"point", TypeKind::string, text("(1,2.5)"), "(1,2.5)"},
        {"xml", TypeKind::string, text("<a/>"), "<a/>"},
        {"pg_lsn", TypeKind::string, text("1/2A"), "1/2A"},
        {"bytea", TypeKind::bytes, Value(std::string("\0\1", 2)), "\\x0001"},
        {"real", TypeKind::float64, 0.5, "0.5"},
        {"date", TypeKind::date, number(INT32_MAX), "infinity"},
        {"date", TypeKind::date, number(INT32_MIN), "-infinity"},
        {"timestamp without time zone", TypeKind::timestamp, number(INT64_MAX), "infinity"},
        {"timestamp with time zone", TypeKind::timestamp, number(INT64_MIN), "-infinity"},
        {"timestamp with time zone[]", Type::array(TypeKind::timestamp),
         ValueList{number(INT64_MAX), number(1'000'000)}, "{infinity,\"1970-01-01 00:00:01+00\"}"},
        {"time without time zone", TypeKind::time, number(86'400'000'000), "24:00:00"},
    };
    for (const Sample& s : samples) {
      CAPTURE(s.origin);
      if (stage->release() < 14 && s.origin == "numeric" && s.shown == "-Infinity") continue;  // it knows only NaN
      stage->sql("DROP TABLE IF EXISTS people, levada_positions");
      Replica replica(*stage);
      SchemaRef schema = captured({id, {"v", s.type, s.origin}});
      CHECK(replica.write(schema, {{{number(1)}, ValueList{s.value}}, {{number(2)}, ValueList{Value()}}}) == "");
      CHECK(replica.columns() == "id integer NOT NULL\nv " + s.origin);
      CHECK(stage->sql("SELECT v FROM people ORDER BY id") == s.shown + "\nNULL");
    }
  }

  TEST_CASE("replica: local times stay what they are, moments become local times of db.timezone") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE people (id int PRIMARY KEY, a timestamp, b timestamp, c timestamptz, d timestamptz)");
    Replica replica(*stage, {{"db.timezone", "Europe/Berlin"}});
    const char *local = "timestamp without time zone", *moment = "timestamp with time zone";
    SchemaRef schema = captured({id,
                                 {"a", TypeKind::timestamp, local},
                                 {"b", TypeKind::timestamp, moment},
                                 {"c", TypeKind::timestamp, local},
                                 {"d", TypeKind::timestamp, moment}});
    CHECK(replica.write(schema, {{{number(1)}, ValueList{number(0), number(0), number(0), number(0)}}}) == "");
    CHECK(stage->sql("SELECT a, b, c AT TIME ZONE 'UTC', d AT TIME ZONE 'UTC' FROM people") ==
          "1970-01-01 00:00:00|1970-01-01 01:00:00|1969-12-31 23:00:00|1970-01-01 00:00:00");
  }

  TEST_CASE("replica: the table follows the source: columns added, dropped, renamed, widened, no longer NOT NULL") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Replica replica(*stage);
    SchemaRef first = captured({id, name, {"n", TypeKind::int32, "integer", true}});
    CHECK(replica.write(first, {{{number(1)}, ValueList{text("a"), number(1)}}}) == "");
    // All in one round: old and new take turns, as several partitions have them.
    CapturedField wide = name;
    wide.origin = "character varying(30)";
    wide.not_null = false;
    SchemaRef added = captured({id, wide, {"n", TypeKind::int64, "bigint", true}, {"more", TypeKind::date, "date"}});
    SchemaRef dropped =
        captured({id, {"n", TypeKind::int64, "bigint", true}, {"Label", TypeKind::string, "text", true}});
    const std::string long_name(30, 'x');
    CHECK(replica.write({replica.batch(first, {{{number(2)}, ValueList{text("b"), number(2)}}}),
                         replica.batch(added, {{{number(3)}, ValueList{long_name, number(1LL << 40), number(0)}},
                                               {{number(4)}, ValueList{Value(), number(0), Value()}}}),
                         replica.batch(first, {{{number(5)}, ValueList{text("e"), number(5)}}}),
                         replica.batch(dropped, {{{number(6)}, ValueList{number(6), text("six")}}}),
                         replica.batch(added, {{{number(2)}, ValueList{text("bb"), number(22), Value()}}})}) == "");
    CHECK(replica.columns() ==
          "id integer NOT NULL\n\"Name\" character varying(30)\nn bigint NOT NULL\nmore date\n\"Label\" text");
    CHECK(stage->sql("SELECT * FROM people ORDER BY id") ==
          "1|a|1|NULL|NULL\n2|bb|22|NULL|NULL\n3|" + long_name +
              "|1099511627776|1970-01-01|NULL\n4|NULL|0|NULL|NULL\n5|e|5|NULL|NULL\n6|NULL|6|NULL|six");
    // Begun anew, from a schema that is older than the table.
    replica.start();
    CHECK(replica.write(first, {{{number(7)}, ValueList{text("g"), number(7)}}}) == "");
    CHECK(stage->sql("SELECT * FROM people WHERE id = 7") == "7|g|7|NULL|NULL");
  }

  TEST_CASE("replica: a round that fails takes its changes of tables with it") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Replica replica(*stage);
    SchemaRef first = captured({id, name}), second = captured({id, name, {"more", TypeKind::date, "date"}});
    RowFailures rejected;
    REQUIRE(replica.sink().write(replica.batch(first, {{{number(1)}, ValueList{text("a")}}}), rejected));
    REQUIRE(replica.sink().write(replica.batch(second, {{{number(2)}, ValueList{text("b"), Value()}}}), rejected));
    std::vector<RejectedRecord> refused;
    REQUIRE(replica.sink().flush(refused));
    CHECK(replica.sink().start());  // as after an error: nothing was committed
    CHECK(stage->sql("SELECT to_regclass('people')") == "NULL");
    CHECK(replica.write(second, {{{number(2)}, ValueList{text("b"), Value()}}}) == "");
    CHECK(stage->sql("SELECT id FROM people") == "2");
  }

  TEST_CASE("replica: without leave to make or change tables the statement that would do it is said") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Replica replica(*stage, {{"auto.create", "false"}, {"auto.evolve", "false"}});
    SchemaRef first = captured({id, name}), second = captured({id, name, {"more", TypeKind::date, "date"}});
    std::string said = replica.write(first, {{{number(1)}, ValueList{text("a")}}});
    CHECK(said.find("does not exist") != said.npos);
    CHECK(said.find("\"Name\" character varying(20) NOT NULL") != said.npos);
    stage->sql("CREATE TABLE people (id int PRIMARY KEY, name text)");
    replica.start();
    CHECK(replica.write(first, {{{number(1)}, ValueList{text("a")}}}) == "");
    said = replica.write(second, {{{number(1)}, ValueList{text("a"), Value()}}});
    CHECK(said.find("ADD COLUMN \"more\" date") != said.npos);
  }

  TEST_CASE("replica: what the source has not sent is left alone") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SchemaRef schema = captured({id, {"a", TypeKind::string, "text"}, {"b", TypeKind::string, "text", true}});
    auto row = [](std::int64_t key, Value a, Value b) { return TestRecord{{number(key)}, ValueList{a, b}}; };
    for (const char* batch_size : {"1", "2", "10000"}) {
      CAPTURE(batch_size);
      stage->sql("DROP TABLE IF EXISTS people, levada_positions");
      Replica replica(*stage, {{"batch.size", batch_size}});
      CHECK(replica.write(schema, {row(1, text("a1"), text("b1")), row(2, text("a2"), text("b2"))}) == "");
      // Of the row there.
      CHECK(
          replica.write({without(without(replica.batch(schema, {row(1, text("A1"), Value()),
                                                                row(2, Value(), text("B2")), row(1, Value(), Value())}),
                                         0, {1, 2}),
                                 1, {0, 2})}) == "");
      CHECK(stage->sql("SELECT * FROM people ORDER BY id") == "1|A1|b1\n2|a2|B2");
      // Of a row on its way, also if that lacks something itself, and of one that was there, deleted and made again.
      CHECK(replica.write(
                {without(without(replica.batch(schema, {row(3, text("a3"), text("b3")), row(3, Value(), text("B3")),
                                                        row(2, text("x"), Value()), row(2, Value(), text("y")), gone(1),
                                                        row(1, text("new"), text("new")),
                                                        row(1, text("newer"), Value()), row(3, text("A3"), Value())}),
                                 0, {1, 3}),
                         1, {2, 6, 7})}) == "");
      CHECK(stage->sql("SELECT * FROM people ORDER BY id") == "1|newer|new\n2|x|y\n3|A3|B3");
      // Null is not unchanged.
      CHECK(replica.write({without(replica.batch(schema, {row(3, Value(), Value())}), 1, {0})}) == "");
      CHECK(stage->sql("SELECT a IS NULL, b FROM people WHERE id = 3") == "t|B3");
    }
  }

  TEST_CASE("replica: a row that lacks values and is not there is refused, never half written") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SchemaRef schema = captured({id, {"a", TypeKind::string, "text"}, {"b", TypeKind::string, "text"}});
    auto row = [](std::int64_t key) { return TestRecord{{number(key)}, ValueList{text("a"), Value()}}; };
    const std::string remedy =
        "; an UPDATE of the row at the source that sets it anew sends it, and ALTER TABLE … REPLICA IDENTITY FULL "
        "there "
        "has it sent always";
    Replica replica(*stage);
    CHECK(replica.write(schema, {row(1), row(2)}) == "");
    CHECK(replica.write({without(replica.batch(schema, {row(7), gone(1), row(1), row(2)}), 1, {0, 2, 3})}) ==
          "4: the source has not sent \"b\", as it has not changed, and the row with this key was deleted before" +
              remedy +
              "\n2: the source has not sent \"b\", as it has not changed, and the target has no row with this "
              "key that would have it" +
              remedy);
    CHECK(stage->sql("SELECT id FROM people") == "2");
  }

  TEST_CASE("replica: an emptied table is emptied, in its place among the rows") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SchemaRef schema = captured({id, name});
    auto row = [](std::int64_t key) { return TestRecord{{number(key)}, ValueList{text("a")}}; };
    Replica replica(*stage);
    CHECK(replica.write({replica.truncation()}) == "");  // nothing is there yet
    CHECK(replica.write(schema, {row(1), row(2)}) == "");
    CHECK(replica.write({replica.batch(schema, {row(3)}), replica.truncation(), replica.batch(schema, {row(4)})}) ==
          "");
    CHECK(stage->sql("SELECT id FROM people") == "4");
    // Another table refers to it: TRUNCATE may not be, DELETE may.
    stage->sql("CREATE TABLE children (id int REFERENCES people ON DELETE CASCADE)");
    stage->sql("INSERT INTO children VALUES (4)");
    CHECK(replica.write({replica.batch(schema, {row(5)}), replica.truncation(), replica.batch(schema, {row(6)})}) ==
          "");
    CHECK(stage->sql("SELECT id FROM people") == "6");
    CHECK(stage->sql("SELECT count(*) FROM children") == "0");
    stage->sql("ALTER TABLE children DROP CONSTRAINT children_id_fkey, ADD FOREIGN KEY (id) REFERENCES people");
    stage->sql("INSERT INTO children VALUES (6)");
    std::string refused = replica.write({replica.truncation(), replica.batch(schema, {row(7)})});
    CHECK(refused.find("the table cannot be emptied: ") != refused.npos);
    CHECK(stage->sql("SELECT id FROM people ORDER BY id") == "6\n7");
    // First thing after a start, and where the user does not want it.
    stage->sql("DROP TABLE children");
    replica.start();
    CHECK(replica.write({replica.truncation()}) == "");
    CHECK(stage->sql("SELECT count(*) FROM people") == "0");
    stage->sql("DROP TABLE levada_positions");
    Replica keeper(*stage, {{"truncate.enabled", "false"}});
    CHECK(keeper.write({keeper.batch(schema, {row(1)}), keeper.truncation()}) == "");
    CHECK(stage->sql("SELECT id FROM people") == "1");
  }

  TEST_CASE("replica: a table without key is appended to") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SchemaRef schema = captured({{"line", TypeKind::string, "text"}, {"n", TypeKind::string, "numeric"}});
    Replica replica(*stage);
    CHECK(replica.write(schema, {{{}, ValueList{text("x"), text("1.50")}}, {{}, ValueList{text("x"), text("1.50")}}}) ==
          "");
    CHECK(stage->sql("SELECT * FROM people") == "x|1.50\nx|1.50");
    CHECK(replica.write({replica.truncation()}) == "");
    CHECK(stage->sql("SELECT count(*) FROM people") == "0");
  }

  TEST_CASE("replica: sequences are set beyond the rows, never back") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(
        "CREATE TABLE people (id serial PRIMARY KEY, n int GENERATED BY DEFAULT AS IDENTITY, \"Odd\" bigserial)");
    stage->sql("SELECT setval('people_n_seq', 1000)");
    SchemaRef schema = captured({id, {"n", TypeKind::int32, "integer"}, {"Odd", TypeKind::int64, "bigint"}});
    auto row = [](std::int64_t n) { return TestRecord{{number(n)}, ValueList{number(n), number(10 * n)}}; };
    auto next = [&] {
      return stage->sql("SELECT nextval('people_id_seq'), nextval('people_n_seq'), nextval('\"people_Odd_seq\"')");
    };
    Replica replica(*stage);
    CHECK(!replica.sink().due_ms());
    CHECK(replica.write(schema, {row(7), row(3)}) == "");
    REQUIRE(replica.sink().due_ms());
    CHECK(stage->sql("SELECT last_value FROM people_id_seq") == "1");
    while (*replica.sink().due_ms() > real_clock().now_ms()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(replica.sink().commit({}));
    CHECK(!replica.sink().due_ms());
    CHECK(next() == "8|1001|71");
    // At the end at the latest.
    CHECK(replica.write(schema, {row(20)}) == "");
    REQUIRE(replica.sink().close());
    CHECK(next() == "21|1002|201");
    CHECK(replica.write(schema, {gone(20), row(1)}) == "");
    REQUIRE(replica.sink().close());
    CHECK(next() == "22|1003|202");
  }

  TEST_CASE("replica: topics that come later are added to a running sink, and have their positions") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Properties properties = {{"auto.create", "true"}, {"table.name.format", "${table}"}};
    SinkTopic people{.topic = "shop.public.people", .object = "shop.public.people", .partitions = 2};
    SchemaRef schema = captured({id, name});
    auto older = stage->sink({}, properties);
    REQUIRE(older->start());
    auto sink = stage->sink({}, properties);
    REQUIRE(sink->start());
    // Who has been followed is not let in by a topic that nobody has had.
    auto fenced = older->add_topic(people);
    CHECK(!fenced);
    auto add_and_write = [&](std::int64_t key) {
      SinkTopic described = people;
      described.schema = schema;
      std::vector<TestRecord> records = {{{number(key)}, ValueList{text("a")}}};
      auto added = sink->add_topic(people);
      REQUIRE_MESSAGE(added, added.error().text());
      RowFailures rejected;
      std::vector<RejectedRecord> refused;
      auto written = sink->write(test_batch(described, 1, key, records), rejected);
      REQUIRE_MESSAGE(written, written.error().text());
      REQUIRE(sink->flush(refused));
      PartitionOffset next[] = {{{people.topic, 0}, Offset(0)}, {{people.topic, 1}, Offset(key + 1)}};
      auto committed = sink->commit(next);
      REQUIRE_MESSAGE(committed, committed.error().text());
    };
    add_and_write(0);
    CHECK(stage->sql("SELECT id FROM people") == "0");
    // Started again it knows the topic, and where it was.
    auto offsets = sink->start();
    REQUIRE(offsets);
    REQUIRE((*offsets)->size() == 2);
    CHECK((*offsets)->at(1).next == Offset(1));
    add_and_write(1);
    sink = stage->sink({}, properties);
    offsets = sink->start();
    REQUIRE(offsets);
    CHECK((*offsets)->at(1).next == Offset(2));
  }
}

}  // namespace levada
