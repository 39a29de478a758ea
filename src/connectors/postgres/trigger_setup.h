// What a captured table and its change table need, against what they have: the statements that make it so, each with
// the words for a person who runs them instead ('setup' = 'check').
//
//   employees ─ "0levada_capture_emp_cdc"  after each row: NEW, or OLD of a deletion, and the old key where it changes
//             ├ "0levada_shape_emp_cdc"    before each statement: whether the table is as the row's trigger knows it
//             └ "0levada_wake_emp_cdc"     after each statement: TRUNCATE is recorded, the source is woken
//   emp_cdc     employees' columns, action, levada_id, levada_transaction, levada_time, levada_old_KEY, levada_row
//
// Triggers of one event fire in the order of their names, and one that changes rows itself would have its changes
// recorded before those that caused it: hence the 0, which sorts before other people's names.
//
// Where somebody's own trigger fills the change table already (one whose function names it), it is left in charge, and
// only what it does not do is added: TRUNCATE, NOTIFY, and a deletion for the old key where a key changes.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/trigger_catalogue.h"
#include "connectors/postgres/trigger_columns.h"
#include "connectors/postgres/trigger_options.h"

namespace levada {

// How a table and its changes are read. Names are quoted.
struct TriggerTable {
  CapturedTableRef table;
  std::string source, changes;
  bool only = false;  // of a table that others inherit from, its own rows: those that its triggers see
  std::string id, transaction, action;
  std::string time;                    // empty: the change table has none
  std::string texts;                   // of changes recorded as text; empty: there are none such
  std::vector<TriggerColumn> columns;  // the table's
  std::vector<std::string> old_key;    // of each key column; empty: none is recorded
  std::vector<std::string> key_types;  // of each key column, for a cast
  bool key_is_unique = false;          // the server holds that: rows can be read by ranges of it
  double rows = 0;                     // about
};

struct SetupStep {
  Error problem;    // its remedy is the SQL
  std::string sql;  // empty: nothing that we could run
  bool allowed = true;
  bool lasts = true;  // else it may be needed again as soon as it has been done
};

struct TriggerPlan {
  TriggerTable table;            // as it is when all steps are done
  std::vector<SetupStep> steps;  // none: all is as it should be
};

// `name` is where the changes are to be, whether there is such a table or not.
TriggerPlan plan_triggers(const CatalogueTable& table, const std::optional<CatalogueChanges>& changes,
                          const TableName& name, const TriggerOptions& options);

// The channel that the triggers notify.
inline constexpr const char* trigger_channel = "levada_changes";

}  // namespace levada
