// The "source" of Debezium's envelopes: which connector says this, of which database and table, and where in its log
// the change stands. Its schema and its values stand side by side here.
#pragma once
#include <string>
#include <string_view>

#include "batch/column.h"
#include "connectors/postgres/change_collector.h"
#include "formats/connect_type.h"

namespace levada {

inline constexpr std::string_view debezium_connector = "postgresql";  // its name for itself

// io.debezium.connector.postgresql.Source
ConnectTypeRef source_type();

class SourceBlock {
 public:
  // `name` is topic.prefix; `database` is said where there is no table.
  SourceBlock(std::string name, std::string database) : name_(std::move(name)), database_(std::move(database)) {}

  // A row of a column of physical_type(*source_type()). Without a table, of a message; the transaction is only said
  // `in_transaction`, and where it is known.
  void append(Column& source, const CapturedTable* table, const ChangePlace& place, SnapshotMark snapshot,
              bool in_transaction) const;

 private:
  const std::string name_, database_;
};

}  // namespace levada
