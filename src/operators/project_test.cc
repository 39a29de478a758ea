#include <doctest/doctest.h>

#include "operators/batch_fixture.h"

using namespace levada;

namespace {

const SchemaRef schema = schema_of({{"K", TypeKind::string}}, {{"N", TypeKind::int32}, {"S", TypeKind::string}});
const Surroundings surroundings;

std::unique_ptr<Operator> project(const std::vector<std::string>& key, const std::vector<std::string>& value) {
  ProjectSpec spec;
  Schema result;
  for (const std::string& text : key) {
    spec.key.push_back(must(read_expression(text, *schema)));
    result.key.push_back({text, spec.key.back()->type});
  }
  for (const std::string& text : value) {
    spec.value.push_back(must(read_expression(text, *schema)));
    result.value.push_back({text, spec.value.back()->type});
  }
  spec.schema = std::make_shared<Schema>(result);
  return make_project(std::move(spec), surroundings);
}

}  // namespace

TEST_SUITE("operators") {
  TEST_CASE("project: new columns of the selected rows") {
    Batch batch = batch_of(schema, {"K=a N=1 S=x", "K=b N=2", "K=c N=3 S=z"});
    batch.selection = Selection({0, 2});
    CHECK(push(*project({"K"}, {"N + 1", "UCASE(S)", "K"}), batch) == Strings{"a:2,X,a", "c:4,Z,c"});
  }

  TEST_CASE("project: a value that fails is null, a key that fails takes its row along; both are told") {
    auto op = project({"100 / N"}, {"10 / (N - 1)"});
    Output out;
    op->push(0, batch_of(schema, {"K=a N=1", "K=b N=0", "K=c N=2"}), out);
    CHECK(rows_of(out.batches) == Strings{"100:null", "50:10"});
    REQUIRE(out.failures.size() == 2);
    CHECK(out.failures[0].offset == 101);
    CHECK(out.failures[0].dropped);
    CHECK(out.failures[1].offset == 100);
    CHECK(!out.failures[1].dropped);
  }

  TEST_CASE("project: a deletion has a key and no values; what was there before is computed too") {
    auto op = project({"K"}, {"10 / N"});
    Output out;
    op->push(0, batch_of(schema, {"del K=a", "K=b N=5 | N=2", "del K=c | N=1", "K=d N=10"}), out);
    CHECK(rows_of(out.batches) == Strings{"a:-", "b:2<-5", "c:-<-10", "d:1"});
    CHECK(out.failures.empty());
  }

  TEST_CASE("project: what was not sent stays so; what only reads it too, what reads more is told; a key needs it") {
    Batch batch = batch_of(schema, {"K=a N=1", "K=b N=2 S=y"});
    batch.absent = {Bits(), Bits(2, false)};
    batch.absent[1].set(0);
    Output out;
    project({"K"}, {"N", "S", "UCASE(S)", "CONCAT(S, CAST(N AS STRING))", "COALESCE(S, 'none')"})->push(0, batch, out);
    CHECK(rows_of(out.batches) == Strings{"a:1,null,null,null,null", "b:2,y,Y,y2,y"});
    const Batch& result = out.batches[0];
    CHECK(!result.is_absent(0, 0));
    for (std::size_t i : {1, 2, 3, 4}) {
      CHECK(result.is_absent(i, 0));
      CHECK(!result.is_absent(i, 1));
    }
    REQUIRE(out.failures.size() == 1);
    CHECK(out.failures[0].offset == 100);
    CHECK(!out.failures[0].dropped);

    Output keyed;
    project({"S"}, {"N"})->push(0, batch, keyed);
    CHECK(rows_of(keyed.batches) == Strings{"y:2"});
    REQUIRE(keyed.failures.size() == 1);
    CHECK(keyed.failures[0].dropped);
  }

  TEST_CASE("project: where every row's key fails, nothing comes out") {
    auto op = project({"1 / N"}, {"S"});
    Output out;
    op->push(0, batch_of(schema, {"K=a N=0", "K=b N=0"}), out);
    CHECK(out.batches.empty());
    CHECK(out.failures.size() == 2);
  }
}
