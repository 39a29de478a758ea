// The table of connectors: one row a system and direction.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "connectors/sink.h"
#include "connectors/source.h"

namespace levada {

struct Connector {
  std::string_view name;                  // 'connector.class' = 'csv'
  std::vector<std::string_view> classes;  // the class names of the connectors whose properties it takes
  std::string_view doc;
  std::span<const Option> options;
  // Exactly one of the two. They check the properties and everything that can be known without the outside.
  Result<std::unique_ptr<Source>> (*make_source)(SourceContext context) = nullptr;
  Result<std::unique_ptr<Sink>> (*make_sink)(SinkContext context) = nullptr;
  // A source of tables that names its topics itself: it takes the properties of pipeline/record_writing.h, and gives
  // both forms of records.
  bool captures = false;
  // A sink that takes topics whose records say themselves what they are (SinkTopic::schema is null), also later ones.
  bool takes_any_schema = false;
};

std::span<const Connector> connectors();
// By name or class, in the direction asked for; the error suggests a near name. kind usage.
Result<const Connector*> find_source(std::string_view connector_class);
Result<const Connector*> find_sink(std::string_view connector_class);

}  // namespace levada
