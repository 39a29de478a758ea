#include "connectors/source_target.h"

#include "base/near_name.h"

namespace levada {

Result<const SourceTarget*> find_target(const SourceContext& context, const std::string& topic) {
  if (topic.empty() && context.targets.size() == 1) return &context.targets.front();
  std::vector<std::string> names;
  std::string list;
  for (const SourceTarget& target : context.targets) {
    if (target.topic == topic) return &target;
    names.push_back(target.topic);
    list += (list.empty() ? "" : ", ") + target.topic;
  }
  if (topic.empty())
    return Error(ErrorKind::usage, "property 'topic' is missing")
        .remedy(list.empty() ? "Declare a stream or table with CREATE STREAM, and give its topic."
                             : "There are " + list + ".");
  const Property* property = find_property(context.properties, "topic");
  std::string near = did_you_mean(topic, names);
  return Error(ErrorKind::usage, "no stream or table declares the columns of topic '" + topic + "'")
      .where(property ? property->where : "")
      .remedy(!near.empty() ? near
                            : "CREATE STREAM … WITH (KAFKA_TOPIC = '" + topic + "', …) says what its columns are.");
}

}  // namespace levada
