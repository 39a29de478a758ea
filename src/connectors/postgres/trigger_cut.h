// What of a change table has been read, and where a source that reads change tables has got to.
//
// A cut is a set of transactions that had ended when somebody looked, told by their numbers: those up to `through`
// that are not in `running`. All their rows are in it, whatever their change ids. The next cut has all of it and more,
// so what is between the two is read once, in the order of the change ids; see README.md for why that is the order of
// the commits of each key, and why an upper bound alone (pg_snapshot_xmin) would not give it.
//
// `through` is a transaction whose rows were seen, not the snapshot's xmax: a number that left no trace may be given
// out again after a crash of the server, one whose commit was seen cannot be.
//
//   {"public.employees": {"through": 812, "id": 44, "running": [801],
//                         "window": {"through": 900, "id": 60, "running": [], "last": 52},
//                         "rows": "done", "table": 16402, "columns": [[1, "id", "integer"], [3, "word", "text"]],
//                         "gone": ["name"]}}
//
// rows is "done", or the key above which rows of the table are still to be read: {"above": ["17"]}; where it is
// missing, none has been read yet. The rest tells whether the table is still the one that they were read from
// (trigger_columns.h); older versions have a hash for its columns.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "connectors/postgres/trigger_columns.h"

namespace levada {

struct TriggerCut {
  std::uint64_t through = 0;           // 0: nothing is in it
  std::int64_t id = 0;                 // the last change id of that transaction
  std::vector<std::uint64_t> running;  // below `through`, ascending

  bool operator==(const TriggerCut&) const = default;
  // Conditions in SQL on the column of transaction numbers (quoted).
  std::string within(const std::string& column) const;
  std::string beyond(const std::string& column) const;
};

// The cut of a look at the server: pg_current_snapshot() as text ("10:20:10,14"), and the newest transaction that the
// change table shows beyond `before`, with its last id, if there is one.
struct NewestChange {
  std::uint64_t transaction = 0;
  std::int64_t id = 0;
};
Result<TriggerCut> next_cut(const TriggerCut& before, std::string_view snapshot, std::optional<NewestChange> newest);

// Of one table.
struct TriggerProgress {
  TriggerCut read;                     // all of it is in the log
  std::optional<TriggerCut> window;    // what is being read: the changes between `read` and this
  std::int64_t last = 0;               // the id that was read last there
  bool rows_begun = false;             // `read` says what of the changes the rows have already
  bool rows_done = false;              // the table's rows are in the log
  std::vector<std::string> above;      // those up to this key are; empty: none
  std::uint32_t table = 0;             // its oid; 0: not known yet
  std::vector<TriggerColumn> columns;  // its columns; empty: not known, or only by
  std::string mark;                    // what stands for them in a position of an older version
  std::vector<std::string> gone;       // names of columns that it had

  bool operator==(const TriggerProgress&) const = default;
};

using TriggerPosition = std::map<std::string, TriggerProgress>;  // by schema.table

std::string text_of(const TriggerPosition& position);
Result<TriggerPosition> parse_trigger_position(std::string_view text);

}  // namespace levada
