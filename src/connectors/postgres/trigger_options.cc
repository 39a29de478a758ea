#include "connectors/postgres/trigger_options.h"

#include <algorithm>
#include <array>

#include "connectors/postgres/capture_filter.h"

namespace levada {

static constexpr std::array<std::string_view, 3> setup_names = {"auto", "check", "off"};
static constexpr std::array<std::string_view, 5> rows_names = {"initial", "initial_only", "no_data", "always",
                                                               "when_needed"};

static constexpr std::span<const std::string_view> names_of_values(TriggerSetup) { return setup_names; }
static constexpr std::span<const std::string_view> names_of_values(TriggerRows) { return rows_names; }

namespace {

// As written.
struct Written : CaptureWritten {
  std::vector<std::string> tables;
  std::string change_table, topic, keys;
  std::string id_column, transaction_column, action_column, time_column;
  TriggerSetup setup{};
  TriggerRows rows{};
  bool notify = true, prune = true;
  std::int64_t poll_ms = 0, most_rows = 0, chunk_rows = 0;
};

constexpr Option own_rows[] = {
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
    {.name = "provide.transaction.metadata",
     .doc = "changes come in the order in which they were made, so transactions interleave; source.txId names them"},
};

constexpr auto table = capture_table<Written>(own_rows);

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

}  // namespace

std::span<const Option> trigger_options() { return table; }

Result<TriggerOptions> read_trigger_options(const Properties& properties, const std::string& connector, RecordForm form,
                                            OptionNotes& notes) {
  const CaptureProperties parted = part_driver(table, properties);
  const Properties& known = parted.known;
  auto written = LV_TRY(parse_options<Written>(table, known, &notes));

  TriggerOptions options{LV_TRY(read_capture_options(parted, written, connector, form, notes))};
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
