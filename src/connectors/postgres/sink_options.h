// The properties of the Postgres sink: the names of Confluent's and of Debezium's JDBC sinks, so that configurations
// for them run as they are.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "connectors/postgres/url.h"
#include "connectors/sink.h"

namespace levada {

enum class InsertMode { insert, upsert, update };
enum class KeyMode { none, kafka, record_key, record_value };

struct PostgresSinkOptions {
  PostgresAddress address;
  std::optional<InsertMode> insert_mode;     // not given: streams insert, tables upsert
  std::optional<KeyMode> key_mode;           // not given: by what the insert mode needs
  std::vector<std::string> key_fields;       // empty: all of the key
  std::optional<bool> delete_enabled;        // not given: for tables
  std::optional<bool> truncate_enabled;      // not given: wherever a source says that its table was emptied
  std::optional<bool> advance_sequences;     // not given: of captured tables
  std::vector<std::string> fields, without;  // whitelist (empty: all) and blacklist, for columns outside the key
  std::string table_name_format;
  bool topic_dots_part = true;  // a point in ${topic} parts schema and table; else it becomes _
  bool fold_names = false;      // names are lower case, as the server reads names without quotes
  bool auto_create = false, auto_evolve = false;
  std::int64_t batch_size = 0;
  std::string time_zone;
  Retries retries;
};

std::span<const Option> postgres_sink_options();

// Notes are the properties and URL parameters that have no effect, and why.
Result<PostgresSinkOptions> read_postgres_sink_options(const Properties& properties, OptionNotes& notes);

}  // namespace levada
