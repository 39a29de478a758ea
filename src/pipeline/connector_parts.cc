#include "pipeline/connector_parts.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/near_name.h"
#include "connectors/connectors.h"
#include "pipeline/connector_properties.h"

namespace levada {
namespace {

// Properties that are wrong are the statement's mistake; without a place of their own they stand where it does.
Error in_connector(Error error, const ConnectorDeclaration& declaration) {
  if (error.where().empty()) error = std::move(error).where(declaration.place);
  if (error.kind() == ErrorKind::usage)
    error = Error(ErrorKind::statement, error.what()).where(error.where()).why(error.why()).remedy(error.remedy());
  return std::move(error).within((declaration.sink ? "sink connector " : "source connector ") + declaration.name);
}

std::string place_of(const ConnectorDeclaration& declaration, std::string_view property) {
  const Property* found = find_property(declaration.properties, property);
  return found ? found->where : "";
}

// The topics of a sink: those with a name, or those that match.
struct SinkTopics {
  std::vector<std::string> names;                   // in the log now, or named
  std::function<bool(const std::string&)> matches;  // null: only those with a name
};

Result<SinkTopics> topics_of(const ConnectorProperties& properties, const Log& log) {
  if (properties.topics_regex.empty()) return SinkTopics{properties.topics, nullptr};
  auto pattern = std::make_shared<RE2>(properties.topics_regex, RE2::Quiet);
  if (!pattern->ok())
    return Error(ErrorKind::usage, "'topics.regex' is no regular expression")
        .why(pattern->error())
        .where(properties.topics_regex);
  SinkTopics topics{{}, [pattern](const std::string& name) { return RE2::FullMatch(name, *pattern); }};
  for (const Topic& topic : log.topics())
    if (!topic.name.starts_with('_') && topic.name != properties.retry_topic && topics.matches(topic.name))
      topics.names.push_back(topic.name);
  return topics;
}

// Whether topics may come that nobody has declared.
bool captures_tables(const Catalog& catalog) {
  return std::ranges::any_of(catalog.connectors, [](const auto& named) {
    const ConnectorDeclaration& declaration = named.second;
    const Property* of = find_property(declaration.properties, "connector.class");
    if (declaration.sink || !of) return false;
    auto source = find_source(of->value);
    return source && (*source)->captures;
  });
}

// As the stream or table over the topic says; nullopt: there is none.
std::optional<SinkRead> declared_read(const Catalog& catalog, const std::string& topic) {
  std::vector<const Relation*> relations = catalog.over_topic(topic);
  if (relations.empty()) return std::nullopt;
  const Relation& relation = *relations.front();
  ReadNode read{relation.name, relation.table, relation.format, std::vector<bool>(relation.schema->size(), true)};
  read.format.event_time = nullptr;  // a sink takes records as they stand
  return SinkRead{std::move(read), relation.schema};
}

// Whether the topic's records may be those of a captured table, which say more of it than the declaration.
bool may_be_captured(const Catalog& catalog, const SinkRead& declared) {
  return declared.read.format.value.format == "AVRO" && catalog.writers_of(declared.read.object).empty();
}

// "Did you mean orders? ", or nothing.
std::string nearest_topic(const Catalog& catalog, const std::string& topic) {
  std::vector<std::string> topics;
  for (const auto& [name, relation] : catalog.relations) topics.push_back(relation.format.topic);
  std::string near = did_you_mean(topic, topics);
  return near.empty() ? near : near + " ";
}

void add_notes(std::vector<std::string>& notes, const ConnectorDeclaration& declaration, const OptionNotes& more) {
  for (const std::string& note : more) notes.push_back(declaration.name + ": " + note);
}

Compression compression_of(const Log& log, const std::string& topic) {
  auto there = log.topic(topic);
  return there ? there->config.compression : Compression::none;
}

Result<IngestLoop::Parts> source_parts(const Catalog& catalog, const ConnectorDeclaration& declaration,
                                       const PipelineOptions& options, const PipelineSurroundings& around,
                                       std::vector<std::string>& notes) {
  ConnectorProperties properties = LV_TRY(read_connector_properties(declaration.properties, false, *around.files));
  auto connector = find_source(properties.connector_class);
  if (!connector) return std::move(connector).error().where(place_of(declaration, "connector.class"));
  IngestLoop::Parts parts{.name = declaration.name,
                          .transactional_id = options.name + "-source-" + declaration.name,
                          .tolerate_errors = properties.tolerate_errors,
                          .dead_letter_topic = properties.dead_letter_topic};
  SourceContext context{.name = declaration.name,
                        .properties = properties.own,
                        .follow = options.follow,
                        .form = properties.writing.form,
                        .files = around.files,
                        .clock = around.clock,
                        .logger = around.logger,
                        .metrics = around.metrics,
                        .notes = &properties.notes};
  std::vector<Relation> relations;
  for (const auto& [name, relation] : catalog.relations) relations.push_back(relation);
  if (properties.writing.form == RecordForm::connect)
    parts.records = LV_TRY(ConnectWriter::make(properties.writing, around, properties.notes));
  parts.captured = std::make_unique<CaptureWriter>(properties.writing, std::move(relations), around);
  for (const auto& [name, relation] : catalog.relations) {
    const std::string& topic = relation.format.topic;
    if (!catalog.writers_of(name).empty() || parts.writers.contains(topic))
      continue;  // a query's own, or two names of one topic
    context.targets.push_back({topic, name, relation.schema, relation.table});
    parts.writers[topic] = std::make_unique<TopicWriter>(relation.format, relation.schema, relation.checks,
                                                         compression_of(*around.log, topic), around.surroundings);
  }
  parts.source = LV_TRY((*connector)->make_source(std::move(context)));
  add_notes(notes, declaration, properties.notes);
  return parts;
}

Result<DeliverLoop::Parts> sink_parts(const Catalog& catalog, const ConnectorDeclaration& declaration,
                                      const PipelineOptions& options, const PipelineSurroundings& around,
                                      std::vector<std::string>& notes) {
  ConnectorProperties properties = LV_TRY(read_connector_properties(declaration.properties, true, *around.files));
  auto connector = find_sink(properties.connector_class);
  if (!connector) return std::move(connector).error().where(place_of(declaration, "connector.class"));
  DeliverLoop::Parts parts{
      .name = declaration.name,
      .pipeline = options.name,
      .transactional_id = options.name + "-sink-" + declaration.name,
      .tolerate_errors = properties.tolerate_errors,
      .dead_letter_topic = properties.dead_letter_topic,
      .retry_topic = properties.retry_topic.empty() ? "_" + declaration.name + "-retry" : properties.retry_topic,
      .retry = properties.retry};
  SinkContext context{.name = declaration.name,
                      .pipeline = options.name,
                      .properties = properties.own,
                      .retry_topic = parts.retry_topic,
                      .files = around.files,
                      .clock = around.clock,
                      .logger = around.logger,
                      .notes = &properties.notes};
  const SinkTopics topics = LV_TRY(topics_of(properties, *around.log));
  const bool any_schema = (*connector)->takes_any_schema;
  const bool may_come = any_schema && captures_tables(catalog);
  LaterTopics::Names awaited;
  std::set<std::string> known;
  for (const std::string& topic : topics.names) {
    std::optional<SinkRead> declared = declared_read(catalog, topic);
    auto there = around.log->topic(topic);
    TopicSchemas schemas = there && any_schema ? LV_TRY(schemas_of(topic, *around.schemas)) : TopicSchemas::none;
    std::optional<SinkRead> read;
    if (schemas == TopicSchemas::captured || (schemas == TopicSchemas::plain && !declared))
      read = read_as_written(*there, declared ? &declared->read : nullptr, *around.schemas);
    else if (declared && !(may_come && schemas == TopicSchemas::none && may_be_captured(catalog, *declared)))
      read = std::move(declared);
    if (read) {
      context.topics.push_back(
          {topic, read->read.object, read->read.format.partitions, read->schema, read->read.table});
      parts.topics.push_back(*std::move(read));
      known.insert(topic);
    } else if (may_come) {
      // Matched, but neither declared nor described, it may be anybody's: if it is ours, a schema comes.
      if (declared || !topics.matches) awaited[topic] = std::move(declared);
    } else if (!topics.matches) {
      return Error(ErrorKind::usage, "no stream or table says what the records of topic " + topic + " are")
          .where(place_of(declaration, "topics"))
          .remedy(nearest_topic(catalog, topic) + "CREATE STREAM … WITH (KAFKA_TOPIC = '" + topic +
                  "', …) before the connector, or correct 'topics'.");
    }
  }
  if (topics.matches && !may_come && known.empty())
    return Error(ErrorKind::usage, "'topics.regex' matches no topic that is declared, or has a schema")
        .where(properties.topics_regex);
  for (const auto& [topic, declared] : awaited)
    if (!declared) properties.notes.push_back("topic " + topic + " is not there yet: it is waited for");
  parts.later = LaterTopics(std::move(awaited), may_come ? topics.matches : nullptr, std::move(known));
  parts.sink = LV_TRY((*connector)->make_sink(std::move(context)));
  add_notes(notes, declaration, properties.notes);
  return parts;
}

}  // namespace

Result<IngestLoop::Parts> make_source_parts(const Catalog& catalog, const ConnectorDeclaration& declaration,
                                            const PipelineOptions& options, const PipelineSurroundings& around,
                                            std::vector<std::string>& notes) {
  auto parts = source_parts(catalog, declaration, options, around, notes);
  if (!parts) return in_connector(std::move(parts).error(), declaration);
  return parts;
}

std::optional<DescribedTopic> describe_topic(const Catalog& catalog, const std::string& topic,
                                             const PipelineOptions& options, const PipelineSurroundings& around,
                                             std::vector<std::string>& answers) {
  bool any = false;
  for (const auto& [name, declaration] : catalog.connectors) {
    if (declaration.sink) continue;
    any = true;
    std::vector<std::string> notes;
    auto parts = make_source_parts(catalog, declaration, options, around, notes);
    if (!parts) {
      answers.push_back(parts.error().line());
      continue;
    }
    auto schema = parts->source->describe(topic);
    if (!schema) {
      answers.push_back("source connector " + name + " cannot say: " + schema.error().line());
    } else if (*schema) {
      auto properties = read_connector_properties(declaration.properties, false, *around.files);
      return DescribedTopic{**std::move(schema), properties ? properties->writing.topic_config(topic) : TopicConfig()};
    } else {
      answers.push_back("source connector " + name + " does not write it");
    }
  }
  if (!any) answers.push_back("no source connector is declared");
  return std::nullopt;
}

Result<DeliverLoop::Parts> make_sink_parts(const Catalog& catalog, const ConnectorDeclaration& declaration,
                                           const PipelineOptions& options, const PipelineSurroundings& around,
                                           std::vector<std::string>& notes) {
  auto parts = sink_parts(catalog, declaration, options, around, notes);
  if (!parts) return in_connector(std::move(parts).error(), declaration);
  return parts;
}

}  // namespace levada
