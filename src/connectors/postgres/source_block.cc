#include "connectors/postgres/source_block.h"

#include <fmt/core.h>

#include "base/assert.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

constexpr std::string_view debezium_version = "3.5.0.Final";  // whose records these equal

std::string_view mark_text(SnapshotMark mark) {
  switch (mark) {
    case SnapshotMark::no: return "false";
    case SnapshotMark::yes: return "true";
    case SnapshotMark::first: return "first";
    case SnapshotMark::first_in_table: return "first_in_data_collection";
    case SnapshotMark::last_in_table: return "last_in_data_collection";
    case SnapshotMark::last: return "last";
  }
  LV_UNREACHABLE();
}

// What Debezium calls the sequence: where the transaction before ended, and where this change stands.
std::string sequence_text(const ChangePlace& place) {
  if (place.previous_commit_lsn == 0) return fmt::format("[null,\"{}\"]", place.lsn);
  return fmt::format("[\"{}\",\"{}\"]", place.previous_commit_lsn, place.lsn);
}

}  // namespace

ConnectTypeRef source_type() {
  ConnectType snapshot{.kind = Kind::string, .optional = true, .name = "io.debezium.data.Enum", .version = 1};
  snapshot.parameters = {
      {"allowed", "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"}};
  snapshot.fallback = "\"false\"";
  return structure_type("io.debezium.connector.postgresql.Source", 1, false,
                        {{"version", scalar_type(Kind::string)},
                         {"connector", scalar_type(Kind::string)},
                         {"name", scalar_type(Kind::string)},
                         {"ts_ms", scalar_type(Kind::int64)},
                         {"snapshot", std::make_shared<const ConnectType>(std::move(snapshot))},
                         {"db", scalar_type(Kind::string)},
                         {"sequence", scalar_type(Kind::string, true)},
                         {"ts_us", scalar_type(Kind::int64, true)},
                         {"ts_ns", scalar_type(Kind::int64, true)},
                         {"schema", scalar_type(Kind::string)},
                         {"table", scalar_type(Kind::string)},
                         {"txId", scalar_type(Kind::int64, true)},
                         {"lsn", scalar_type(Kind::int64, true)},
                         {"xmin", scalar_type(Kind::int64, true)},
                         {"origin", scalar_type(Kind::string, true)},
                         {"origin_lsn", scalar_type(Kind::int64, true)}});
}

void SourceBlock::append(Column& source, const CapturedTable* table, const ChangePlace& place, SnapshotMark snapshot,
                         bool in_transaction) const {
  auto text = [&](std::size_t field, std::string_view value) { source.child(field).append_string(value); };
  text(0, debezium_version);
  text(1, debezium_connector);
  text(2, name_);
  source.child(3).append(place.commit_us / 1000);
  text(4, mark_text(snapshot));
  text(5, table ? table->database : database_);
  text(6, sequence_text(place));
  source.child(7).append(place.commit_us);
  source.child(8).append(place.commit_us * 1000);
  text(9, table ? table->schema : "");
  text(10, table ? table->name : "");
  if (place.xid != 0 && in_transaction)
    source.child(11).append(static_cast<std::int64_t>(place.xid));
  else
    source.child(11).append_null();
  source.child(12).append(static_cast<std::int64_t>(place.lsn));
  for (std::size_t field : {13, 14, 15}) source.child(field).append_null();
  source.append_structure();
}

}  // namespace levada
