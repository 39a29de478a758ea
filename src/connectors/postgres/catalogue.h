// What a server's pg_catalog says of tables and types, as of now.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/capture_filter.h"
#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/connection.h"

namespace levada {

// Types are kept: what an oid means does not change while it is there, but for the labels of enums and what an
// extension alters; forget_types() looks again. One thread.
class Catalogue {
 public:
  // What is captured, and how tables become topics. Generated columns are left out: the log does not have their values.
  struct Rules {
    const CaptureFilter* filter = nullptr;
    std::string topic_prefix;
    std::shared_ptr<const ColumnMasks> masks = nullptr;
    bool through_root = false;  // partitioned tables instead of their partitions
    bool generated = false;     // also computed columns
  };
  explicit Catalogue(Rules rules) : rules_(std::move(rules)) {}

  // All tables that are captured, by schema and name.
  Result<std::vector<CapturedTableRef>> tables(PostgresConnection& connection);
  // One table, whether captured or not; nullptr: there is none with this oid.
  Result<CapturedTableRef> table(PostgresConnection& connection, std::uint32_t oid);
  // A type by its oid; one that is not there any more has no name.
  Result<CapturedType> type(PostgresConnection& connection, std::uint32_t oid, std::int32_t modifier);
  // format_type(): a type as it is written in SQL.
  Result<std::string> type_text(PostgresConnection& connection, std::uint32_t oid, std::int32_t modifier);
  void forget_types() { types_.clear(); }

  const Rules& rules() const { return rules_; }

 private:
  Result<std::vector<CapturedTableRef>> load(PostgresConnection& connection, const std::string& condition);
  Result<void> load_types(PostgresConnection& connection, std::vector<std::uint32_t> oids);
  CapturedType made(std::uint32_t oid, std::int32_t modifier, int depth = 0) const;

  struct Type {
    CapturedType type;
    std::uint32_t base = 0, element = 0;
    std::int32_t base_modifier = -1;
  };
  const Rules rules_;
  std::map<std::uint32_t, Type> types_;
};

// The columns of the table's key by name, as positions in its columns; empty if one of them is not there.
std::vector<std::size_t> find_key(const CapturedTable& table, std::span<const std::string> names);

}  // namespace levada
