// The Postgres sink against a real server: what each mode leaves in the tables.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "base/random.h"
#include "connectors/postgres/sink.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

SinkTopic people(bool table) {
  return {.topic = "people",
          .object = "PEOPLE",
          .schema = std::make_shared<Schema>(
              Schema{{{"ID", TypeKind::int64}}, {{"NAME", TypeKind::string}, {"AGE", TypeKind::int32}}}),
          .table = table};
}

TestRecord person(std::int64_t id, const char* name, std::int64_t age) {
  return {{id}, ValueList{std::string(name), age}};
}
TestRecord gone(std::int64_t id) { return {{id}, std::nullopt}; }

// Rounds of insertions, deletions and, more or less often, rows that the table refuses (an age of 13).
class MixedRecords {
 public:
  explicit MixedRecords(std::uint64_t seed) : random_(seed) {}

  // The next round; tells of each record what it is: erase(id), add(id, age), or refuse(offset).
  template <class Erase, class Add, class Refuse>
  std::vector<TestRecord> next(Erase&& erase, Add&& add, Refuse&& refuse) {
    std::vector<TestRecord> records;
    const std::uint64_t one_in = 5 + random_.below(150);
    for (std::uint64_t n = random_.below(200); n > 0; --n, ++offset_) {
      const auto id = static_cast<std::int64_t>(random_.below(60));
      if (random_.one_in(4)) {
        records.push_back(gone(id));
        erase(id);
      } else if (random_.one_in(one_in)) {
        records.push_back(person(id, "x", 13));
        refuse(offset_);
      } else {
        records.push_back(person(id, "x", 1000 + offset_));
        add(id, 1000 + offset_);
      }
    }
    return records;
  }

