#include "pipeline/retry_queue.h"

#include <doctest/doctest.h>

#include "log/record_batch.h"

namespace levada {
namespace {

using What = RetryChange::What;

RetryChange parked(std::int64_t at, const std::string& key, std::int64_t offset, std::int64_t due_ms = 0,
                   std::int64_t refusals = 0) {
  return {.what = What::parked,
          .partition = {"t", 0},
          .offset = Offset(offset),
          .refusals = refusals,
          .due_ms = due_ms,
          .at = Offset(at),
          .key = key};
}
RetryChange later(What what, std::int64_t at, RetryChange of, std::int64_t due_ms = 0, std::int64_t refusals = 0) {
  of.what = what;
  of.at = Offset(at);
  of.due_ms = due_ms;
  of.refusals = refusals;
  return of;
}

std::vector<std::int64_t> offsets(const std::vector<const RetryChange*>& records) {
  std::vector<std::int64_t> found;
  for (const RetryChange* record : records) found.push_back(record->offset.value());
  return found;
}

using Offsets = std::vector<std::int64_t>;

}  // namespace

TEST_SUITE("pipeline") {
  TEST_CASE("A11: pauses grow by the multiplier up to the longest, and attempts have an end") {
    RetryPolicy policy{.attempts = 4, .backoff_ms = 100, .multiplier = 3, .most_backoff_ms = 1000};
    CHECK(policy.wait_ms(1) == 100);
    CHECK(policy.wait_ms(2) == 300);
    CHECK(policy.wait_ms(3) == 900);
    CHECK(policy.wait_ms(4) == 1000);
    CHECK(policy.wait_ms(1'000'000'000) == 1000);
    policy.multiplier = 1;
    CHECK(policy.wait_ms(1'000'000'000'000) == 100);
    RejectedRecord refusal{.why = "no parent", .code = "23503", .may_pass = true};
    CHECK(policy.tries_again(refusal, 4));
    CHECK(!policy.tries_again(refusal, 5));
    policy.exclude = {"40", "23"};
    CHECK(!policy.tries_again(refusal, 1));
    policy.exclude.clear();
    refusal.may_pass = false;
    CHECK(!policy.tries_again(refusal, 1));
    CHECK(!RetryPolicy{.attempts = 0}.tries_again({.may_pass = true}, 1));
  }

  TEST_CASE("A11: a key waits in order behind its first, and is free when that has gone") {
    RetryQueue queue({});
    RetryChange a1 = parked(0, "a", 1, 500, 1), a2 = parked(1, "a", 4), b1 = parked(2, "b", 5, 300, 1),
                a3 = parked(3, "a", 9);
    for (const RetryChange& change : {a1, a2, b1, a3}) queue.apply(change, 0);
    CHECK(queue.blocks("t", "a"));
    CHECK(!queue.blocks("t", "c"));
    CHECK(!queue.blocks("u", "a"));
    CHECK(queue.due_ms() == 300);
    CHECK(offsets(queue.due(299, 100, {})).empty());
    CHECK(offsets(queue.due(300, 100, {})) == Offsets{5});
    CHECK(offsets(queue.due(500, 100, {})) == Offsets{1, 5});  // none behind one that was refused itself
    CHECK(queue.oldest() == Offset(0));
    queue.apply(later(What::refused, 4, a1, 1500, 2), 500);
    CHECK(offsets(queue.due(1000, 100, {})) == Offsets{5});
    queue.apply(later(What::gone, 5, a1), 1000);
    CHECK(queue.oldest() == Offset(1));
    CHECK(offsets(queue.due(1000, 100, {})) == Offsets{4, 5, 9});  // in the order of the topic
    CHECK(offsets(queue.due(1000, 100, {RetryQueue::line_of(a2)})) == Offsets{4, 5});
    CHECK(offsets(queue.due(1000, 1, {})).size() == 1);
    queue.apply(later(What::gone, 6, a2), 1000);
    queue.apply(later(What::gone, 7, a3), 1000);
    CHECK(!queue.blocks("t", "a"));
    queue.apply(later(What::gone, 8, a3), 1000);  // once more
    queue.apply(later(What::gone, 9, b1), 1000);
    CHECK(queue.empty());
    CHECK(!queue.waits_for("t"));
    CHECK(!queue.due_ms());
    CHECK(queue.oldest() == Offset(INT64_MAX));
  }

  TEST_CASE("a line's middle may go, and a record that is told twice waits once") {
    RetryQueue queue({});
    RetryChange a1 = parked(0, "a", 1, 500, 1), a2 = parked(1, "a", 2), a3 = parked(2, "a", 3);
    for (const RetryChange& change : {a1, a2, a2, a3}) queue.apply(change, 0);
    CHECK(queue.size() == 3);
    queue.apply(later(What::gone, 3, a2), 0);
    CHECK(offsets(queue.of_topic("t")) == Offsets{1, 3});
    CHECK(queue.due_ms() == 500);
    CHECK(queue.find({"t", 0}, Offset(2)) == nullptr);
    CHECK(queue.find({"t", 0}, Offset(3))->key == "a");
  }

  TEST_CASE("records without a key wait each for itself") {
    RetryQueue queue({});
    for (std::int64_t i = 0; i < 3; ++i) {
      RetryChange change = parked(i, "", i, 100 * i, 1);
      change.key.reset();
      queue.apply(change, 0);
    }
    CHECK(!queue.blocks("t", std::nullopt));
    CHECK(offsets(queue.due(100, 100, {})) == Offsets{0, 1});
    RetryChange empty = parked(7, "", 9, 0, 1);  // an empty key is a key
    queue.apply(empty, 0);
    CHECK(queue.blocks("t", ""));
  }

  TEST_CASE("F20: what a record says of attempts and times is bounded by the configuration") {
    RetryQueue queue({.attempts = 3, .most_backoff_ms = 1000});
    queue.apply(parked(0, "far", 1, INT64_MAX, INT64_MAX), 50);
    CHECK(queue.due_ms() == 1050);
    CHECK(queue.find({"t", 0}, Offset(1))->refusals == 3);
    queue.apply(parked(1, "never", 2, INT64_MIN, INT64_MIN), 50);
    CHECK(queue.due_ms() == 0);
    CHECK(queue.find({"t", 0}, Offset(2))->refusals == 0);
  }

  TEST_CASE("a change comes back from its record as it was, behind headers of the original's own") {
    std::string own;
    const std::vector<Header> original = {{"levada.retry", Text("{\"what\":\"gone\"}")}, {"h", Text()}};
    append_headers(own, original);
    RetryChange change = parked(0, "k\0y", 12, 77, 2);
    change.timestamp_ms = 5;
    change.cause = "no \"parent\"\n";
    change.follows = Offset(3);
    change.from = Offset(4);
    RecordBatchBuilder builder;
    append_retry_change(builder, change, 9, Text("value"), own);
    RetryChange replayed = change;
    replayed.what = What::replayed;
    replayed.replay_of = "_dead_letters 3";
    append_retry_change(builder, replayed, 9, Text(), {});
    builder.add(9, Text("k"), Text("v"));
    builder.add(9, Text("k"), Text("v"), own);  // what is not complete is none of ours
    Records records;
    const std::string bytes(builder.finish());
    REQUIRE(records.append(bytes));
    auto read = read_retry_change(records.all()[0]);
    REQUIRE(read);
    CHECK(read->what == What::parked);
    CHECK(read->partition == change.partition);
    CHECK(read->offset == change.offset);
    CHECK(read->timestamp_ms == 5);
    CHECK(read->refusals == 2);
    CHECK(read->due_ms == 77);
    CHECK(read->cause == change.cause);
    CHECK(read->follows == Offset(3));
    CHECK(read->from == Offset(4));
    CHECK(read->key == change.key);
    CHECK(!read->deletion);
    CHECK(original_headers(records.all()[0].headers) == own);
    auto again = read_retry_change(records.all()[1]);
    REQUIRE(again);
    CHECK(again->what == What::replayed);
    CHECK(again->replay_of == "_dead_letters 3");
    CHECK(again->deletion);
    CHECK(original_headers(records.all()[1].headers).empty());
    CHECK(!read_retry_change(records.all()[2]));
    CHECK(!read_retry_change(records.all()[3]));
  }

  TEST_CASE("changes of rounds that never came about do not count, replays always do") {
    auto of_round = [](RetryChange change, std::int64_t follows, std::int64_t from) {
      change.follows = Offset(follows);
      change.from = Offset(from);
      return change;
    };
    RetryChange replayed = parked(4, "r", 90);
    replayed.what = What::replayed;
    const RetryChange a = of_round(parked(0, "a", 1), 0, 0);
    std::vector<RetryChange> all = {
        a,                                           // the target has it: 1
        of_round(parked(1, "b", 2), 1, 1),           // the process died before the target had it,
        of_round(later(What::gone, 2, a), 1, 1),     // all of the round
        of_round(parked(3, "c", 2), 1, 3),           // the next died, too
        replayed,                                    // in between
        of_round(later(What::refused, 5, a), 1, 5),  // this one got through: 7
        of_round(parked(6, "d", 3), 1, 5),
        of_round(parked(7, "e", 4), 7, 7),  // and this one not
    };
    auto places = [](const std::vector<RetryChange>& changes) {
      Offsets found;
      for (const RetryChange& change : changes) found.push_back(change.at.value());
      return found;
    };
    CHECK(places(effective_changes(all, Offset(7))) == Offsets{0, 4, 5, 6});
    CHECK(places(effective_changes({all.begin(), all.begin() + 5}, Offset(1))) == Offsets{0, 4});
    CHECK(places(effective_changes({all.begin(), all.begin() + 3}, Offset(3))) == Offsets{0, 1, 2});
    CHECK(places(effective_changes(all, Offset(8))) == Offsets{0, 4, 5, 6, 7});
    CHECK(places(effective_changes(all, Offset(0))) == Offsets{4});
  }
}

}  // namespace levada
