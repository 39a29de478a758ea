// What the server's catalogue says of a table that we are to write to.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/names.h"

namespace levada {

struct PostgresType {
  std::uint32_t oid = 0;  // domains are resolved to what they are made of
  std::string name;       // as a cast takes it, without length and precision
  std::string receive;    // the function that reads its binary form: int4recv
  char kind = 'b';        // pg_type.typtype: b base, e enum, c composite, r range
  std::string element;    // of an array: its element type's name
  std::string element_receive;
};

struct PostgresColumn {
  std::string name;
  std::string declared;  // "character varying(10)"
  PostgresType type;
  std::optional<int> numeric_scale;  // of numeric(p, s)
  bool not_null = false;
  bool has_default = false;  // or an identity
  bool identity = false, always_identity = false;
  bool generated = false;  // computed: cannot be written
  std::string sequence;    // of a serial or identity column: its sequence, quoted; empty: none
};

struct PostgresTable {
  TableName name;                               // as it is spelt there, with its schema
  char kind = 'r';                              // pg_class.relkind: r table, p partitioned, v view, f foreign
  bool row_security = false;                    // in force for us
  std::vector<std::string> missing_privileges;  // of SELECT, INSERT, UPDATE, DELETE
  bool owned = false;                           // we may alter it
  std::vector<PostgresColumn> columns;
  std::vector<std::vector<std::string>> unique_keys;  // that ON CONFLICT may name, sorted names

  // By the exact name, else by the only one that differs in letter case; nullptr if there is none.
  const PostgresColumn* find(std::string_view column) const;
  bool has_unique_key(std::vector<std::string> columns) const;
};

// By the exact name, else by the only one that differs in letter case; nullopt if there is none.
Result<std::optional<PostgresTable>> read_table(PostgresConnection& connection, const TableName& name);

// True if we may make tables in the schema (empty: the first of the search path). not_found if there is no such schema.
Result<bool> may_create_tables(PostgresConnection& connection, const std::string& schema);

}  // namespace levada
