// The one topic that a source writes to, by its property 'topic'.
#pragma once
#include <string>

#include "base/error.h"
#include "connectors/source.h"

namespace levada {

// The stream or table over the topic; without a topic the only one there is. kind usage, if it cannot be said.
Result<const SourceTarget*> find_target(const SourceContext& context, const std::string& topic);

}  // namespace levada
