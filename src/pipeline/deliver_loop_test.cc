#include "pipeline/deliver_loop.h"

#include <doctest/doctest.h>

#include <set>

#include "log/log_fixture.h"
#include "pipeline/capture_writer.h"
#include "registry/schema_topic.h"
#include "tests/every_call.h"

namespace levada {
namespace {

// Notes what it is told, a line a round: keys of rows, "-" in front of deletions, TRUNCATE, and the topics that come.
class NotingSink : public Sink {
 public:
  // Rows of the keys in `refuses` are refused for now, once each.
  NotingSink(std::vector<std::string>& rounds, std::set<int>& refuses) : rounds_(rounds), refuses_(refuses) {}
  Result<std::vector<Error>> preflight() override { return std::vector<Error>(); }
  Result<std::optional<std::vector<PartitionOffset>>> start() override {
    round_.clear();
    return std::optional(stored_);
  }
  Result<void> add_topic(const SinkTopic& topic) override {
    note("+" + topic.topic);
    return {};
  }
  Result<void> write(const Batch& batch, RowFailures&) override {
    const std::string& topic = batch.origin->topic;
    if (batch.truncates) note(topic + " TRUNCATE");
    batch.rows().for_each([&](std::uint32_t row) {
      const int key = batch.key[0]->values<std::int32_t>()[row];
      if (refuses_.erase(key))
        refused_.push_back(
            {{topic, batch.origin->partition}, Offset(batch.origin->offsets[row]), "not yet", "23503", true});
      else
        note((batch.is_deletion(row) ? "-" : "") + topic + std::to_string(key));
    });
    return {};
  }
  Result<void> flush(std::vector<RejectedRecord>& rejected) override {
    rejected = std::exchange(refused_, {});
    return {};
  }
  Result<void> commit(std::span<const PartitionOffset> next) override {
    rounds_.push_back(std::exchange(round_, {}));
    stored_.assign(next.begin(), next.end());
    return {};
  }

 private:
  void note(const std::string& what) { round_ += (round_.empty() ? "" : " ") + what; }
  std::vector<std::string>& rounds_;
  std::set<int>& refuses_;
  std::vector<RejectedRecord> refused_;
  std::string round_;
  std::vector<PartitionOffset> stored_;
};

SchemaRef captured_schema(const std::string& table) {
  Schema schema{{{"id", TypeKind::int32}}, {{"v", TypeKind::string}}};
  schema.origin = std::make_shared<TableOrigin>(
      TableOrigin{"postgresql", "public", table, {{"integer", true}, {"text", false}}, {0, 1}});
  return std::make_shared<Schema>(std::move(schema));
}

// A log into which captured tables are written, and a loop that delivers them to a sink that notes all.
struct Stage {
  MemoryDisk disk;
  MemoryFiles files{disk};
  std::unique_ptr<EmbeddedLog> log = open_log(files);
  std::unique_ptr<SchemaStore> schemas = must(open_schema_topic(*log, false));
  Metrics metrics;
  StatusBoard board{real_clock()};
  PipelineSurroundings around;
  std::unique_ptr<CaptureWriter> writer;
  std::unique_ptr<Transaction> transaction;
  std::vector<std::string> rounds;
  std::set<int> refuses;
  Wakeup wakeup;
  std::unique_ptr<DeliverLoop> loop;

  explicit Stage(std::int32_t partitions) {
    around.log = log.get();
    around.schemas = schemas.get();
    around.clock = &real_clock();
    around.logger = &silent_logger();
    around.metrics = &metrics;
    around.board = &board;
    board.add("SINK", "sink");
    RecordWriting writing;
    writing.groups.push_back({".*", "", {.partitions = partitions}});
    writer = std::make_unique<CaptureWriter>(std::move(writing), std::vector<Relation>(), around);
    transaction = must(log->begin("source"));
  }

