// Topics that a sink is to read and that may not be there yet: captured tables come when their source has found them.
// They say themselves what they are, by schemas that are registered under their names.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/schema_store.h"
#include "log/log.h"
#include "plan/plan.h"

namespace levada {

// How the records of such a topic are read.
ReadNode read_as_written(const Topic& topic, SchemaStore& schemas);
// Whether there is a schema to read them by.
Result<bool> describes_itself(const std::string& topic, SchemaStore& schemas);

class LaterTopics {
 public:
  LaterTopics() = default;
  // Those with these names, and those whose names match; `known` are read already.
  LaterTopics(std::set<std::string> names, std::function<bool(const std::string&)> matches, std::set<std::string> known)
      : names_(std::move(names)), matches_(std::move(matches)), known_(std::move(known)) {}

  // Whether any may still come.
  bool any() const { return matches_ || !names_.empty(); }
  // Those that have come since the last call. Looks only when the log has changed.
  Result<std::vector<ReadNode>> take(const Log& log, SchemaStore& schemas);
  // For people; empty: nothing that has a name.
  std::string waits_for() const;

 private:
  std::set<std::string> names_;
  std::function<bool(const std::string&)> matches_;
  std::set<std::string> known_;
  std::uint64_t looked_at_ = 0;  // the log's commit number, and one
};

}  // namespace levada
