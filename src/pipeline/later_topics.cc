#include "pipeline/later_topics.h"

namespace levada {

ReadNode read_as_written(const Topic& topic, SchemaStore& schemas) {
  ReadNode read{.object = topic.name};
  read.format.topic = topic.name;
  read.format.partitions = topic.config.partitions;
  read.format.key = {.format = "AVRO", .side = Side::key, .schemas = &schemas};
  read.format.value = {.format = "AVRO", .side = Side::value, .schemas = &schemas};
  return read;
}

Result<bool> describes_itself(const std::string& topic, SchemaStore& schemas) {
  return LV_TRY(schemas.latest(topic + "-value")).has_value();
}

Result<std::vector<ReadNode>> LaterTopics::take(const Log& log, SchemaStore& schemas) {
  std::vector<ReadNode> come;
  if (!any()) return come;
  const std::uint64_t now = log.commit_number() + 1;
  if (now == looked_at_) return come;
  for (const Topic& topic : log.topics()) {
    if (topic.name.starts_with('_') || known_.contains(topic.name)) continue;
    if (!names_.contains(topic.name) && !(matches_ && matches_(topic.name))) continue;
    if (!LV_TRY(describes_itself(topic.name, schemas))) continue;
    come.push_back(read_as_written(topic, schemas));
    known_.insert(topic.name);
    names_.erase(topic.name);
  }
  looked_at_ = now;
  return come;
}

std::string LaterTopics::waits_for() const {
  std::string text;
  for (const std::string& name : names_) text += (text.empty() ? "waits for topic " : ", ") + name;
  return text;
}

}  // namespace levada
