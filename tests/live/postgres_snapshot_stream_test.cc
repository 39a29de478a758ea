// Snapshots while others write: the changes of the stream and the rows of the snapshot together make the table, however
// often the reading is broken off, at whatever place.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/random.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/replication.h"
#include "connectors/postgres/wal_snapshot.h"
#include "tests/live/snapshot_journal.h"

namespace levada {
namespace {

using std::chrono::steady_clock;

// A source in small: one slot, one snapshot, a journal.
class Capture {
 public:
  Capture(PostgresStage& stage, std::vector<std::string> tables, SnapshotMode mode = SnapshotMode::initial)
      : stage_(stage), tables_(std::move(tables)) {
    options.address = parse_postgres_url(stage.url()).value();
    options.snapshot_rows = 50;
    options.snapshot_mode = mode;
    name_ = "levada_test_" + std::to_string(random_seed() % 1'000'000'000);
    std::string what = stage.release() < 15 ? "ALL TABLES" : "TABLES IN SCHEMA " + quote_name(stage.schema());
    stage.sql("CREATE PUBLICATION " + name_ + " FOR " + what);
  }
  ~Capture() {
    stop();
    auto connection = PostgresConnection::open(options.address, "levada test");
    LV_ASSERT(connection);
    (void)(*connection)->execute("DROP PUBLICATION " + name_);
    for (int n = 0; n < 500 && !(*connection)->execute("SELECT pg_drop_replication_slot('" + name_ + "')"); ++n)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // until the server has noticed that we are gone
  }

  void start() {
    refs_.clear();
    std::vector<CapturedTableRef> tables;
    for (const std::string& table : tables_) {
      tables.push_back(captured(stage_, table));
      refs_[tables.back()->oid] = tables.back();
    }
    stream_ = ok(Replication::open(options.address, "levada test"));
    std::optional<ExportedSnapshot> exported;
    if (!slot_made_) {
      auto made = ok(
          stream_->connection().plain_query("CREATE_REPLICATION_SLOT " + name_ + " LOGICAL pgoutput EXPORT_SNAPSHOT"));
      exported = ExportedSnapshot{*made[0][2], *parse_lsn(*made[0][1])};
      slot_made_ = true;
    }
    Json position = Json::parse(journal.position).value();
    const Json* part = position.find("snapshot");
    from_ = static_cast<std::uint64_t>(position.find("lsn") ? position.find("lsn")->integer().value() : 0);
    ordinal_from_ =
        static_cast<std::uint64_t>(position.find("ordinal") ? position.find("ordinal")->integer().value() : 0);
    commit_ = from_, ordinal_ = ordinal_from_;
    WalSnapshotContext context{.connector = "test", .options = &options};
    context.make_collector = [this] { return std::make_unique<JournalPen>(journal); };
    context.clock = &real_clock();
    context.logger = &logger_;
    context.round = std::to_string(++rounds_);
    if (!snapshot_) snapshot_ = make_wal_snapshot(std::move(context));
    ok(snapshot_->start(tables, part ? *part : Json(), exported));
    for (int attempt = 0;; ++attempt) {  // the server has to notice that the one before us is gone
      auto started = stream_->start_streaming(name_, 0, {{"proto_version", "1"}, {"publication_names", name_}});
      if (started) break;
      REQUIRE_MESSAGE(attempt < 500, started.error().text());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      REQUIRE(!exported);
    }
  }
  void stop() {
    stream_.reset();
    snapshot_.reset();
    journal.crash();
  }

  // One read(): some messages, then some rows. Rows behind them are committed with them.
  void read(std::size_t messages) {
    bool anything = gather(messages);
    SourceRead out;
    ok(snapshot_->read(out, 1, std::chrono::milliseconds(anything ? 1 : 5)));
    if (out.together) return;
    Json position = Json::Object{};
    position.set("snapshot", snapshot_->position());
    position.set("lsn", Json(commit_));
    position.set("ordinal", Json(ordinal_));
    journal.commit_all(position.text());
  }
  // Takes messages; false: the snapshot must go on first.
  bool gather(std::size_t messages) {
    bool anything = false;
    for (std::size_t n = 0; n < messages; ++n) {
      if (waiting_.empty()) {
        auto piece = ok(stream_->next());
        if (piece.kind == Replication::Piece::Kind::none) break;
        if (piece.kind == Replication::Piece::Kind::alive) {
          pass(piece.lsn);
          continue;
        }
        waiting_.assign(piece.bytes);
        waiting_.append(64, '\0');
        waiting_.resize(waiting_.size() - 64);
        truncated_ = 0;
      }
      anything = true;
      if (!take()) {
        ++waits;
        return false;
      }
      waiting_.clear();
    }
    if (!anything && waiting_.empty()) {  // what it has sent up to now, it tells in a keep-alive
      ok(stream_->confirm(0, 0, true));
      ok(stream_->wait(std::chrono::milliseconds(2), -1));
    }
    return anything || waiting_.empty();
  }
  // Everything that is committed now by the stream only, as far as the snapshot lets it.
  void follow_stream() {
    const std::uint64_t end = end_of_commits();
    for (auto give_up = patience(); seen_ < end && steady_clock::now() < give_up;)
      if (!gather(1)) return;
  }
  // Until everything that is committed now has come.
  void finish() {
    const std::uint64_t end = end_of_commits();
    for (auto give_up = patience(); steady_clock::now() < give_up;) {
      read(500);
      if (snapshot_->done() && seen_ >= end && waiting_.empty()) return;
    }
    FAIL("it never ends: " << snapshot_->progress().detail << ", seen " << seen_ << " of " << end);
  }
  WalSnapshot& snapshot() { return *snapshot_; }
  void add_table(const std::string& table) { tables_.push_back(table); }

  WalOptions options;
  CaptureJournal journal;
  std::size_t waits = 0;

 private:
  template <class T>
  static T ok(Result<T> result) {
    REQUIRE_MESSAGE(result, result.error().text());
    return *std::move(result);
  }
  static void ok(Result<void> result) { REQUIRE_MESSAGE(result, result.error().text()); }
  static steady_clock::time_point patience() { return steady_clock::now() + std::chrono::seconds(60); }

  // Behind all that is committed. A record stands there that is durable, and so is what stands before it: no more than
  // that is sent, and what follows a commit (of somebody who only reads, say) may not be durable for a long time.
  std::uint64_t end_of_commits() {
    return *parse_lsn(stage_.sql(
        "SELECT pg_logical_emit_message(true, 'end', '') FROM set_config('synchronous_commit', 'on', true)"));
  }
  void pass(std::uint64_t lsn) {
    seen_ = std::max(seen_, lsn);
    snapshot_->passed(lsn);
  }
  bool take() {
    LogMessage message;
    ok(reader_.read(waiting_, message));
    switch (message.kind) {
      case 'B':
        commit_now_ = message.lsn;
        ordinal_now_ = 0;
        return true;
      case 'C': pass(message.end_lsn); return true;
      case 'R': {  // of another table: made meanwhile
        if (!refs_.contains(message.oid) && message.schema == stage_.schema() &&
            std::ranges::find(tables_, message.name) != tables_.end())
          refs_[message.oid] = captured(stage_, std::string(message.name));
        return true;
      }
      case 'I': return change(message.oid, {.op = 'c', .before = {}, .after = message.after, .place = {}});
      case 'U': return change(message.oid, {.op = 'u', .before = message.before, .after = message.after, .place = {}});
      case 'D': return change(message.oid, {.op = 'd', .before = message.before, .after = {}, .place = {}});
      case 'T':
        for (; truncated_ < message.tables.size(); ++truncated_)
          if (!change(message.tables[truncated_], {.op = 't', .before = {}, .after = {}, .place = {}})) return false;
        return true;
      default: return true;
    }
  }
  bool change(std::uint32_t oid, RowChange change) {
    auto table = refs_.find(oid);
    bool old = commit_now_ < from_ || (commit_now_ == from_ && ordinal_now_ < ordinal_from_);
    if (table != refs_.end() && !old) {
      change.place.commit_lsn = commit_now_;
      switch (snapshot_->saw(table->second, change)) {
        case SnapshotVerdict::wait: return false;
        case SnapshotVerdict::skip: break;
        case SnapshotVerdict::complete:
        case SnapshotVerdict::take: journal.add(table->second, change);
      }
    }
    ++ordinal_now_;
    if (!old) commit_ = commit_now_, ordinal_ = ordinal_now_;
    return true;
  }

  PostgresStage& stage_;
  std::vector<std::string> tables_;
  std::map<std::uint32_t, CapturedTableRef> refs_;
  std::string name_;
  bool slot_made_ = false;
  int rounds_ = 0;
  Logger logger_{real_clock(), LogForm::logfmt, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Replication> stream_;
  std::unique_ptr<WalSnapshot> snapshot_;
  PgoutputReader reader_;
  std::string waiting_;  // a message that has not been taken
  std::size_t truncated_ = 0;
  std::uint64_t commit_now_ = 0, ordinal_now_ = 0;  // of the transaction at hand
  std::uint64_t commit_ = 0, ordinal_ = 0;          // behind what was collected last
  std::uint64_t from_ = 0, ordinal_from_ = 0, seen_ = 0;
};

// Writes whatever comes to its mind, in transactions of all lengths, some of which come to nothing.
class Writer {
 public:
  Writer(const std::string& url, std::uint64_t seed, std::vector<std::string> what)
      : random_(seed), what_(std::move(what)), thread_([this, url] { run(url); }) {}
  ~Writer() { stop(); }
  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run(const std::string& url) {
    auto connection = PostgresConnection::open(parse_postgres_url(url).value(), "levada test writer");
    LV_ASSERT(connection);
    while (!stopped_) {
      (void)(*connection)->execute("BEGIN");
      for (std::uint64_t n = random_.below(8); n > 0; --n) {
        std::string sql = what_[random_.below(what_.size())];
        for (std::size_t at; (at = sql.find('#')) != sql.npos;) sql.replace(at, 1, std::to_string(random_.below(3000)));
        (void)(*connection)->execute("SAVEPOINT s");
        if (!(*connection)->execute(sql)) (void)(*connection)->execute("ROLLBACK TO s");  // a key that is there
        if (random_.one_in(10)) std::this_thread::sleep_for(std::chrono::milliseconds(random_.below(30)));
      }
      (void)(*connection)->execute(random_.one_in(5) ? "ROLLBACK" : "COMMIT");
    }
  }

  Random random_;
  const std::vector<std::string> what_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

const std::vector<std::string> writes = {
    "INSERT INTO keyed VALUES (#, 'i#', NULL)",
    "UPDATE keyed SET v = 'u#' WHERE id = #",
    "UPDATE keyed SET v = 'm#' WHERE id BETWEEN # AND 3000 AND id % 100 = 7",
    "UPDATE keyed SET id = 5000 + # WHERE id = #",
    "UPDATE keyed SET id = # WHERE id = (SELECT max(id) FROM keyed)",
    "DELETE FROM keyed WHERE id = #",
    "INSERT INTO pair VALUES ('k#', #, 'i')",
    "UPDATE pair SET b = # WHERE b = #",
    "DELETE FROM pair WHERE b = #",
    "INSERT INTO loose VALUES (#, 'i')",
    "UPDATE loose SET v = 'u#' WHERE id = #",
    "DELETE FROM loose WHERE id = #",
};

void make_tables(PostgresStage& stage) {
  stage.sql("CREATE TABLE keyed (id int PRIMARY KEY, v text, big text)");
  stage.sql("ALTER TABLE keyed ALTER big SET STORAGE EXTERNAL");
  stage.sql("INSERT INTO keyed SELECT n, 'start', NULL FROM generate_series(0, 2999) n");
  stage.sql("CREATE TABLE pair (a text COLLATE \"und-x-icu\", b int, v text, PRIMARY KEY (a, b))");
  stage.sql("INSERT INTO pair SELECT 'k' || n % 50, n, 'start' FROM generate_series(0, 1999) n");
  stage.sql("CREATE TABLE loose (id int, v text)");
  stage.sql("ALTER TABLE loose REPLICA IDENTITY FULL");
  stage.sql("INSERT INTO loose SELECT n % 400, 'start' FROM generate_series(0, 499) n");
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("a snapshot beside writers, broken off again and again, makes the tables as they are") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    INFO("seed " << seed);
    Random random(seed);
    make_tables(*stage);
    Capture capture(*stage, {"keyed", "pair", "loose"});
    {
      Writer one(stage->url(), random(), writes), two(stage->url(), random(), writes);
      for (int kill = 0; kill < 12; ++kill) {
        INFO("kill " << kill);
        capture.options.snapshot_readers = 1 + kill % 2;
        capture.start();
        for (std::uint64_t reads = 1 + random.below(30); reads > 0; --reads) capture.read(random.below(200));
        capture.stop();
      }
      capture.start();
      for (int n = 0; n < 100; ++n) capture.read(100);
    }
    capture.finish();
    CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
    CHECK(capture.journal.table_after("pair", 2) == rows_in(*stage, "pair"));
    CHECK(capture.journal.table_after("loose", 0) == rows_in(*stage, "loose"));
  }

  TEST_CASE("a row that has changed since the snapshot's point does not come from the snapshot any more") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    Capture capture(*stage, {"keyed", "pair"});
    capture.start();
    stage->sql("UPDATE keyed SET v = 'newer' WHERE id = 2999");
    stage->sql("DELETE FROM keyed WHERE id = 2998");
    stage->sql("UPDATE keyed SET id = 9999 WHERE id = 2997");
    stage->sql("INSERT INTO keyed VALUES (8888, 'new', NULL)");
    stage->sql("TRUNCATE pair");
    stage->sql("INSERT INTO pair VALUES ('k1', 1, 'behind it')");
    capture.follow_stream();
    CHECK(capture.waits == 0);
    capture.finish();
    std::string read = "\n" + capture.journal.rows_read("keyed");
    CHECK(read.find("\n2996|") != read.npos);
    for (const char* id : {"2997", "2998", "2999", "8888", "9999"}) {
      INFO(id);
      CHECK(read.find("\n" + std::string(id) + "|") == read.npos);
    }
    CHECK(capture.journal.rows_read("pair") == "");
    CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
    CHECK(capture.journal.table_after("pair", 2) == "k1|1|behind it\n");
  }

  TEST_CASE(
      "more changed keys beside a snapshot than there is room for: the stream waits for the table, nothing is lost") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    Capture capture(*stage, {"keyed", "pair"});
    capture.options.snapshot_changed_bytes = 4096;
    capture.start();
    stage->sql("UPDATE keyed SET v = 'newer' WHERE id % 2 = 0");
    stage->sql("UPDATE pair SET v = 'newer' WHERE b > 1000");
    stage->sql("DELETE FROM keyed WHERE id % 5 = 0");
    stage->sql("UPDATE keyed SET id = id + 10000 WHERE id % 7 = 0");
    capture.follow_stream();
    CHECK(capture.waits > 0);
    // Killed while it waits, it waits again, and has not committed what it could not remember.
    for (int kill = 0; kill < 3; ++kill) {
      for (int n = 0; n < 4; ++n) capture.read(10);
      capture.stop();
      capture.start();
    }
    stage->sql("DELETE FROM pair WHERE b % 3 = 0");
    std::size_t before = capture.waits;
    capture.finish();
    CHECK(capture.waits > before);
    CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
    CHECK(capture.journal.table_after("pair", 2) == rows_in(*stage, "pair"));
  }