 private:
  Random random_;
  std::int64_t offset_ = 0;
};

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("a stream is inserted, every record of it, and the table is made") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SteadySink sink(*stage, people(false), {{"auto.create", "true"}});
    CHECK(sink.write({person(1, "Ann", 30), person(2, "Bob", 40), person(1, "Ann", 30)}) == "");
    CHECK(sink.write({{{Value()}, ValueList{Value(), Value()}}, person(3, "Ceé \"x\"\t\n\\N", -1)}) == "");
    CHECK(stage->sql("SELECT * FROM people ORDER BY id, name") ==
          "1|Ann|30\n1|Ann|30\n2|Bob|40\n3|Ceé \"x\"\t\n\\N|-1\nNULL|NULL|NULL");
    CHECK(stage->sql("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'people' AND "
                     "table_schema = current_schema() ORDER BY ordinal_position") ==
          "id|bigint\nname|text\nage|integer");
    // A stream's record without value is no row.
    CHECK(sink.write({gone(1)}) == "5: a deletion cannot be written without 'delete.enabled' and a key");
  }

  TEST_CASE("a table is upserted by its key, deletions delete") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SteadySink sink(*stage, people(true), {{"auto.create", "true"}});
    CHECK(sink.write({person(1, "Ann", 30), person(2, "Bob", 40), person(1, "Anna", 31), gone(3)}) == "");
    CHECK(stage->sql("SELECT * FROM people ORDER BY id") == "1|Anna|31\n2|Bob|40");
    // The last change of a key counts, whichever kind it is.
    CHECK(sink.write({gone(1), person(2, "Bob", 41), gone(2), person(1, "Ann", 32), person(-5, "Zoe", 1), gone(4)}) ==
          "");
    CHECK(stage->sql("SELECT * FROM people ORDER BY id") == "-5|Zoe|1\n1|Ann|32");
    CHECK(sink.write({{{Value()}, ValueList{std::string("nobody"), Value()}}, gone(-5)}) ==
          "10: the key column \"id\" is null");
    CHECK(stage->sql("SELECT * FROM people") == "1|Ann|32");
  }

  TEST_CASE("update changes rows that are there and makes none") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE people (id bigint, name varchar(20), age int, note text DEFAULT 'kept')");
    stage->sql("INSERT INTO people VALUES (1, 'Ann', 30), (1, 'Ann again', 30), (2, 'Bob', 40)");
    SteadySink sink(*stage, people(true), {{"insert.mode", "update"}});
    CHECK(sink.write({person(1, "Anna", 31), person(7, "Nobody", 1), gone(2)}) == "");
    CHECK(stage->sql("SELECT * FROM people ORDER BY id, note") == "1|Anna|31|kept\n1|Anna|31|kept");
  }

  TEST_CASE("deletions are passed over where the user says so") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SteadySink sink(*stage, people(true), {{"auto.create", "true"}, {"delete.enabled", "false"}});
    CHECK(sink.write({person(1, "Ann", 30), gone(1)}) == "");
    CHECK(stage->sql("SELECT * FROM people") == "1|Ann|30");
  }

  TEST_CASE("insertions and deletions keep their order where there is no upsert") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SteadySink sink(*stage, people(true),
                    {{"auto.create", "true"}, {"insert.mode", "insert"}, {"delete.enabled", "true"}});
    CHECK(sink.write({person(1, "Ann", 30), gone(1), person(1, "Ann", 31), person(2, "Bob", 1), gone(2)}) == "");
    CHECK(stage->sql("SELECT * FROM people") == "1|Ann|31");
  }

  TEST_CASE("a random mix of changes leaves what applying them one by one would") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    SteadySink sink(*stage, people(true), {{"auto.create", "true"}, {"batch.size", "70"}});
    std::vector<std::optional<std::int64_t>> model(50);
    for (int round = 0; round < 30; ++round) {
      std::vector<TestRecord> records;
      for (std::uint64_t n = random.below(300); n > 0; --n) {
        auto id = static_cast<std::int64_t>(random.below(50)), age = static_cast<std::int64_t>(random.below(1000));
        bool deletes = random.one_in(3);
        records.push_back(deletes ? gone(id - 25) : person(id - 25, "x", age));
        model[static_cast<std::size_t>(id)] = deletes ? std::nullopt : std::optional(age);
      }
      CHECK(sink.write(std::move(records)) == "");
    }
    std::string expected;
    for (std::size_t id = 0; id < model.size(); ++id)
      if (model[id])
        expected += (expected.empty() ? "" : "\n") + std::to_string(static_cast<int>(id) - 25) + "|" +
                    std::to_string(*model[id]);
    CHECK(stage->sql("SELECT id, age FROM people ORDER BY id") == expected);
  }

  TEST_CASE("only the selected rows of a batch count, and a refused one is told by its number in the batch") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE people (id bigint PRIMARY KEY, name text, age smallint CHECK (age < 100))");
    SinkTopic topic = people(true);
    for (const char* mode : {"upsert", "insert"}) {
      CAPTURE(mode);
      stage->sql("TRUNCATE people");
      auto sink = stage->sink({topic}, {{"insert.mode", mode}});
      REQUIRE(sink->start());
      std::vector<TestRecord> records;
      for (int i = 0; i < 10; ++i) records.push_back(person(i, "p", i == 3 ? 70'000 : i == 7 ? 100 : i));
      Batch batch = test_batch(topic, 0, 0, records);
      batch.selection = Selection(std::vector<std::uint32_t>{1, 3, 4, 7, 9});
      RowFailures rejected;
      REQUIRE(sink->write(batch, rejected));
      std::vector<RejectedRecord> refused;
      REQUIRE(sink->flush(refused));
      REQUIRE(sink->commit({}));
      REQUIRE(rejected.size() == 1);
      CHECK(rejected[0].row == 3);
      CHECK(rejected[0].why == "smallint out of range, column \"age\" (SQLSTATE 22003)");
      REQUIRE(refused.size() == 1);
      CHECK(refused[0].offset == Offset(7));
      CHECK(
          refused[0].why.starts_with("new row for relation \"people\" violates check constraint \"people_age_check\""));
      CHECK(stage->sql("SELECT id FROM people ORDER BY id") == "1\n4\n9");
    }
  }

  TEST_CASE("rows of several batches go together, in the order of topics, and the refused ones keep their places") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic parents = people(false), children = people(false);
    parents.partitions = 2;
    children.topic = "children";
    for (const char* batch_size : {"1", "30", "45", "10000"}) {
      CAPTURE(batch_size);
      stage->sql("DROP TABLE IF EXISTS children, people, levada_positions");
      stage->sql("CREATE TABLE people (id bigint PRIMARY KEY, name text, age int CHECK (age <> 13))");
      stage->sql("CREATE TABLE children (id bigint PRIMARY KEY, name text, age int REFERENCES people (id))");
      auto sink = stage->sink({parents, children}, {{"batch.size", batch_size}});
      REQUIRE(sink->start());
      RowFailures rejected;
      std::int64_t id = 0;
      for (std::int32_t partition : {0, 1})
        for (std::int64_t batch = 0; batch < 3; ++batch) {
          std::vector<TestRecord> records;
          for (int i = 0; i < 20; ++i, ++id) records.push_back(person(id, "p", partition == 1 && i == 7 ? 13 : 1));
          REQUIRE(sink->write(test_batch(parents, partition, 100 + batch * 20, records), rejected));
        }
      std::vector<TestRecord> records;
      for (std::int64_t child = 0; child < 120; ++child) records.push_back(person(child, "c", child));
      REQUIRE(sink->write(test_batch(children, 0, 0, records), rejected));
      CHECK(rejected.empty());
      std::vector<RejectedRecord> refused;
      REQUIRE(sink->flush(refused));
      REQUIRE(sink->commit({}));
      std::string places;
      for (const RejectedRecord& r : refused)
        places += r.partition.topic + "-" + std::to_string(r.partition.partition) + "@" +
                  std::to_string(r.offset.value()) + " ";
      // Three parents, and their children.
      CHECK(places == "people-1@107 people-1@127 people-1@147 children-0@67 children-0@87 children-0@107 ");
      CHECK(stage->sql("SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM children)") == "117|117");
    }
  }

  TEST_CASE("a round in which nothing is refused writes each table in one go, however many statements it takes") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic one = people(true), other = people(false);
    other.topic = "others";
    other.partitions = 2;
    for (int rows : {10, 100, 1000}) {
      CAPTURE(rows);
      stage->sql("DROP TABLE IF EXISTS people, others, levada_positions");
      auto sink = stage->sink({one, other}, {{"auto.create", "true"}, {"insert.mode", "upsert"}, {"batch.size", "5"}});
      REQUIRE(sink->start());
      RowFailures rejected;
      auto write = [&](const SinkTopic& topic, std::int32_t partition, std::int64_t offset) {
        std::vector<TestRecord> records;
        for (int i = 0; i < rows / 2; ++i) {
          const std::int64_t id = partition * 10'000 + offset + i;
          records.push_back(i % 10 == 9 ? gone(id - 3) : person(id, "p", i));
        }
        REQUIRE(sink->write(test_batch(topic, partition, offset, records), rejected));
      };
      write(one, 0, 0);
      write(one, 0, rows / 2);
      write(other, 0, 0);
      write(other, 1, 0);
      std::vector<RejectedRecord> refused;
      REQUIRE(sink->flush(refused));
      CHECK(refused.empty());
      REQUIRE(sink->commit({}));
      // Each row says which part of the transaction has written it: the transaction itself, or what stands behind a
      // savepoint.
      const std::string parts = "(SELECT DISTINCT xmin::text AS x FROM ";
      CHECK(stage->sql("SELECT count(*) FROM people") == std::to_string(2 * (rows / 2 - 2 * (rows / 20))));
      CHECK(stage->sql("SELECT count(*) FROM " + parts + "people) p") == "1");
      CHECK(stage->sql("SELECT count(*) FROM " + parts + "others) o") == "1");
    }
  }

  TEST_CASE("a random mix of changes and of rows that are refused leaves what applying them one by one would") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    for (const char* batch_size : {"1", "7", "40"}) {
      CAPTURE(batch_size);
      stage->sql("DROP TABLE IF EXISTS people, levada_positions");
      stage->sql("CREATE TABLE people (id bigint PRIMARY KEY, name text, age int CHECK (age <> 13))");
      SteadySink sink(*stage, people(true), {{"batch.size", batch_size}});
      std::map<std::int64_t, std::int64_t> model;
      MixedRecords mixed(seed);
      std::set<std::int64_t> bad;
      for (int round = 0; round < 25; ++round) {
        std::vector<TestRecord> records = mixed.next([&](std::int64_t id) { model.erase(id); },
                                                     [&](std::int64_t id, std::int64_t age) { model[id] = age; },
                                                     [&](std::int64_t offset) { bad.insert(offset); });
        std::istringstream told(sink.write(std::move(records)));
        for (std::string line; std::getline(told, line);) {
          CAPTURE(line);
          CHECK(bad.erase(std::stoll(line)) == 1);  // one of these, and not twice
        }
      }
      std::string expected;
      for (const auto& [id, age] : model)
        expected += (expected.empty() ? "" : "\n") + std::to_string(id) + "|" + std::to_string(age);
      CHECK(stage->sql("SELECT id, age FROM people ORDER BY id") == expected);
    }
  }

  TEST_CASE(
      "without a key, too, each row is written once or refused once, and insertions and deletions keep their order") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    for (const char* batch_size : {"1", "9", "50"}) {
      CAPTURE(batch_size);
      stage->sql("DROP TABLE IF EXISTS people, levada_positions");
      stage->sql("CREATE TABLE people (id bigint, name text, age int CHECK (age <> 13))");
      SteadySink sink(*stage, people(true),
                      {{"insert.mode", "insert"}, {"delete.enabled", "true"}, {"batch.size", batch_size}});
      std::multimap<std::int64_t, std::int64_t> model;
      MixedRecords mixed(seed);
      std::string refused, told;
      for (int round = 0; round < 20; ++round) {
        std::vector<TestRecord> records =
            mixed.next([&](std::int64_t id) { model.erase(id); },
                       [&](std::int64_t id, std::int64_t age) { model.emplace(id, age); },
                       [&](std::int64_t offset) { refused += std::to_string(offset) + " "; });
        std::istringstream lines(sink.write(std::move(records)));
        for (std::string line; std::getline(lines, line);) told += std::to_string(std::stoll(line)) + " ";
      }
      CHECK(told == refused);
      std::string expected;
      for (const auto& [id, age] : model)
        expected += (expected.empty() ? "" : "\n") + std::to_string(id) + "|" + std::to_string(age);
      CHECK(stage->sql("SELECT id, age FROM people ORDER BY id, age") == expected);
    }
  }

  TEST_CASE("topic, partition and offset can be the key") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    {
      SteadySink sink(*stage, people(false),
                      {{"auto.create", "true"}, {"pk.mode", "kafka"}, {"insert.mode", "upsert"}});
      CHECK(sink.write({person(1, "Ann", 30), person(1, "Ann", 30)}) == "");
    }
    CHECK(stage->sql("SELECT * FROM people ORDER BY __connect_offset") == "people|0|0|1|Ann|30\npeople|0|1|1|Ann|30");
    // The same offsets again: nothing is doubled, even if the positions were lost.
    stage->sql("DELETE FROM levada_positions");
    SteadySink sink(*stage, people(false), {{"pk.mode", "kafka"}, {"insert.mode", "upsert"}});
    CHECK(sink.write({person(1, "Ann", 30), person(1, "Ann", 30), person(2, "Bob", 2)}) == "");
    CHECK(stage->sql("SELECT __connect_offset, id FROM people ORDER BY 1") == "0|1\n1|1\n2|2");
  }

  TEST_CASE("the key may come from the value, under names of the user's choice") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE \"My.People\" (\"Name\" text UNIQUE, \"AGE\" int)");
    SteadySink sink(*stage, people(false),
                    {{"insert.mode", "upsert"},
                     {"pk.mode", "record_value"},
                     {"pk.fields", "name"},
                     {"fields.whitelist", "age"},
                     {"table.name.format", "\"My.People\""}});
    CHECK(sink.write({person(1, "Ann", 30), person(2, "Ann", 31), person(3, "Bob", 1)}) == "");
    CHECK(stage->sql("SELECT * FROM \"My.People\" ORDER BY 1") == "Ann|31\nBob|1");
  }

  TEST_CASE("several topics go into several tables, and a reader never sees one without the other") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic details = people(false),
              totals{.topic = "totals",
                     .object = "TOTALS",
                     .schema =
                         std::make_shared<Schema>(Schema{{{"NAME", TypeKind::string}}, {{"SUM_AGE", TypeKind::int64}}}),
                     .table = true};
    auto sink = stage->sink({details, totals}, {{"auto.create", "true"}});
    REQUIRE(sink->start());
    std::atomic<bool> stop = false;
    int reads = 0, disagreements = 0;
    auto reader_stage = parse_postgres_url(stage->url());
    auto reader = PostgresConnection::open(*reader_stage, "reader");
    REQUIRE(reader);
    std::thread reading([&] {
      do {
        auto rows = (*reader)->query(
            "SELECT (SELECT coalesce(sum(age), 0) FROM people), (SELECT coalesce(max(sum_age), 0) FROM totals)");
        ++reads;
        if (!rows || (*rows)[0][0] != (*rows)[0][1]) ++disagreements;
      } while (!stop);
    });
    std::int64_t total = 0, offset = 0;
    RowFailures rejected;
    for (int round = 0; round < 200; ++round) {
      total += round;
      TestRecord detail = person(round, "x", round), sum{{std::string("all")}, ValueList{total}};
      REQUIRE(sink->write(test_batch(details, 0, offset, std::span(&detail, 1)), rejected));
      REQUIRE(sink->write(test_batch(totals, 0, offset, std::span(&sum, 1)), rejected));
      std::vector<RejectedRecord> refused;
      REQUIRE(sink->flush(refused));
      CHECK(refused.empty());
      ++offset;
      std::vector<PartitionOffset> next = {{{"people", 0}, Offset(offset)}, {{"totals", 0}, Offset(offset)}};
      REQUIRE(sink->commit(next));
    }
    stop = true;
    reading.join();
    CHECK(rejected.empty());
    CHECK(reads > 5);
    CHECK(disagreements == 0);
    CHECK(stage->sql("SELECT sum(age) FROM people") == "19900");
    CHECK(stage->sql("SELECT topic, next_offset FROM levada_positions ORDER BY 1") == "people|200\ntotals|200");
  }
}

}  // namespace levada
