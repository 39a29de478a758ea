#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "operators/batch_fixture.h"

using namespace levada;

namespace {

const SchemaRef schema = schema_of({{"K", TypeKind::string}}, {{"G", TypeKind::string}, {"N", TypeKind::int32}});
const Surroundings surroundings;

// SELECT G, <calls> GROUP BY G; a call is "SUM N", "COUNT".
AggregateSpec group_by_g(const std::vector<std::string>& calls) {
  AggregateSpec spec;
  spec.group = {must(read_expression("G", *schema))};
  spec.store = "groups";
  Schema result{{{"G", TypeKind::string}}, {}};
  for (const std::string& text : calls) {
    std::string name = text.substr(0, text.find(' '));
    AggregateSpec::Call call;
    std::vector<std::optional<Type>> types;
    if (name != text) {
      call.arguments.push_back(must(read_expression(text.substr(name.size() + 1), *schema)));
      types.emplace_back(call.arguments[0]->type);
    }
    const AggregateFunction* function = find_aggregate_function(name);
    REQUIRE(function);
    call.function = must(resolve(*function, types));
    call.text = text;
    result.value.push_back({text, call.function.result});
    spec.calls.push_back(std::move(call));
  }
  spec.schema = std::make_shared<Schema>(result);
  return spec;
}

// What a store would have written to its changelog, by key; "-" for a key that is gone.
std::map<std::string, std::string> changes_of(Store& store) {
  std::map<std::string, std::string> changes;
  store.take_changes([&](std::string_view key, std::string_view value, std::int64_t) {
    CHECK(!changes.contains(std::string(key)));
    changes[std::string(key)] = value.data() ? std::string(value) : "-";
  });
  return changes;
}

}  // namespace

