#include "connectors/postgres/slot.h"

#include <algorithm>
#include <charconv>

#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/pgoutput.h"

namespace levada {
namespace {

std::string slot_text(const WalOptions& options, const PostgresConnection& connection) {
  return "slot " + options.slot + " at " + connection.place();
}

Error position_lost(std::string what, const WalOptions& options, const PostgresConnection& connection,
                    std::string doubt) {
  return Error(ErrorKind::position_lost, std::move(what))
      .where(slot_text(options, connection))
      .why("in doubt: " + std::move(doubt))
      .remedy(
          "Compare the tables, or read them again: DROP CONNECTOR and create it with another name, or set "
          "'snapshot.mode' = 'when_needed'.");
}

std::string behind(const WalPoint& point) { return "whatever was committed behind " + lsn_text(point.lsn); }

bool rows_have_identity(const CapturedTable& table) {
  return std::ranges::any_of(table.columns, &CapturedColumn::in_identity);
}

std::string setting(const std::vector<PostgresConnection::Row>& rows, std::size_t column) {
  return rows.empty() ? std::string() : rows[0][column].value_or("");
}

std::string create_publication_statement(const WalOptions& options, std::span<const CapturedTableRef> tables) {
  std::string sql = "CREATE PUBLICATION " + quote_name(options.publication);
  if (options.publication_mode == PublicationMode::filtered && !tables.empty()) {
    sql += " FOR TABLE ";
    for (const CapturedTableRef& table : tables)
      sql += (table == tables.front() ? "" : ", ") + TableName{table->schema, table->name}.quoted();
  } else if (options.publication_mode == PublicationMode::all_tables ||
             options.publication_mode == PublicationMode::disabled) {
    sql += " FOR ALL TABLES";
  }
  if (options.through_root) sql += " WITH (publish_via_partition_root = true)";
  return sql;
}

struct Publication {
  bool all_tables = false, through_root = false;
  std::vector<std::string> missing;  // captured tables that are not in it, as "schema.table"
};

Result<std::optional<Publication>> look_at_publication(PostgresConnection& connection, const WalOptions& options,
                                                       std::span<const CapturedTableRef> tables) {
  const std::vector<std::string> name = {options.publication};
  bool roots = connection.server_version() >= 130000;
  auto found = LV_TRY(connection.query(std::string("SELECT puballtables, ") + (roots ? "pubviaroot" : "false") +
                                           " FROM pg_catalog.pg_publication WHERE pubname = $1",
                                       name));
  if (found.empty()) return std::nullopt;
  Publication publication{.all_tables = found[0][0] == "t", .through_root = found[0][1] == "t"};
  if (publication.all_tables) return publication;
  auto rows = LV_TRY(connection.query(
      "SELECT schemaname || '.' || tablename FROM pg_catalog.pg_publication_tables WHERE pubname = $1", name));
  for (const CapturedTableRef& table : tables)
    if (std::ranges::none_of(rows, [&](const auto& row) { return row[0] == table->text(); }))
      publication.missing.push_back(table->text());
  return publication;
}

void check_server(const PostgresConnection& connection, const std::vector<PostgresConnection::Row>& rows,
                  const WalOptions& options, bool slot_there, std::vector<Error>& found) {
  const std::string place = connection.place();
  if (setting(rows, 0) != "logical")
    found.push_back(Error(ErrorKind::refused, "the server at " + place + " does not write what a capture needs")
                        .why("wal_level is " + setting(rows, 0))
                        .remedy("Run ALTER SYSTEM SET wal_level = logical; and start the server again."));
  if (setting(rows, 1) != "t")
    found.push_back(Error(ErrorKind::permission, "user " + setting(rows, 2) + " may not read the log of " + place)
                        .why("it has neither REPLICATION nor SUPERUSER")
                        .remedy("Let a superuser run ALTER ROLE " + quote_name(setting(rows, 2)) + " REPLICATION;"));
  if (!slot_there && setting(rows, 3) == setting(rows, 4))
    found.push_back(Error(ErrorKind::refused, "the server at " + place + " has no room for slot " + options.slot)
                        .why("all of max_replication_slots (" + setting(rows, 4) + ") are in use")
                        .remedy("Drop one that nobody needs (SELECT pg_drop_replication_slot('…');), or raise "
                                "max_replication_slots and start the server again."));
  if (setting(rows, 5) != "UTF8")
    found.push_back(Error(ErrorKind::unsupported, "database " + connection.database() + " is in " + setting(rows, 5))
                        .why("logical decoding gives text in the database's encoding")
                        .remedy("Only databases in UTF8 can be captured."));
}

void check_publication(const std::optional<Publication>& publication, const WalOptions& options,
                       std::span<const CapturedTableRef> tables, const std::vector<PostgresConnection::Row>& rows,
                       std::vector<Error>& found, std::vector<std::string>& notes) {
  const std::string name = "publication " + options.publication;
  if (!publication) {
    bool superuser = setting(rows, 6) == "t", may_create = setting(rows, 7) == "t";
    if (options.publication_mode == PublicationMode::disabled)
      found.push_back(Error(ErrorKind::not_found, "there is no " + name)
                          .why("'publication.autocreate.mode' is disabled")
                          .remedy("Let its owner run " + create_publication_statement(options, tables) + ";"));
    else if (options.publication_mode == PublicationMode::all_tables && !superuser)
      found.push_back(Error(ErrorKind::permission, "there is no " + name +
                                                       ", and only a superuser can make one of all "
                                                       "tables")
                          .remedy("Set 'publication.autocreate.mode' = 'filtered', or let a superuser run " +
                                  create_publication_statement(options, tables) + ";"));
    else if (!may_create)
      found.push_back(Error(ErrorKind::permission, "there is no " + name + ", and we may not make one")
                          .why("user " + setting(rows, 2) + " has no CREATE on the database")
                          .remedy("Let the tables' owner run " + create_publication_statement(options, tables) + ";"));
    return;
  }
  if (!publication->missing.empty() && options.publication_mode != PublicationMode::filtered) {
    std::string list;
    for (const std::string& table : publication->missing) list += (list.empty() ? "" : ", ") + table;
    notes.push_back(name + " does not have " + list + ": their changes do not come");
  }
  if (publication->through_root != options.through_root)
    notes.push_back(name + " has publish_via_partition_root = " + (publication->through_root ? "true" : "false") +
                    ", and 'publish.via.partition.root' says otherwise: the publication counts");
}

}  // namespace

Result<std::optional<SlotState>> look_at_slot(PostgresConnection& connection, const std::string& name) {
  const std::vector<std::string> asked = {name};
  bool status = connection.server_version() >= 130000;
  auto rows = LV_TRY(connection.query(std::string("SELECT plugin, database, active, active_pid, restart_lsn, "
                                                  "confirmed_flush_lsn, ") +
                                          (status ? "wal_status" : "''") +
                                          " FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
                                      asked));
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  return SlotState{.plugin = row[0].value_or(""),
                   .database = row[1].value_or(""),
                   .active = row[2] == "t",
                   .active_pid = row[3].value_or(""),
                   .restart_lsn = parse_lsn(row[4].value_or("")).value_or(0),
                   .confirmed_lsn = parse_lsn(row[5].value_or("")).value_or(0),
                   .wal_status = row[6].value_or("")};
}

Result<std::vector<Error>> check_capture(PostgresConnection& connection, const WalOptions& options,
                                         std::span<const CapturedTableRef> tables, std::vector<std::string>& notes) {
  std::vector<Error> found;
  auto rows = LV_TRY(connection.query(
      "SELECT current_setting('wal_level'), rolreplication OR rolsuper, current_user, "
      "(SELECT count(*) FROM pg_catalog.pg_replication_slots), current_setting('max_replication_slots'), "
      "current_setting('server_encoding'), rolsuper, has_database_privilege(current_database(), 'CREATE') "
      "FROM pg_catalog.pg_roles WHERE rolname = current_user"));
  auto slot = LV_TRY(look_at_slot(connection, options.slot));
  check_server(connection, rows, options, slot.has_value(), found);
  if (slot)
    if (auto good = check_slot(*slot, options, connection); !good) found.push_back(std::move(good).error());
  check_publication(LV_TRY(look_at_publication(connection, options, tables)), options, tables, rows, found, notes);

  if (tables.empty())
    found.push_back(Error(ErrorKind::not_found, "no table of " + connection.place() + " is captured")
                        .remedy("Compare 'table.include.list' and 'schema.include.list' with the names in the "
                                "database: a pattern must match the whole of schema.table."));
  for (const CapturedTableRef& table : tables) {
    for (std::string& line : unmasked_columns(*table)) notes.push_back("column " + std::move(line));
    const std::string name = "table " + table->text();
    if (table->columns.empty())
      notes.push_back(name + " has no column that is captured");
    else if (!rows_have_identity(*table))
      notes.push_back(name +
                      " has no primary key and no other replica identity: only inserted rows come, and the server "
                      "refuses UPDATE and DELETE on it while it is published. Add a primary key, or ALTER TABLE " +
                      TableName{table->schema, table->name}.quoted() + " REPLICA IDENTITY FULL");
    else if (table->key.empty())
      notes.push_back(name + " has no primary key: its rows have no key. 'message.key.columns' can name one");
  }
  return found;
}

Result<void> prepare_publication(PostgresConnection& connection, const WalOptions& options,
                                 std::span<const CapturedTableRef> tables) {
  auto publication = LV_TRY(look_at_publication(connection, options, tables));
  if (publication && (options.publication_mode != PublicationMode::filtered || publication->missing.empty())) return {};
  if (!publication && options.publication_mode == PublicationMode::disabled)
    return Error(ErrorKind::not_found, "there is no publication " + options.publication)
        .why("'publication.autocreate.mode' is disabled")
        .remedy("Let its owner run " + create_publication_statement(options, tables) + ";");
  if (!publication && options.publication_mode == PublicationMode::filtered && tables.empty())
    return Error(ErrorKind::not_found, "no table of " + connection.place() + " is captured")
        .remedy("Compare 'table.include.list' with the names in the database.");
  std::string sql = publication ? "ALTER PUBLICATION " + quote_name(options.publication) + " ADD TABLE "
                                : create_publication_statement(options, tables);
  if (publication) {
    bool first = true;
    for (const CapturedTableRef& table : tables)
      if (std::ranges::find(publication->missing, table->text()) != publication->missing.end()) {
        sql += (first ? "" : ", ") + TableName{table->schema, table->name}.quoted();
        first = false;
      }
  }
  if (auto done = connection.execute(sql); !done) {
    if (connection.refusal().sqlstate == "42710") return {};  // somebody else was faster
    Error error = std::move(done).error();
    if (error.kind() == ErrorKind::permission)
      return std::move(error)
          .within("cannot make publication " + options.publication)
          .remedy("Set 'publication.autocreate.mode' = 'filtered', or let a superuser run " + sql + ";");
    return std::move(error).within("cannot make publication " + options.publication);
  }
  return {};
}

Result<ExportedSnapshot> create_slot(Replication& replication, const WalOptions& options) {
  PostgresConnection& connection = replication.connection();
  std::string sql = "CREATE_REPLICATION_SLOT " + quote_name(options.slot) + " LOGICAL pgoutput";
  if (options.failover && connection.server_version() >= 170000)
    sql += " (SNAPSHOT 'export', FAILOVER true)";
  else
    sql += " EXPORT_SNAPSHOT";
  auto made = connection.plain_query(sql);
  if (!made) {
    Error error = std::move(made).error();
    const std::string& state = connection.refusal().sqlstate;
    if (state == "53400")
      return Error(ErrorKind::refused, "the server at " + connection.place() + " has no room for slot " + options.slot)
          .why(error.why())
          .remedy(
              "Drop one that nobody needs (SELECT pg_drop_replication_slot('…');), or raise max_replication_slots "
              "and start the server again.");
    if (state == "55000")
      return Error(ErrorKind::refused, "the server at " + connection.place() + " does not write what a capture needs")
          .why(error.why())
          .remedy("Run ALTER SYSTEM SET wal_level = logical; and start the server again.");
    if (error.kind() == ErrorKind::unreachable && state.empty() && error.remedy().empty())
      return std::move(error)
          .within("cannot make slot " + options.slot)
          .remedy(
              "A slot is made when all transactions that write have ended: SELECT pid, xact_start, query FROM "
              "pg_stat_activity WHERE backend_xid IS NOT NULL;");
    return std::move(error).within("cannot make slot " + options.slot);
  }
  const auto& rows = *made;
  if (rows.size() == 1 && rows[0].size() >= 3)
    if (auto lsn = parse_lsn(rows[0][1].value_or(""))) return ExportedSnapshot{rows[0][2].value_or(""), *lsn};
  return Error(ErrorKind::unsupported, "the server at " + connection.place() + " does not say where the slot begins");
}

Result<void> drop_slot(Replication& replication, const std::string& name) {
  return replication.connection().execute("DROP_REPLICATION_SLOT " + quote_name(name) + " WAIT");
}

Result<void> check_slot(const SlotState& slot, const WalOptions& options, const PostgresConnection& connection) {
  auto wrong = [&](std::string why, std::string remedy) {
    return Error(ErrorKind::refused, slot_text(options, connection) + " cannot be used")
        .why(std::move(why))
        .remedy(std::move(remedy));
  };
  if (slot.plugin.empty()) return wrong("it is a physical slot", "Set 'slot.name' to another name.");
  if (slot.plugin != "pgoutput")
    return wrong("its output plugin is " + slot.plugin + ", not pgoutput",
                 "Set 'slot.name' to another name; the new slot begins at the end of the log.");
  if (slot.database != connection.database())
    return wrong("it is a slot of database " + slot.database, "Set 'slot.name' to another name.");
  if (slot.active)
    return Error(ErrorKind::unreachable, slot_text(options, connection) + " is in use")
        .why("process " + slot.active_pid + " of the server reads it")
        .remedy(
            "Two connectors cannot share a slot: set 'slot.name'. If it is an old connection of ours, it ends by "
            "itself; or run SELECT pg_terminate_backend(" +
            slot.active_pid + ");");
  if (slot.wal_status == "lost")
    return position_lost(slot_text(options, connection) + " has lost the log it needs", options, connection,
                         "whatever was committed behind " + lsn_text(slot.confirmed_lsn));
  return {};
}

namespace {

// A server that was promoted has another timeline, and the same log up to where it parted: "1<tab>0/5000000<tab>why".
Result<std::optional<std::uint64_t>> end_of_timeline(Replication& replication, std::uint32_t now, std::uint32_t old) {
  auto rows = LV_TRY(replication.connection().plain_query("TIMELINE_HISTORY " + std::to_string(now)));
  if (rows.size() != 1 || rows[0].size() < 2 || !rows[0][1]) return std::nullopt;
  std::string_view rest = *rows[0][1];
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::uint32_t timeline = 0;
    auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), timeline);
    if (error != std::errc() || timeline != old) continue;
    std::string_view place = line.substr(static_cast<std::size_t>(end - line.data()));
    std::size_t from = place.find_first_not_of("\t ");
    if (from == place.npos) continue;
    place.remove_prefix(from);
    return parse_lsn(place.substr(0, place.find_first_of("\t ")));
  }
  return std::nullopt;
}

}  // namespace

