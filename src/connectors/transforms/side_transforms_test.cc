// The transforms of one side, each with what a configuration would say.
#include <doctest/doctest.h>

#include "connectors/transforms/records_fixture.h"

namespace levada {
namespace {

const std::string key =
    R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":false,"name":"t.Key"},"payload":{"id":1}})";
// id 5, name "Ann", price 1.50, at 1582979696789 (a Timestamp), place {city "Lisboa", zip null}
const std::string value =
    R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"string","optional":true,"field":"name"},{"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"field":"price"},{"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"at"},{"type":"struct","fields":[{"type":"string","optional":false,"field":"city"},{"type":"string","optional":true,"field":"zip"}],"optional":true,"field":"place"}],"optional":false,"name":"t.Value"},"payload":{"id":5,"name":"Ann","price":"AJY=","at":1582979696789,"place":{"city":"Lisboa","zip":null}}})";

std::string with_payload(const std::string& payload) {
  return value.substr(0, value.find("\"payload\":")) + "\"payload\":" + payload + "}";
}

// What one transform makes of a record.
std::string made(const std::string& type, Properties own, const std::string& of_key = key,
                 const std::string& of_value = value, const ConverterSpec& spec = {.schemas = false}) {
  Properties properties = {{"transforms", "x"}, {"transforms.x.type", "org.apache.kafka.connect.transforms." + type}};
  for (Property& property : own) properties.push_back({"transforms.x." + property.name, property.value});
  std::string lines = lines_of(transformed(properties, {{"t", of_key, of_value}}, spec));
  return lines.empty() ? lines : lines.substr(0, lines.size() - 1);
}
std::string wrong(const std::string& type, Properties own) {
  Properties properties = {{"transforms", "x"}, {"transforms.x.type", type}};
  for (Property& property : own) properties.push_back({"transforms.x." + property.name, property.value});
  OptionNotes notes;
  auto chain = TransformChain::make(properties, notes);
  return chain ? "" : chain.error().what();
}

