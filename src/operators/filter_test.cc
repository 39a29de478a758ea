#include <doctest/doctest.h>

#include "operators/batch_fixture.h"

using namespace levada;

namespace {

const SchemaRef schema = schema_of({{"K", TypeKind::string}}, {{"N", TypeKind::int32}, {"S", TypeKind::string}});
const Surroundings surroundings;

std::unique_ptr<Operator> filter(std::string_view condition, bool table = false) {
  return make_filter({.condition = must(read_expression(condition, *schema)), .table = table}, surroundings);
}

}  // namespace

TEST_SUITE("operators") {
  TEST_CASE("filter: of a stream the rows stay for which the condition is true, not those for which it is unknown") {
    auto positive = filter("N > 0");
    CHECK(push(*positive, batch_of(schema, {"K=a N=1", "K=b N=0", "K=c", "K=d N=2 S=x"})) ==
          Strings{"a:1,null", "d:2,x"});
    Output nothing;
    positive->push(0, batch_of(schema, {"K=a N=-1"}), nothing);
    CHECK(nothing.batches.empty());
  }

  TEST_CASE("filter: a stream's row without a value passes no condition") {
    CHECK(push(*filter("K = 'b' OR N IS NULL"), batch_of(schema, {"K=a", "del K=b"})) == Strings{"a:null,null"});
  }

  TEST_CASE("filter: what was selected before is selected from") {
    Batch batch = batch_of(schema, {"K=a N=1", "K=b N=2", "K=c N=3"});
    batch.selection = Selection({1, 2});
    CHECK(push(*filter("N < 3"), batch) == Strings{"b:2,null"});
  }

  TEST_CASE("filter: a row that fails is dropped and told, with its place") {
    auto op = filter("10 / N > 1");
    Output out;
    op->push(0, batch_of(schema, {"K=a N=1", "K=b N=0", "K=c N=2"}), out);
    CHECK(rows_of(out.batches) == Strings{"a:1,null", "c:2,null"});
    REQUIRE(out.failures.size() == 1);
    CHECK(out.failures[0].topic == "t");
    CHECK(out.failures[0].offset == 101);
    CHECK(out.failures[0].dropped);
    CHECK(!out.failures[0].why.empty());
  }

  TEST_CASE("filter: a row whose condition needs a value that was not sent is told, not taken for one that fails") {
    Batch batch = batch_of(schema, {"K=a N=1", "K=b N=1 S=x", "del K=c"});
    batch.absent = {Bits(), Bits(3, false)};
    batch.absent[1].set(0);
    Output out;
    filter("S = 'x'", true)->push(0, batch, out);
    CHECK(rows_of(out.batches) == Strings{"b:1,x", "c:-"});
    REQUIRE(out.failures.size() == 1);
    CHECK(out.failures[0].offset == 100);
    CHECK(push(*filter("N = 1"), batch) == Strings{"a:1,null", "b:1,x"});
  }

  TEST_CASE("filter: a table's row that no longer passes is deleted, one that never did is nothing") {
    auto op = filter("N > 0", true);
    // Where nobody knows what was there, the deletion is told to be sure.
    CHECK(push(*op, batch_of(schema, {"K=a N=1", "del K=b", "K=c N=0"})) == Strings{"a:1,null", "b:-", "c:-"});
    CHECK(push(*op, batch_of(schema, {"K=a N=0 | N=1", "K=b N=0 | N=-1", "K=c N=3 | N=2", "K=d N=4 | N=0",
                                      "del K=e | N=5", "del K=f | N=-5"})) ==
          Strings{"a:-<-1,null", "c:3,null<-2,null", "d:4,null", "e:-<-5,null"});
  }
}
