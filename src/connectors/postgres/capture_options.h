// What all sources of PostgreSQL are told alike, by one table of properties: the server, the topics' names, how values
// are written. The names are those of Debezium's connector, so that configurations for it run as they are, and the
// short ones of the sink ('connection.url').
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/options.h"
#include "connectors/postgres/url.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

class ColumnMasks;
class Logger;
class PostgresConnection;

struct CaptureOptions {
  PostgresAddress address;
  std::string topic_prefix;
  ValueModes values;
  std::shared_ptr<const ColumnMasks> masks;  // null: every column is captured as it is
  bool tombstones = true;
  std::int64_t heartbeat_ms = 0;  // 0: none
  std::string heartbeat_topic, heartbeat_query;
};

// As written. Each source's own struct is derived from it.
struct CaptureWritten {
  Secret url, password;  // the URL may hold a password
  std::string user, host, port, database;
  std::string topic_prefix;
  ValueModes::Decimal decimal{};
  ValueModes::Time time{};
  ValueModes::Binary binary{};
  ValueModes::Hstore hstore{};
  ValueModes::Interval interval{};
  std::int64_t money_digits = 0;
  bool unknown_types = false, tombstones = false;
  Properties masks, cuts;
  std::int64_t heartbeat_ms = 0;
  std::string heartbeat_prefix, older_heartbeat_prefix, heartbeat_query;
};

// Found by the type of the value: the enums' own namespace.
std::span<const std::string_view> names_of_values(ValueModes::Decimal);
std::span<const std::string_view> names_of_values(ValueModes::Time);
std::span<const std::string_view> names_of_values(ValueModes::Binary);
std::span<const std::string_view> names_of_values(ValueModes::Hstore);
std::span<const std::string_view> names_of_values(ValueModes::Interval);

// Their rows, for a table whose struct is W.
template <class W>
inline constexpr Option server_rows[] = {
    {.name = "connection.url",
     .field = option_in<W, &W::url>,
     .doc = "Where the database is: postgresql://USER@HOST:PORT/DATABASE or jdbc:postgresql://HOST:PORT/DATABASE, with "
            "the parameters of libpq or of the JDBC driver. Instead of database.hostname, .port and .dbname."},
    {.name = "connection.user", .field = option_in<W, &W::user>, .doc = "The database user."},
    {.name = "connection.password", .field = option_in<W, &W::password>, .doc = "The user's password."},
    {.name = "database.hostname", .field = option_in<W, &W::host>, .doc = "The server."},
    {.name = "database.port", .field = option_in<W, &W::port>, .doc = "Its port; 5432 where nothing is said."},
    {.name = "database.user", .field = option_in<W, &W::user>, .doc = "The database user."},
    {.name = "database.password", .field = option_in<W, &W::password>, .doc = "The user's password."},
    {.name = "database.dbname", .field = option_in<W, &W::database>, .doc = "The database whose tables are captured."},
    {.name = "topic.prefix",
     .field = option_in<W, &W::topic_prefix>,
     .doc = "Topics are called PREFIX.SCHEMA.TABLE. By default the connector's name in small letters."},
};
template <class W>
inline constexpr Option value_rows[] = {
    {.name = "decimal.handling.mode",
     .field = option_in<W, &W::decimal>,
     .fallback = "precise",
     .doc = "precise, double or string."},
    {.name = "time.precision.mode",
     .field = option_in<W, &W::time>,
     .fallback = "adaptive",
     .doc = "adaptive, adaptive_time_microseconds, connect, isostring, microseconds or nanoseconds."},
    {.name = "binary.handling.mode",
     .field = option_in<W, &W::binary>,
     .fallback = "bytes",
     .doc = "bytes, base64, base64-url-safe or hex."},
    {.name = "hstore.handling.mode", .field = option_in<W, &W::hstore>, .fallback = "json", .doc = "json or map."},
    {.name = "interval.handling.mode",
     .field = option_in<W, &W::interval>,
     .fallback = "numeric",
     .doc = "numeric (microseconds) or string (ISO 8601)."},
    {.name = "money.fraction.digits",
     .field = option_in<W, &W::money_digits>,
     .fallback = "2",
     .range = "0..18",
     .doc = "Digits behind the point of money."},
    {.name = "include.unknown.datatypes",
     .field = option_in<W, &W::unknown_types>,
     .fallback = "true",
     .doc = "Whether columns of types that we do not know come as text, or not at all."},
    {.name = "column.mask.*",
     .field = option_in<W, &W::masks>,
     .doc = "with.N.chars: N stars instead of the texts of the columns that are listed; hash.ALGORITHM.with.salt.SALT, "
            "or hash.v2.…: their hashes (v2: of the text itself, else of the object that Java writes for it). Regular "
            "expressions for SCHEMA.TABLE.COLUMN. Keys of records stay as they are."},
    {.name = "column.truncate.*",
     .field = option_in<W, &W::cuts>,
     .doc = "to.N.chars: texts of the columns that are listed are cut behind N characters, a bytea behind N bytes."},
    {.name = "tombstones.on.delete",
     .field = option_in<W, &W::tombstones>,
     .fallback = "true",
     .doc = "Whether a deletion's envelope is followed by a record without value. Rows as they are need none."},
    {.name = "heartbeat.interval.ms",
     .field = option_in<W, &W::heartbeat_ms>,
     .fallback = "0",
     .range = "0..86400000",
     .unit = "ms",
     .doc = "How often there is a heartbeat: heartbeat.action.query is run, and where records have envelopes one says "
            "the time. 0: never; what the server keeps for us moves on without it."},
    {.name = "topic.heartbeat.prefix",
     .field = option_in<W, &W::heartbeat_prefix>,
     .fallback = "__debezium-heartbeat",
     .doc = "The heartbeats' topic is this, a point, and topic.prefix."},
    {.name = "heartbeat.topics.prefix",
     .field = option_in<W, &W::older_heartbeat_prefix>,
     .doc = "The older name of topic.heartbeat.prefix."},
    {.name = "heartbeat.action.query",
     .field = option_in<W, &W::heartbeat_query>,
     .doc = "A statement that is run at each heartbeat."},
};

// One table of the source's own rows between the shared ones.
template <class W, std::size_t n>
constexpr auto capture_table(const Option (&own)[n]) {
  constexpr std::size_t first = std::size(server_rows<W>), last = std::size(value_rows<W>);
  std::array<Option, first + n + last> table;
  std::ranges::copy(server_rows<W>, table.begin());
  std::ranges::copy(own, table.begin() + first);
  std::ranges::copy(value_rows<W>, table.begin() + first + n);
  return table;
}

// Properties of the driver ('database.sslmode', 'connection.sslmode': as if they stood in the URL) and all others.
struct CaptureProperties {
  Properties known, driver;
};
CaptureProperties part_driver(std::span<const Option> table, const Properties& properties);

Result<CaptureOptions> read_capture_options(const CaptureProperties& properties, const CaptureWritten& written,
                                            const std::string& connector, RecordForm form, OptionNotes& notes);

// What fails is told and done again at the next heartbeat; only a server that is away is an error.
Result<void> run_heartbeat_query(PostgresConnection& connection, const std::string& query, Logger& logger);

}  // namespace levada
