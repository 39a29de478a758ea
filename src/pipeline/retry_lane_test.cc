// A sink's loop over a target that refuses: records wait by key, nothing is lost, doubled or overtaken, and so it is
// when the target's commits fail on either side and when the machine dies.
#include "pipeline/retry_lane.h"

#include <doctest/doctest.h>

#include <numeric>

#include "base/memory_files.h"
#include "base/random.h"
#include "log/embedded_log.h"
#include "pipeline/dead_letters.h"
#include "pipeline/deliver_loop.h"
#include "pipeline/session.h"
#include "registry/schema_topic.h"

namespace levada {
namespace {

template <class T>
T must(Result<T>&& result) {
  if (!result) FAIL(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// A row that is refused so often, for now, before it is taken; -1: always and for good.
struct Row {
  std::string key;
  std::int64_t v;
  std::int64_t refusals = 0;
};

// Outlives every process.
struct Target {
  std::map<std::int64_t, std::int64_t> refuses;  // by v, how often yet
  std::vector<std::pair<std::string, std::int64_t>> applied;
  std::map<TopicPartition, Offset> offsets;
  Random* chance = nullptr;  // commits fail now and then, on either side
  std::size_t starts = 0, largest_round = 0;
};

class FakeSink : public Sink {
 public:
  explicit FakeSink(Target& target) : target_(target) {}
  Result<std::vector<Error>> preflight() override { return std::vector<Error>(); }
  Result<std::optional<std::vector<PartitionOffset>>> start() override {
    ++target_.starts;
    rows_.clear();
    std::vector<PartitionOffset> offsets;
    for (const auto& [partition, next] : target_.offsets) offsets.push_back({partition, next});
    return offsets;
  }
  Result<void> write(const Batch& batch, RowFailures&) override {
    batch.rows().for_each([&](std::uint32_t row) {
      const auto& origin = *batch.origin;
      std::int64_t v = batch.after[0]->values<std::int64_t>()[row];
      bool keyless = batch.key.empty() || batch.key[0]->is_null(row);
      rows_.push_back({keyless ? "" : std::string(batch.key[0]->values<StringView>()[row].view()),
                       v,
                       {origin.topic, origin.partition},
                       Offset(origin.offsets[row])});
    });
    return {};
  }
  Result<void> flush(std::vector<RejectedRecord>& rejected) override {
    std::erase_if(rows_, [&](const Written& row) {
      auto refuses = target_.refuses.find(row.v);
      if (refuses == target_.refuses.end() || refuses->second == 0) return false;
      bool may_pass = refuses->second > 0;
      if (may_pass) --refuses->second;
      rejected.push_back({row.partition, row.offset, "no parent of " + std::to_string(row.v), "23503", may_pass});
      return true;
    });
    return {};
  }
  Result<void> commit(std::span<const PartitionOffset> next) override {
    const std::uint64_t drawn = target_.chance ? target_.chance->below(6) : 5;
    if (drawn == 0) return Error(ErrorKind::unreachable, "gone before the commit");
    target_.largest_round = std::max(target_.largest_round, rows_.size());
    for (const Written& row : rows_) target_.applied.emplace_back(row.key, row.v);
    for (const PartitionOffset& offset : next) {
      CHECK(target_.offsets[offset.partition] <= offset.next);
      target_.offsets[offset.partition] = offset.next;
    }
    rows_.clear();
    if (drawn == 1) return Error(ErrorKind::unreachable, "gone behind the commit");
    return {};
  }

 private:
  struct Written {
    std::string key;
    std::int64_t v;
    TopicPartition partition;
    Offset offset;
  };
  Target& target_;
  std::vector<Written> rows_;
};

// One process.
struct Process {
  Process(MemoryDisk& disk, FakeClock& time, Target& target, RetryPolicy policy) : files(disk), clock(time) {
    log = must(open_embedded_log(files, "/log", {.clock = &clock}));
    schemas = must(open_schema_topic(*log, false));
    session = must(Session::open(*log, *schemas, clock, false));
    must(session->execute({"test.sql",
                           "CREATE STREAM t (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC = 't', PARTITIONS = "
                           "2, VALUE_FORMAT = 'JSON');"},
                          true));
    board.add("S", "sink");
    around = {.log = log.get(),
              .schemas = schemas.get(),
              .files = &files,
              .state_files = &files,
              .state_directory = "/state",
              .clock = &clock,
              .logger = &silent_logger(),
              .metrics = &metrics,
              .board = &board,
              .surroundings = {.clock = &clock}};
    must(log->create_topic(std::string(dead_letter_topic), dead_letter_topic_config()));
    const Relation& relation = session->catalog().relations.at("T");
    DeliverLoop::Parts parts{.name = "S",
                             .pipeline = "p",
                             .transactional_id = "p-S",
                             .sink = std::make_unique<FakeSink>(target),
                             .dead_letter_topic = std::string(dead_letter_topic),
                             .retry_topic = "_S-retry",
                             .retry = std::move(policy)};
    parts.topics.push_back({{relation.name, false, relation.format, {true, true}}, relation.schema});
    loop = std::make_unique<DeliverLoop>(std::move(parts), around);
  }
  void insert(const std::vector<Row>& rows) {
    std::string script;
    for (const Row& row : rows)
      script += "INSERT INTO t (k, v) VALUES (" + (row.key.empty() ? "NULL" : "'" + row.key + "'") + ", " +
                std::to_string(row.v) + ");";
    must(session->execute({"test.sql", script}, false));
  }
  // Until nothing is left to do now; errors of the target open it anew.
  Step run() {
    while (true) {
      auto opened = loop->open(wakeup);
      auto step = opened ? Result<Step>(Step::moved) : std::unexpected(std::move(opened).error());
      while (step && *step == Step::moved) step = loop->step({});
      if (step) return *step;
      if (step.error().kind() != ErrorKind::unreachable) FAIL(step.error().text());
    }
  }
  // Until nothing waits any more.
  void run_through() {
    while (run() == Step::later) clock.advance_us(std::max<std::int64_t>(0, *loop->due_ms() - clock.now_ms()) * 1000);
  }
  std::vector<std::int64_t> letters() {
    std::vector<std::int64_t> found;
    for (const StoredDeadLetter& stored : must(read_dead_letters(*log, std::string(dead_letter_topic))))
      found.push_back(std::stoll(stored.letter.value->substr(stored.letter.value->find(':') + 1)));
    return found;
  }

  std::size_t records_of(std::string_view topic) {
    auto reader = must(log->open_reader({std::string(topic), 0}, Offset(0)));
    std::size_t count = 0;
    Records records;
    for (Chunk chunk = must(reader->read(1 << 20)); !chunk.record_batches.empty();
         chunk = must(reader->read(1 << 20))) {
      records.clear();
      must(records.append(chunk.record_batches));
      count += records.all().size();
    }
    return count;
  }

  MemoryFiles files;
  FakeClock& clock;
  Metrics metrics;
  StatusBoard board{clock};
  std::unique_ptr<Log> log;
  std::unique_ptr<SchemaStore> schemas;
  std::unique_ptr<Session> session;
  PipelineSurroundings around;
  Wakeup wakeup;
  std::unique_ptr<DeliverLoop> loop;
};

struct Stage {
  MemoryDisk disk;
  FakeClock clock{1'000'000'000'000};
  Target target;
  RetryPolicy policy{.attempts = 3, .backoff_ms = 100, .most_backoff_ms = 1000};
  std::optional<Process> process;

  Process& start() {
    process.reset();
    return process.emplace(disk, clock, target, policy);
  }
  void offer(const std::vector<Row>& rows) {
    for (const Row& row : rows)
      if (row.refusals != 0) target.refuses[row.v] = row.refusals;
    process->insert(rows);
  }
  std::vector<std::int64_t> applied_of(const std::string& key) const {
    std::vector<std::int64_t> values;
    for (const auto& [k, v] : target.applied)
      if (k == key) values.push_back(v);
    return values;
  }
};

using Values = std::vector<std::int64_t>;

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("A11: a record that is refused for now waits with all of its key, the others flow, and order is kept") {
    Stage stage;
    Process& p = stage.start();
    stage.offer({{"a", 1}, {"b", 2, 1}, {"a", 3}, {"b", 4}, {"c", 5}});
    CHECK(p.run() == Step::later);
    CHECK(stage.applied_of("a") == Values{1, 3});
    CHECK(stage.applied_of("c") == Values{5});
    CHECK(stage.applied_of("b").empty());
    CHECK(p.loop->waits_for() == "2 records wait to be tried again, the first: no parent of 2");
    stage.offer({{"b", 6}, {"a", 7}});  // while it waits
    CHECK(p.run() == Step::later);
    CHECK(stage.applied_of("b").empty());
    CHECK(stage.applied_of("a") == Values{1, 3, 7});
    stage.clock.advance_us(99'000);
    CHECK(p.run() == Step::later);
    CHECK(stage.applied_of("b").empty());
    stage.clock.advance_us(1'000);
    CHECK(p.run() == Step::idle);
    CHECK(stage.applied_of("b") == Values{2, 4, 6});
    CHECK(p.letters().empty());
    stage.offer({{"b", 8}});
    CHECK(p.run() == Step::idle);
    CHECK(stage.applied_of("b") == Values{2, 4, 6, 8});
  }

  TEST_CASE("A11: a poison record is a dead letter after its attempts, with all that is known, and frees its key") {
    Stage stage;
    Process& p = stage.start();
    stage.offer({{"a", 1, 1000}, {"a", 2}, {"b", 3, -1}, {"b", 4}});
    CHECK(p.run() == Step::later);
    CHECK(stage.applied_of("b") == Values{4});
    CHECK(p.letters() == Values{3});
    for (std::int64_t wait : {100, 200, 400}) {
      CHECK(stage.applied_of("a").empty());
      stage.clock.advance_us(wait * 1000 - 1000);
      CHECK(p.run() == Step::later);
      stage.clock.advance_us(1000);
      p.run();
    }
    CHECK(stage.applied_of("a") == Values{2});
    CHECK(stage.target.refuses[1] == 1000 - 4);
    auto letters = must(read_dead_letters(*p.log, std::string(dead_letter_topic)));
    REQUIRE(letters.size() == 2);
    const DeadLetter& letter = letters[1].letter;
    CHECK(letter.stage == "write");
    CHECK(letter.cause == "no parent of 1");
    CHECK(letter.topic == "t");
    CHECK(letter.partition == partition_of("a", 2));
    CHECK(letter.offset == 0);
    CHECK(letter.key == "a");
    CHECK(letter.value == "{\"V\":1}");
    CHECK(letter.refusals == 4);
  }

  TEST_CASE("A11: without attempts, or where the reason is excluded, a refused record is a dead letter at once") {
    for (bool excluded : {false, true}) {
      Stage stage;
      if (excluded)
        stage.policy.exclude = {"235"};
      else
        stage.policy.attempts = 0;
      Process& p = stage.start();
      stage.offer({{"a", 1, 1}, {"a", 2}});
      CHECK(p.run() == Step::idle);
      CHECK(p.letters() == Values{1});
      CHECK(stage.applied_of("a") == Values{2});
      CHECK(!p.log->topic("_S-retry"));
    }
  }

  TEST_CASE("A11: what waits is there again after a restart, with its attempts") {
    Stage stage;
    Process* p = &stage.start();
    stage.offer({{"a", 1, 3}, {"", 9, 2}, {"", 10}});
    CHECK(p->run() == Step::later);
    CHECK(stage.applied_of("") == Values{10});
    for (int i = 0; i < 6 && !p->loop->waits_for().empty(); ++i) {
      p = &stage.start();
      stage.offer({{"a", 2 + i}});
      p->run();
      stage.clock.advance_us(500'000);
      p->run();
    }
    CHECK(stage.applied_of("a").front() == 1);
    CHECK(std::ranges::is_sorted(stage.applied_of("a")));
    CHECK(stage.applied_of("") == Values{10, 9});
    CHECK(p->letters().empty());
  }

  TEST_CASE("A11: many records behind one are written together when it has gone") {
    Stage stage;
    Process& p = stage.start();
    std::vector<Row> rows = {{"a", 1, 1}};
    for (std::int64_t v = 2; v <= 500; ++v) rows.push_back({"a", v});
    stage.offer(rows);
    p.run();
    CHECK(stage.applied_of("a").empty());
    stage.clock.advance_us(100'000);
    CHECK(p.run() == Step::idle);
    Values all(500);
    std::iota(all.begin(), all.end(), 1);
    CHECK(stage.applied_of("a") == all);
    CHECK(stage.target.largest_round == 499);
  }

  TEST_CASE("A11, F15: whatever fails and dies, each record is written once in its key's order or a dead letter") {
    std::size_t waited = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      Random random(seed);
      Stage stage;
      stage.target.chance = &random;
      stage.policy.attempts = 1 + static_cast<std::int64_t>(random.below(4));
      stage.start();
      std::map<std::string, Values> offered;
      std::set<std::int64_t> bad;
      std::int64_t v = 0;
      for (int process = 0; process < 5; ++process) {
        std::vector<Row> rows;
        for (std::uint64_t i = random.below(30); i > 0; --i) {
          Row row{std::string(1, static_cast<char>('a' + random.below(4))), ++v};
          if (random.below(4) == 0) row.refusals = 1 + static_cast<std::int64_t>(random.below(2));
          if (random.below(20) == 0) row.refusals = 1'000'000;
          if (random.below(20) == 0) row.refusals = -1;
          if (row.refusals < 0 || row.refusals > 1000) bad.insert(v);
          offered[row.key].push_back(v);
          rows.push_back(std::move(row));
        }
        stage.offer(rows);
        for (int i = 0; i < 3; ++i) {
          if (stage.process->run() == Step::later) ++waited;
          stage.clock.advance_us(static_cast<std::int64_t>(random.below(300'000)));
        }
        stage.process.reset();
        if (random.below(2) == 0) stage.disk.crash(seed);
        stage.start();
      }
      stage.process->run_through();
      std::set<std::int64_t> letters;
      for (std::int64_t letter : stage.process->letters()) letters.insert(letter);
      // Repeated rounds refuse again, so a record that is good in the end may have used up its attempts before.
      CHECK(std::ranges::includes(letters, bad));
      CHECK(stage.process->records_of(dead_letter_topic) == letters.size());  // each was told once
      for (const auto& [key, values] : offered) {
        Values expected;
        for (std::int64_t value : values)
          if (!letters.contains(value)) expected.push_back(value);
        const Values applied = stage.applied_of(key);
        CHECK(applied == expected);  // and so nothing that is a letter
      }
    }
    CHECK(waited > 50);
  }

  TEST_CASE("a log that lacks what the target has of its retry topic is refused") {
    Stage stage;
    stage.start();
    stage.target.offsets[{"_S-retry", 0}] = Offset(3);
    Wakeup wakeup;
    auto opened = stage.process->loop->open(wakeup);
    REQUIRE(!opened);
    CHECK(opened.error().kind() == ErrorKind::refused);
    CHECK(opened.error().what().find("_S-retry up to offset 3") != std::string::npos);
    stage.process.reset();
  }

  TEST_CASE("F20: foreign records in the retry topic change nothing") {
    Stage stage;
    Process* p = &stage.start();
    stage.offer({{"a", 1, 1}, {"a", 2}});
    p->run();
    auto transaction = must(p->log->begin("somebody"));
    RecordBatchBuilder records;
    std::string headers;
    const std::vector<Header> forged = {{"levada.retry", Text("{\"what\":\"gone\",\"topic\":\"t\",\"offset\":\"0\"}")}};
    append_headers(headers, forged);
    records.add(1, Text("a"), Text("{\"V\":666}"));
    records.add(1, Text("a"), Text("{\"V\":667}"), headers);
    transaction->append({"_S-retry", 0}, records.finish());
    must(transaction->commit());
    CHECK(p->run() == Step::later);
    p = &stage.start();
    stage.clock.advance_us(100'000);
    CHECK(p->run() == Step::idle);
    CHECK(stage.applied_of("a") == Values{1, 2});
  }
}

}  // namespace levada