  void rows(const std::string& topic, const std::vector<int>& keys, const std::string& value = "v") {
    append(topic, keys, &value);
  }
  void deletions(const std::string& topic, const std::vector<int>& keys) { append(topic, keys, nullptr); }
  void truncate(const std::string& topic) {
    Batch batch;
    batch.schema = schema_of(topic);
    batch.truncates = true;
    batch.timestamps_ms = std::make_shared<std::vector<std::int64_t>>(1, 0);
    add({topic, std::move(batch)});
  }
  void commit() {
    writer->flush(*transaction);
    must(transaction->commit());
  }

  // Topics that are there now, and those of the pattern that come later.
  void deliver(LaterTopics later = {}) {
    DeliverLoop::Parts parts{.name = "SINK", .pipeline = "test", .transactional_id = "sink"};
    parts.sink = std::make_unique<NotingSink>(rounds, refuses);
    parts.retry_topic = "_SINK-retry";
    parts.retry.attempts = 3;
    parts.retry.backoff_ms = 0;
    for (const Topic& topic : log->topics())
      if (!topic.name.starts_with('_') && !later.any())
        parts.topics.push_back(read_as_written(topic, nullptr, *schemas));
    parts.later = std::move(later);
    loop = std::make_unique<DeliverLoop>(std::move(parts), around);
    must(loop->open(wakeup));
  }
  Step step() { return must(loop->step({})); }
  void all() {
    while (step() == Step::moved) continue;
  }

