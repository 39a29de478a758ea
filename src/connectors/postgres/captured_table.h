// A table as the two ways of capture see it: its columns with all that the server's catalogue says of them, and where
// its rows go.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace levada {

struct ColumnMask;

// A type of the server, resolved as far as reading its text needs.
struct CapturedType {
  std::uint32_t oid = 0;
  std::string name;     // pg_type.typname: int4, numeric, _int4, mood
  std::string schema;   // pg_catalog for the server's own
  char kind = 'b';      // pg_type.typtype: b base, c composite, d domain, e enum, r range, m multirange, p pseudo
  char category = 'U';  // pg_type.typcategory: A array, N numeric, …
  std::int32_t modifier = -1;                             // atttypmod; of a domain's base: typtypmod
  char delimiter = ',';                                   // pg_type.typdelim, between elements of an array
  std::vector<std::string> labels = {};                   // of an enum, in its order
  std::shared_ptr<const CapturedType> base = nullptr;     // of a domain
  std::shared_ptr<const CapturedType> element = nullptr;  // of an array

  // Through all domains to what the text really is; the modifier is the innermost that was given.
  CapturedType resolved() const;
};

struct CapturedColumn {
  std::string name;
  CapturedType type;
  std::string declared;  // format_type(): "character varying(100)"
  bool not_null = false;
  bool generated = false;               // computed: COPY and SELECT give it, the WAL (before version 18) does not
  bool in_log = true;                   // the WAL's tuples have it
  bool in_identity = false;             // part of the replica identity
  int dimensions = 0;                   // pg_attribute.attndims: of an array, as it was declared
  std::optional<std::string> fallback;  // its DEFAULT, as pg_get_expr() prints it
  // pg_attribute.attmissingval: what rows have that are older than the column; nullopt: null, or nobody knows any more
  std::optional<std::string> older = {};
  std::string comment = {};
  std::shared_ptr<const ColumnMask> mask = nullptr;  // column_mask.h; its values are hidden
};

// Immutable; a table that is altered is another one.
struct CapturedTable {
  std::uint32_t oid = 0;
  std::string database, schema, name;
  char kind = 'r';                      // pg_class.relkind: r table, p partitioned
  char identity = 'd';                  // pg_class.relreplident: d primary key, f full, i index, n nothing
  std::vector<CapturedColumn> columns;  // those that are captured, in the table's order
  std::vector<std::size_t> key;  // the primary key (or message.key.columns), as positions in columns, in its order
  std::string topic;

  std::string text() const { return schema + "." + name; }
  // The columns that rows are told apart by: the key; but where the replica identity is an index that does not hold all
  // of it, the columns of that index, which are all that the log says of a deleted row. Empty: nothing does.
  std::vector<std::size_t> row_key() const;
  // Whether the log has this column of the row before an update or a deletion.
  bool knows_before(std::size_t column) const { return identity == 'f' || columns[column].in_identity; }
};
using CapturedTableRef = std::shared_ptr<const CapturedTable>;

}  // namespace levada
