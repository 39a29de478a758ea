#include "connectors/transforms/chain.h"

#include <doctest/doctest.h>

#include "connectors/transforms/records_fixture.h"

namespace levada {
namespace {

std::string number(int v) {
  return R"({"schema":{"type":"int32","optional":false},"payload":)" + std::to_string(v) + "}";
}
std::string error(const Properties& properties) {
  OptionNotes notes;
  auto chain = TransformChain::make(properties, notes);
  return chain ? "" : chain.error().what() + "; " + chain.error().remedy();
}
Properties router(const std::string& regex, const std::string& replacement) {
  return {{"transforms", "r"},
          {"transforms.r.type", "org.apache.kafka.connect.transforms.RegexRouter"},
          {"transforms.r.regex", regex},
          {"transforms.r.replacement", replacement}};
}
std::string routed(const std::string& topic, const std::string& regex, const std::string& replacement) {
  return transformed(router(regex, replacement), {{topic, number(1), number(2)}}).at(0).topic;
}

TEST_SUITE("connectors") {
  TEST_CASE("RegexRouter names topics as Java's replaceFirst does") {
    CHECK(routed("shop.public.a", R"(([^.]+)\.([^.]+)\.([^.]+))", "$3") == "a");
    CHECK(routed("shop.public.a", R"(shop\.(?P<rest>.*))", "x-${rest}") == "x-public.a");
    CHECK(routed("shop.public.a", "public", "x") == "shop.public.a");  // the whole name must match
    CHECK(routed("ab", "(a)(b)", "$10\\$$2") == "a0$b");
    CHECK(routed("a", "a", "") == "");
  }

  TEST_CASE("a chain goes from one to the next, and predicates choose") {
    Properties properties = {
        {"transforms", "drop,route"},
        {"transforms.drop.type", "org.apache.kafka.connect.transforms.Filter"},
        {"transforms.drop.predicate", "gone"},
        {"transforms.route.type", "RegexRouter"},
        {"transforms.route.regex", "(.*)"},
        {"transforms.route.replacement", "new-$1"},
        {"transforms.route.predicate", "marked"},
        {"transforms.route.negate", "true"},
        {"predicates", "gone,marked"},
        {"predicates.gone.type", "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"},
        {"predicates.marked.type", "HasHeaderKey"},
        {"predicates.marked.name", "mark"},
    };
    std::vector<TextRecord> records = {{"t", number(1), number(10)},
                                       {"t", number(2), ""},
                                       {"t", number(3), number(30), {{"mark", "x"}}},
                                       {"t", number(4), number(40), {{"other", "x"}}}};
    CHECK(lines_of(transformed(properties, records)) == "new-t 1 10\nt 3 30 mark=x\nnew-t 4 40 other=x\n");

    Properties by_topic = {
        {"transforms", "f"}, {"transforms.f.type", "Filter"},           {"transforms.f.predicate", "p"},
        {"predicates", "p"}, {"predicates.p.type", "TopicNameMatches"}, {"predicates.p.pattern", "a.*"}};
    CHECK(lines_of(transformed(by_topic, {{"ab", "", number(1)}, {"ba", "", number(2)}})) == "ba - 2\n");
  }

  TEST_CASE("what is wrong with a chain is told with its property") {
    CHECK(error({{"transforms", "a"}}) == "property 'transforms.a.type' is missing; ");
    CHECK(error({{"transforms", "a,a"}}) == "'transforms' names a twice; ");
    CHECK(error({{"transforms", "route"}, {"transforms.route.type", "RegexRoutr"}})
              .starts_with("'transforms.route.*': there is no transform 'RegexRoutr'; "));
    CHECK(error({{"transforms", "route"}, {"transforms.rout.type", "RegexRouter"}}) ==
          "'transforms.rout.type' is of a name that is not in 'transforms'; Did you mean route?");
    CHECK(error(router("(", "")).starts_with("'transforms.r.*': 'regex' is no regular expression"));
    CHECK(error(router("a", "$1")) ==
          "'transforms.r.*': 'replacement' has a group $1 that 'regex' has not; Groups are $1 or ${name}; a plain $ is "
          "written \\$.");
    CHECK(error(router("a", "x$")).starts_with("'transforms.r.*': 'replacement' has a $ that names no group"));
    CHECK(error({{"transforms", "f"}, {"transforms.f.type", "Filter"}})
              .starts_with("'transforms.f.*': without a predicate it would drop every record"));
    CHECK(error({{"transforms", "f"}, {"transforms.f.type", "Filter"}, {"transforms.f.predicate", "p"}}) ==
          "'transforms.f.predicate': there is no predicate p; Name it in 'predicates'.");
    CHECK(error({{"predicates", "p"}, {"predicates.p.type", "HasHeader"}})
              .starts_with("'predicates.p.type': there is no predicate 'HasHeader'"));
    Properties twice = router("a", "b");
    twice.push_back({"transforms.r.replacment", "b"});
    CHECK(error(twice) == "'transforms.r.*': unknown property 'replacment'; Did you mean replacement?");
  }

  TEST_CASE("ByLogicalTableRouter puts the table into the key") {
    Properties properties = {{"transforms", "r"},
                             {"transforms.r.type", "io.debezium.transforms.ByLogicalTableRouter"},
                             {"transforms.r.topic.regex", "(.*)_shard(\\d+)"},
                             {"transforms.r.topic.replacement", "$1_all"}};
    std::string key =
        R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":false,"name":"c_shard1.Key"},"payload":{"id":1}})";
    std::string row =
        R"({"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":true,"name":"c_shard1.Value","field":"after"})";
    std::string value =
        R"({"schema":{"type":"struct","fields":[)" + row +
        R"(,{"type":"string","optional":false,"field":"op"}],"optional":false,"name":"c_shard1.Envelope"},"payload":{"after":{"id":1},"op":"c"}})";
    auto records = transformed(properties, {{"c_shard1", key, value}, {"c_shard1", key, ""}, {"c", key, value}}, {});
    REQUIRE(records.size() == 3);
    CHECK(records[0].topic == "c_all");
    CHECK(
        records[0].key ==
        R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"string","optional":false,"field":"__dbz__physicalTableIdentifier"}],"optional":false,"name":"c_all.Key"},"payload":{"id":1,"__dbz__physicalTableIdentifier":"c_shard1"}})");
    CHECK(records[0].value.find("c_all.Envelope") != std::string::npos);
    CHECK(records[0].value.find("c_all.Value") != std::string::npos);
    CHECK(records[1].key == records[0].key);
    CHECK(records[1].value == "");
    CHECK(records[2].key == key);

    properties.push_back({"transforms.r.key.field.name", "shard"});
    properties.push_back({"transforms.r.key.field.regex", ".*_shard(\\d+)"});
    properties.push_back({"transforms.r.key.field.replacement", "$1"});
    CHECK(transformed(properties, {{"c_shard7", key, ""}}).at(0).key == R"({"id":1,"shard":"7"})");
    properties.push_back({"transforms.r.key.enforce.uniqueness", "false"});
    CHECK(transformed(properties, {{"c_shard7", key, ""}}).at(0).key == R"({"id":1})");
  }
}

}  // namespace
}  // namespace levada
