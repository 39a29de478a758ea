// Tables as the log describes them. Before the first row of a table, and again after it was altered, the log has its
// columns as of that point: names, types by oid, the replica identity. The catalogue knows more (keys, declared types,
// defaults), but as of now: where they disagree the log is right.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/catalogue.h"
#include "connectors/postgres/pgoutput.h"

namespace levada {

// How rows of the log become rows of a captured table.
struct WalRelation {
  CapturedTableRef table;           // null: not captured
  std::size_t width = 0;            // values in a row of the log
  std::vector<std::uint32_t> from;  // of each column of the table: its place in such a row
  bool straight = false;            // row and table have the same columns

  // The row's values for the columns of the table; `room` may hold them. Empty stays empty.
  std::span<const FieldText> row(std::span<const FieldText> values, std::vector<FieldText>& room) const;
};

// One thread.
class WalRelations {
 public:
  // Both are used when a table is not as it is known, and outlive this.
  WalRelations(Catalogue& catalogue, PostgresConnection* connection) : catalogue_(catalogue), connection_(connection) {}

  // Tables as the catalogue has them now.
  void know(std::span<const CapturedTableRef> tables);
  Result<void> take_relation(const LogMessage& message, std::uint32_t transaction);
  void take_type(const LogMessage& message);
  // nullptr: the log has not described it.
  const WalRelation* find(std::uint32_t oid) const;

 private:
  Result<CapturedTableRef> captured(const LogMessage& message, std::uint32_t transaction);
  Result<CapturedTableRef> merged(const LogMessage& message, const CapturedTable* now);
  Result<CapturedColumn> column_of(const LogMessage& message, const LogMessage::Column& column,
                                   const CapturedTable* now);
  bool fits(const CapturedTable& table, const LogMessage& message) const;

  Catalogue& catalogue_;
  PostgresConnection* const connection_;
  std::map<std::uint32_t, CapturedTableRef> known_;
  std::map<std::uint32_t, WalRelation> relations_;
  std::map<std::uint32_t, std::string> type_names_;  // as the log has them, for those that are gone
  mutable std::uint32_t last_oid_ = 0;
  mutable const WalRelation* last_ = nullptr;
};

}  // namespace levada
