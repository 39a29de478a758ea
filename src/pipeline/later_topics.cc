#include "pipeline/later_topics.h"

#include "formats/formats.h"

namespace levada {

SinkRead read_as_written(const Topic& topic, const ReadNode* declared, SchemaStore& schemas) {
  ReadNode read{.object = declared ? declared->object : topic.name, .table = declared && declared->table};
  read.format.topic = topic.name;
  read.format.partitions = topic.config.partitions;
  read.format.key = {.format = "AVRO", .side = Side::key, .schemas = &schemas};
  read.format.value = {.format = "AVRO", .side = Side::value, .schemas = &schemas};
  return {std::move(read), nullptr};
}

Result<TopicSchemas> schemas_of(const std::string& topic, SchemaStore& schemas) {
  auto value = LV_TRY(schemas.latest(topic + "-value"));
  if (!value) return TopicSchemas::none;
  auto key = LV_TRY(schemas.latest(topic + "-key"));
  auto schema = find_format("AVRO")->read_schemas(key ? key->text : std::string(), value->text);
  return schema && schema->origin ? TopicSchemas::captured : TopicSchemas::plain;
}

Result<std::vector<SinkRead>> LaterTopics::take(const Log& log, SchemaStore& schemas) {
  std::vector<SinkRead> come;
  if (!any()) return come;
  const std::uint64_t now = log.commit_number() + 1;
  if (now == looked_at_) return come;
  for (const Topic& topic : log.topics()) {
    if (topic.name.starts_with('_') || known_.contains(topic.name)) continue;
    auto named = names_.find(topic.name);
    if (named == names_.end() && !(matches_ && matches_(topic.name))) continue;
    TopicSchemas known = LV_TRY(schemas_of(topic.name, schemas));
    if (known == TopicSchemas::none) continue;
    const std::optional<SinkRead> declared = named == names_.end() ? std::nullopt : named->second;
    come.push_back(declared && known == TopicSchemas::plain
                       ? *declared
                       : read_as_written(topic, declared ? &declared->read : nullptr, schemas));
  }
  for (const SinkRead& topic : come) {
    known_.insert(topic.read.format.topic);
    names_.erase(topic.read.format.topic);
  }
  looked_at_ = now;
  return come;
}

std::string LaterTopics::waits_for() const {
  std::string text;
  for (const auto& [name, declared] : names_) text += (text.empty() ? "waits for topic " : ", ") + name;
  return text;
}

}  // namespace levada
