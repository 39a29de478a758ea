#include "pipeline/connector_properties.h"

#include <algorithm>
#include <array>

#include "base/near_name.h"
#include "connectors/connectors.h"
#include "pipeline/dead_letters.h"

namespace levada {
namespace {

struct Shared {
  std::string connector_class, topics_regex, dead_letter_topic;
  std::vector<std::string> topics;
  std::string tolerance;
  std::int64_t retry_attempts = 0, retry_backoff_ms = 0, retry_most_backoff_ms = 0;
  double retry_multiplier = 0;
  std::vector<std::string> retry_exclude;
  std::string retry_topic;
};

constexpr std::string_view converters =
    "the stream's or table's KEY_FORMAT and VALUE_FORMAT say how records are written";
constexpr std::string_view one_task = "work is shared out over the machine's cores by itself";

constexpr std::array shared_options = {
    Option{.name = "connector.class",
           .field = option<&Shared::connector_class>,
           .doc = "The connector, by short name or class name.",
           .required = true},
    Option{.name = "errors.tolerance",
           .field = option<&Shared::tolerance>,
           .fallback = "all",
           .doc = "all: bad records go to the dead letters; none: the first one stops the connector."},
    Option{.name = "errors.deadletterqueue.topic.name",
           .field = option<&Shared::dead_letter_topic>,
           .fallback = dead_letter_topic,
           .doc = "The topic of this connector's dead letters."},
    Option{.name = "retry.attempts",
           .field = option<&Shared::retry_attempts>,
           .fallback = "3",
           .range = "0..1000",
           .doc =
               "How often a sink tries again a record that the target refuses for a reason that may pass, before it is "
               "a dead letter. Its key waits as long, other keys do not."},
    Option{.name = "retry.backoff.ms",
           .field = option<&Shared::retry_backoff_ms>,
           .fallback = "500",
           .range = "0..86400000",
           .unit = "ms",
           .doc = "The pause before the first of these attempts."},
    Option{.name = "retry.backoff.multiplier",
           .field = option<&Shared::retry_multiplier>,
           .fallback = "2",
           .range = "1..1000",
           .doc = "How much longer each pause is than the one before."},
    Option{.name = "retry.backoff.max.ms",
           .field = option<&Shared::retry_most_backoff_ms>,
           .fallback = "60000",
           .range = "0..86400000",
           .unit = "ms",
           .doc = "The longest pause."},
    Option{.name = "retry.exclude",
           .field = option<&Shared::retry_exclude>,
           .doc = "Reasons that are not waited for: codes of the target (SQLSTATE), or how they begin."},
    Option{.name = "retry.topic",
           .field = option<&Shared::retry_topic>,
           .doc = "The topic in which refused records wait (default: _NAME-retry)."},
    Option{.name = "topics", .field = option<&Shared::topics>, .doc = "The topics a sink reads."},
    Option{.name = "topics.regex",
           .field = option<&Shared::topics_regex>,
           .doc = "The topics a sink reads, as a pattern."},
    Option{.name = "name", .doc = "the connector has the name of its CREATE statement"},
    Option{.name = "tasks.max", .doc = one_task},
    Option{.name = "key.converter", .doc = converters},
    Option{.name = "value.converter", .doc = converters},
    Option{.name = "header.converter", .doc = converters},
    Option{.name = "errors.log.enable", .doc = "dead letters are always counted and told"},
    Option{.name = "errors.log.include.messages", .doc = "records stand in the dead letters, never in logs"},
    Option{.name = "errors.deadletterqueue.topic.replication.factor", .doc = "the embedded log has one copy"},
    Option{.name = "errors.deadletterqueue.context.headers.enable",
           .doc = "dead letters always say where they come from"},
    Option{.name = "exactly.once.support", .doc = "records and position are always one transaction"},
    Option{.name = "transaction.boundary", .doc = "a transaction ends where the position is known"},
    Option{.name = "offsets.storage.topic", .doc = "the position is in the log, with the records"},
    Option{.name = "config.action.reload", .doc = "values from files are read when the pipeline starts"},
    Option{.name = "errors.retry.timeout", .doc = "'retry.attempts' says how often a refused record is tried again"},
    Option{.name = "errors.retry.delay.max.ms", .doc = "'retry.backoff.max.ms' says the longest pause"},
};

bool is_shared(std::string_view name) {
  return std::ranges::find(shared_options, name, &Option::name) != shared_options.end();
}

bool captures(const Properties& written) {
  const Property* connector_class = find_property(written, "connector.class");
  if (!connector_class) return false;
  auto connector = find_source(connector_class->value);
  return connector && (*connector)->captures;
}

// Of connectors over declared streams and tables, whose records nothing but SQL changes.
Result<void> add_without_capture(ConnectorProperties& to, Property property, bool sink) {
  std::string_view name = property.name;
  if (name.starts_with("key.converter.") || name.starts_with("value.converter.")) {
    to.notes.push_back("'" + property.name + "' has no effect: " + std::string(converters));
  } else if (name.starts_with("topic.creation.")) {
    to.notes.push_back("'" + property.name + "' has no effect: the stream or table says what its topic is like");
  } else if (name.starts_with("transforms") || name.starts_with("predicates")) {
    if (!sink || !name.starts_with("transforms"))
      return Error(ErrorKind::usage, "'" + property.name + "' is for sources that capture tables")
          .where(property.where)
          .remedy("Write it in SQL: CREATE STREAM … AS SELECT … FROM … .");
    to.own.push_back(std::move(property));
  } else {
    to.own.push_back(std::move(property));
  }
  return {};
}

// What transforms of a sink's configuration mean here. The one that everybody has takes rows out of envelopes, and rows
// are what a sink is given.
Result<void> drop_sink_transforms(ConnectorProperties& properties) {
  const Property* list = find_property(properties.own, "transforms");
  if (!list) return {};
  std::vector<std::string> names;
  LV_TRY(read_option(list->value, names));
  for (const std::string& name : names) {
    const Property* type = find_property(properties.own, "transforms." + name + ".type");
    if (type && type->value.ends_with("ExtractNewRecordState")) continue;
    return Error(ErrorKind::usage, "a sink has no transforms besides ExtractNewRecordState")
        .where(type ? type->where : list->where)
        .remedy("Write it in SQL: CREATE STREAM … AS SELECT … FROM …, and give the sink its topic.");
  }
  properties.notes.push_back("'transforms' has no effect: a sink is given rows, whatever their topic's format");
  std::erase_if(properties.own, [](const Property& p) { return p.name.starts_with("transforms"); });
  return {};
}

// A property that the connector has, too ('retry.backoff.ms' of the JDBC sink), counts for both.
void add_shared(Property property, std::span<const Option> own_names, Properties& shared, Properties& own) {
  if (std::ranges::find(own_names, property.name, &Option::name) != own_names.end()) own.push_back(property);
  shared.push_back(std::move(property));
}

std::span<const Option> options_of_sink(const Properties& written) {
  const Property* connector_class = find_property(written, "connector.class");
  if (!connector_class) return {};
  auto connector = find_sink(connector_class->value);
  return connector ? (*connector)->options : std::span<const Option>();
}

}  // namespace

Result<ConnectorProperties> read_connector_properties(const Properties& written, bool sink, Files& files) {
  ConnectorProperties result;
  Properties shared, writing;
  const bool capture = !sink && captures(written);
  const std::span<const Option> own_names = sink ? options_of_sink(written) : std::span<const Option>();
  for (const Property& property : written) {
    Property replaced = property;
    auto value = substitute(property.value, files);
    if (!value) return std::move(value).error().within("'" + property.name + "'").where(property.where);
    replaced.value = *std::move(value);
    if (capture && is_record_writing(property.name))
      writing.push_back(std::move(replaced));
    else if (is_shared(property.name))
      add_shared(std::move(replaced), own_names, shared, result.own);
    else
      LV_TRY(add_without_capture(result, std::move(replaced), sink));
  }
  if (capture) result.writing = LV_TRY(read_record_writing(writing, result.notes));
  if (sink) LV_TRY(drop_sink_transforms(result));
  // What stands among the connector's own properties and is nearly one of ours is not the connector's.
  const std::vector<std::string> names = {"connector.class", "topics", "topics.regex"};
  for (const Property& property : result.own)
    if (auto near = nearest_name(property.name, names);
        near && !find_property(shared, *near) && (sink || near == names[0]))
      return Error(ErrorKind::usage, "unknown property '" + property.name + "'")
          .where(property.where)
          .remedy("Did you mean " + *near + "?");
  auto options = LV_TRY(parse_options<Shared>(shared_options, shared, &result.notes));
  result.connector_class = options.connector_class;
  result.topics = options.topics;
  result.topics_regex = options.topics_regex;
  result.dead_letter_topic = options.dead_letter_topic;
  result.retry = {.attempts = options.retry_attempts,
                  .backoff_ms = options.retry_backoff_ms,
                  .multiplier = options.retry_multiplier,
                  .most_backoff_ms = options.retry_most_backoff_ms,
                  .exclude = options.retry_exclude};
  result.retry_topic = options.retry_topic;
  for (const Property& property : shared)
    if (!sink && property.name.starts_with("retry."))
      return Error(ErrorKind::usage, "'" + property.name + "' is for sinks").where(property.where);
  const Property* tolerance = find_property(shared, "errors.tolerance");
  if (options.tolerance != "all" && options.tolerance != "none")
    return Error(ErrorKind::usage, "'errors.tolerance' is '" + options.tolerance + "'")
        .where(tolerance->where)
        .remedy("Give all or none.");
  result.tolerate_errors = options.tolerance == "all";
  if (!sink && (!result.topics.empty() || !result.topics_regex.empty()))
    return Error(ErrorKind::usage, "'topics' is for sinks").remedy("A source says where it writes to with 'topic'.");
  if (sink && result.topics.empty() == result.topics_regex.empty())
    return Error(ErrorKind::usage, "a sink needs 'topics' or 'topics.regex', one of the two")
        .remedy("Say what it reads: 'topics' = 'orders'.");
  return result;
}

}  // namespace levada
