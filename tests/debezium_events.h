// Debezium's own records, as it put them into Kafka for the scripts in ../shared/peers/debezium/events: what ours are
// compared with. They stand beside the repository and may be missing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace levada {

struct DebeziumEvent {
  std::string topic;
  std::vector<std::pair<std::string, Json>> headers;
  Json key, value;  // {"schema":…,"payload":…}, or null
};

// "postgres-default", …
std::vector<std::string> debezium_event_files();
// nullopt: the files are not there.
std::optional<std::vector<DebeziumEvent>> read_debezium_events(const std::string& file);
// Counts the running test as skipped, with the reason.
void skip_debezium_events();

// Equal, numbers by their value: 1.0E10 is 10000000000.0.
bool same_json(const Json& a, const Json& b);

}  // namespace levada
