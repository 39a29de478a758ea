// What the columns of a stream or table are: key and value, as two lists of fields.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/type.h"

namespace levada {

// What the database that rows come from says of a column, in its own words.
struct ColumnOrigin {
  std::string type;  // "character varying(100)", "numeric(10,2)"
  bool not_null = false;
  // The text of the value that rows have which are older than the column and were not changed since; nullopt: null, or
  // nobody knows.
  std::optional<std::string> older = {};
  bool operator==(const ColumnOrigin&) const = default;
};

// The table that rows come from. It travels with the schema, so that a table like it can be made elsewhere.
struct TableOrigin {
  std::string system;  // "postgresql"
  std::string schema, table;
  std::vector<ColumnOrigin> columns;  // of each field, key followed by value
  std::vector<std::uint32_t> order;   // the fields in the order in which the table has them
  bool operator==(const TableOrigin&) const = default;
};

struct Schema {
  std::vector<Field> key, value;
  std::shared_ptr<const TableOrigin> origin = nullptr;  // of rows as a database has them; null: made by SQL

  // Position in key followed by value; nullopt if there is no such column.
  std::optional<std::size_t> find(std::string_view name) const;
  std::size_t size() const { return key.size() + value.size(); }
  const Field& operator[](std::size_t i) const { return i < key.size() ? key[i] : value[i - key.size()]; }
  // Fields and what is known of their origin.
  bool operator==(const Schema& other) const;
};

// Position of the field of exactly this name, else of the only one that differs in the case of ASCII letters; nullopt
// if there is none, or several. So formats find the fields of a declaration in what others have written.
std::optional<std::size_t> find_field(const std::vector<Field>& fields, std::string_view name);

using SchemaRef = std::shared_ptr<const Schema>;

}  // namespace levada
