// The properties that every connector has, whatever it connects: read here, once; the rest goes to the connector.
#pragma once
#include <string>
#include <vector>

#include "base/files.h"
#include "base/options.h"
#include "pipeline/record_writing.h"
#include "pipeline/retry_policy.h"

namespace levada {

struct ConnectorProperties {
  std::string connector_class;
  std::vector<std::string> topics;  // of sinks
  std::string topics_regex;
  bool tolerate_errors = true;  // false: the first bad record stops the connector
  std::string dead_letter_topic;
  RetryPolicy retry;        // of sinks
  std::string retry_topic;  // empty: the usual one
  RecordWriting writing;    // of sources that capture tables
  Properties own;           // all the others, with ${…} replaced
  OptionNotes notes;        // what was accepted without meaning
};

Result<ConnectorProperties> read_connector_properties(const Properties& written, bool sink, Files& files);

}  // namespace levada
