#include "connectors/postgres/wal_options.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/near_name.h"
#include "connectors/postgres/names.h"

namespace levada {
namespace {

enum class SnapshotChoice { initial, initial_only, no_data, never, schema_only, always, when_needed };
enum class TransactionChoice { plain, atomic };
enum class PluginChoice { pgoutput };

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 7> snapshot_names = {"initial",     "initial_only", "no_data",    "never",
                                                            "schema_only", "always",       "when_needed"};
constexpr std::array<std::string_view, 4> publication_names = {"all_tables", "disabled", "filtered", "no_tables"};
constexpr std::array<std::string_view, 2> transaction_names = {"plain", "atomic"};
constexpr std::array<std::string_view, 3> order_names = {"disabled", "ascending", "descending"};
constexpr std::array<std::string_view, 1> plugin_names = {"pgoutput"};

}  // namespace

// Found by the type of the value: the enums' own namespace.
constexpr Names names_of_values(PublicationMode) { return publication_names; }
constexpr Names names_of_values(SnapshotOrder) { return order_names; }

namespace {

constexpr Names names_of_values(SnapshotChoice) { return snapshot_names; }
constexpr Names names_of_values(TransactionChoice) { return transaction_names; }
constexpr Names names_of_values(PluginChoice) { return plugin_names; }

// As written.
struct Written : CaptureWritten {
  PluginChoice plugin{};
  std::vector<std::string> schemas, without_schemas, tables, without_tables, columns, without_columns;
  std::string keys;
  std::string slot, slot_parameters, publication;
  bool drop_slot = false, failover = false, through_root = false;
  PublicationMode publication_mode{};
  SnapshotChoice snapshot{};
  std::vector<std::string> snapshot_tables, snapshot_overridden;
  Properties snapshot_selects;
  SnapshotOrder snapshot_order{};
  std::int64_t snapshot_readers = 0, snapshot_rows = 0;
  std::vector<std::string> skipped;
  bool transaction_topic = false;
  std::string transaction_topic_name;
  std::int64_t status_ms = 0;
  TransactionChoice transactions{};
  bool stream_large = false;
  std::int64_t spill_mb = 0, most_rows = 0, warn_mb = 0;
  std::string spill_directory;
};

constexpr std::string_view own_queue = "the pipeline reads ahead two batches and no more";
constexpr std::string_view no_signals = "snapshots go on by themselves; nothing is asked by signals";
constexpr std::string_view always_retries = "a server that is away is waited for, with pauses from 0.1 to 10 seconds";
constexpr std::string_view log_is_truth = "columns are those of the log itself";

constexpr Option own_rows[] = {
    {.name = "schema.include.list",
     .field = option<&Written::schemas>,
     .doc = "Regular expressions for the schemas that are captured. By default all."},
    {.name = "schema.exclude.list",
     .field = option<&Written::without_schemas>,
     .doc = "Regular expressions for schemas that are not."},
    {.name = "table.include.list",
     .field = option<&Written::tables>,
     .doc = "Regular expressions for SCHEMA.TABLE; they must match the whole name. By default all."},
    {.name = "table.exclude.list",
     .field = option<&Written::without_tables>,
     .doc = "Regular expressions for tables that are not captured."},
    {.name = "column.include.list",
     .field = option<&Written::columns>,
     .doc = "Regular expressions for SCHEMA.TABLE.COLUMN. By default all."},
    {.name = "column.exclude.list",
     .field = option<&Written::without_columns>,
     .doc = "Regular expressions for columns that are not captured."},
    {.name = "message.key.columns",
     .field = option<&Written::keys>,
     .doc = "Keys other than the primary key: SCHEMA.TABLE:COLUMN,COLUMN;…; the table is a regular expression."},
    {.name = "plugin.name",
     .field = option<&Written::plugin>,
     .fallback = "pgoutput",
     .doc = "The output plugin; pgoutput is part of every server."},
    {.name = "slot.name",
     .field = option<&Written::slot>,
     .doc = "The replication slot, which is made if it is not there. By default levada_ and the connector's name."},
    {.name = "slot.drop.on.stop",
     .field = option<&Written::drop_slot>,
     .fallback = "false",
     .doc = "Whether the slot is dropped at the end. What is written until the next start is then lost; for tests."},
    {.name = "slot.failover",
     .field = option<&Written::failover>,
     .fallback = "false",
     .doc = "Whether the slot is kept on standbys too (PostgreSQL 17 and later)."},
    {.name = "slot.stream.params",
     .field = option<&Written::slot_parameters>,
     .doc = "Parameters of the output plugin: NAME=VALUE;NAME=VALUE."},
    {.name = "publication.name",
     .field = option<&Written::publication>,
     .doc = "The publication. By default levada_ and the connector's name."},
    {.name = "publication.autocreate.mode",
     .field = option<&Written::publication_mode>,
     .fallback = "all_tables",
     .doc = "What is made where there is no publication: all_tables (needs a superuser); filtered: of the tables that "
            "are captured, and completed at each start; no_tables: an empty one; disabled: it must be there."},
    {.name = "publish.via.partition.root",
     .field = option<&Written::through_root>,
     .fallback = "false",
     .doc = "Whether rows of partitions are rows of the partitioned table."},
    {.name = "snapshot.mode",
     .field = option<&Written::snapshot>,
     .fallback = "initial",
     .doc =
         "initial: rows that are there first, then changes; initial_only: and no changes; no_data (never, "
         "schema_only): changes only; always: rows at each start; when_needed: rows also when the position is lost."},
    {.name = "snapshot.include.collection.list",
     .field = option<&Written::snapshot_tables>,
     .doc = "Regular expressions for the tables that have a snapshot. By default all."},
    {.name = "snapshot.select.statement.overrides",
     .field = option<&Written::snapshot_overridden>,
     .doc = "Tables (SCHEMA.TABLE) whose snapshot is another SELECT: that of the next property."},
    {.name = "snapshot.select.statement.overrides.*",
     .field = option<&Written::snapshot_selects>,
     .doc = "The SELECT for SCHEMA.TABLE, which the property's name ends with."},
    {.name = "snapshot.tables.order.by.row.count",
     .field = option<&Written::snapshot_order>,
     .fallback = "disabled",
     .doc = "Small or large tables first; disabled: as snapshot.include.collection.list names them, else what others "
            "refer to first."},
    {.name = "snapshot.max.threads",
     .field = option<&Written::snapshot_readers>,
     .fallback = "1",
     .range = "1..64",
     .doc = "Connections that read the snapshot."},
    {.name = "snapshot.fetch.size",
     .field = option<&Written::snapshot_rows>,
     .fallback = "10240",
     .range = "1..1000000",
     .unit = "rows",
     .doc = "Rows of a snapshot that are handed on together."},
    {.name = "skipped.operations",
     .field = option<&Written::skipped>,
     .doc = "Changes that are not captured: a list of c, u, d, t; none. By default none; t where records have "
            "envelopes, as Debezium has it."},
    {.name = "provide.transaction.metadata",
     .field = option<&Written::transaction_topic>,
     .fallback = "false",
     .doc = "Whether envelopes say their transaction, and a topic its beginning and end."},
    {.name = "topic.transaction",
     .field = option<&Written::transaction_topic_name>,
     .fallback = "transaction",
     .doc = "That topic: PREFIX.transaction."},
    {.name = "status.update.interval.ms",
     .field = option<&Written::status_ms>,
     .fallback = "10000",
     .range = "10..3600000",
     .unit = "ms",
     .doc = "How often the server is told how far we are where nothing is captured."},
    {.name = "transaction_mode",
     .field = option<&Written::transactions>,
     .fallback = "plain",
     .doc = "atomic: what was committed together is one transaction of the log, however large it is."},
    {.name = "streaming",
     .field = option<&Written::stream_large>,
     .fallback = "true",
     .doc =
         "Whether large transactions are sent while they run (PostgreSQL 14 and later). They are held back here until "
         "they commit."},
    {.name = "streaming.memory.mb",
     .field = option<&Written::spill_mb>,
     .fallback = "32",
     .range = "1..65536",
     .unit = "MB",
     .doc = "Memory for what is held back; more goes to a file."},
    {.name = "streaming.spill.directory",
     .field = option<&Written::spill_directory>,
     .doc = "Where that file is. By default TMPDIR, or /var/tmp."},
    {.name = "max.batch.size",
     .field = option<&Written::most_rows>,
     .fallback = "65536",
     .range = "1..10000000",
     .unit = "rows",
     .doc = "Changes that are handed on together at most."},
    {.name = "wal.retained.warning.mb",
     .field = option<&Written::warn_mb>,
     .fallback = "1024",
     .range = "0..",
     .unit = "MB",
     .doc = "From how much log that the server keeps for us on there is a warning; 0: never."},
    {.name = "column.propagate.source.type", .doc = "records always say what the database says of their columns"},
    {.name = "datatype.propagate.source.type", .doc = "records always say what the database says of their columns"},
    {.name = "connection.validation.timeout.ms", .doc = "connect_timeout in 'connection.url' says it"},
    {.name = "converters", .doc = "TYPES.md says how values are written"},
    {.name = "custom.metric.tags", .doc = "metrics have the connector's name"},
    {.name = "database.history.kafka.bootstrap.servers", .doc = log_is_truth},
    {.name = "database.history.kafka.topic", .doc = log_is_truth},
    {.name = "database.initial.statements", .doc = "sessions are set up by ourselves"},
    {.name = "database.query.timeout.ms", .doc = "socketTimeout in 'connection.url' says it"},
    {.name = "database.server.name", .doc = "topic.prefix is its newer name"},
    {.name = "errors.max.retries", .doc = always_retries},
    {.name = "event.processing.failure.handling.mode", .doc = "errors.tolerance says it"},
    {.name = "executor.shutdown.timeout.ms", .doc = "a stop is at once"},
    {.name = "extended.headers.enabled", .doc = "there are no headers of Connect's runtime"},
    {.name = "field.name.adjustment.mode", .doc = "names stay as they are"},
    {.name = "flush.lsn.source", .doc = "the slot is moved when the log has the changes durably, never before"},
    {.name = "guardrail.collections.limit.action", .doc = "there is no limit"},
    {.name = "guardrail.collections.max", .doc = "there is no limit"},
    {.name = "incremental.snapshot.allow.schema.changes", .doc = no_signals},
    {.name = "incremental.snapshot.chunk.size", .doc = no_signals},
    {.name = "incremental.snapshot.watermarking.strategy", .doc = no_signals},
    {.name = "lsn.flush.mode", .doc = "the slot is moved when the log has the changes durably, never before"},
    {.name = "lsn.flush.timeout.ms", .doc = "moving the slot never waits"},
    {.name = "max.queue.size", .doc = own_queue},
    {.name = "max.queue.size.in.bytes", .doc = own_queue},
    {.name = "message.prefix.exclude.list", .doc = "logical messages all pass; a transform can leave them out"},
    {.name = "message.prefix.include.list", .doc = "logical messages all pass; a transform can leave them out"},
    {.name = "notification.enabled.channels", .doc = "levada status says what goes on"},
    {.name = "notification.sink.topic.name", .doc = "levada status says what goes on"},
    {.name = "offset.mismatch.strategy", .doc = "a slot that does not fit the position stops the connector, always"},
    {.name = "poll.interval.ms", .doc = "changes are handed on when they arrive"},
    {.name = "publication.publish.operations", .doc = "skipped.operations says it"},
    {.name = "read.only", .doc = "nothing is ever written to the database, but the slot and the publication"},
    {.name = "replica.identity.autoset.values", .doc = "tables are not altered: ALTER TABLE … REPLICA IDENTITY …"},
    {.name = "retriable.restart.connector.wait.ms", .doc = always_retries},
    {.name = "schema.history.internal.kafka.bootstrap.servers", .doc = log_is_truth},
    {.name = "schema.history.internal.kafka.topic", .doc = log_is_truth},
    {.name = "schema.name.adjustment.mode", .doc = "names stay as they are"},
    {.name = "schema.refresh.mode", .doc = log_is_truth},
    {.name = "signal.data.collection", .doc = no_signals},
    {.name = "signal.enabled.channels", .doc = no_signals},
    {.name = "signal.kafka.topic", .doc = no_signals},
    {.name = "signal.poll.interval.ms", .doc = no_signals},
    {.name = "skip.messages.without.change", .doc = "an update that changed nothing is an update"},
    {.name = "slot.max.retries", .doc = always_retries},
    {.name = "slot.retry.delay.ms", .doc = always_retries},
    {.name = "snapshot.delay.ms", .doc = "a snapshot starts at once"},
    {.name = "snapshot.isolation.mode", .doc = "a snapshot is read in the one that the slot exports"},
    {.name = "snapshot.lock.timeout.ms", .doc = "a snapshot locks nothing"},
    {.name = "snapshot.locking.mode", .doc = "a snapshot locks nothing"},
    {.name = "snapshot.query.mode", .doc = "snapshot.select.statement.overrides says it"},
    {.name = "streaming.delay.ms", .doc = "changes are read beside the snapshot"},
    {.name = "topic.cache.size", .doc = "there is no such cache"},
    {.name = "topic.delimiter", .doc = "the parts of a topic's name are joined by points"},
    {.name = "topic.naming.strategy", .doc = "topics are PREFIX.SCHEMA.TABLE; a transform can rename them"},
    {.name = "unavailable.value.placeholder", .doc = "an unchanged value is marked as such"},
    {.name = "xmin.fetch.interval.ms", .doc = "the slot's xmin is not needed"},
};

constexpr auto table = capture_table<Written>(own_rows);

// A name that a slot may have: small letters, digits and _.
std::string default_name(const std::string& connector) {
  std::string name = "levada_" + lower_case(connector);
  for (char& c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '_';
  return name.substr(0, 63);
}

SnapshotMode mode_of(SnapshotChoice choice) {
  switch (choice) {
    case SnapshotChoice::initial: return SnapshotMode::initial;
    case SnapshotChoice::initial_only: return SnapshotMode::initial_only;
    case SnapshotChoice::always: return SnapshotMode::always;
    case SnapshotChoice::when_needed: return SnapshotMode::when_needed;
    default: return SnapshotMode::no_data;
  }
}

Error bad_value(const Properties& properties, std::string_view name, std::string why, std::string remedy) {
  const Property* property = find_property(properties, name);
  return Error(ErrorKind::usage, "'" + std::string(name) + "' cannot be used")
      .why(std::move(why))
      .where(property ? property->where : "")
      .remedy(std::move(remedy));
}

Result<void> read_slot_parameters(const Properties& properties, const std::string& text, WalOptions& options) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find(';', at), text.size());
    std::string part = text.substr(at, end - at);
    at = end + 1;
    if (part.find_first_not_of(' ') == part.npos) continue;
    std::size_t equals = part.find('=');
    if (equals == part.npos)
      return bad_value(properties, "slot.stream.params", "'" + part + "' has no '='", "Write NAME=VALUE;NAME=VALUE.");
    std::string name = part.substr(0, equals);
    for (std::string_view own : {"proto_version", "publication_names", "streaming", "binary", "messages"})
      if (name == own)
        return bad_value(properties, "slot.stream.params", name + " is set by this connector", "Leave it out.");
    options.slot_parameters.emplace_back(std::move(name), part.substr(equals + 1));
  }
  return {};
}

}  // namespace

