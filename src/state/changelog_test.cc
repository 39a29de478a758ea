#include "state/changelog.h"

#include <doctest/doctest.h>

#include "log/log_fixture.h"
#include "state/map_store.h"

using namespace levada;

TEST_SUITE("state") {
  TEST_CASE("a store is restored from its changelog, from the beginning or from where it was known") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    TopicConfig config;
    config.compact = true;
    must(log->create_topic("changes", config));
    Changelog changelog("changes", 0);
    MapStore store;
    auto transaction = must(log->begin("loop"));
    auto commit = [&] {
      std::uint64_t keys = changelog.write(store, *transaction);
      if (keys > 0) must(transaction->commit());
      return keys;
    };

    store.put("a", "1", 10);
    store.put("b", "", 11);
    store.put("a", "2", 12);
    CHECK(commit() == 2);
    CHECK(commit() == 0);
    MapStore known;
    Offset middle = must(changelog.restore(known, *log, Offset(0)));
    CHECK(middle == Offset(2));
    CHECK(known.entries == store.entries);

    store.remove("a");
    store.put("b", "3", 13);
    CHECK(commit() == 2);
    CHECK(must(changelog.restore(known, *log, middle)) == Offset(4));
    CHECK(known.entries == store.entries);
    MapStore fresh;
    CHECK(must(changelog.restore(fresh, *log, Offset(0))) == Offset(4));
    CHECK(fresh.entries == store.entries);
  }

  TEST_CASE("many changes go into several record batches of one transaction, and come back") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    must(log->create_topic("changes", {}));
    Changelog changelog("changes", 0);
    MapStore store;
    for (int i = 0; i < 5000; ++i) store.put("key " + std::to_string(i), std::string(300, 'x'));
    auto transaction = must(log->begin("loop"));
    CHECK(changelog.write(store, *transaction) == 5000);
    must(transaction->commit());
    MapStore fresh;
    must(changelog.restore(fresh, *log, Offset(0)));
    CHECK(fresh.entries == store.entries);
  }

  TEST_CASE("a value that the store cannot read is an error") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    must(log->create_topic("changes", {}));
    Changelog changelog("changes", 0);
    MapStore store;
    store.put("a", "unreadable");
    auto transaction = must(log->begin("loop"));
    changelog.write(store, *transaction);
    must(transaction->commit());
    MapStore fresh;
    CHECK(!changelog.restore(fresh, *log, Offset(0)));
  }
}