  TEST_CASE("values left out as they have not changed, and a truncation, beside a snapshot") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    INFO("seed " << seed);
    Random random(seed);
    make_tables(*stage);
    stage->sql("UPDATE keyed SET big = repeat('large ' || id, 600) WHERE id % 3 = 0");
    Capture capture(*stage, {"keyed", "pair", "loose"});
    std::vector<std::string> more = writes;
    // A row that gets another key and whose value is not sent is whole nowhere: that is for dead letters.
    std::erase_if(more, [](const std::string& sql) { return sql.find("UPDATE keyed SET id") != sql.npos; });
    more.push_back("UPDATE keyed SET big = repeat('more #', 700) WHERE id = #");
    {
      Writer one(stage->url(), random(), more);
      for (int kill = 0; kill < 6; ++kill) {
        capture.start();
        for (std::uint64_t reads = 1 + random.below(40); reads > 0; --reads) capture.read(random.below(100));
        if (kill == 3) stage->sql("TRUNCATE pair");
        capture.stop();
      }
      capture.start();
    }
    capture.finish();
    CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
    CHECK(capture.journal.table_after("pair", 2) == rows_in(*stage, "pair"));
    CHECK(capture.journal.table_after("loose", 0) == rows_in(*stage, "loose"));
  }

  TEST_CASE("before a new point, a change that leaves values out does not come where nobody has its row") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    stage->sql("UPDATE keyed SET big = repeat('large ' || id, 600) WHERE id < 10");
    Capture capture(*stage, {"keyed"});
    capture.start();
    capture.stop();  // the slot is there, of the rows nothing
    stage->sql("UPDATE keyed SET v = 'row unknown' WHERE id = 3");
    stage->sql("INSERT INTO keyed VALUES (7000, 'new', repeat('larger', 600))");
    stage->sql("UPDATE keyed SET v = 'row known' WHERE id = 7000");
    stage->sql("UPDATE keyed SET id = 8000 WHERE id = 4");
    capture.start();
    capture.finish();
    std::string partial;
    for (const JournalEvent& e : capture.journal.events)
      if (!e.after.empty() && e.after[2] == "(unchanged)") partial += e.after[0] + " ";
    CHECK(partial == "7000 8000 ");
    CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
  }

