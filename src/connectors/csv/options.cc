#include "connectors/csv/options.h"

#include <algorithm>

namespace levada {

std::span<const std::string_view> names_of_values(CsvCleanup) {
  static constexpr std::string_view names[] = {"DEFAULT", "NONE", "DELETE", "MOVE", "MOVEBYDATE"};
  return names;
}
std::span<const std::string_view> names_of_values(CsvTime) {
  static constexpr std::string_view names[] = {"PROCESS_TIME", "FILE_TIME", "FIELD"};
  return names;
}
std::span<const std::string_view> names_of_values(CsvChanged) {
  static constexpr std::string_view names[] = {"refuse", "load"};
  return names;
}
std::span<const std::string_view> names_of_values(CsvNulls) {
  static constexpr std::string_view names[] = {"EMPTY_SEPARATORS", "EMPTY_QUOTES", "BOTH", "NEITHER"};
  return names;
}
std::span<const std::string_view> names_of_values(CsvHeader) {
  static constexpr std::string_view names[] = {"auto", "true", "false"};
  return names;
}
std::span<const std::string_view> names_of_values(CsvMissing) {
  static constexpr std::string_view names[] = {"error", "null"};
  return names;
}

std::span<const Option> csv_options() {
  using O = CsvOptions;
  static constexpr std::string_view declared = "the CREATE STREAM or CREATE TABLE over the topic declares the columns";
  static constexpr std::string_view one_reader = "one thread reads all files";
  static constexpr Option options[] = {
      // ---- where ----
      {.name = "topic",
       .field = option<&O::topic>,
       .doc = "The topic to write to. May be left out where the SQL file declares only one."},
      {.name = "path", .field = option<&O::path>, .doc = "One file, instead of input.path."},
      {.name = "input.path", .field = option<&O::input_path>, .doc = "The directory that files are dropped into."},
      {.name = "input.file.pattern",
       .field = option<&O::input_file_pattern>,
       .fallback = ".*\\.csv",
       .doc = "A regular expression (RE2) that the whole name of a file must match."},
      {.name = "input.path.walk.recursively",
       .field = option<&O::walk_recursively>,
       .fallback = "false",
       .doc = "Read the files in directories below input.path, too."},
      {.name = "finished.path",
       .field = option<&O::finished_path>,
       .doc =
           "The directory that a file is moved to when all its rows are durable in the log. On the same file system."},
      {.name = "error.path",
       .field = option<&O::error_path>,
       .doc = "The directory for files that cannot be read at all. Without it such a file stops the source."},
      {.name = "cleanup.policy",
       .field = option<&O::cleanup>,
       .fallback = "DEFAULT",
       .doc =
           "What becomes of a finished file: NONE, DELETE, MOVE, or MOVEBYDATE (into a directory per day). DEFAULT is "
           "MOVE where there is a finished.path."},
      {.name = "cleanup.policy.maintain.relative.path",
       .field = option<&O::keep_relative_path>,
       .fallback = "false",
       .doc = "Moved files keep their directories below input.path."},
      {.name = "files.sort.attributes",
       .field = option<&O::sort_attributes>,
       .fallback = "NameAsc",
       .doc =
           "The order of files: NameAsc, NameDesc, LengthAsc, LengthDesc, LastModifiedAsc, LastModifiedDesc; several "
           "with commas."},
      {.name = "file.minimum.age.ms",
       .field = option<&O::minimum_age_ms>,
       .fallback = "1000",
       .range = "0..86400000",
       .unit = "ms",
       .doc =
           "A file that has not changed for so long is taken to be complete: its last row counts even without a line "
           "end, and it may be moved. Rows that have their line end are read at once."},
      {.name = "empty.poll.wait.ms",
       .field = option<&O::empty_poll_wait_ms>,
       .fallback = "100",
       .range = "1..3600000",
       .unit = "ms",
       .doc = "How often the directory is looked at while there is nothing to read."},
      {.name = "changed.file",
       .field = option<&O::changed_file>,
       .fallback = "refuse",
       .doc = "What to do with a known file whose content has been replaced: refuse it, or load it as a new file."},
      // ---- what the files look like ----
      {.name = "csv.separator.char",
       .field = option<&O::separator>,
       .fallback = ",",
       .doc = "What stands between fields: a character, its number (44), or tab, semicolon, pipe."},
      {.name = "csv.quote.char", .field = option<&O::quote>, .fallback = "\"", .doc = "What fields are quoted with."},
      {.name = "csv.escape.char",
       .field = option<&O::escape>,
       .fallback = "none",
       .doc = "What takes the meaning from a quote within quotes, beside a second quote."},
      {.name = "csv.rfc.4180.parser.enabled",
       .field = option<&O::rfc_4180>,
       .fallback = "false",
       .doc = "Nothing but RFC 4180: csv.escape.char counts for nothing."},
      {.name = "csv.strict.quotes",
       .field = option<&O::strict_quotes>,
       .fallback = "false",
       .doc = "What stands outside of quotes is ignored."},
      {.name = "csv.ignore.leading.whitespace",
       .field = option<&O::ignore_leading_whitespace>,
       .fallback = "true",
       .doc = "Blanks between a separator and a quote do not count."},
      {.name = "csv.ignore.quotations",
       .field = option<&O::ignore_quotations>,
       .fallback = "false",
       .doc = "A quote is a character like any other."},
      {.name = "csv.keep.carriage.return",
       .field = option<&O::keep_carriage_return>,
       .fallback = "false",
       .doc = "The carriage return of CR LF belongs to the last field."},
      {.name = "csv.file.charset",
       .field = option<&O::charset>,
       .fallback = "UTF-8",
       .doc = "UTF-8, US-ASCII, ISO-8859-1 or windows-1252."},
      {.name = "csv.skip.lines",
       .field = option<&O::skip_lines>,
       .fallback = "0",
       .range = "0..1000000",
       .unit = "lines",
       .doc = "Lines at the start of each file that are neither header nor data."},
      {.name = "csv.first.row.as.header",
       .field = option<&O::first_row_as_header>,
       .fallback = "auto",
       .doc = "Whether the first row names the columns. auto: it does if it holds the names of all declared columns."},
      {.name = "csv.case.sensitive.field.names",
       .field = option<&O::case_sensitive>,
       .fallback = "false",
       .doc = "Header names are compared with column names letter case included."},
      {.name = "columns",
       .field = option<&O::columns>,
       .doc = "Which header is which column, where the names do not tell: 'HEADER NAME:COLUMN, …'."},
      {.name = "missing.columns",
       .field = option<&O::missing_columns>,
       .fallback = "error",
       .doc = "What to do with a file whose header lacks a declared column: error, or null in all rows."},
      {.name = "max.row.bytes",
       .field = option<&O::max_row_bytes>,
       .fallback = "1048576",
       .range = "64..268435456",
       .unit = "bytes",
       .doc = "A longer row is rejected; reading goes on at the next line."},
      // ---- what stands in the cells ----
      {.name = "csv.null.field.indicator",
       .field = option<&O::null_field_indicator>,
       .fallback = "EMPTY_SEPARATORS",
       .doc = "Which empty fields are null in columns of text: EMPTY_SEPARATORS (,,), EMPTY_QUOTES (,\"\",), BOTH, "
              "NEITHER. In other columns all are."},
      {.name = "null.words",
       .field = option<&O::null_words>,
       .doc = "Unquoted fields that mean null, such as NULL,NA,\\N."},
      {.name = "trim",
       .field = option<&O::trim>,
       .fallback = "false",
       .doc = "Blanks around unquoted text do not count. Around numbers and dates they never do."},
      {.name = "parser.timestamp.date.formats",
       .field = option<&O::date_formats>,
       .doc = "Patterns for DATE, TIME and TIMESTAMP columns, tried in turn; ISO 8601 without any."},
      {.name = "format.*",
       .field = option<&O::column_formats>,
       .doc = "The pattern of one column, 'format.HIRE_DATE' = 'dd-MMM-yyyy'; further ones after |."},
      {.name = "parser.timestamp.timezone",
       .field = option<&O::time_zone>,
       .fallback = "UTC",
       .doc = "The time zone of timestamps that name none."},
      {.name = "timestamp.mode",
       .field = option<&O::timestamp_mode>,
       .fallback = "PROCESS_TIME",
       .doc = "The time of a record: when it is read, when its file was last written, or a FIELD."},
      {.name = "timestamp.field",
       .field = option<&O::timestamp_field>,
       .doc = "The TIMESTAMP, DATE or BIGINT (milliseconds) column for timestamp.mode = FIELD."},
      // ---- how much at a time, and what stops it ----
      {.name = "batch.size",
       .field = option<&O::batch_size>,
       .fallback = "16384",
       .range = "1..1000000",
       .unit = "rows",
       .doc = "Rows that are read at a time at most."},
      {.name = "file.buffer.size.bytes",
       .field = option<&O::buffer_bytes>,
       .fallback = "262144",
       .range = "1024..67108864",
       .unit = "bytes",
       .doc = "How much of a file is read at a time."},
      {.name = "halt.on.error",
       .field = option<&O::halt_on_error>,
       .fallback = "false",
       .doc = "true: the first bad row stops the source. false: bad rows go to the dead letters."},
      // ---- known elsewhere, without meaning here ----
      {.name = "key.schema", .doc = declared},
      {.name = "value.schema", .doc = declared},
      {.name = "schema.generation.enabled", .doc = declared},
      {.name = "schema.generation.key.fields", .doc = declared},
      {.name = "schema.generation.key.name", .doc = declared},
      {.name = "schema.generation.value.name", .doc = declared},
      {.name = "processing.file.extension", .doc = "no marker files are needed: positions are kept in the log"},
      {.name = "csv.verify.reader", .doc = "read errors are always noticed"},
      {.name = "metadata.field.name", .doc = "file and row number stand in the dead letters"},
      {.name = "metadata.location", .doc = "file and row number stand in the dead letters"},
      {.name = "files.notifications.enabled", .doc = "files are told in the log of the program"},
      {.name = "files.notifications.topic", .doc = "files are told in the log of the program"},
      {.name = "files.notifications.record.creator.class", .doc = "files are told in the log of the program"},
      {.name = "task.count", .doc = one_reader},
      {.name = "task.index", .doc = one_reader},
      {.name = "task.partitioner", .doc = one_reader},
  };
  return options;
}

Result<CsvCellRules> cell_rules(const CsvOptions& options) {
  auto character = [](std::string_view name, const std::string& text) -> Result<char> {
    auto c = parse_character(text);
    if (!c) return std::move(c).error().within("'" + std::string(name) + "'");
    return *c;
  };
  CsvCellRules rules;
  rules.dialect = {.separator = LV_TRY(character("csv.separator.char", options.separator)),
                   .quote = LV_TRY(character("csv.quote.char", options.quote)),
                   .escape = LV_TRY(character("csv.escape.char", options.escape)),
                   .skip_blanks_around_quotes = options.ignore_leading_whitespace,
                   .only_quoted = options.strict_quotes,
                   .keep_carriage_return = options.keep_carriage_return};
  CsvDialect& dialect = rules.dialect;
  if (options.ignore_quotations) dialect.quote = '\0';
  if (options.rfc_4180 || dialect.escape == dialect.quote) dialect.escape = '\0';
  if (dialect.quote == '\0') dialect.escape = '\0', dialect.only_quoted = false;
  if (dialect.separator == '\0') return Error(ErrorKind::usage, "'csv.separator.char' is none");
  if (dialect.separator == dialect.quote || dialect.separator == dialect.escape)
    return Error(ErrorKind::usage, "'csv.separator.char' is also the quote or escape character");
  rules.charset = LV_TRY(find_charset(options.charset));
  rules.nulls = options.null_field_indicator;
  rules.null_words = options.null_words;
  rules.trim = options.trim;
  return rules;
}

}  // namespace levada
