#include "pipeline/record_writing.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

struct Read {
  Result<RecordWriting> writing;
  OptionNotes notes;
};
Read read(Properties properties) {
  OptionNotes notes;
  auto writing = read_record_writing(properties, notes);
  return {std::move(writing), std::move(notes)};
}
std::string error(Properties properties) {
  auto result = read(std::move(properties));
  return result.writing ? "" : result.writing.error().what() + "; " + result.writing.error().remedy();
}

TEST_SUITE("pipeline") {
  TEST_CASE("without a word rows are written in AVRO, and kept") {
    auto writing = read({}).writing.value();
    CHECK(writing.form == RecordForm::rows);
    CHECK(writing.format == "AVRO");
    CHECK(writing.topic_config("a").partitions == 1);
    CHECK(writing.topic_config("a").retention_ms == -1);
    CHECK(!writing.topic_config("a").compact);
  }

  TEST_CASE("envelopes are for those who ask: by format, converters or transforms") {
    auto debezium = read({{"format", "DEBEZIUM_JSON"}}).writing.value();
    CHECK(debezium.form == RecordForm::connect);
    CHECK(!debezium.value.schemas);
    CHECK(!debezium.key.schemas);

    auto converted = read({{"value.converter", "org.apache.kafka.connect.json.JsonConverter"},
                           {"value.converter.schemas.enable", "false"},
                           {"value.converter.decimal.format", "NUMERIC"},
                           {"value.converter.schemas.cache.size", "5"}});
    REQUIRE(converted.writing);
    CHECK(converted.writing->form == RecordForm::connect);
    CHECK(converted.writing->value.decimals == ConverterSpec::Decimals::numeric);
    CHECK(!converted.writing->key.schemas);  // as the value's
    CHECK(converted.notes ==
          OptionNotes{"'value.converter.schemas.cache.size' has no effect: every schema is made once"});

    auto plain = read({{"value.converter", "JsonConverter"}}).writing.value();
    CHECK(plain.value.schemas);
    CHECK(!plain.value.nulls_become_defaults);

    Property unwrap{"transforms.unwrap.type", "io.debezium.transforms.ExtractNewRecordState"};
    auto transformed = read({{"transforms", "unwrap"}, unwrap}).writing.value();
    CHECK(transformed.form == RecordForm::connect);
    CHECK(transformed.value.kind == ConverterSpec::Kind::avro);
    CHECK(transformed.transforms.size() == 2);

    auto json = read({{"transforms", "unwrap"}, unwrap, {"format", "JSON"}}).writing.value();
    CHECK(json.form == RecordForm::connect);
    CHECK(json.value.kind == ConverterSpec::Kind::json);
    CHECK(!json.value.schemas);
  }

  TEST_CASE("what contradicts itself or is misspelt is told") {
    CHECK(error({{"format", "AVRO"}, {"key.converter", "JsonConverter"}}) ==
          "'format' and converters exclude one another; Give 'format', or 'key.converter' and 'value.converter'.");
    CHECK(error({{"format", "AVOR"}}) ==
          "'format' is 'AVOR'; Did you mean AVRO? There are AVRO and JSON for rows, DEBEZIUM_JSON for envelopes.");
    CHECK(error({{"value.converter", "org.apache.kafka.connect.json.JsonConvertor"}})
              .starts_with("there is no converter 'org.apache.kafka.connect.json.JsonConvertor'; Did you mean "
                           "org.apache.kafka.connect.json.JsonConverter?"));
    CHECK(error({{"value.converter", "JsonConverter"}, {"value.converter.schema.enable", "true"}}) ==
          "'value.converter.*': unknown property 'schema.enable'; Did you mean schemas.enable?");
    CHECK(error({{"topic.creation.default.partitons", "3"}}) ==
          "'topic.creation.default.*': unknown property 'partitons'; Did you mean partitions?");
    CHECK(error({{"topic.creation.defaults.partitions", "3"}}) ==
          "'topic.creation.defaults.partitions' is of a group that is not in 'topic.creation.groups'; Did you mean "
          "default?");
    CHECK(error({{"topic.creation.groups", "g"}, {"topic.creation.g.include", "("}})
              .starts_with("'topic.creation.g.include' is no regular expression"));
  }

  TEST_CASE("the first group of topics that matches says what a topic is like") {
    auto writing = read({{"topic.creation.groups", "small,rest"},
                         {"topic.creation.small.include", "shop\\.a.*"},
                         {"topic.creation.small.exclude", "shop\\.ab"},
                         {"topic.creation.small.partitions", "2"},
                         {"topic.creation.rest.include", "shop\\..*"},
                         {"topic.creation.rest.cleanup.policy", "compact"},
                         {"topic.creation.default.partitions", "-1"},
                         {"topic.creation.default.replication.factor", "3"},
                         {"topic.creation.default.retention.ms", "1000"}});
    REQUIRE(writing.writing);
    CHECK(writing.writing->topic_config("shop.a").partitions == 2);
    CHECK(writing.writing->topic_config("shop.ab").partitions == 1);
    CHECK(writing.writing->topic_config("shop.ab").compact);
    CHECK(writing.writing->topic_config("other").retention_ms == 1000);
    CHECK(writing.writing->topic_config("other").partitions == 1);
    CHECK(writing.notes.size() == 1);
  }

}  // TEST_SUITE

}  // namespace
}  // namespace levada
