// What is read for a snapshot, in which order and in which pieces, and the statements for it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/snapshot.h"

namespace levada {

struct PlannedTable {
  CapturedTableRef table;
  bool again = false;
  std::vector<std::size_t> key;  // the columns that tell rows apart, as positions in the table's; empty: none
  std::string select;            // instead of the table; empty: the table
  std::uint64_t rows = 0;        // estimated by the server
  std::uint64_t bytes = 0;
  std::vector<KeyRange> left;  // of an earlier attempt; empty: all
  // Only as a whole can its rows be committed: it has no key to go on from, or is emptied and filled at once. Tables of
  // one unit are read one behind the other, in one transaction: those that are emptied and refer to each other.
  bool whole = false;
  std::size_t unit = 0;
};

// The tables that are not done, in the order in which they are read: as it was asked for, else a table that others
// refer to before those, as whoever writes the rows elsewhere may have the same foreign keys. Asks the catalogue for
// keys and sizes. A table that is not there any more is left out.
Result<std::vector<PlannedTable>> plan_tables(PostgresConnection& connection, const SnapshotOptions& options,
                                              const std::vector<SnapshotTable>& tables,
                                              const SnapshotProgress& progress);

// Whether the table is one that snapshot.include.collection.list names.
bool in_snapshot(const SnapshotOptions& options, const CapturedTable& table);

// Cuts what is left of the table into ranges of about `range_bytes`, by a sample of its pages. Within the transaction
// that reads it.
Result<std::vector<KeyRange>> cut_ranges(PostgresConnection& connection, const PlannedTable& table,
                                         std::uint64_t range_bytes);

// COPY (SELECT … WHERE the key is in the range ORDER BY the key) TO STDOUT; without key neither WHERE nor ORDER BY.
std::string copy_statement(const PlannedTable& table, const KeyRange& range);

// One row, 't' where the table's rows stand in other files than the snapshot has seen: then it was emptied or rewritten
// meanwhile, and the snapshot would show it as empty. The table must be locked.
std::string rewritten_query(const CapturedTable& table);

std::string lock_statement(const CapturedTable& table);

}  // namespace levada
