#include "connectors/postgres/trigger_options.h"

#include <algorithm>
#include <array>

#include "connectors/postgres/capture_filter.h"

namespace levada {

static constexpr std::array<std::string_view, 3> setup_names = {"auto", "check", "off"};
static constexpr std::array<std::string_view, 5> rows_names = {"initial", "initial_only", "no_data", "always",
                                                               "when_needed"};

static constexpr std::array<std::string_view, 3> decimal_names = {"precise", "double", "string"};
static constexpr std::array<std::string_view, 6> time_names = {
    "adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"};
static constexpr std::array<std::string_view, 4> binary_names = {"bytes", "base64", "base64-url-safe", "hex"};
static constexpr std::array<std::string_view, 2> hstore_names = {"json", "map"};
static constexpr std::array<std::string_view, 2> interval_names = {"numeric", "string"};

static constexpr std::span<const std::string_view> names_of_values(ValueModes::Decimal) { return decimal_names; }
static constexpr std::span<const std::string_view> names_of_values(ValueModes::Time) { return time_names; }
static constexpr std::span<const std::string_view> names_of_values(ValueModes::Binary) { return binary_names; }
static constexpr std::span<const std::string_view> names_of_values(ValueModes::Hstore) { return hstore_names; }
static constexpr std::span<const std::string_view> names_of_values(ValueModes::Interval) { return interval_names; }
static constexpr std::span<const std::string_view> names_of_values(TriggerSetup) { return setup_names; }
static constexpr std::span<const std::string_view> names_of_values(TriggerRows) { return rows_names; }

namespace {

// As written.
struct Written {
  Secret url;  // may hold a password
  std::string host, port, database, user;
  Secret password;
  std::vector<std::string> tables;
  std::string change_table, topic, topic_prefix, keys;
  std::string id_column, transaction_column, action_column, time_column;
  TriggerSetup setup{};
  TriggerRows rows{};
  ValueModes::Decimal decimal{};
  ValueModes::Time time{};
  ValueModes::Binary binary{};
  ValueModes::Hstore hstore{};
  ValueModes::Interval interval{};
  std::int64_t money_digits = 0;
  bool unknown_types = false, tombstones = false;
  bool notify = true, prune = true;
  std::int64_t poll_ms = 0, most_rows = 0, chunk_rows = 0;
};

constexpr Option table[] = {
    {.name = "connection.url",
     .field = option<&Written::url>,
     .doc = "Where the database is: jdbc:postgresql://HOST:PORT/DATABASE or postgresql://HOST:PORT/DATABASE, with the "
            "parameters of the JDBC driver or of libpq."},
    {.name = "connection.user", .field = option<&Written::user>, .doc = "The database user."},
    {.name = "connection.password", .field = option<&Written::password>, .doc = "The user's password."},
    {.name = "database.hostname", .field = option<&Written::host>, .doc = "The server, instead of connection.url."},
    {.name = "database.port", .field = option<&Written::port>, .doc = "Its port."},
    {.name = "database.dbname", .field = option<&Written::database>, .doc = "The database."},
    {.name = "database.user", .field = option<&Written::user>, .doc = "The same as connection.user."},
    {.name = "database.password", .field = option<&Written::password>, .doc = "The same as connection.password."},
    {.name = "table.include.list",
     .field = option<&Written::tables>,
     .doc = "The tables to capture: table or schema.table, with commas between them; a part may stand in double "
            "quotes.",
     .required = true},
    {.name = "change.table",
     .field = option<&Written::change_table>,
     .fallback = "${table}_changes",
     .doc = "The table that the triggers fill: a name, also with a schema; ${schema} and ${table} stand for the "
            "captured table's."},
    {.name = "setup",
     .field = option<&Written::setup>,
     .fallback = "auto",
     .doc = "auto: what is missing of change table, columns and triggers is made; check: it is said, with the SQL that "
            "makes it; off: the change table is read as it is, whoever fills it."},
    {.name = "topic", .field = option<&Written::topic>, .doc = "The topic, where there is one table."},
    {.name = "topic.prefix",
     .field = option<&Written::topic_prefix>,
     .doc = "Topics are called PREFIX.SCHEMA.TABLE; by default the connector's name in small letters "
            "is the prefix."},
    {.name = "snapshot.mode",
     .field = option<&Written::rows>,
     .fallback = "initial",
     .doc = "Which rows come before the changes. initial: all of the table; always: at each start anew; initial_only: "
            "no changes follow; no_data: none, but all changes that the change table has; when_needed: as initial, and "
            "anew after the change table has lost what was not read."},
    {.name = "message.key.columns",
     .field = option<&Written::keys>,
     .doc = "The columns that rows are told apart by, where it is not the primary key: schema.table:column,column with "
            "semicolons between tables."},
    {.name = "wake.up",
     .field = option<&Written::notify>,
     .fallback = "true",
     .doc = "Whether writers wake this source by NOTIFY when they commit. The server lets transactions that notify "
            "commit one after another: with many short ones at once, false and a small poll.interval.ms cost them "
            "less."},
    {.name = "poll.interval.ms",
     .field = option<&Written::poll_ms>,
     .fallback = "500",
     .range = "1..3600000",
     .unit = "ms",
     .doc = "How long until the change table is looked at without being woken."},
    {.name = "prune",
     .field = option<&Written::prune>,
     .fallback = "true",
     .doc = "Whether changes are deleted from the change table when the log has them, all but the last one."},
    {.name = "change.id.column",
     .field = option<&Written::id_column>,
     .doc = "The change table's column that counts changes. By default the one that a sequence fills, else levada_id."},
    {.name = "change.transaction.column",
     .field = option<&Written::transaction_column>,
     .doc = "Its column that has pg_current_xact_id(). By default the one of type xid8, else levada_transaction."},
    {.name = "change.action.column",
     .field = option<&Written::action_column>,
     .doc = "Its column that says what happened: INSERT, UPDATE, DELETE, TRUNCATE, or their first letters. By default "
            "action, or levada_action where the captured table has a column of that name."},
    {.name = "change.time.column",
     .field = option<&Written::time_column>,
     .doc = "Its timestamp of the change, which becomes the record's time. By default levada_time, if it is there."},
    {.name = "max.batch.size",
     .field = option<&Written::most_rows>,
     .fallback = "8192",
     .range = "1..1000000",
     .unit = "rows",
     .doc = "Changes that are read at a time, at most."},
    {.name = "snapshot.fetch.size",
     .field = option<&Written::chunk_rows>,
     .fallback = "32768",
     .range = "1..100000000",
     .unit = "rows",
     .doc = "Rows of a table that are read in one snapshot, between changes."},
    {.name = "decimal.handling.mode",
     .field = option<&Written::decimal>,
     .fallback = "precise",
     .doc = "precise, double or string."},
    {.name = "time.precision.mode",
     .field = option<&Written::time>,
     .fallback = "adaptive",
     .doc = "adaptive, adaptive_time_microseconds, connect, isostring, microseconds or nanoseconds."},
    {.name = "binary.handling.mode",
     .field = option<&Written::binary>,
     .fallback = "bytes",
     .doc = "bytes, base64, base64-url-safe or hex."},
    {.name = "hstore.handling.mode", .field = option<&Written::hstore>, .fallback = "json", .doc = "json or map."},
    {.name = "interval.handling.mode",
     .field = option<&Written::interval>,
     .fallback = "numeric",
     .doc = "numeric (microseconds) or string (ISO 8601)."},
    {.name = "money.fraction.digits",
     .field = option<&Written::money_digits>,
     .fallback = "2",
     .range = "0..18",
     .doc = "Digits behind the point of money."},
    {.name = "include.unknown.datatypes",
     .field = option<&Written::unknown_types>,
     .fallback = "true",
     .doc = "Whether columns of types that we do not know come as text, or not at all."},
    {.name = "tombstones.on.delete",
     .field = option<&Written::tombstones>,
     .fallback = "true",
     .doc = "Whether a deletion's envelope is followed by a record without value. Rows as they are need none."},
};

bool in_table(std::string_view name) { return std::ranges::find(table, name, &Option::name) != std::end(table); }

std::string trimmed(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t\n"), end = text.find_last_not_of(" \t\n");
  return begin == text.npos ? "" : std::string(text.substr(begin, end - begin + 1));
}

template <class F>
void for_each_part(std::string_view text, char separator, F&& f) {
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find(separator, begin), text.size());
    if (std::string part = trimmed(text.substr(begin, end - begin)); !part.empty()) f(part);
    begin = end + 1;
  }
}

