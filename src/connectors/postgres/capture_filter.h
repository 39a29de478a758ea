// Which schemas, tables and columns are captured, and by which columns' values a table's rows are told apart.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/name_patterns.h"
#include "connectors/postgres/wal_options.h"

namespace levada {

// Immutable; any thread.
class CaptureFilter {
 public:
  static Result<CaptureFilter> compile(const CaptureLists& lists);

  bool table(std::string_view schema, std::string_view table) const;
  bool column(std::string_view schema, std::string_view table, std::string_view column) const;
  // The columns that message.key.columns names for this table; empty: its primary key.
  std::vector<std::string> key(std::string_view schema, std::string_view table) const;
  // Every table of the database is captured, also those that will be made.
  bool all_tables() const;

 private:
  struct Key {
    NamePatterns tables;
    std::vector<std::string> columns;
  };
  NamePatterns schemas_, without_schemas_, tables_, without_tables_, columns_, without_columns_;
  std::vector<Key> keys_;
};

// "prefix.schema.table"; what cannot stand in a topic's name becomes _.
std::string captured_topic(std::string_view prefix, std::string_view schema, std::string_view table);

}  // namespace levada
