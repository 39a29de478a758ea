#include "connectors/postgres/sink_options.h"

#include <algorithm>
#include <array>

namespace levada {
namespace {

enum class InsertChoice { by_kind, insert, upsert, update };
enum class KeyChoice { by_kind, none, kafka, record_key, record_value };
enum class DeleteChoice { by_kind, off, on };
enum class Evolution { none, basic };
enum class Quoting { always, never };

constexpr std::array<std::string_view, 4> insert_names = {"auto", "insert", "upsert", "update"};
constexpr std::array<std::string_view, 5> key_names = {"auto", "none", "kafka", "record_key", "record_value"};
constexpr std::array<std::string_view, 3> delete_names = {"auto", "false", "true"};
constexpr std::array<std::string_view, 2> evolution_names = {"none", "basic"};
constexpr std::array<std::string_view, 2> quoting_names = {"always", "never"};

constexpr std::span<const std::string_view> names_of_values(InsertChoice) { return insert_names; }
constexpr std::span<const std::string_view> names_of_values(KeyChoice) { return key_names; }
constexpr std::span<const std::string_view> names_of_values(DeleteChoice) { return delete_names; }
constexpr std::span<const std::string_view> names_of_values(Evolution) { return evolution_names; }
constexpr std::span<const std::string_view> names_of_values(Quoting) { return quoting_names; }

// As written; both families of names fill the same members where they mean the same.
struct Written {
  Secret url;  // may hold a password
  std::string user;
  Secret password;
  InsertChoice insert_mode{};
  KeyChoice key_mode{};
  std::vector<std::string> key_fields, fields, without;
  DeleteChoice delete_enabled{}, truncate_enabled{}, advance_sequences{};
  std::string table_name_format, collection_name_format;
  Quoting quoting{};
  bool quote_identifiers = true;
  bool auto_create = false, auto_evolve = false;
  Evolution evolution{};
  std::int64_t batch_size = 0;
  std::string time_zone;
  std::int64_t most_retries = 0, retry_wait_ms = 0;
};

constexpr std::string_view one_kind_of_retry = "'max.retries' and 'retry.backoff.ms' count for connecting as well";
constexpr std::string_view one_connection = "a sink has one connection, which it keeps";

constexpr Option table[] = {
    {.name = "connection.url",
     .field = option<&Written::url>,
     .doc = "Where the database is: jdbc:postgresql://HOST:PORT/DATABASE or postgresql://HOST:PORT/DATABASE, with the "
            "parameters of the JDBC driver or of libpq (sslmode, sslrootcert, currentSchema, connectTimeout, "
            "socketTimeout, …).",
     .required = true},
    {.name = "connection.user", .field = option<&Written::user>, .doc = "The database user."},
    {.name = "connection.username", .field = option<&Written::user>, .doc = "The same, in Debezium's words."},
    {.name = "connection.password", .field = option<&Written::password>, .doc = "The user's password."},
    {.name = "insert.mode",
     .field = option<&Written::insert_mode>,
     .fallback = "auto",
     .doc =
         "insert: COPY; upsert: insert, or replace the row with the same key; update: change rows that are there. By "
         "default streams are inserted and tables are upserted."},
    {.name = "pk.mode",
     .field = option<&Written::key_mode>,
     .fallback = "auto",
     .doc =
         "Where the target's key comes from: none; kafka: topic, partition and offset; record_key, record_value: the "
         "columns in pk.fields, or all of that side. By default record_key where a key is needed."},
    {.name = "primary.key.mode", .field = option<&Written::key_mode>, .doc = "The same, in Debezium's words."},
    {.name = "pk.fields",
     .field = option<&Written::key_fields>,
     .doc = "The columns of the target's key; for pk.mode kafka the names of its three columns (__connect_topic, "
            "__connect_partition, __connect_offset)."},
    {.name = "primary.key.fields", .field = option<&Written::key_fields>, .doc = "The same, in Debezium's words."},
    {.name = "delete.enabled",
     .field = option<&Written::delete_enabled>,
     .fallback = "auto",
     .doc = "Whether a deletion deletes the row with its key, or is passed over. By default true for tables."},
    {.name = "truncate.enabled",
     .field = option<&Written::truncate_enabled>,
     .fallback = "auto",
     .doc = "Whether the table is emptied when that of the source was (TRUNCATE), or this is passed over. By default "
            "true."},
    {.name = "sequences.advance",
     .field = option<&Written::advance_sequences>,
     .fallback = "auto",
     .doc =
         "Whether the sequences of serial and identity columns are set beyond the rows that are written, so that new "
         "rows may be made in the target one day. By default true for captured tables."},
    {.name = "table.name.format",
     .field = option<&Written::table_name_format>,
     .doc = "The target table; ${topic} stands for the topic's name, which is the default. A point parts schema and "
            "table; of prefix.schema.table, as captured tables have it, the last two parts count. ${schema} and "
            "${table} are these parts alone."},
    {.name = "collection.name.format",
     .field = option<&Written::collection_name_format>,
     .doc = "The same, in Debezium's words; points in the topic's name become _."},
    {.name = "fields.whitelist",
     .field = option<&Written::fields>,
     .doc = "The columns that are written, beside those of the key. By default all."},
    {.name = "field.include.list", .field = option<&Written::fields>, .doc = "The same, in Debezium's words."},
    {.name = "field.exclude.list", .field = option<&Written::without>, .doc = "Columns that are not written."},
    {.name = "auto.create",
     .field = option<&Written::auto_create>,
     .fallback = "false",
     .doc = "Whether a missing table is created."},
    {.name = "auto.evolve",
     .field = option<&Written::auto_evolve>,
     .fallback = "false",
     .doc = "Whether missing columns are added to the table."},
    {.name = "schema.evolution",
     .field = option<&Written::evolution>,
     .fallback = "none",
     .doc = "Debezium's word for both: none or basic."},
    {.name = "quote.sql.identifiers",
     .field = option<&Written::quoting>,
     .fallback = "always",
     .doc = "always: names keep their letter case; never: tables are made and found in lower case."},
    {.name = "quote.identifiers",
     .field = option<&Written::quote_identifiers>,
     .fallback = "true",
     .doc = "The same, in Debezium's words."},
    {.name = "batch.size",
     .field = option<&Written::batch_size>,
     .fallback = "10000",
     .range = "1..1000000",
     .unit = "rows",
     .doc = "Rows in one statement at most."},
    {.name = "db.timezone",
     .field = option<&Written::time_zone>,
     .fallback = "UTC",
     .doc = "The zone in which a TIMESTAMP is written into a column without time zone."},
    {.name = "use.time.zone", .field = option<&Written::time_zone>, .doc = "The same, in Debezium's words."},
    {.name = "database.time_zone", .field = option<&Written::time_zone>, .doc = "The same, in Debezium's older words."},
    {.name = "max.retries",
     .field = option<&Written::most_retries>,
     .fallback = "-1",
     .range = "-1..",
     .doc =
         "Attempts in a row, after an error that may pass (server away, lock, disk full), before the sink fails. -1: "
         "until it has passed."},
    {.name = "flush.max.retries", .field = option<&Written::most_retries>, .doc = "The same, in Debezium's words."},
    {.name = "retry.backoff.ms",
     .field = option<&Written::retry_wait_ms>,
     .fallback = "0",
     .range = "0..86400000",
     .unit = "ms",
     .doc = "The pause before each attempt. 0: from 100 ms on, growing to 10 s."},
    {.name = "flush.retry.delay.ms", .field = option<&Written::retry_wait_ms>, .doc = "The same, in Debezium's words."},
    {.name = "collection.naming.strategy", .doc = "collection.name.format says the name"},
    {.name = "column.naming.strategy", .doc = "columns are found by name, whatever their letter case"},
    {.name = "connection.attempts", .doc = one_kind_of_retry},
    {.name = "connection.backoff.ms", .doc = one_kind_of_retry},
    {.name = "connection.pool.acquire_increment", .doc = one_connection},
    {.name = "connection.pool.max_size", .doc = one_connection},
    {.name = "connection.pool.min_size", .doc = one_connection},
    {.name = "connection.pool.timeout", .doc = one_connection},
    {.name = "connection.provider", .doc = one_connection},
    {.name = "connection.restart.on.errors", .doc = "the sink always connects again after an error that may pass"},
    {.name = "db.timezone.date", .doc = "a DATE has no time zone"},
    {.name = "dialect.name", .doc = "this sink speaks to PostgreSQL only"},
    {.name = "dialect.postgres.postgis.schema", .doc = "there are no geometric types"},
    {.name = "mssql.use.merge.holdlock", .doc = "this sink speaks to PostgreSQL only"},
    {.name = "replace.null.with.default", .doc = "columns have no default in SQL here; a null is written as null"},
    {.name = "table.types", .doc = "tables, partitioned tables, views and foreign tables can all be written to"},
    {.name = "table.whitelist", .doc = "the property topics says what is written"},
    {.name = "trim.sensitive.log", .doc = "values of rows are never logged"},
    {.name = "use.reduction.buffer", .doc = "of several writes to a key in one statement only the last is ever sent"},
};

bool in_table(std::string_view name) { return std::ranges::find(table, name, &Option::name) != std::end(table); }

template <class Mode, class Choice>
std::optional<Mode> chosen(Choice choice) {
  if (choice == Choice::by_kind) return std::nullopt;
  return static_cast<Mode>(static_cast<int>(choice) - 1);
}

}  // namespace

std::span<const Option> postgres_sink_options() { return table; }

Result<PostgresSinkOptions> read_postgres_sink_options(const Properties& properties, OptionNotes& notes) {
  // 'connection.sslmode' = … is a parameter of the driver, as if it stood in the URL.
  constexpr std::string_view prefix = "connection.";
  Properties known, driver;
  for (const Property& p : properties) (p.name.starts_with(prefix) && !in_table(p.name) ? driver : known).push_back(p);
  auto written = LV_TRY(parse_options<Written>(table, known, &notes));

  PostgresSinkOptions options;
  auto address = parse_postgres_url(written.url.reveal());
  if (!address) return std::move(address).error().where(find_property(known, "connection.url")->where);
  options.address = *std::move(address);
  for (const Property& p : driver)
    if (auto set = set_postgres_parameter(options.address, std::string_view(p.name).substr(prefix.size()), p.value);
        !set)
      return std::move(set).error().within("'" + p.name + "'").where(p.where);
  notes.insert(notes.end(), options.address.notes.begin(), options.address.notes.end());
  if (!written.user.empty()) options.address.set("user", written.user);
  if (!written.password.empty()) options.address.password = written.password;

  options.insert_mode = chosen<InsertMode>(written.insert_mode);
  options.key_mode = chosen<KeyMode>(written.key_mode);
  options.delete_enabled = chosen<bool>(written.delete_enabled);
  options.truncate_enabled = chosen<bool>(written.truncate_enabled);
  options.advance_sequences = chosen<bool>(written.advance_sequences);
  options.key_fields = std::move(written.key_fields);
  options.fields = std::move(written.fields);
  options.without = std::move(written.without);
  options.topic_dots_part = written.collection_name_format.empty();
  options.table_name_format = !written.collection_name_format.empty() ? written.collection_name_format
                              : !written.table_name_format.empty()    ? written.table_name_format
                                                                      : "${topic}";
  options.fold_names = written.quoting == Quoting::never || !written.quote_identifiers;
  bool basic = written.evolution == Evolution::basic;
  options.auto_create = written.auto_create || basic;
  options.auto_evolve = written.auto_evolve || basic;
  options.batch_size = written.batch_size;
  options.time_zone = written.time_zone;
  if (written.most_retries >= 0) options.retries.most = written.most_retries;
  if (written.retry_wait_ms > 0)
    options.retries.first_wait_ms = options.retries.longest_wait_ms = written.retry_wait_ms;
  return options;
}

}  // namespace levada