Result<PostgresAddress> read_address(const Written& written, const Properties& known, const Properties& driver,
                                     OptionNotes& notes) {
  PostgresAddress address;
  if (!written.url.empty()) {
    auto parsed = parse_postgres_url(written.url.reveal());
    if (!parsed) return std::move(parsed).error().where(find_property(known, "connection.url")->where);
    address = *std::move(parsed);
  } else if (written.host.empty() || written.database.empty()) {
    return Error(ErrorKind::usage, "it is not said where the database is")
        .remedy("Set 'connection.url', or 'database.hostname' and 'database.dbname'.");
  }
  if (!written.host.empty()) address.set("host", written.host);
  if (!written.port.empty()) address.set("port", written.port);
  if (!written.database.empty()) address.set("dbname", written.database);
  for (const Property& p : driver)
    if (auto set = set_postgres_parameter(address, std::string_view(p.name).substr(p.name.find('.') + 1), p.value);
        !set)
      return std::move(set).error().within("'" + p.name + "'").where(p.where);
  notes.insert(notes.end(), address.notes.begin(), address.notes.end());
  if (!written.user.empty()) address.set("user", written.user);
  if (!written.password.empty()) address.password = written.password;
  return address;
}

}  // namespace

std::span<const Option> trigger_options() { return table; }

