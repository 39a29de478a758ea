#include "formats/connect_json.h"

#include <doctest/doctest.h>

#include "base/files.h"
#include "formats/connect_schema_json.h"
#include "formats/format_samples.h"
#include "tests/debezium_events.h"

namespace levada {
namespace {

// The text read by its schema and written again.
std::string again(std::string_view text, const ConverterSpec& spec = {}) {
  samples::PaddedTexts padded = samples::padded({text});
  ConnectJsonReader reader;
  auto parts = reader.split(padded[0]);
  if (!parts) return parts.error().what();
  if (!parts->type) return "no schema";
  Column column(physical_type(*parts->type));
  auto payload = Json::parse(parts->payload);
  if (!payload) return payload.error().what();
  if (auto appended = append_connect_value(column, *parts->type, *payload); !appended) return appended.error().what();
  Buffer out;
  if (!ConnectJsonWriter(*parts->type, spec).append(out, column, 0)) return "refused";
  return std::string(out.view());
}

constexpr ConverterSpec plain{.schemas = false};

TEST_SUITE("formats") {
  TEST_CASE("Connect's types are written with and without their schema") {
    for (
        std::string_view text : {
            R"({"schema":{"type":"int8","optional":false},"payload":-3})",
            R"({"schema":{"type":"float","optional":true},"payload":0.1})",
            R"({"schema":{"type":"float","optional":true},"payload":3.4028235E38})",
            R"({"schema":{"type":"double","optional":true},"payload":"NaN"})",
            R"({"schema":{"type":"bytes","optional":true},"payload":"AAEC"})",
            R"({"schema":{"type":"string","optional":true},"payload":"a\"b\\c\nd Câmara 😀"})",
            R"({"schema":{"type":"array","items":{"type":"boolean","optional":true},"optional":false},"payload":[true,null,false]})",
            R"({"schema":{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int64","optional":true},"optional":false},"payload":{"a":1,"b":null}})",
            R"({"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"string","optional":true},"optional":false},"payload":[[1,"x"],[2,null]]})",
            R"({"schema":{"type":"struct","fields":[],"optional":false},"payload":{}})",
            R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"name":"io.debezium.time.Date","version":1,"doc":"d","default":18321,"field":"day"},{"type":"string","optional":true,"name":"io.debezium.data.Enum","version":1,"parameters":{"allowed":"a,b"},"field":"e"}],"optional":false,"name":"shop.Value"},"payload":{"day":7,"e":null}})",
        }) {
      CHECK(again(text) == text);
      std::string payload(text.substr(text.find("\"payload\":") + 10));
      CHECK(again(text, plain) == payload.substr(0, payload.size() - 1));
    }
  }

  TEST_CASE("a null stays a null, unless it is asked to be the default; what is missing is the default") {
    std::string_view text =
        R"({"schema":{"type":"struct","fields":[{"type":"int32","optional":true,"default":5,"field":"a"}],"optional":false},"payload":{"a":null}})";
    CHECK(again(text, plain) == R"({"a":null})");
    CHECK(again(text, {.schemas = false, .nulls_become_defaults = true}) == R"({"a":5})");
    std::string missing(text);
    missing.replace(missing.find("\"a\":null"), 8, "");
    CHECK(again(missing, plain) == R"({"a":5})");
  }

  TEST_CASE("decimals are their bytes, or numbers") {
    std::string_view text =
        R"({"schema":{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":"AJY="})";
    CHECK(again(text) == text);
    ConverterSpec numeric{.schemas = false, .decimals = ConverterSpec::Decimals::numeric};
    CHECK(again(text, numeric) == "1.50");
    std::string number(text);
    number.replace(number.find("\"AJY=\""), 6, "-1.5");
    CHECK(again(number, numeric) == "-1.50");
    number.replace(number.find("-1.5"), 4, "1.505");
    CHECK(again(number).starts_with("1.505 is no value of this type"));
  }

  TEST_CASE("what is no value of its schema is told with its field") {
    auto text = [](std::string_view payload) {
      return again(
          R"({"schema":{"type":"struct","fields":[{"type":"int8","optional":true,"field":"a"},{"type":"bytes","optional":true,"field":"b"}],"optional":false},"payload":)" +
          std::string(payload) + "}");
    };
    CHECK(text(R"({"a":"x"})") == "field a: \"x\" is no value of this type");
    CHECK(text(R"({"a":4294967296})") == "field a: 4294967296 is no value of this type");
    CHECK(text(R"({"b":"?"})") == "field b: \"?\" is no value of this type");
    CHECK(text("[]") == "[] is no value of this type");
    CHECK(again(R"({"schema":{"type":"int33"},"payload":1})") ==
          "the schema is none of Connect's: there is no type 'int33'");
    CHECK(again(R"({"schema":{"type":"struct","fields":[{"type":"int33","field":"a"}]},"payload":1})") ==
          "field a: the schema is none of Connect's: there is no type 'int33'");
    CHECK(again(R"({"schema":null,"payload":1})") == "no schema");
    CHECK(again(R"({"payload":1})") == "no schema");
    CHECK(again(R"({"schema":1,"payload":1,"more":1})") == "no schema");
    CHECK(again("") == "not JSON: the text is empty");
    CHECK(again("{\"schema\"") == "no schema");
  }

  TEST_CASE("texts of one schema, of another, and none after each other") {
    std::string one = R"({"schema":{"type":"int32","optional":true},"payload":)", two = one;
    two.replace(two.find("int32"), 5, "int64");
    samples::PaddedTexts texts = samples::padded({one + "1}", one + "2}", two + "3}", one + "4}", "5", one + "6 }",
                                                  R"({"payload":7,"schema":null})", one + "8}"});
    ConnectJsonReader reader;
    std::string seen;
    ConnectTypeRef first;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto parts = reader.split(texts[i]);
      REQUIRE(parts);
      if (i == 0) first = parts->type;
      if (i == 1) CHECK(parts->type == first);  // not parsed again
      seen += std::string(parts->payload) + (parts->type ? physical_type(*parts->type).text() : "-") + " ";
    }
    CHECK(seen == "1INTEGER 2INTEGER 3BIGINT 4INTEGER 5- 6 INTEGER 7- 8INTEGER ");
  }

  TEST_CASE("every event that Debezium's converter wrote comes back as it was") {
    std::size_t texts = 0;
    for (const std::string& name : debezium_event_files()) {
      auto events = read_debezium_events(name);
      if (!events) return skip_debezium_events();
      for (const DebeziumEvent& event : *events)
        for (const Json* side : {&event.key, &event.value}) {
          if (side->is_null()) continue;
          ++texts;
          auto type = read_connect_schema(*side->find("schema"));
          REQUIRE(type);
          CHECK(Json::parse(connect_schema_text(**type)) == *side->find("schema"));
          if (side->find("payload")->is_null()) continue;
          Json written = Json::parse(again(side->text())).value();
          if (!same_json(written, *side)) CHECK_MESSAGE(false, written.text() << "\nis not\n" << side->text());
        }
    }
    CHECK(texts > 1000);
  }
}

}  // namespace
}  // namespace levada
