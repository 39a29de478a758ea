#include "sql/relation_properties.h"

#include <algorithm>
#include <array>

#include "base/near_name.h"
#include "formats/formats.h"
#include "functions/date_pattern.h"

namespace levada {
namespace {

// Texts first; what may be left out is read from them below.
struct Written {
  std::string topic, cleanup_policy, format, key_format, value_format, key_delimiter, value_delimiter, timestamp,
      timestamp_format;
  std::string wrap, retention;
  std::int64_t partitions = 0, replicas = 1;
};

constexpr std::array with_options = {
    Option{.name = "KAFKA_TOPIC",
           .field = option<&Written::topic>,
           .doc = "The topic; its name is that of the stream or table if it is not given."},
    Option{.name = "PARTITIONS",
           .field = option<&Written::partitions>,
           .range = "1..10000",
           .doc = "Partitions of a topic that is to be made."},
    Option{.name = "REPLICAS",
           .field = option<&Written::replicas>,
           .range = "1..",
           .doc = "Copies of a topic in Apache Kafka."},
    Option{.name = "RETENTION_MS",
           .field = option<&Written::retention>,
           .unit = "ms",
           .doc = "How long records stay; -1 for ever."},
    Option{.name = "CLEANUP_POLICY", .field = option<&Written::cleanup_policy>, .doc = "delete or compact."},
    Option{.name = "FORMAT", .field = option<&Written::format>, .doc = "KEY_FORMAT and VALUE_FORMAT at once."},
    Option{.name = "KEY_FORMAT", .field = option<&Written::key_format>, .doc = "The format of keys."},
    Option{.name = "VALUE_FORMAT", .field = option<&Written::value_format>, .doc = "The format of values."},
    Option{.name = "KEY_DELIMITER",
           .field = option<&Written::key_delimiter>,
           .doc = "Of KEY_FORMAT = 'DELIMITED': a character, SPACE or TAB."},
    Option{.name = "VALUE_DELIMITER",
           .field = option<&Written::value_delimiter>,
           .doc = "Of VALUE_FORMAT = 'DELIMITED': a character, SPACE or TAB."},
    Option{.name = "WRAP_SINGLE_VALUE",
           .field = option<&Written::wrap>,
           .doc = "Whether a single value column stands inside an object: true or false."},
    Option{.name = "TIMESTAMP", .field = option<&Written::timestamp>, .doc = "The column that holds the event time."},
    Option{.name = "TIMESTAMP_FORMAT",
           .field = option<&Written::timestamp_format>,
           .doc = "The pattern of TIMESTAMP, if that is a STRING."},
};

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string place(const Script& script, ast::Span span) { return statement_error(script, span, "").where(); }

std::string default_format_property(Side side) {
  return side == Side::key ? "ksql.persistence.default.format.key" : "ksql.persistence.default.format.value";
}

// Properties of ksqlDB that need what is not built yet.
constexpr std::array<std::string_view, 12> not_yet = {"WINDOW_TYPE",
                                                      "WINDOW_SIZE",
                                                      "KEY_SCHEMA_ID",
                                                      "VALUE_SCHEMA_ID",
                                                      "KEY_SCHEMA_FULL_NAME",
                                                      "VALUE_SCHEMA_FULL_NAME",
                                                      "VALUE_AVRO_SCHEMA_FULL_NAME",
                                                      "KEY_PROTOBUF_NULLABLE_REPRESENTATION",
                                                      "VALUE_PROTOBUF_NULLABLE_REPRESENTATION",
                                                      "SOURCED_BY_CONNECTOR",
                                                      "QUERY_ID",
                                                      "EMIT"};

}  // namespace

ast::Span PropertyPlaces::of(std::initializer_list<const char*> names) const {
  for (const char* name : names)
    if (auto place = written.find(name); place != written.end()) return place->second;
  return declared;
}

Result<RelationProperties> read_relation_properties(const Script& script, const ast::Name& name,
                                                    const std::vector<ast::PropertySetting>& settings) {
  Properties properties = written_properties(script, settings);
  PropertyPlaces places{.declared = name.span};
  for (std::size_t i = 0; i < properties.size(); ++i) {
    properties[i].name = capitals(properties[i].name);
    if (std::ranges::find(not_yet, properties[i].name) != not_yet.end())
      return statement_error(script, settings[i].name.span, "not supported yet: " + properties[i].name);
    ast::Span span{settings[i].name.span.begin, settings[i].value.span.end};
    if (properties[i].value.empty())
      return statement_error(script, span, properties[i].name + " is empty").remedy("Leave it out, or say what it is.");
    places.written.emplace(properties[i].name, span);
  }
  auto written = LV_TRY(parse_options<Written>(with_options, properties));
  RelationProperties result{.topic = written.topic,
                            .partitions = written.partitions,
                            .replicas = written.replicas,
                            .cleanup_policy = written.cleanup_policy,
                            .key_format = capitals(written.key_format),
                            .value_format = capitals(written.value_format),
                            .key_delimiter = written.key_delimiter,
                            .value_delimiter = written.value_delimiter,
                            .timestamp = written.timestamp,
                            .timestamp_format = written.timestamp_format,
                            .places = std::move(places)};
  auto wrong = [&](const char* property, std::string what) {
    return statement_error(script, result.places.of({property}), std::string(property) + ": " + what);
  };
  if (!written.format.empty()) {
    if (!result.key_format.empty() || !result.value_format.empty())
      return wrong("FORMAT", "KEY_FORMAT or VALUE_FORMAT is given too")
          .remedy("Give FORMAT alone, or the two without it.");
    result.key_format = result.value_format = capitals(written.format);
  }
  if (!written.wrap.empty()) {
    bool wrap = false;
    if (auto read = read_option(written.wrap, wrap); !read) return wrong("WRAP_SINGLE_VALUE", read.error().what());
    result.wrap_single_value = wrap;
  }
  if (!written.retention.empty()) {
    std::int64_t ms = 0;
    if (auto read = read_option(written.retention, ms); !read) return wrong("RETENTION_MS", read.error().what());
    result.retention_ms = ms;
  }
  if (!result.cleanup_policy.empty() && result.cleanup_policy != "delete" && result.cleanup_policy != "compact")
    return wrong("CLEANUP_POLICY", "'" + result.cleanup_policy + "' is neither delete nor compact");
  if (!result.timestamp_format.empty())
    if (auto pattern = DatePattern::parse(result.timestamp_format); !pattern)
      return wrong("TIMESTAMP_FORMAT", pattern.error().what())
          .why(pattern.error().why())
          .remedy(pattern.error().remedy());
  if (!result.timestamp_format.empty() && result.timestamp.empty())
    return wrong("TIMESTAMP_FORMAT", "TIMESTAMP, the column, is missing").remedy("Add TIMESTAMP = 'the column'.");
  return result;
}

std::string format_name(Side side, const std::string& written, const SessionProperties& session) {
  if (!written.empty()) return written;
  auto set = session.find(default_format_property(side));
  if (set != session.end()) return capitals(set->second);
  return side == Side::key ? "KAFKA" : "";
}

Result<FormatSpec> make_format(const Script& script, const PropertyPlaces& places, Side side, const std::string& format,
                               const std::string& delimiter, std::optional<bool> wrap, const std::vector<Field>& fields,
                               const SessionProperties& session, SchemaStore* schemas) {
  bool key = side == Side::key;
  ast::Span span = places.of({key ? "KEY_FORMAT" : "VALUE_FORMAT", "FORMAT"});
  std::string name = format_name(side, format, session);
  if (name.empty())
    return statement_error(script, span, "the VALUE_FORMAT is missing")
        .remedy("Add it to WITH, as VALUE_FORMAT = 'JSON', or SET '" + default_format_property(side) + "'.");
  if (side == Side::key && fields.empty() && format.empty()) name = "NONE";
  const Format* found = find_format(name);
  if (!found) {
    std::vector<std::string> names;
    for (const Format& f : formats()) names.emplace_back(f.name);
    static constexpr std::array<std::string_view, 3> not_yet_formats = {"PROTOBUF", "PROTOBUF_NOSR", "JSON_SR"};
    if (std::ranges::find(not_yet_formats, name) != not_yet_formats.end())
      return statement_error(script, span, "not supported yet: format " + name)
          .remedy("Use JSON, AVRO, DELIMITED or KAFKA.");
    return statement_error(script, span, "there is no format " + name).remedy(did_you_mean(name, names));
  }
  FormatSpec spec{
      .format = name, .side = side, .fields = fields, .wrap_single = side == Side::value, .schemas = schemas};
  if (!delimiter.empty()) {
    std::string side_name = key ? "KEY_" : "VALUE_";
    if (name != "DELIMITED")
      return statement_error(script, places.of({key ? "KEY_DELIMITER" : "VALUE_DELIMITER"}),
                             "a delimiter is given, but the format is " + name)
          .remedy("Leave " + side_name + "DELIMITER out, or write " + side_name + "FORMAT = 'DELIMITED'.");
    span = places.of({key ? "KEY_DELIMITER" : "VALUE_DELIMITER", key ? "KEY_FORMAT" : "VALUE_FORMAT", "FORMAT"});
    spec.delimiter = delimiter;
  }
  if (wrap && side == Side::value) {
    if (*wrap && name != "JSON" && name != "AVRO")
      return statement_error(script, places.of({"WRAP_SINGLE_VALUE"}),
                             "WRAP_SINGLE_VALUE is for JSON and AVRO, not for " + name)
          .remedy("Leave it out.");
    if (fields.size() != 1)
      return statement_error(script, places.of({"WRAP_SINGLE_VALUE"}),
                             "WRAP_SINGLE_VALUE is only for a single value column")
          .why("there are " + std::to_string(fields.size()));
    spec.wrap_single = *wrap;
  }
  if (auto fits = found->check(spec); !fits)
    return statement_error(script, span, fits.error().what()).why(fits.error().why()).remedy(fits.error().remedy());
  return spec;
}

Properties written_properties(const Script& script, const std::vector<ast::PropertySetting>& settings) {
  Properties properties;
  for (const ast::PropertySetting& setting : settings)
    properties.push_back(
        {setting.name.text, setting.value.text, place(script, {setting.name.span.begin, setting.value.span.end})});
  return properties;
}

}  // namespace levada
