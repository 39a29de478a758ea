// Sends a dead letter's record on its way again, from where it fell out: to the source's parser, to its topic, or to
// the sink that refused it. Nothing else sees it twice.
#pragma once
#include <optional>
#include <string>

#include "log/log.h"
#include "pipeline/pipeline.h"
#include "sql/catalog.h"

namespace levada {

// The name of the position that says that a letter was replayed.
std::string replay_mark(const std::string& topic, Offset number);

// `value`, if given, takes the place of the letter's bytes. The pipeline must not be running. Returns what was done,
// for people. A letter can be replayed once; one that fails again stays as it is, and the error says why.
Result<std::string> replay_dead_letter(const Catalog& catalog, const PipelineOptions& options,
                                       const PipelineSurroundings& around, const std::string& topic, Offset number,
                                       const std::optional<std::string>& value);

}  // namespace levada
