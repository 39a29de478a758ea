// Tables of the target that refer to each other: what was committed together at the source is written together,
// whatever order the round goes through the topics in.
#include <doctest/doctest.h>

#include <map>

#include "base/random.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

struct Change {
  const char* topic;
  std::int64_t id;
  std::optional<std::int64_t> v;  // nullopt: the row is deleted
};

// A sink over parents and children, whose V is the id of a parent.
class Family {
 public:
  Family(PostgresStage& stage, const std::string& reference, const char* batch_size) : stage_(stage) {
    stage.sql("DROP TABLE IF EXISTS children, parents, levada_positions");
    stage.sql("CREATE TABLE parents (id int PRIMARY KEY, v int)");
    stage.sql("CREATE TABLE children (id int PRIMARY KEY, v int REFERENCES parents " + reference + ")");
    SchemaRef schema = std::make_shared<Schema>(Schema{{{"ID", TypeKind::int32}}, {{"V", TypeKind::int32}}});
    for (const char* name : {"parents", "children"})
      topics_.push_back({.topic = name, .object = name, .schema = schema, .table = true});
    sink_ = stage.sink(topics_, {{"batch.size", batch_size}});
    start();
  }
  void start() {
    auto started = sink_->start();
    REQUIRE_MESSAGE(started, started.error().text());
  }
  // Topic by topic, as a round is, in their order here or the other. What was rejected, "TOPIC OFFSET code" words.
  std::string round(const std::vector<Change>& changes, bool children_first) {
    std::string said = try_round(changes, children_first);
    if (said != "again") return said;
    start();  // a constraint that was checked at the end
    return try_round(changes, children_first);
  }
  std::string rows(const std::string& table) {
    return stage_.sql("SELECT coalesce(string_agg(id || ':' || v, ' ' ORDER BY id), '') FROM " + table);
  }

 private:
  std::string try_round(const std::vector<Change>& changes, bool children_first) {
    std::string said;
    std::vector<PartitionOffset> next;
    for (std::size_t i : {children_first ? 1u : 0u, children_first ? 0u : 1u}) {
      const SinkTopic& topic = topics_[i];
      std::int64_t offset = 0;
      for (const Change& change : changes) {
        if (topic.topic != change.topic) continue;
        TestRecord record{{change.id}, std::nullopt};
        if (change.v) record.value = ValueList{*change.v};
        Batch batch = test_batch(topic, 0, offset++, std::span(&record, 1));
        if (change.id == truncate) {
          batch.truncates = true;
          batch.size = 0;
          batch.selection = Selection::all(0);
        }
        RowFailures rejected;
        auto written = sink_->write(batch, rejected);
        REQUIRE_MESSAGE(written, written.error().text());
        for (const RowFailure& r : rejected) said += topic.topic + " " + r.why + " ";
      }
    }
    std::vector<RejectedRecord> refused;
    auto flushed = sink_->flush(refused);
    REQUIRE_MESSAGE(flushed, flushed.error().text());
    for (const RejectedRecord& r : refused) {
      said += r.partition.topic + " " + std::to_string(r.offset.value()) + " " + r.code + " ";
      CHECK(r.why.find("foreign key") != r.why.npos);
    }
    auto committed = sink_->commit(next);
    if (committed) return said;
    REQUIRE_MESSAGE(committed.error().kind() == ErrorKind::unreachable, committed.error().text());
    return "again";
  }

 public:
  static constexpr std::int64_t truncate = -1;

 private:
  PostgresStage& stage_;
  std::vector<SinkTopic> topics_;
  std::unique_ptr<Sink> sink_;
};

