// Topics that a sink is to read and that may not be there yet: captured tables come when their source has found them.
// They say themselves what they are, by schemas that are registered under their names.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/schema_store.h"
#include "log/log.h"
#include "plan/plan.h"

namespace levada {

// A topic as a sink reads it.
struct SinkRead {
  ReadNode read;
  SchemaRef schema;  // null: its records say themselves what they are
};

// What the newest schemas that are registered under the topic's name say.
enum class TopicSchemas : std::uint8_t { none, plain, captured };  // captured: of a table whose origin is known
Result<TopicSchemas> schemas_of(const std::string& topic, SchemaStore& schemas);
// The topic as its records say themselves; `declared` over it or null.
SinkRead read_as_written(const Topic& topic, const ReadNode* declared, SchemaStore& schemas);

class LaterTopics {
 public:
  // By name. What is declared over the topic counts if it turns out not to be that of a captured table.
  using Names = std::map<std::string, std::optional<SinkRead>>;

  LaterTopics() = default;
  // Those with these names, and those whose names match; `known` are read already.
  LaterTopics(Names names, std::function<bool(const std::string&)> matches, std::set<std::string> known)
      : names_(std::move(names)), matches_(std::move(matches)), known_(std::move(known)) {}

  // Whether any may still come.
  bool any() const { return matches_ || !names_.empty(); }
  // Those that have come since the last call. Looks only when the log has changed.
  Result<std::vector<SinkRead>> take(const Log& log, SchemaStore& schemas);
  // For people; empty: nothing that has a name.
  std::string waits_for() const;

 private:
  Names names_;
  std::function<bool(const std::string&)> matches_;
  std::set<std::string> known_;
  std::uint64_t looked_at_ = 0;  // the log's commit number, and one
};

}  // namespace levada
