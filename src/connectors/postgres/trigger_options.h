// The properties of the source that reads change tables, besides those of every source (capture_options.h).
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "connectors/postgres/capture_options.h"
#include "connectors/postgres/names.h"

namespace levada {

enum class TriggerSetup { automatic, check, off };
enum class TriggerRows { initial, initial_only, no_data, always, when_needed };

struct TriggerOptions : CaptureOptions {
  std::vector<TableName> tables;  // each once
  std::string change_table;       // with ${schema} and ${table}
  std::string topic;              // empty: its name begins with the prefix
  TriggerSetup setup{};
  TriggerRows rows{};
  std::map<std::string, std::vector<std::string>> keys;                   // by "table" or "schema.table", its columns
  std::string id_column, transaction_column, action_column, time_column;  // empty: found
  bool notify = true, prune = true;
  std::int64_t poll_ms = 0;
  std::int64_t most_rows = 0;   // of one read()
  std::int64_t chunk_rows = 0;  // of the table, read in one snapshot

  std::string topic_of(const std::string& schema, const std::string& table) const;
  // Where the changes of this table are; the schema is that of the table, unless another is given.
  Result<TableName> changes_of(const std::string& schema, const std::string& table) const;
};

std::span<const Option> trigger_options();

// Notes are the properties that have no effect, and why.
Result<TriggerOptions> read_trigger_options(const Properties& properties, const std::string& connector, RecordForm form,
                                            OptionNotes& notes);

}  // namespace levada
