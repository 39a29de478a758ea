// What the server's catalogue says of a table that is captured by triggers, and of the change table they fill.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/names.h"

namespace levada {

struct CatalogueTrigger {
  std::string name;
  char enabled = 'O';      // pg_trigger.tgenabled: O as usual, A always, R in replicas only, D not
  std::uint16_t when = 0;  // pg_trigger.tgtype
  bool deferrable = false;
  std::string schema, function, body;  // of the function: its names and its source

  static constexpr std::uint16_t row = 1, before = 2, insert = 4, del = 8, update = 16, truncate = 32;
};

struct CatalogueColumn {
  int number = 0;  // pg_attribute.attnum
  std::string name;
  std::string type;  // as CREATE TABLE takes it; of a domain, what it is made of
  bool not_null = false;
  std::string fallback;  // its default, as SQL; empty: none
  std::string missing;   // what rows have that are older than the column, as SQL; empty: null, or nobody knows any more
  bool identity = false;
  // The sequence that fills it, if one does.
  std::string sequence;  // quoted
  std::int64_t cache = 1, increment = 1;
  bool cycles = false;

  bool is_filled() const { return identity || !fallback.empty(); }
};

// Of the captured table.
struct CatalogueTable {
  CapturedTable table;                 // its key is the primary key
  std::vector<CatalogueColumn> plain;  // the same columns
  bool deferrable_key = false;
  double rows = 0;            // about; -1: not known
  bool logged = true;         // else it is empty after a crash
  bool row_security = false;  // in force for us
  bool may_select = false, may_add_triggers = false, owned = false, may_create = false;
  std::vector<CatalogueTrigger> triggers;  // of users, not the server's own
  std::string shape, exact_shape;          // the two values of shape_expression()
};

struct CatalogueChanges {
  TableName name;
  bool logged = true;
  bool from_elsewhere = false;  // it has rows of transactions that this server has not had
  std::vector<CatalogueColumn> columns;
  bool may_select = false, may_insert = false, may_delete = false, owned = false;
  std::vector<std::string> indexed;  // columns that an index begins with
  // Of its schema, those whose names begin with levada_: name and source.
  std::vector<std::pair<std::string, std::string>> functions;
  std::vector<std::string> with_texts;  // columns named levada_row… that hold changes recorded as text, see
                                        // trigger_functions.h

  const CatalogueColumn* find(std::string_view column) const;
};

// What stands for a table's columns by number, name and type, in a transaction that sees each statement's catalogue. In
// one with a snapshot of its own (REPEATABLE READ) the catalogue is older than the table may be: there another text
// follows that the server makes of the table as it is, by the names and types of its columns without their modifiers.
std::string shape_expression(std::uint32_t table);

// The change table's column of changes that were recorded as text, where the captured table has none of that name.
inline constexpr const char* texts_column = "levada_row";

// By the exact name, without a schema the first of the search path; nullopt: there is no such table.
Result<std::optional<CatalogueTable>> read_captured_table(PostgresConnection& connection, const TableName& name);
Result<std::optional<CatalogueChanges>> read_change_table(PostgresConnection& connection, const TableName& name);

}  // namespace levada
