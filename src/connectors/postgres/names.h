// Names as PostgreSQL takes them. Every name that becomes part of a statement goes through quote_name(), every value
// that is no parameter through quote_text(): then nothing in them can be anything but a name or a text.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace levada {

// "name", with the quotes in it doubled. Must hold no NUL byte (check_name).
std::string quote_name(std::string_view name);
// 'text', with the quotes in it doubled; for servers with standard_conforming_strings on.
std::string quote_text(std::string_view text);

// The server cuts names off at 63 bytes and takes no NUL byte and no empty name: such a name is an error of kind usage.
Result<void> check_name(std::string_view name);

struct TableName {
  std::string schema;  // empty: the first schema of the search path that has the table
  std::string name;

  std::string quoted() const { return schema.empty() ? quote_name(name) : quote_name(schema) + "." + quote_name(name); }
  std::string text() const { return schema.empty() ? name : schema + "." + name; }
  bool operator==(const TableName&) const = default;
};

// 'table', 'schema.table', 'database.schema.table' (the database must be the one given); a part may stand in double
// quotes.
Result<TableName> parse_table_name(std::string_view text, std::string_view database);

std::string lower_case(std::string_view name);  // ASCII letters only, as the server folds names

}  // namespace levada
