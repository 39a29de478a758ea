#include "state/group_table.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "base/random.h"

using namespace levada;

namespace {

using Group = GroupTable::Group;

std::vector<Group*> find(GroupTable& table, const std::vector<std::string>& keys, std::vector<Group*>& made) {
  std::vector<std::string_view> views(keys.begin(), keys.end());
  std::vector<Group*> groups(keys.size());
  table.find_or_make(views, groups, made);
  return groups;
}

std::int64_t& number_in(Group* group) { return *reinterpret_cast<std::int64_t*>(group->block()); }

}  // namespace

TEST_SUITE("state") {
  TEST_CASE("a group is made once, fresh and zeroed, even if its key comes twice in one batch") {
    GroupTable table(16);
    std::vector<Group*> made;
    auto groups = find(table, {"a", "b", "a", ""}, made);
    CHECK(groups[0] == groups[2]);
    CHECK(made.size() == 3);
    CHECK(table.size() == 3);
    for (Group* group : made) {
      CHECK(group->fresh);
      CHECK(number_in(group) == 0);
    }
    CHECK(groups[3]->key() == "");
    CHECK(table.find("b") == groups[1]);
    CHECK(table.find("c") == nullptr);
  }

  TEST_CASE("touched groups are given once, in their order, and then no more; erased ones not at all") {
    GroupTable table(8);
    std::vector<std::string> keys;
    for (int i = 0; i < 200; ++i) keys.push_back(std::to_string(i));
    std::vector<Group*> made, given;
    auto groups = find(table, keys, made);
    for (int round = 0; round < 2; ++round) {
      std::vector<Group*> expected;
      for (std::size_t i = 1 + static_cast<std::size_t>(round); i < groups.size(); i += 3)
        expected.push_back(groups[groups.size() - i]);
      for (Group* group : expected) table.touch(group);
      for (Group* group : expected) table.touch(group);
      table.erase(expected[5]);
      std::erase(groups, expected[5]);
      expected.erase(expected.begin() + 5);
      given.clear();
      table.take_changed([&](Group* group) { given.push_back(group); });
      CHECK(given == expected);
      table.take_changed([](Group*) { FAIL("given twice"); });
    }
  }

  TEST_CASE("a group of one cache line's size lies in one") {
    GroupTable table(32);
    std::vector<std::string> keys;
    for (int i = 0; i < 3000; ++i) keys.push_back(std::to_string(i));
    std::vector<Group*> made;
    for (Group* group : find(table, keys, made)) CHECK(reinterpret_cast<std::uintptr_t>(group) % 64 == 0);
  }

  TEST_CASE("pointers stay good while the table grows") {
    GroupTable table(8);
    std::vector<Group*> made;
    Group* first = find(table, {"first"}, made)[0];
    number_in(first) = 42;
    for (int i = 0; i < 20'000; ++i) find(table, {std::to_string(i)}, made);
    CHECK(table.find("first") == first);
    CHECK(number_in(first) == 42);
    CHECK(table.size() == 20'001);
  }

  TEST_CASE("random keys made and erased, beside a map") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    GroupTable table(8);
    std::map<std::string, std::int64_t> model;
    for (int step = 0; step < 2000; ++step) {
      std::vector<std::string> keys;
      std::size_t count = 1 + random.below(20);
      for (std::size_t i = 0; i < count; ++i)
        keys.push_back(std::string(random.below(20), 'k') + std::to_string(random.below(300)));
      if (random.one_in(3)) {
        for (const std::string& key : std::set<std::string>(keys.begin(), keys.end())) {
          Group* group = table.find(key);
          REQUIRE((group != nullptr) == model.contains(key));
          if (!group) continue;
          table.erase(group);
          model.erase(key);
        }
      } else {
        std::vector<Group*> made;
        auto groups = find(table, keys, made);
        for (std::size_t i = 0; i < keys.size(); ++i) {
          CHECK(groups[i]->key() == keys[i]);
          ++number_in(groups[i]);
          ++model[keys[i]];
        }
      }
      REQUIRE(table.size() == model.size());
    }
    for (auto& [key, number] : model) {
      REQUIRE(table.find(key));
      CHECK(number_in(table.find(key)) == number);
    }
    std::uint64_t seen = 0;
    table.for_each([&](Group* group) {
      ++seen;
      CHECK(model.contains(std::string(group->key())));
    });
    CHECK(seen == model.size());
    table.clear();
    CHECK(table.size() == 0);
    CHECK(table.find("k1") == nullptr);
  }
}