TEST_SUITE("operators") {
  TEST_CASE("aggregate: updates between two flushes become one, in the order of first touch") {
    auto op = make_aggregate(group_by_g({"SUM N", "COUNT", "MAX N"}), surroundings);
    Output out;
    op->push(0, batch_of(schema, {"G=b N=1", "G=a N=5", "G=b N=2"}), out);
    op->push(0, batch_of(schema, {"G=c N=7", "G=a"}), out);
    CHECK(out.batches.empty());
    op->flush(out);
    CHECK(rows_of(out.batches) == Strings{"b:3,2,2", "a:5,2,5", "c:7,1,7"});
    CHECK(push(*op, batch_of(schema, {"G=c N=1"})) == Strings{"c:8,2,7"});
    Output none;
    op->flush(none);
    CHECK(none.batches.empty());
  }

  TEST_CASE("aggregate: without merging, every row gives its own result") {
    AggregateSpec spec = group_by_g({"SUM N"});
    spec.merge = false;
    auto op = make_aggregate(std::move(spec), surroundings);
    CHECK(push(*op, batch_of(schema, {"G=a N=1", "G=b N=9", "G=a N=2"})) == Strings{"a:1", "b:9", "a:3"});
  }

  TEST_CASE("aggregate: what stood there before, for those who asked") {
    AggregateSpec spec = group_by_g({"SUM N"});
    spec.before = true;
    auto op = make_aggregate(std::move(spec), surroundings);
    CHECK(push(*op, batch_of(schema, {"G=a N=1", "G=a N=2"})) == Strings{"a:3"});
    CHECK(push(*op, batch_of(schema, {"G=b N=5", "G=a N=4", "G=a N=1"})) == Strings{"b:5", "a:8<-3"});
  }

  TEST_CASE("aggregate: of a table, the old row is taken out before the new one is added") {
    auto op = make_aggregate(group_by_g({"SUM N", "COUNT"}), surroundings);
    CHECK(push(*op, batch_of(schema, {"K=1 G=a N=1", "K=2 G=a N=2"})) == Strings{"a:3,2"});
    CHECK(push(*op, batch_of(schema, {"K=1 G=b N=10 | G=a N=1", "del K=2 | G=a N=2"})) == Strings{"a:0,0", "b:10,1"});
  }

  TEST_CASE("aggregate: rows without a key are dropped and counted") {
    auto op = make_aggregate(group_by_g({"COUNT"}), surroundings);
    Output out;
    op->push(0, batch_of(schema, {"N=1", "G=a N=1", "N=2"}), out);
    op->flush(out);
    CHECK(rows_of(out.batches) == Strings{"a:1"});
    CHECK(out.dropped_null_keys == 2);
  }

  TEST_CASE("aggregate: a result has the newest time of its group") {
    auto op = make_aggregate(group_by_g({"COUNT"}), surroundings);
    Output out;
    op->push(0, batch_of(schema, {"G=a", "G=b", "G=a"}, 5000), out);
    op->push(0, batch_of(schema, {"G=a"}, 4000), out);
    op->flush(out);
    REQUIRE(out.batches.size() == 1);
    CHECK(*out.batches[0].timestamps_ms == std::vector<std::int64_t>{5002, 5001});
  }

  TEST_CASE("aggregate: a store that is restored from its changes goes on as the first one would have") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    std::vector<std::string> calls{"SUM N", "COUNT", "MIN N", "AVG N", "COLLECT_LIST N", "LATEST_BY_OFFSET N"};
    auto first = make_aggregate(group_by_g(calls), surroundings);
    std::map<std::string, std::string> log;
    auto some = [&] {
      std::vector<std::string> rows;
      for (int i = 0; i < 200; ++i)
        rows.push_back("G=g" + std::to_string(random.below(50)) + " N=" + std::to_string(random.below(1000)));
      return batch_of(schema, rows);
    };
    for (int round = 0; round < 5; ++round) {
      push(*first, some());
      for (auto& [key, value] : changes_of(*first->store())) log[key] = value;
      auto second = make_aggregate(group_by_g(calls), surroundings);
      for (auto& [key, value] : log) REQUIRE(second->store()->restore(key, value, 1));
      CHECK(second->store()->keys() == first->store()->keys());
      CHECK(changes_of(*second->store()).empty());
      Batch next = some();
      auto twin = make_aggregate(group_by_g(calls), surroundings);
      for (auto& [key, value] : log) REQUIRE(twin->store()->restore(key, value, 1));
      CHECK(push(*second, next) == push(*twin, next));
      // And beside the one that never stopped.
      Strings expected = push(*first, next);
      for (auto& [key, value] : changes_of(*first->store())) log[key] = value;
      auto third = make_aggregate(group_by_g(calls), surroundings);
      for (auto& [key, value] : changes_of(*second->store())) {
        CHECK(log[key] == value);
        REQUIRE(third->store()->restore(key, value, 1));
      }
      CHECK(!expected.empty());
    }
  }

  TEST_CASE("aggregate: a stored state that is not one is damage, a key restored as gone is gone") {
    auto op = make_aggregate(group_by_g({"SUM N"}), surroundings);
    for (const char* wrong : {"", "\x80", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", "much more than a sum has"}) {
      auto damaged = op->store()->restore("a", wrong, 1);
      REQUIRE(!damaged);
      CHECK(damaged.error().kind() == ErrorKind::damaged);
    }
    auto other = make_aggregate(group_by_g({"SUM N"}), surroundings);
    push(*other, batch_of(schema, {"G=a N=4", "G=b N=5"}));
    auto good = make_aggregate(group_by_g({"SUM N"}), surroundings);
    for (auto& [key, value] : changes_of(*other->store())) REQUIRE(good->store()->restore(key, value, 1));
    REQUIRE(good->store()->restore("a", std::string_view(), 1));
    CHECK(good->store()->keys() == 1);
    CHECK(push(*good, batch_of(schema, {"G=a N=1", "G=b N=1"})) == Strings{"a:1", "b:6"});
  }

  TEST_CASE("aggregate: random changes of a table, beside a recomputation of all of it") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    auto op = make_aggregate(group_by_g({"SUM N", "COUNT"}), surroundings);
    std::map<std::string, std::pair<std::string, std::string>> table;  // K: G, N
    std::map<std::string, std::string> told;                           // G: result
    for (int round = 0; round < 30; ++round) {
      std::vector<std::string> rows;
      for (int i = 0; i < 40; ++i) {
        std::string k = std::to_string(random.below(30));
        std::string before;
        if (auto old = table.find(k); old != table.end())
          before = " | G=" + old->second.first + " N=" + old->second.second;
        if (!before.empty() && random.one_in(4)) {
          rows.push_back("del K=" + k + before);
          table.erase(k);
          continue;
        }
        std::string g = "g" + std::to_string(random.below(5)), n = std::to_string(random.below(100));
        rows.push_back("K=" + k + " G=" + g + " N=" + n + before);
        table[k] = {g, n};
      }
      for (const std::string& row : push(*op, batch_of(schema, rows)))
        told[row.substr(0, row.find(':'))] = row.substr(row.find(':') + 1);
      std::map<std::string, std::pair<long, long>> expected;
      for (auto& [g, unused] : told) expected[g];
      for (auto& [k, row] : table) {
        expected[row.first].first += std::stol(row.second);
        ++expected[row.first].second;
      }
      for (auto& [g, result] : expected)
        CHECK(told[g] == std::to_string(result.first) + "," + std::to_string(result.second));
    }
  }
}