 private:
  std::map<std::string, SchemaRef> known_;
  SchemaRef schema_of(const std::string& topic) {
    SchemaRef& schema = known_[topic];
    if (!schema) schema = captured_schema(topic);
    return schema;
  }
  void append(const std::string& topic, const std::vector<int>& keys, const std::string* value) {
    Batch batch;
    batch.schema = schema_of(topic);
    batch.size = static_cast<std::uint32_t>(keys.size());
    auto key = std::make_shared<Column>(Type(TypeKind::int32)),
         after = std::make_shared<Column>(Type(TypeKind::string));
    for (int k : keys) {
      key->append(Value(std::int64_t{k}));
      after->append(value ? Value(*value) : Value());
    }
    batch.key = {key};
    batch.after = {after};
    if (!value) batch.deleted.assign(batch.size, true);
    batch.timestamps_ms = std::make_shared<std::vector<std::int64_t>>(batch.size, 0);
    batch.selection = Selection::all(batch.size);
    add({topic, std::move(batch)});
  }
  void add(const SourceRead::Part& part) {
    TopicWriter::Problems problems;
    std::uint64_t written = 0;
    must(writer->append(part, *transaction, problems, written));
    REQUIRE(problems.failures.empty());
  }
};

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string word; in >> word;) parts.push_back(word);
  return parts;
}

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("deliver: topics say themselves what they hold; deletions and emptied tables are told in their order") {
    Stage stage(1);
    stage.rows("a", {1, 2});
    stage.deletions("a", {1});
    stage.truncate("a");
    stage.rows("a", {3});
    stage.commit();
    stage.deliver();
    stage.all();
    CHECK(stage.rounds == std::vector<std::string>{"a1 a2 -a1 a TRUNCATE a3"});
  }

  TEST_CASE("deliver: what is refused does not come back behind an emptied table") {
    for (std::int32_t partitions : {1, 3}) {
      Stage stage(partitions);
      stage.rows("a", {1, 2, 3});
      stage.truncate("a");
      stage.rows("a", {4, 5});
      stage.commit();
      stage.refuses = {2, 5};
      stage.deliver();
      while (stage.step() != Step::idle) continue;
      std::string told;
      for (const std::string& round : stage.rounds) told += (told.empty() ? "" : " ") + round;
      CHECK(told.find("a2") == told.npos);
      CHECK(told.find("a5") > told.find("TRUNCATE"));
      CHECK(words(told).size() == 6);
    }
  }

  TEST_CASE("deliver: an emptied table is told once, behind all rows before it in any partition") {
    for (std::int32_t partitions : {2, 5}) {
      Stage stage(partitions);
      std::vector<int> keys(200);
      for (int i = 0; i < 200; ++i) keys[static_cast<std::size_t>(i)] = i;
      stage.rows("a", keys);
      stage.truncate("a");
      stage.rows("a", {1000});
      stage.commit();
      stage.truncate("a");
      stage.truncate("a");
      stage.rows("a", {1001, 1002, 1003});
      stage.commit();
      stage.deliver();
      stage.all();
      REQUIRE(stage.rounds.size() == 1);
      std::vector<std::string> told = words(stage.rounds[0]);
      std::size_t truncations = 0;
      std::size_t number = 0;  // of rows since the last one
      std::vector<std::size_t> between;
      for (const std::string& word : told) {
        if (word == "TRUNCATE") {
          ++truncations;
          between.push_back(std::exchange(number, 0));
        } else if (word != "a") {
          ++number;
        }
      }
      CHECK(truncations == 3);
      CHECK(between == std::vector<std::size_t>{200, 1, 0});
      CHECK(number == 3);
    }
  }

  TEST_CASE("deliver: what was committed together is told together, however large it is") {
    Stage stage(3);
    const std::string large(50'000, 'x');
    int commits = 0;
    for (int size : {1, 700, 3, 1, 400, 50, 2}) {  // the large ones are more than a round has otherwise
      ++commits;
      std::vector<int> keys;
      for (int i = 0; i < size; ++i) keys.push_back(commits * 10'000 + i);
      stage.rows("a", keys, large);
      stage.rows("b", keys);
      stage.commit();
    }
    stage.deliver();
    stage.all();
    CHECK(stage.rounds.size() > 1);
    std::map<std::string, std::size_t> sizes = {{"1", 1},   {"2", 700}, {"3", 3}, {"4", 1},
                                                {"5", 400}, {"6", 50},  {"7", 2}};
    for (const std::string& round : stage.rounds) {
      std::map<std::string, std::size_t> seen;
      for (const std::string& word : words(round)) ++seen[word.substr(0, 2)];
      for (const auto& [which, count] : seen) CHECK(count == sizes.at(which.substr(1)));
      for (const auto& [which, count] : seen) CHECK(seen.contains((which[0] == 'a' ? "b" : "a") + which.substr(1)));
    }
  }

  TEST_CASE("deliver: topics that come later are taken in, by name or by pattern, when there is a schema for them") {
    Stage stage(2);
    stage.deliver(
        LaterTopics({{"named", std::nullopt}}, [](const std::string& name) { return name.starts_with("shop."); }, {}));
    CHECK(stage.step() == Step::idle);
    CHECK(stage.loop->waits_for() == "waits for topic named");
    CHECK(stage.loop->due_ms().has_value());
    stage.rows("shop.a", {1});
    stage.rows("other", {1});
    stage.commit();
    must(stage.log->create_topic("named", {.partitions = 1}));  // nobody knows yet what it will hold
    must(stage.log->create_topic("shop.unknown", {.partitions = 1}));
    stage.all();
    CHECK(stage.rounds == std::vector<std::string>{"+shop.a shop.a1"});
    stage.rows("named", {2});
    stage.rows("shop.b", {3});
    stage.rows("shop.a", {4});
    stage.commit();
    stage.all();
    CHECK(stage.rounds.back() == "+named +shop.b shop.a4 named2 shop.b3");
    CHECK(stage.loop->waits_for().empty());
    // Opened again after an error it goes on where it was, with all of them.
    must(stage.loop->open(stage.wakeup));
    stage.rows("shop.b", {5});
    stage.commit();
    stage.all();
    CHECK(stage.rounds.back() == "shop.b5");
    CHECK(stage.rounds.size() == 3);
  }
}

}  // namespace levada