constexpr const char* references[] = {"", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED", "ON DELETE RESTRICT"};

// Each reference, each size of statements, both orders of the topics.
void for_families(PostgresStage& stage, auto&& check) {
  for (const char* reference : references)
    for (const char* batch_size : {"1", "3000"})
      for (bool children_first : {false, true}) {
        CAPTURE(reference);
        CAPTURE(batch_size);
        CAPTURE(children_first);
        Family family(stage, reference, batch_size);
        check(family, children_first);
      }
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("foreign keys: parents and children come, move and go in one round, in either order of the topics") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    for_families(*stage, [](Family& family, bool children_first) {
      std::vector<Change> births;
      for (std::int64_t i = 0; i < 10; ++i) {
        births.push_back({"parents", i, 0});
        births.push_back({"children", i, 9 - i});
      }
      CHECK(family.round(births, children_first) == "");
      CHECK(family.rows("children") == "0:9 1:8 2:7 3:6 4:5 5:4 6:3 7:2 8:1 9:0");
      // A parent's key changes and its child follows, another child moves, two families go and one comes back.
      CHECK(family.round({{"parents", 0, {}},
                          {"parents", 100, 0},
                          {"children", 9, 100},
                          {"children", 8, 5},
                          {"parents", 1, {}},
                          {"children", 7, {}},
                          {"parents", 2, {}},
                          {"children", 6, {}},
                          {"parents", 3, {}},
                          {"parents", 3, 33},
                          {"children", 6, 3}},
                         children_first) == "");
      CHECK(family.rows("parents") == "3:33 4:0 5:0 6:0 7:0 8:0 9:0 100:0");
      CHECK(family.rows("children") == "0:9 1:8 2:7 3:6 4:5 5:4 6:3 8:5 9:100");
      std::vector<Change> deaths;
      for (std::int64_t i : {3, 4, 5, 6, 7, 8, 9, 100}) deaths.push_back({"parents", i, {}});
      for (std::int64_t i : {0, 1, 2, 3, 4, 5, 6, 8, 9}) deaths.push_back({"children", i, {}});
      CHECK(family.round(deaths, children_first) == "");
      CHECK(family.rows("parents") + family.rows("children") == "");
    });
  }

  TEST_CASE("foreign keys: only the rows that nothing can satisfy are refused") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    for_families(*stage, [](Family& family, bool children_first) {
      CHECK(family.round({{"parents", 1, 0}, {"children", 1, 1}}, children_first) == "");
      CHECK(family.round({{"children", 2, 2},
                          {"children", 3, 77},
                          {"children", 4, 2},
                          {"parents", 2, 0},
                          {"parents", 1, {}},
                          {"parents", 5, 0}},
                         children_first) == "parents 1 23503 children 1 23503 ");
      CHECK(family.rows("parents") == "1:0 2:0 5:0");
      CHECK(family.rows("children") == "1:1 2:2 4:2");
    });
  }

  TEST_CASE("foreign keys: a random history leaves what it leaves at the source") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    Random random(7);
    for_families(*stage, [&](Family& family, bool children_first) {
      std::map<std::int64_t, std::int64_t> parents, children;
      for (int round = 0; round < 6; ++round) {
        std::vector<Change> changes;
        for (int n = 0; n < 40; ++n) {
          auto id = static_cast<std::int64_t>(random.below(12)), v = static_cast<std::int64_t>(random.below(8));
          const bool used = std::ranges::any_of(children, [&](const auto& child) { return child.second == v; });
          switch (random.below(5)) {
            case 0: changes.push_back({"parents", v, parents[v] = n}); break;
            case 1:
              if (!used && parents.erase(v)) changes.push_back({"parents", v, {}});
              break;
            case 2:
              if (children.erase(id)) changes.push_back({"children", id, {}});
              break;
            default:
              if (parents.contains(v)) changes.push_back({"children", id, children[id] = v});
          }
        }
        CHECK(family.round(changes, children_first) == "");
        auto text = [](const std::map<std::int64_t, std::int64_t>& rows) {
          std::string line;
          for (auto [id, v] : rows) line += (line.empty() ? "" : " ") + std::to_string(id) + ":" + std::to_string(v);
          return line;
        };
        CHECK(family.rows("parents") == text(parents));
        CHECK(family.rows("children") == text(children));
      }
    });
  }

  TEST_CASE("foreign keys: tables that are emptied together are emptied, and filled again") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    for_families(*stage, [](Family& family, bool children_first) {
      CHECK(family.round({{"parents", 1, 0}, {"parents", 2, 0}, {"children", 1, 1}, {"children", 2, 2}},
                         children_first) == "");
      CHECK(family.round({{"parents", 9, 0},
                          {"children", 9, 9},
                          {"parents", Family::truncate, {}},
                          {"children", Family::truncate, {}}},
                         children_first) == "");
      CHECK(family.rows("parents") + family.rows("children") == "");
      CHECK(family.round({{"parents", 1, 0}, {"parents", 2, 0}, {"children", 1, 1}}, children_first) == "");
      CHECK(family.round({{"parents", Family::truncate, {}},
                          {"children", Family::truncate, {}},
                          {"parents", 3, 0},
                          {"children", 1, 3}},
                         children_first) == "");
      CHECK(family.rows("parents") + " " + family.rows("children") == "3:0 1:3");
      // Begun anew, and the rows that come again refer to one that was there before.
      family.start();
      CHECK(family.round({{"parents", Family::truncate, {}},
                          {"children", Family::truncate, {}},
                          {"parents", 3, 1},
                          {"children", 2, 3}},
                         children_first) == "");
      CHECK(family.rows("parents") + " " + family.rows("children") == "3:1 2:3");
    });
  }

  TEST_CASE(
      "foreign keys: a parent table read anew loses what is no more, where the constraint can wait; else it is said") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    for_families(*stage, [](Family& family, bool children_first) {
      CHECK(family.round({{"parents", 1, 0}, {"parents", 2, 0}, {"children", 1, 1}}, children_first) == "");
      std::string said =
          family.round({{"parents", Family::truncate, {}}, {"parents", 1, 1}, {"parents", 3, 1}}, children_first);
      CHECK(family.rows("children") == "1:1");
      if (said.empty()) {
        CHECK(family.rows("parents") == "1:1 3:1");
      } else {
        CHECK(said == "parents 0 23503 ");
        CHECK(family.rows("parents") == "1:1 2:0 3:1");
      }
    });
  }
}

}  // namespace levada