  TEST_CASE("without a crash each row that nobody changes comes exactly once") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    Capture capture(*stage, {"keyed", "pair", "loose"});
    capture.start();
    capture.finish();
    CHECK(capture.journal.rows_read("keyed") == rows_in(*stage, "keyed"));
    CHECK(capture.journal.rows_read("pair") == rows_in(*stage, "pair"));
    CHECK(capture.journal.rows_read("loose") == rows_in(*stage, "loose"));
  }

  TEST_CASE("a table that comes later is read while the stream goes on; one that was away is emptied first") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    Capture capture(*stage, {"keyed"});
    capture.start();
    capture.finish();
    capture.stop();
    // At the next start.
    capture.add_table("pair");
    capture.start();
    stage->sql("INSERT INTO keyed VALUES (10000, 'meanwhile', NULL)");
    stage->sql("UPDATE pair SET v = 'meanwhile' WHERE b < 10");
    capture.finish();
    CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
    CHECK(capture.journal.table_after("pair", 2) == rows_in(*stage, "pair"));
    // By its first change.
    capture.add_table("late");
    stage->sql("CREATE TABLE late (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO late SELECT n, 'early' FROM generate_series(1, 200) n");
    capture.finish();
    CHECK(capture.journal.table_after("late", 1) == rows_in(*stage, "late"));
    // Another of the same name: its rows replace the first one's.
    stage->sql("DROP TABLE late");
    stage->sql("CREATE TABLE late (id int PRIMARY KEY, v text)");
    stage->sql("INSERT INTO late VALUES (7, 'anew')");
    capture.finish();
    CHECK(capture.journal.table_after("late", 1) == "7|anew\n");
    capture.stop();
    capture.start();  // nothing more to read
    CHECK(capture.snapshot().done());
  }

  TEST_CASE("snapshot.mode = always: each start empties and fills again, also with rows that went unseen") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    make_tables(*stage);
    Capture capture(*stage, {"keyed", "pair", "loose"}, SnapshotMode::always);
    for (int round = 0; round < 3; ++round) {
      capture.start();
      stage->sql("DELETE FROM keyed WHERE id % 7 = " + std::to_string(round));
      stage->sql("INSERT INTO loose VALUES (1, 'more')");
      capture.finish();
      CHECK(capture.journal.table_after("keyed", 1) == rows_in(*stage, "keyed"));
      CHECK(capture.journal.table_after("pair", 2) == rows_in(*stage, "pair"));
      CHECK(capture.journal.table_after("loose", 0) == rows_in(*stage, "loose"));
      capture.stop();
    }
    std::size_t truncations = 0;
    for (const JournalEvent& e : capture.journal.events) truncations += e.op == 't';
    CHECK(truncations == 6);
  }
}

}  // namespace levada
