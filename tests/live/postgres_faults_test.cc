// The server is killed, the network cut, slowed down and silenced: in the end every record is in the target once.
#include <doctest/doctest.h>

#include <thread>

#include "base/random.h"
#include "tests/fault_proxy.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

using namespace std::chrono_literals;

SinkTopic payments() {
  return {.topic = "payments",
          .object = "PAYMENTS",
          .schema = std::make_shared<Schema>(
              Schema{{{"ID", TypeKind::int64}}, {{"AMOUNT", Type::decimal(12, 2)}, {"NOTE", TypeKind::string}}})};
}

// The n-th is bad if it breaks the table's CHECK.
std::vector<TestRecord> payments_of(std::int64_t count) {
  std::vector<TestRecord> records;
  for (std::int64_t n = 0; n < count; ++n)
    records.push_back({{n}, ValueList{Int128{n % 97 == 13 ? -1 : n}, std::string("payment " + std::to_string(n))}});
  return records;
}

constexpr const char* make_table = "CREATE TABLE payments (id bigint, amount numeric CHECK (amount >= 0), note text)";

// Each record once, and the bad ones told.
void check_exact(PostgresStage& stage, const Delivery& delivery, const std::string& table = "payments") {
  std::int64_t good = 0, sum = 0, bad = 0;
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(delivery.records.size()); ++n)
    n % 97 == 13 ? ++bad : (++good, sum += n);
  CHECK(stage.sql("SELECT count(*), count(DISTINCT id), sum(id), round(sum(amount) * 100) FROM " + table) ==
        std::to_string(good) + "|" + std::to_string(good) + "|" + std::to_string(sum) + "|" + std::to_string(sum));
  CHECK(delivery.rejected.size() == static_cast<std::size_t>(bad));
  for (std::int64_t offset : delivery.rejected) CHECK(offset % 97 == 13);
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("a server killed again and again in the middle of rounds has every record once") {
    if (!PostgresStage::open()) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    OwnServer server;
    {
      PostgresStage stage(server.url(), true);
      stage.sql(make_table);
      auto sink = stage.sink({payments()}, {});
      Delivery delivery;
      delivery.records = payments_of(60'000);
      delivery.batch_rows = 500;
      std::size_t kills = 0;
      std::thread killer;
      delivery.before_round = [&](std::size_t round) {
        if (round % 4 != 3 || kills == 12) return;
        if (killer.joinable()) killer.join();
        ++kills;
        auto wait = std::chrono::microseconds(random.below(15'000));
        killer = std::thread([&server, wait] {
          std::this_thread::sleep_for(wait);
          server.kill();
          server.up();
        });
      };
      CHECK(delivery.run(*sink, payments()));
      if (killer.joinable()) killer.join();
      CHECK(kills >= 10);
      CHECK(delivery.errors >= 5);  // a kill may come between two rounds and be noticed together with the next
      sink.reset();
      stage.reconnect();
      check_exact(stage, delivery);
    }
  }

  TEST_CASE("a connection cut after any number of bytes, in either direction, costs no record and repeats none") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    int number = 1000;  // of tables: all names of one length, so that every delivery takes the same number of bytes
    for (const std::string mode : {"insert", "upsert"}) {
      CAPTURE(mode);
      FaultProxy proxy(real_network(), stage->host(), static_cast<std::uint16_t>(stage->port()));
      std::size_t lost_answers = 0, errors = 0;
      // One delivery of some rounds into a table of its own, under these faults.
      auto deliver = [&](FaultProxy::Faults faults) {
        std::string table = "payments_" + std::to_string(number++);
        stage->sql("CREATE TABLE " + table + " (id bigint PRIMARY KEY, amount numeric CHECK (amount >= 0), note text)");
        SinkContext context =
            stage->context({payments()}, {{"connection.url", stage->url_at("127.0.0.1", proxy.port()), ""},
                                          {"table.name.format", table, ""},
                                          {"insert.mode", mode, ""}});
        context.pipeline += table;
        auto sink = make_postgres_sink(std::move(context)).value();
        Delivery delivery;
        delivery.records = payments_of(120);
        delivery.batch_rows = 20;
        proxy.set(faults);
        CHECK(delivery.run(*sink, payments()));
        check_exact(*stage, delivery, table);
        lost_answers += delivery.lost_answers;
        errors += delivery.errors;
        stage->sql("DROP TABLE " + table);
        return delivery.errors;
      };
      CHECK(deliver({}) == 0);  // makes levada_positions
      CHECK(deliver({}) == 0);
      const std::uint64_t up = proxy.passed(FaultProxy::Direction::to_server);
      const std::uint64_t down = proxy.passed(FaultProxy::Direction::to_client);
      CHECK(up > 5000);
      std::size_t cuts = 0;
      auto cut = [&](bool to_server, std::uint64_t n) {
        CAPTURE(to_server);
        CAPTURE(n);
        FaultProxy::Faults faults{.cut_quietly = random.one_in(2)};
        (to_server ? faults.cut_to_server : faults.cut_to_client) = n;
        CHECK(deliver(faults) <= 2);
        ++cuts;
      };
      // Everywhere, and byte by byte around the last commit: "Q", length, "COMMIT", NUL; "C", length, "COMMIT", …
      for (int i = 0; i < 25; ++i) {
        cut(true, random.below(up));
        cut(false, random.below(down));
      }
      for (std::uint64_t n = 0; n <= 40; n += 2) {
        cut(true, up - n);
        cut(false, down - n);
      }
      CHECK(errors > cuts / 2);
      CHECK(lost_answers > 0);
    }
  }

  TEST_CASE("a connection cut while an earlier instance is followed does not make that one the newer one") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(make_table);
    FaultProxy proxy(real_network(), stage->host(), static_cast<std::uint16_t>(stage->port()));
    auto make = [&] {
      return stage->sink({payments()}, {{"connection.url", stage->url_at("127.0.0.1", proxy.port())}});
    };
    REQUIRE(make()->start());  // the earlier one; the end of start() is its commit
    std::uint64_t before = proxy.passed(FaultProxy::Direction::to_server);
    REQUIRE(make()->start());
    std::uint64_t up = proxy.passed(FaultProxy::Direction::to_server) - before;
    std::size_t lost = 0;
    for (std::uint64_t n = 0; n <= 40; n += 2) {
      CAPTURE(n);
      auto sink = make();
      proxy.set({.cut_to_server = up - n});
      if (auto started = sink->start(); !started) {
        ++lost;
        CHECK(started.error().kind() == ErrorKind::unreachable);
      }
      proxy.set({});
      auto again = sink->start();
      CHECK_MESSAGE(again, again.error().text());
    }
    CHECK(lost > 10);
  }

  TEST_CASE("a slow wire that gives byte after byte changes nothing") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(make_table);
    FaultProxy proxy(real_network(), stage->host(), static_cast<std::uint16_t>(stage->port()));
    proxy.set({.piece = 1});
    auto sink = stage->sink({payments()}, {{"connection.url", stage->url_at("127.0.0.1", proxy.port()), ""}});
    Delivery delivery;
    delivery.records = payments_of(300);
    CHECK(delivery.run(*sink, payments()));
    CHECK(delivery.errors == 0);
    proxy.set({.delay = 2ms, .piece = 300});
    delivery.records = payments_of(500);
    CHECK(delivery.run(*sink, payments()));
    CHECK(delivery.errors == 0);
    check_exact(*stage, delivery);
  }

  TEST_CASE("a server that falls silent is given up, and its transaction ends") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(make_table);
    FaultProxy proxy(real_network(), stage->host(), static_cast<std::uint16_t>(stage->port()));
    std::string url = stage->url_at("127.0.0.1", proxy.port()) + "&socketTimeout=1&connectTimeout=1";
    auto sink = stage->sink({payments()}, {{"connection.url", url, ""}});
    Delivery delivery;
    delivery.records = payments_of(300);
    std::thread back;
    delivery.before_round = [&](std::size_t round) {
      if (round != 1) return;
      proxy.set({.black_hole = true});
      back = std::thread([&] {
        while (proxy.connections() < 2) std::this_thread::sleep_for(1ms);  // the sink has given up and knocks again
        proxy.set({});
      });
    };
    CHECK(delivery.run(*sink, payments()));
    back.join();
    CHECK(delivery.errors >= 1);
    check_exact(*stage, delivery);
  }

  TEST_CASE("a server that is away for a while is waited for") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(make_table);
    FaultProxy proxy(real_network(), stage->host(), static_cast<std::uint16_t>(stage->port()));
    auto sink = stage->sink({payments()}, {{"connection.url", stage->url_at("127.0.0.1", proxy.port()), ""}});
    Delivery delivery;
    delivery.records = payments_of(2000);
    std::thread back;
    delivery.before_round = [&](std::size_t round) {
      if (round != 2) return;
      proxy.set({.refuse = true});
      proxy.cut_all();
      back = std::thread([&] {
        while (proxy.connections() < 6) std::this_thread::sleep_for(1ms);
        proxy.set({});
      });
    };
    CHECK(delivery.run(*sink, payments()));
    back.join();
    CHECK(delivery.errors >= 4);
    check_exact(*stage, delivery);
  }

  TEST_CASE("a statement that waits too long for a lock ends and is tried again") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(make_table);
    auto sink = stage->sink({payments()}, {{"connection.url", stage->url() + "&socketTimeout=1", ""}});
    Delivery delivery;
    delivery.records = payments_of(200);
    delivery.before_round = [&](std::size_t round) {
      if (round == 0) stage->sql("BEGIN");
      if (round == 0) stage->sql("LOCK TABLE payments");
      if (round == 1) stage->sql("COMMIT");
    };
    CHECK(delivery.run(*sink, payments()));
    CHECK(delivery.errors == 1);
    check_exact(*stage, delivery);
  }
}

}  // namespace levada
