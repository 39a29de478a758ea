// Snapshots of real tables: every row once, whatever its key and however often the reading is broken off.
#include <doctest/doctest.h>

#include "connectors/postgres/snapshot.h"
#include "connectors/postgres/snapshot_point.h"
#include "tests/live/postgres_stage.h"
#include "tests/live/snapshot_journal.h"

namespace levada {
namespace {

struct Reading {
  PostgresStage& stage;
  SnapshotOptions options = {};
  PostgresAddress address = parse_postgres_url(stage.url()).value();
  FakeClock clock{};
  Logger logger{clock, LogForm::logfmt, LogLevel::error, [](std::string_view) {}};

  std::unique_ptr<Snapshot> open(const std::vector<SnapshotTable>& tables, const std::string& position) {
    auto progress = SnapshotProgress::parse(Json::parse(position).value()).value();
    auto point = export_snapshot(address, clock, {});
    REQUIRE_MESSAGE(point, point.error().text());
    auto snapshot = Snapshot::open(address, options, point->point, tables, progress, clock, logger);
    REQUIRE_MESSAGE(snapshot, snapshot.error().text());
    (*snapshot)->passed(point->point.place);
    return std::move(*snapshot);
  }
  // Breaks off after so many reads, again and again; 0: never. Some bytes a read.
  void run(const std::vector<SnapshotTable>& tables, CaptureJournal& journal, std::size_t reads = 0,
           std::size_t bytes = 1) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      auto snapshot = open(tables, journal.position);
      for (std::size_t n = 1; !snapshot->done() && (reads == 0 || n <= reads); ++n) {
        auto read = snapshot->read(journal, bytes, std::chrono::milliseconds(5000));
        REQUIRE_MESSAGE(read, read.error().text());
        if (snapshot->within()) {
          --n;  // a transaction that is broken off each time would never end
          continue;
        }
        journal.commit_all(snapshot->progress().json().text());
      }
      if (snapshot->done()) return;
      // What was collected behind the last commit dies with us.
      REQUIRE(snapshot->read(journal, bytes, std::chrono::milliseconds(5000)));
      journal.crash();
    }
    FAIL("it never ends");
  }
};

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("each row comes once, whatever its key, however often the reading is broken off") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    struct Kind {
      const char* name;
      const char* key;     // columns
      const char* values;  // of row n
    };
    static constexpr Kind kinds[] = {
        {"numbers", "a bigint PRIMARY KEY", "(n - 1000) * 7919 % 100003"},
        {"texts", "a text COLLATE \"C\" PRIMARY KEY", "chr(33 + n % 90) || md5(n::text)"},
        {"words", "a varchar(50) COLLATE \"und-x-icu\" PRIMARY KEY",
         "(ARRAY['Zoe','zoe','Ärger','arger','co-op','coop','''q''','\u00df','ss'])[1 + n % 9] || '-' || n"},
        {"uuids", "a uuid PRIMARY KEY", "md5(n::text)::uuid"},
        {"fractions", "a numeric PRIMARY KEY", "(n - 1000) / 7.0"},
        {"doubles", "a double precision PRIMARY KEY",
         "CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE ln(n + 1) - 3 END"},
        {"instants", "a timestamptz PRIMARY KEY",
         "CASE n WHEN 1 THEN 'infinity' ELSE '2000-01-01'::timestamptz - n * interval '1 s 1 us' END"},
        {"blobs", "a bytea PRIMARY KEY", "decode(md5(n::text), 'hex')"},
        {"chars", "a char(12) PRIMARY KEY", "'k' || n"},
        {"lists", "a int[] PRIMARY KEY", "ARRAY[n % 10, -n]"},
        {"pairs", "a int, b text COLLATE \"und-x-icu\", PRIMARY KEY (b, a)", "n, 'g' || n % 7"},
        {"triples", "a int, b date, c bool, PRIMARY KEY (c, a, b)", "n % 3, '2024-01-01'::date + n, n % 2 = 0"},
        {"moods", "a mood, b int, PRIMARY KEY (a, b)", "(ARRAY['sad','ok','happy'])[1 + n % 3]::mood, n"},
        {"codes", "a code PRIMARY KEY", "'C' || n"},
    };
    stage->sql("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')");
    stage->sql("CREATE DOMAIN code AS text COLLATE \"und-x-icu\"");
    for (const Kind& kind : kinds) {
      INFO(kind.name);
      std::string name = kind.name;
      stage->sql("CREATE TABLE " + name + " (" + kind.key + ", filler text NOT NULL DEFAULT 'some 20 bytes of it')");
      stage->sql("INSERT INTO " + name + " SELECT " + kind.values + " FROM generate_series(1, 2000) n");
      Reading reading{*stage};
      reading.options.range_bytes = 32 << 10;
      reading.options.rows_at_a_time = 97;
      reading.options.readers = 1 + static_cast<int>(&kind - kinds) % 2;
      CaptureJournal journal;
      reading.run({{captured(*stage, name)}}, journal, 7);
      CHECK(journal.commits > 10);
      REQUIRE(journal.rows_read(name) == rows_in(*stage, name));
      auto progress = SnapshotProgress::parse(Json::parse(journal.position).value()).value();
      CHECK(progress == SnapshotProgress{.done = {stage->schema() + "." + name}, .left = {}});
    }
  }

  TEST_CASE("tables that others refer to come before them; read again, all of them are one transaction") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE m (id int PRIMARY KEY, above int REFERENCES m)");
    stage->sql("CREATE TABLE a (id int PRIMARY KEY, m int REFERENCES m)");
    stage->sql("CREATE TABLE b (id int PRIMARY KEY)");
    stage->sql("CREATE TABLE k (id int PRIMARY KEY, a int REFERENCES a, m int REFERENCES m)");
    stage->sql("ALTER TABLE m ADD best int REFERENCES k");  // a cycle
    for (const char* table : {"m", "a", "b", "k"})
      stage->sql("INSERT INTO " + std::string(table) + " SELECT generate_series(1, 300)");
    std::vector<SnapshotTable> tables;
    for (const char* table : {"a", "b", "k", "m"}) tables.push_back({captured(*stage, table)});
    auto order = [](const CaptureJournal& journal) {
      std::string names;
      for (const JournalEvent& event : journal.events)
        if (names.empty() || names.substr(names.size() - 1) != event.table->name) names += event.table->name;
      return names;
    };
    Reading reading{*stage};
    reading.options.rows_at_a_time = 50;
    {
      CaptureJournal journal;
      reading.run(tables, journal, 3);
      CHECK(order(journal) == "kmab");  // the cycle is entered by a, that refers to m, that refers to k
      CHECK(journal.commits > 8);
    }
    {
      CaptureJournal journal;
      reading.options.tables = {".*\\.b", ".*\\.m"};
      reading.run(tables, journal);
      CHECK(order(journal) == "bmka");  // as asked for
    }
    reading.options.tables.clear();
    for (SnapshotTable& table : tables) table.again = true;
    {
      CaptureJournal journal;
      reading.run(tables, journal);
      CHECK(order(journal) == "kmab");
      CHECK(journal.commits == 2);
    }
    {
      CaptureJournal journal;
      reading.options.whole_bytes = 50'000;  // each is of 16 or 24 KB
      reading.run(tables, journal);
      CHECK(journal.commits == 4);
    }
  }
}

}  // namespace levada
