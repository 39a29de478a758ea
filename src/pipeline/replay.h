// Sends a dead letter's record on its way again, from where it fell out: to the source's parser, to its topic, or to
// the sink that refused it, by way of that sink's retry topic. Nothing else sees it twice. The record says where it has
// been: its header levada.replay.of names the letter.
#pragma once
#include <optional>
#include <string>

#include "log/log.h"
#include "pipeline/pipeline.h"
#include "sql/catalog.h"

namespace levada {

// The name of the position that says that a letter was replayed.
std::string replay_mark(const std::string& topic, Offset number);

std::string discard_mark(const std::string& topic, Offset number);

struct ReplayRequest {
  std::string topic;  // of dead letters
  Offset number;
  std::optional<std::string> value;  // takes the place of the letter's bytes
  bool running = false;              // the pipeline is: its sinks take what is for them, and others are in its topics
};

// Returns what was done, for people. A letter can be replayed once; one that is still wrong stays as it is, and the
// error says why. What a sink refuses once more becomes a new letter.
Result<std::string> replay_dead_letter(const Catalog& catalog, const PipelineOptions& options,
                                       const PipelineSurroundings& around, const ReplayRequest& request);

// Nothing is to be done about the letter; it stays, and can be replayed all the same.
Result<std::string> discard_dead_letter(Log& log, const std::string& topic, Offset number);

}  // namespace levada