TEST_SUITE("connectors") {
  TEST_CASE("ExtractField, HoistField, ValueToKey") {
    CHECK(made("ExtractField$Key", {{"field", "id"}}) ==
          R"(t 1 {"id":5,"name":"Ann","price":"AJY=","at":1582979696789,"place":{"city":"Lisboa","zip":null}})");
    CHECK(made("ExtractField$Value", {{"field", "name"}}) == R"(t {"id":1} "Ann")");
    CHECK(made("ExtractField$Value", {{"field", "place.city"}, {"field.syntax.version", "V2"}}) ==
          R"(t {"id":1} "Lisboa")");
    CHECK(made("ExtractField$Value", {{"field", "place.city"}, {"field.syntax.version", "V2"}}, key,
               with_payload(R"({"id":5,"place":null})")) == R"(t {"id":1} -)");
    CHECK(made("ExtractField$Value", {{"field", "nme"}})
              .starts_with(R"(dead {"id":1} transform x: there is no field nme {"id":5,)"));
    CHECK(made("ExtractField$Value", {{"field", "name"}}, key, "") == R"(t {"id":1} -)");
    CHECK(made("HoistField$Key", {{"field", "k"}}, key, "") == R"(t {"k":{"id":1}} -)");
    CHECK(made("ValueToKey", {{"fields", "name,id"}}, "").starts_with(R"(t {"name":"Ann","id":5} {)"));
    CHECK(made("ValueToKey", {{"fields", "id"}}, key, "") ==
          R"(dead {"id":1} transform x: there is no value to make the key of )");
    CHECK(made("ValueToKey", {{"fields", "idd"}})
              .starts_with(R"(dead {"id":1} transform x: the value has no field idd)"));
  }

  TEST_CASE("ReplaceField and MaskField") {
    CHECK(made("ReplaceField$Value", {{"exclude", "price,at,place"}, {"renames", "id:nr,none:x"}}) ==
          R"(t {"id":1} {"nr":5,"name":"Ann"})");
    CHECK(made("ReplaceField$Value", {{"whitelist", "id"}}) == R"(t {"id":1} {"id":5})");
    CHECK(made("ReplaceField$Value", {{"exclude", "id"}}, key, "") == R"(t {"id":1} -)");
    CHECK(made("MaskField$Value", {{"fields", "id,name,price,at"}}) ==
          R"(t {"id":1} {"id":0,"name":"","price":"AA==","at":0,"place":{"city":"Lisboa","zip":null}})");
    CHECK(made("MaskField$Value", {{"fields", "name"}, {"replacement", "***"}}, key,
               with_payload(R"({"id":5,"name":null})")) ==
          R"(t {"id":1} {"id":5,"name":null,"price":null,"at":null,"place":null})");
    CHECK(made("MaskField$Value", {{"fields", "id"}, {"replacement", "x"}})
              .starts_with(R"(dead {"id":1} transform x: field id cannot be masked with 'x')"));
    CHECK(made("MaskField$Value", {{"fields", "place"}})
              .starts_with(R"(dead {"id":1} transform x: field place cannot be masked)"));
    CHECK(wrong("ReplaceField$Value", {{"renames", "a"}}) == "'transforms.x.*': 'renames': 'a' is not of the form a:b");
  }

  TEST_CASE("InsertField, Flatten") {
    CHECK(made("InsertField$Value",
               {{"topic.field", "topic!"}, {"timestamp.field", "time"}, {"static.field", "s"}, {"static.value", "v"}},
               "", with_payload(R"({"id":5})")) ==
          R"(t - {"id":5,"name":null,"price":null,"at":null,"place":null,"topic":"t","time":0,"s":"v"})");
    std::string with_schema =
        made("InsertField$Key", {{"topic.field", "topic!"}, {"timestamp.field", "time"}}, key, "", {});
    CHECK(
        with_schema.find(
            R"({"type":"string","optional":false,"field":"topic"},{"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"time"}])") !=
        std::string::npos);
    CHECK(wrong("InsertField$Value", {{"offset.field", "o"}}) ==
          "'transforms.x.*': 'offset.field' is for sinks: a source's records have no place yet");
    CHECK(wrong("InsertField$Value", {}) == "'transforms.x.*': there is nothing to insert");
    CHECK(
        made("Flatten$Value", {{"delimiter", "_"}}) ==
        R"(t {"id":1} {"id":5,"name":"Ann","price":"AJY=","at":1582979696789,"place_city":"Lisboa","place_zip":null})");
    CHECK(made("Flatten$Value", {}, key, with_payload(R"({"id":5,"place":null})")) ==
          R"(t {"id":1} {"id":5,"name":null,"price":null,"at":null,"place.city":null,"place.zip":null})");
    CHECK(made("Flatten$Value", {}, "", value, {}).find(R"({"type":"string","optional":true,"field":"place.city"})") !=
          std::string::npos);
  }

  TEST_CASE("Cast") {
    auto cast = [](const std::string& spec, const std::string& payload) {
      std::string line = made("Cast$Value", {{"spec", spec}}, "", with_payload(payload));
      return line.substr(line.find("- ") + 2);
    };
    CHECK(cast("id:string,price:float64", R"({"id":5,"price":"AJY="})") ==
          R"({"id":"5","name":null,"price":1.5,"at":null,"place":null})");
    CHECK(cast("name:int8,price:string", R"({"id":5,"name":"-12","price":"AJY="})") ==
          R"({"id":5,"name":-12,"price":"1.50","at":null,"place":null})");
    CHECK(cast("name:boolean,price:int32,id:boolean", R"({"id":5,"name":"false","price":"AJY="})") ==
          R"({"id":true,"name":false,"price":1,"at":null,"place":null})");
    CHECK(cast("name:int64", R"({"id":5,"name":"1.5E3"})") ==
          R"({"id":5,"name":1500,"price":null,"at":null,"place":null})");
    CHECK(cast("at:int8", R"({"id":5,"at":300})").starts_with("transform x: field at: '300' cannot be cast to int8"));
    CHECK(
        cast("name:int8", R"({"id":5,"name":"x"})").starts_with("transform x: field name: 'x' cannot be cast to int8"));
    CHECK(cast("place:string", R"({"id":5,"place":{"city":"a"}})")
              .starts_with("transform x: field place: a nested value"));
    CHECK(made("Cast$Key", {{"spec", "int64"}}, R"({"schema":{"type":"string","optional":true},"payload":"7"})", "",
               {}) == R"(t {"schema":{"type":"int64","optional":true},"payload":7} -)");
    CHECK(wrong("Cast$Value", {{"spec", "a:int33"}}) == "'transforms.x.*': 'spec': there is no type int33");
  }

  TEST_CASE("TimestampConverter") {
    auto converted = [](Properties own, const std::string& payload) {
      std::string line = made("TimestampConverter$Value", std::move(own), "", with_payload(payload));
      return line.substr(line.find("- ") + 2);
    };
    const std::string at = R"({"id":5,"at":1582979696789})";
    auto result = [](const std::string& v) {
      return R"({"id":5,"name":null,"price":null,"at":)" + v + R"(,"place":null})";
    };
    CHECK(converted({{"field", "at"}, {"target.type", "string"}, {"format", "yyyy-MM-dd HH:mm:ss.SSS"}}, at) ==
          result("\"2020-02-29 12:34:56.789\""));
    CHECK(converted({{"field", "at"}, {"target.type", "unix"}, {"unix.precision", "seconds"}}, at) ==
          result("1582979696"));
    CHECK(converted({{"field", "at"}, {"target.type", "unix"}, {"unix.precision", "nanoseconds"}}, at) ==
          result("1582979696789000000"));
    CHECK(converted({{"field", "at"}, {"target.type", "Date"}}, at) == result("18321"));
    CHECK(converted({{"field", "at"}, {"target.type", "Time"}}, at) == result("45296789"));
    CHECK(converted({{"field", "at"}, {"target.type", "Date"}}, R"({"id":5,"at":-1})") == result("-1"));
    CHECK(converted({{"field", "name"}, {"target.type", "Timestamp"}, {"format", "yyyy-MM-dd"}},
                    R"({"id":5,"name":"2020-02-29"})") ==
          R"({"id":5,"name":1582934400000,"price":null,"at":null,"place":null})");
    CHECK(
        converted({{"field", "name"}, {"target.type", "Timestamp"}, {"format", "yyyy-MM-dd"}}, R"({"id":5,"name":"x"})")
            .starts_with("transform x: field name: "));
    CHECK(converted({{"field", "at"}, {"target.type", "unix"}}, R"({"id":5,"at":null})") == result("null"));
    CHECK(wrong("TimestampConverter$Value", {{"target.type", "string"}}) ==
          "'transforms.x.*': property 'format' is missing");
    CHECK(wrong("TimestampConverter$Value", {{"target.type", "string"}, {"format", "yyyy-bb"}})
              .starts_with("'transforms.x.*': 'format': "));
    CHECK(wrong("TimestampConverter", {}) == "'transforms.x.*': 'TimestampConverter' is for keys or values");
  }
}

}  // namespace
}  // namespace levada
