// Where a sink has got to is kept in the target, and only the newest instance may write.
#include <doctest/doctest.h>

#include <thread>

#include "connectors/postgres/positions.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

SinkTopic numbers(std::int32_t partitions = 1) {
  return {.topic = "numbers",
          .object = "NUMBERS",
          .partitions = partitions,
          .schema = std::make_shared<Schema>(Schema{{}, {{"N", TypeKind::int64}}})};
}

std::vector<TestRecord> records_from(std::int64_t from, std::int64_t to) {
  std::vector<TestRecord> records;
  for (std::int64_t n = from; n < to; ++n) records.push_back({{}, ValueList{n}});
  return records;
}

Result<void> write(Sink& sink, const SinkTopic& topic, std::int32_t partition, std::int64_t from, std::int64_t to) {
  RowFailures rejected;
  auto records = records_from(from, to);
  LV_TRY(sink.write(test_batch(topic, partition, from, records), rejected));
  CHECK(rejected.empty());
  std::vector<RejectedRecord> refused;
  LV_TRY(sink.flush(refused));
  CHECK(refused.empty());
  return {};
}

Result<void> commit(Sink& sink, std::int32_t partition, std::int64_t next) {
  PartitionOffset offset{{"numbers", partition}, Offset(next)};
  return sink.commit(std::span(&offset, 1));
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("offsets come back from the target, for the partitions that have any") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers(3);
    {
      auto sink = stage->sink({topic}, {{"auto.create", "true"}});
      auto first = sink->start();
      REQUIRE(first);
      REQUIRE(first->has_value());
      CHECK((*first)->empty());
      REQUIRE(write(*sink, topic, 2, 0, 10));
      REQUIRE(commit(*sink, 2, 10));
      REQUIRE(write(*sink, topic, 1, 0, 5));  // never committed
    }
    auto sink = stage->sink({topic}, {});
    auto again = sink->start();
    REQUIRE(again);
    REQUIRE((*again)->size() == 1);
    CHECK((**again)[0].partition == TopicPartition{"numbers", 2});
    CHECK((**again)[0].next == Offset(10));
    CHECK(stage->sql("SELECT count(*), max(n) FROM numbers") == "10|9");
    CHECK(stage->sql("SELECT partition, epoch, next_offset FROM levada_positions ORDER BY 1") ==
          "0|2|NULL\n1|2|NULL\n2|2|10");
    // More partitions, and a commit without rows.
    auto wider = stage->sink({numbers(4)}, {});
    REQUIRE(wider->start());
    REQUIRE(commit(*wider, 3, 7));
    REQUIRE(wider->commit({}));
    CHECK(stage->sql("SELECT partition, next_offset FROM levada_positions ORDER BY 1") == "0|NULL\n1|NULL\n2|10\n3|7");
  }

  TEST_CASE("other pipelines and sinks on the same target do not disturb") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    auto make = [&](const char* pipeline, const char* name) {
      SinkContext context = stage->context({topic}, {{"auto.create", "true"}});
      context.pipeline = pipeline;
      context.name = name;
      return make_postgres_sink(std::move(context)).value();
    };
    auto a = make("p", "a"), b = make("p", "b"), c = make("q'\\", "a");
    std::vector<std::thread> starting;
    for (Sink* s : {a.get(), b.get(), c.get()}) starting.emplace_back([s] { CHECK(s->start()); });
    for (std::thread& t : starting) t.join();
    for (Sink* s : {a.get(), b.get(), c.get()}) {
      CHECK(write(*s, topic, 0, 0, 2));
      CHECK(commit(*s, 0, 2));
    }
    CHECK(stage->sql("SELECT count(*) FROM numbers") == "6");
    CHECK(stage->sql("SELECT pipeline, sink, epoch FROM levada_positions ORDER BY 1, 2") == "p|a|1\np|b|1\nq'\\|a|1");
  }

  TEST_CASE("an older instance cannot commit, and nothing of it is visible") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    auto older = stage->sink({topic}, {{"auto.create", "true"}}), newer = stage->sink({topic}, {});
    REQUIRE(older->start());
    REQUIRE(write(*older, topic, 0, 0, 100));
    // The newer one ends the older one's connection, else it would wait for its locks.
    REQUIRE(newer->start());
    auto late = write(*older, topic, 0, 100, 200);
    if (late) late = commit(*older, 0, 200);
    REQUIRE(!late);
    CHECK(late.error().kind() == ErrorKind::unreachable);
    // The older one starts again, as after any lost connection, and learns that it is not in charge.
    auto restarted = older->start();
    REQUIRE(!restarted);
    CHECK(restarted.error().kind() == ErrorKind::fenced);
    CHECK(restarted.error().what() ==
          "cannot start sink SINK: another instance of sink SINK of pipeline " + stage->schema() + " has taken over");
    CHECK(restarted.error().why().ends_with("and has epoch 2; ours is 1"));
    REQUIRE(write(*newer, topic, 0, 0, 3));
    REQUIRE(commit(*newer, 0, 3));
    CHECK(stage->sql("SELECT count(*) FROM numbers") == "3");
    CHECK(stage->sql("SELECT epoch, next_offset FROM levada_positions") == "2|3");
    CHECK(older->start().error().kind() == ErrorKind::fenced);
    REQUIRE(write(*newer, topic, 0, 3, 4));
    CHECK(commit(*newer, 0, 4));
  }

  TEST_CASE("an older instance whose connection could not be ended is fenced when it commits") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    auto older = stage->sink({topic}, {{"auto.create", "true"}});
    REQUIRE(older->start());
    REQUIRE(write(*older, topic, 0, 0, 100));
    stage->sql("UPDATE levada_positions SET epoch = epoch + 1, holder = 'elsewhere 1 x'");  // as a newer one does
    auto late = commit(*older, 0, 100);
    REQUIRE(!late);
    CHECK(late.error().kind() == ErrorKind::fenced);
    CHECK(late.error().why() == "it runs as elsewhere 1 x (host, process, number) and has epoch 2; ours is 1");
    CHECK(stage->sql("SELECT count(*) FROM numbers") == "0");
    CHECK(stage->sql("SELECT next_offset FROM levada_positions") == "NULL");
    CHECK(older->start().error().kind() == ErrorKind::fenced);
  }

  TEST_CASE("a commit of the older instance that is on its way is waited for, and seen") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    auto older = stage->sink({topic}, {{"auto.create", "true"}}), newer = stage->sink({topic}, {});
    REQUIRE(older->start());
    // Somebody in between: has changed the position, has not committed yet, and is no connection of ours to be ended.
    auto address = parse_postgres_url(stage->url());
    auto between = PostgresConnection::open(*address, "in between").value();
    REQUIRE(between->execute("BEGIN; UPDATE levada_positions SET next_offset = 50"));
    std::thread committing([&] {
      while (stage->sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
      CHECK(between->execute("COMMIT"));
    });
    auto started = newer->start();
    committing.join();
    REQUIRE(started);
    REQUIRE((*started)->size() == 1);
    CHECK((**started)[0].next == Offset(50));
  }

  TEST_CASE("positions that somebody has removed stop the sink") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    auto sink = stage->sink({topic}, {{"auto.create", "true"}});
    REQUIRE(sink->start());
    stage->sql("DELETE FROM levada_positions");
    REQUIRE(write(*sink, topic, 0, 0, 5));
    auto refused = commit(*sink, 0, 5);
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    CHECK(stage->sql("SELECT count(*) FROM numbers") == "0");
  }

  TEST_CASE("a sink wants to be started after an error") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    auto sink = stage->sink({topic}, {{"auto.create", "true"}});
    CHECK(write(*sink, topic, 0, 0, 1).error().kind() == ErrorKind::refused);
    REQUIRE(sink->start());
    stage->sql("DROP TABLE numbers");
    auto gone = write(*sink, topic, 0, 0, 1);
    REQUIRE(!gone);
    CHECK(gone.error().kind() == ErrorKind::not_found);
    CHECK(gone.error().why() == "relation \"" + stage->schema() + ".numbers\" does not exist (SQLSTATE 42P01)");
    CHECK(commit(*sink, 0, 1).error().kind() == ErrorKind::refused);
    REQUIRE(sink->start());  // makes it again
    CHECK(write(*sink, topic, 0, 0, 1));
    CHECK(commit(*sink, 0, 1));
  }

  TEST_CASE("a column that changes its type under us is not taken for bad rows") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    SinkTopic topic = numbers();
    for (const char* mode : {"none", "kafka"}) {
      CAPTURE(mode);
      stage->sql("DROP TABLE IF EXISTS numbers, levada_positions");
      auto sink = stage->sink({topic}, {{"auto.create", "true"}, {"pk.mode", mode}});
      REQUIRE(sink->start());
      REQUIRE(write(*sink, topic, 0, 0, 1));
      REQUIRE(commit(*sink, 0, 1));
      stage->sql("ALTER TABLE numbers ALTER n TYPE int");
      auto changed = write(*sink, topic, 0, 1, 5);
      REQUIRE(!changed);
      CHECK(changed.error().kind() == ErrorKind::unreachable);
      REQUIRE(sink->start());
      CHECK(write(*sink, topic, 0, 1, 5));
      CHECK(commit(*sink, 0, 5));
      CHECK(stage->sql("SELECT count(*), max(n) FROM numbers") == "5|4");
    }
  }
}

}  // namespace levada
