// The properties of the source that reads the write-ahead log, besides those of every source (capture_options.h).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/options.h"
#include "connectors/postgres/capture_options.h"

namespace levada {

// Of the tables; given: as their properties name them.
enum class SnapshotOrder { given, ascending, descending };
enum class SnapshotMode { initial, initial_only, no_data, always, when_needed };
// What is done about a publication that is not there.
enum class PublicationMode { all_tables, disabled, filtered, no_tables };

// Which schemas, tables and columns are captured: lists of regular expressions, which must match the whole of "schema",
// "schema.table", "schema.table.column". Empty lists say nothing.
struct CaptureLists {
  std::vector<std::string> schemas, without_schemas;
  std::vector<std::string> tables, without_tables;
  std::vector<std::string> columns, without_columns;
  std::string keys;  // message.key.columns: "schema.table:column,column;…"
};

struct WalOptions : CaptureOptions {
  CaptureLists lists;

  std::string slot;
  bool drop_slot = false;
  std::vector<std::pair<std::string, std::string>> slot_parameters;  // of START_REPLICATION
  bool failover = false;
  std::string publication;
  PublicationMode publication_mode = PublicationMode::all_tables;
  bool through_root = false;  // rows of partitions as rows of the partitioned table

  SnapshotMode snapshot_mode = SnapshotMode::initial;
  std::vector<std::string> snapshot_tables;                           // regular expressions; empty: all
  std::vector<std::pair<std::string, std::string>> snapshot_selects;  // "schema.table" and its SELECT
  std::int64_t snapshot_readers = 1;
  SnapshotOrder snapshot_order = SnapshotOrder::given;
  std::int64_t snapshot_rows = 0;                 // of one chunk
  std::size_t snapshot_changed_bytes = 64 << 20;  // of keys that change beside it; beyond, the stream waits

  std::string skipped;            // operations that are not captured: letters of c, u, d, t
  std::string transaction_topic;  // empty: none (provide.transaction.metadata)
  std::int64_t status_ms = 10'000;

  bool whole_transactions = false;  // transaction_mode=atomic
  bool stream_large = true;         // protocol 2: transactions in progress are sent and held back here
  std::int64_t spill_bytes = 0;     // what may be held back in memory
  std::string spill_directory;
  std::int64_t most_rows = 0, most_bytes = 0;  // of one read()
  std::int64_t warn_retained_bytes = 0;        // of WAL that the server keeps for us; 0: never
};

std::span<const Option> wal_options();

// Notes are the properties that have no effect, and why.
Result<WalOptions> read_wal_options(const Properties& properties, const std::string& connector, RecordForm form,
                                    OptionNotes& notes);

}  // namespace levada
