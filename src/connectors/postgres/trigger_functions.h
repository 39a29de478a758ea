// The trigger functions that fill a change table, as SQL.
//
// They run with the rights of their owner, so that writers need none on the change table, and find names by their
// schemas only. Nobody else may make triggers of them.
//
// A trigger of somebody else's may change rows of the table once more. Its changes are recorded when its statement
// ends, which is before those of the rows that the first statement has changed and whose triggers are yet to fire: NEW
// is an older state by then. So once changes are nested in a transaction (levada.nested), what is recorded is not NEW
// but what the table has under the key at that moment; the last that is recorded of a key is its last state.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "connectors/postgres/trigger_catalogue.h"

namespace levada {

class TriggerFunctions {
 public:
  struct Columns {
    std::string action;
    std::vector<std::string> key, old_key;
    std::string texts = {};  // of rows as text; empty: our row function is not in charge
  };
  struct Function {
    std::string body;     // as pg_proc.prosrc keeps it
    std::string create;   // CREATE OR REPLACE FUNCTION …; REVOKE …;
    std::string trigger;  // CREATE TRIGGER …; empty: it is no trigger function
    std::uint16_t when;   // as pg_trigger.tgtype keeps it
  };

  TriggerFunctions(const CatalogueTable& table, const TableName& changes, Columns columns, bool notify);

  std::string row_trigger() const { return "0" + name("capture"); }
  std::string statement_trigger() const { return "0" + name("wake"); }
  std::string key_trigger() const { return "0" + name("key"); }
  std::string shape_trigger() const { return "0" + name("shape"); }
  std::string text_name() const { return name("text"); }

  // The columns that a row function of ours names, by their numbers; empty: it does not say.
  static std::map<int, std::string> columns_of(const std::string& body);

  Function row_function() const;        // every row
  Function text_function() const;       // a row of another shape; called by the row function
  Function shape_function() const;      // before each statement: the shape
  Function statement_function() const;  // TRUNCATE, and the NOTIFY
  Function key_function() const;        // a deletion of the old key, where a key changes

 private:
  std::string name(const std::string& kind) const;
  // INSERT INTO the change table: the columns of a row (NEW, OLD) and these.
  std::string insert(const std::string& row, const std::string& more_columns, const std::string& more_values) const;
  std::string key_changed() const;
  std::string setting() const { return "'levada.shape_" + std::to_string(table_.table.oid) + "'"; }
  // Records what the table has under the key of a row (NEW, OLD) now.
  std::string insert_state(const std::string& row) const;
  Function function(const std::string& kind, const std::string& body, std::uint16_t when,
                    const std::string& condition = {}) const;

  const CatalogueTable& table_;
  const TableName changes_;
  const Columns columns_;
  const bool notify_;
};

}  // namespace levada