Result<void> check_position(Replication& replication, const Replication::System& system, const WalOptions& options,
                            const std::optional<SlotState>& slot, const WalPosition& position) {
  PostgresConnection& connection = replication.connection();
  const std::string name = slot_text(options, connection), server = "the server at " + connection.place();
  if (!position.system.empty() && position.system != system.identifier)
    return position_lost(server + " is another one than before", options, connection,
                         behind(position.point) + " on system " + position.system + "; this is " + system.identifier);
  if (!position.database.empty() && position.database != connection.database())
    return position_lost("the position is one of database " + position.database, options, connection,
                         "all of database " + connection.database());
  if (!slot)
    return position_lost(name + " is not there any more", options, connection,
                         behind(position.point) + " up to the end of the log at " + lsn_text(system.flushed));
  LV_TRY(check_slot(*slot, options, connection));
  if (slot->confirmed_lsn > position.point.lsn)
    return position_lost(
        name + " is ahead of what we have stored: it was made anew, or somebody else has read it", options, connection,
        "whatever was committed from " + lsn_text(position.point.lsn) + " to " + lsn_text(slot->confirmed_lsn));
  if (position.timeline != 0 && position.timeline != system.timeline) {
    auto parted = LV_TRY(end_of_timeline(replication, system.timeline, position.timeline));
    if (!parted || position.point.lsn > *parted)
      return position_lost(server + " has gone on from an earlier point of its log", options, connection,
                           "what we have read on timeline " + std::to_string(position.timeline) + " from " +
                               (parted ? lsn_text(*parted) : "an unknown place") + " to " +
                               lsn_text(position.point.lsn) + " is not on timeline " + std::to_string(system.timeline));
  }
  if (position.point.lsn > system.flushed)
    return position_lost(
        server + " is behind what we have read of it", options, connection,
        "its log ends at " + lsn_text(system.flushed) + ", and we have read up to " + lsn_text(position.point.lsn));
  return {};
}

Error explain_stream_error(Error error, const PostgresConnection& connection, const WalOptions& options,
                           const WalPoint& point) {
  const PostgresRefusal& refusal = connection.refusal();
  const std::string name = slot_text(options, connection);
  if (refusal.sqlstate == "58P01" || (refusal.sqlstate == "55000" && refusal.message.find("slot") != std::string::npos))
    return position_lost(name + " has lost the log it needs", options, connection, behind(point))
        .why("in doubt: " + behind(point) + "; the server says: " + refusal.text());
  if (refusal.sqlstate == "55006")
    return Error(ErrorKind::unreachable, name + " is in use")
        .why(refusal.text())
        .remedy("Two connectors cannot share a slot: set 'slot.name'. An old connection of ours ends by itself.");
  if (refusal.sqlstate == "42704" && refusal.message.find("publication") != std::string::npos)
    return Error(ErrorKind::not_found, "publication " + options.publication +
                                           " was not there when what is read now "
                                           "was written")
        .why(refusal.text())
        .remedy("It was dropped, or made after the slot. Make it, drop the slot (SELECT pg_drop_replication_slot('" +
                options.slot + "');) and start again: the connector says then what is in doubt.");
  return error;
}

}  // namespace levada