std::span<const Option> wal_options() { return table; }

Result<WalOptions> read_wal_options(const Properties& properties, const std::string& connector, RecordForm form,
                                    OptionNotes& notes) {
  const CaptureProperties parted = part_driver(table, properties);
  const Properties& known = parted.known;
  auto written = LV_TRY(parse_options<Written>(table, known, &notes));
  WalOptions options{LV_TRY(read_capture_options(parted, written, connector, form, notes))};
  options.lists = {.schemas = std::move(written.schemas),
                   .without_schemas = std::move(written.without_schemas),
                   .tables = std::move(written.tables),
                   .without_tables = std::move(written.without_tables),
                   .columns = std::move(written.columns),
                   .without_columns = std::move(written.without_columns),
                   .keys = std::move(written.keys)};

  options.slot = written.slot.empty() ? default_name(connector) : written.slot;
  if (options.slot.size() > 63 ||
      options.slot.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != options.slot.npos)
    return bad_value(known, "slot.name", "'" + options.slot + "' is no name of a slot",
                     "A slot's name has small letters, digits and _, 63 at most.");
  options.drop_slot = written.drop_slot;
  options.failover = written.failover;
  LV_TRY(read_slot_parameters(known, written.slot_parameters, options));
  options.publication = written.publication.empty() ? default_name(connector) : written.publication;
  if (auto good = check_name(options.publication); !good)
    return bad_value(known, "publication.name", good.error().what(), "");
  options.publication_mode = written.publication_mode;
  options.through_root = written.through_root;

  options.snapshot_mode = mode_of(written.snapshot);
  options.snapshot_tables = std::move(written.snapshot_tables);
  for (const std::string& name : written.snapshot_overridden) {
    const Property* select = find_property(written.snapshot_selects, name);
    if (!select)
      return bad_value(known, "snapshot.select.statement.overrides", "there is no SELECT for " + name,
                       "Give 'snapshot.select.statement.overrides." + name + "'.");
    options.snapshot_selects.emplace_back(name, select->value);
  }
  for (const Property& select : written.snapshot_selects)
    if (std::ranges::find(written.snapshot_overridden, select.name) == written.snapshot_overridden.end())
      notes.push_back("'snapshot.select.statement.overrides." + select.name +
                      "' has no effect: snapshot.select.statement.overrides does not list " + select.name);
  options.snapshot_order = written.snapshot_order;
  options.snapshot_readers = written.snapshot_readers;
  options.snapshot_rows = written.snapshot_rows;

  if (written.skipped.empty() && form == RecordForm::connect) options.skipped = "t";
  for (const std::string& operation : written.skipped) {
    if (operation == "none") continue;
    if (operation.size() != 1 || std::string_view("cudt").find(operation[0]) == std::string_view::npos)
      return bad_value(known, "skipped.operations", "'" + operation + "' is no operation",
                       "Give a list of c (insert), u (update), d (delete), t (truncate), or none.");
    options.skipped += operation;
  }
  if (written.transaction_topic)
    options.transaction_topic = options.topic_prefix + "." + written.transaction_topic_name;
  options.status_ms = written.status_ms;

  options.whole_transactions = written.transactions == TransactionChoice::atomic;
  options.stream_large = written.stream_large;
  options.spill_bytes = written.spill_mb << 20;
  const char* temporary = std::getenv("TMPDIR");
  options.spill_directory = !written.spill_directory.empty() ? written.spill_directory
                            : temporary && *temporary        ? temporary
                                                             : "/var/tmp";
  options.most_rows = written.most_rows;
  options.most_bytes = 2 << 20;  // some of them are on their way to the log at a time
  options.warn_retained_bytes = written.warn_mb << 20;
  return options;
}

}  // namespace levada
