#include "connectors/postgres/held_transactions.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/temporary_directory.h"

namespace levada {
namespace {

std::string message(char kind, std::uint32_t xid, const std::string& rest) {
  std::string bytes(5, kind);
  store_big(bytes.data() + 1, xid);
  return bytes + rest;
}

// "LSN:rest" of each.
std::string drained(HeldTransactions& held, std::uint32_t xid) {
  std::string text;
  while (true) {
    auto next = held.next(xid);
    REQUIRE_MESSAGE(next, next.error().text());
    if (!*next) return text;
    text += (text.empty() ? "" : " ") + std::to_string((*next)->lsn) + ":" + std::string((*next)->bytes.substr(5));
  }
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("held transactions: each comes back in its order, without what was aborted") {
    TemporaryDirectory directory;
    for (std::uint64_t memory : {std::uint64_t(1) << 20, std::uint64_t(40), std::uint64_t(0)}) {
      CAPTURE(memory);
      HeldTransactions held(real_files(), directory.path(), memory);
      REQUIRE(held.add(7, 1, message('R', 8, "table")));
      REQUIRE(held.add(7, 2, message('I', 7, "a")));
      REQUIRE(held.add(9, 3, message('I', 9, "other")));
      REQUIRE(held.add(7, 4, message('I', 8, "gone")));
      held.abort(7, 8);
      REQUIRE(held.add(7, 5, message('U', 7, "b")));
      CHECK(held.memory() <= memory);
      CHECK(drained(held, 7) == "1:table 2:a 5:b");
      held.drop(7);
      CHECK(drained(held, 7) == "");
      CHECK(drained(held, 9) == "3:other");
      held.drop(9);
      held.drop(10);
      CHECK(held.memory() == 0);
      CHECK(real_files().list(directory.path())->empty());
    }
  }

  TEST_CASE("held transactions: messages of every size, partly in the file, partly in memory") {
    TemporaryDirectory directory;
    Random random(random_seed());
    HeldTransactions held(real_files(), directory.path(), 3 << 20);
    std::vector<std::string> expected[2];
    for (int i = 0; i < 400; ++i) {
      std::size_t size = random.below(20) == 0 ? random.below(3'000'000) : random.below(9000);
      auto which = random.below(2);
      std::string text = message('I', 1, std::string(size, static_cast<char>('a' + i % 26)));
      REQUIRE(held.add(static_cast<std::uint32_t>(which + 1), static_cast<std::uint64_t>(i), text));
      CHECK(held.memory() <= 3 << 20);
      expected[which].push_back(std::move(text));
    }
    CHECK(held.spilled() > 0);
    for (std::uint32_t which : {0u, 1u}) {
      for (const std::string& text : expected[which]) {
        auto next = held.next(which + 1);
        REQUIRE(next);
        REQUIRE(*next);
        REQUIRE((*next)->bytes == text);
      }
      CHECK(*held.next(which + 1) == nullptr);
    }
  }

  TEST_CASE("held transactions: a directory that cannot be written to is told with what helps") {
    HeldTransactions held(real_files(), "/nowhere/at/all", 0);
    auto added = held.add(1, 1, message('I', 1, "x"));
    REQUIRE_FALSE(added);
    CHECK_FALSE(added.error().text().empty());
  }
}

}  // namespace levada