Result<TriggerOptions> read_trigger_options(const Properties& properties, const std::string& connector, RecordForm form,
                                            OptionNotes& notes) {
  // 'connection.sslmode', 'database.sslmode' = … are parameters of the driver, as if they stood in the URL.
  Properties known, driver;
  for (const Property& p : properties) {
    bool of_driver = p.name.starts_with("connection.") || p.name.starts_with("database.");
    (of_driver && !in_table(p.name) ? driver : known).push_back(p);
  }
  auto written = LV_TRY(parse_options<Written>(table, known, &notes));

  TriggerOptions options;
  options.address = LV_TRY(read_address(written, known, driver, notes));
  const std::string database = options.address.get("dbname");
  for (const std::string& name : written.tables) {
    auto parsed = parse_table_name(name, database);
    if (!parsed) return std::move(parsed).error().where(find_property(known, "table.include.list")->where);
    if (std::ranges::find(options.tables, *parsed) == options.tables.end()) options.tables.push_back(*parsed);
  }
  if (options.tables.empty())
    return Error(ErrorKind::usage, "'table.include.list' names no table")
        .where(find_property(known, "table.include.list")->where);
  for_each_part(written.keys, ';', [&](const std::string& entry) {
    std::size_t colon = entry.rfind(':');
    auto& columns = options.keys[trimmed(entry.substr(0, colon))];
    if (colon != entry.npos)
      for_each_part(entry.substr(colon + 1), ',', [&](const std::string& column) { columns.push_back(column); });
  });
  for (const auto& [name, columns] : options.keys)
    if (columns.empty())
      return Error(ErrorKind::usage, "'message.key.columns' names no column of " + name)
          .where(find_property(known, "message.key.columns")->where)
          .remedy("Write schema.table:column,column.");

  if (!written.topic.empty() && options.tables.size() > 1)
    return Error(ErrorKind::usage, "'topic' names one topic, but there are several tables")
        .where(find_property(known, "topic")->where)
        .remedy("Set 'topic.prefix'; the topics are called PREFIX.SCHEMA.TABLE then.");
  options.topic = written.topic;
  options.topic_prefix = written.topic_prefix.empty() ? lower_case(connector) : written.topic_prefix;
  options.change_table = written.change_table;
  if (options.tables.size() > 1 && options.change_table.find("${table}") == std::string::npos)
    return Error(ErrorKind::usage, "'change.table' is the same for several tables")
        .where(find_property(known, "change.table")->where)
        .remedy("Write ${table} into it, as in '${table}_changes'.");
  options.setup = written.setup;
  options.rows = written.rows;
  options.id_column = written.id_column;
  options.transaction_column = written.transaction_column;
  options.action_column = written.action_column;
  options.time_column = written.time_column;
  options.values = {.form = form,
                    .decimal = written.decimal,
                    .time = written.time,
                    .binary = written.binary,
                    .hstore = written.hstore,
                    .interval = written.interval,
                    .money_fraction_digits = static_cast<int>(written.money_digits),
                    .unknown_types = written.unknown_types};
  options.tombstones = written.tombstones;
  options.notify = written.notify;
  options.prune = written.prune;
  options.poll_ms = written.poll_ms;
  options.most_rows = written.most_rows;
  options.chunk_rows = written.chunk_rows;
  return options;
}

std::string TriggerOptions::topic_of(const std::string& schema, const std::string& name) const {
  return !topic.empty() ? topic : captured_topic(topic_prefix, schema, name);
}

Result<TableName> TriggerOptions::changes_of(const std::string& schema, const std::string& name) const {
  // The parts are put in as they are: a quote in a name would end a quoted part.
  auto quoted_part = [](std::string text, std::string_view mark, const std::string& part) {
    std::string put;
    for (std::size_t at = 0; (at = text.find(mark, at)) != text.npos; at += put.size()) {
      bool inside = std::ranges::count(text.substr(0, at), '"') % 2 != 0;
      put.clear();
      for (char c : part) put += c == '"' && inside ? "\"\"" : std::string(1, c);
      text.replace(at, mark.size(), put);
    }
    return text;
  };
  // '${table}_changes' stands for one part, whatever is in the name.
  std::string written = change_table;
  if (written.find('"') == written.npos && written.find('.') == written.npos) {
    std::string plain = quoted_part(quoted_part(written, "${schema}", schema), "${table}", name);
    LV_TRY(check_name(plain));
    return TableName{schema, plain};
  }
  auto parsed = LV_TRY(parse_table_name(quoted_part(quoted_part(written, "${schema}", schema), "${table}", name),
                                        address.get("dbname")));
  if (parsed.schema.empty()) parsed.schema = schema;
  return parsed;
}

}  // namespace levada
