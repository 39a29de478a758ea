#include "connectors/csv/rules.h"

#include <algorithm>

#include "base/near_name.h"

namespace levada {
namespace {

Result<std::vector<TimeFormat>> compile(std::span<const std::string> patterns, const std::string& zone) {
  std::vector<TimeFormat> formats;
  for (const std::string& pattern : patterns) formats.push_back(LV_TRY(TimeFormat::compile(pattern, zone)));
  return formats;
}

bool is_moment(const Type& type) {
  return type.kind() == TypeKind::date || type.kind() == TypeKind::time || type.kind() == TypeKind::timestamp;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    std::size_t end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

// The formats of every column: its own, else those of all, for dates and times.
Result<std::vector<std::vector<TimeFormat>>> column_formats(const CsvOptions& options, const Schema& schema) {
  std::vector<TimeFormat> common = LV_TRY(compile(options.date_formats, options.time_zone));
  TimeFormat iso = LV_TRY(TimeFormat::iso(options.time_zone));
  std::vector<std::vector<TimeFormat>> formats(schema.size());
  for (std::size_t c = 0; c < schema.size(); ++c)
    if (is_moment(schema[c].type)) {
      formats[c] = common;
      if (common.empty() && schema[c].type.kind() == TypeKind::timestamp) formats[c] = {iso};
    }
  for (const Property& property : options.column_formats) {
    auto column = schema.find(property.name);
    std::vector<std::string> names;
    for (std::size_t c = 0; c < schema.size(); ++c)
      if (is_moment(schema[c].type)) names.push_back(schema[c].name);
    if (!column || !is_moment(schema[*column].type))
      return Error(ErrorKind::usage,
                   "'format." + property.name + "' is not for a DATE, TIME or TIMESTAMP column of the topic")
          .where(property.where)
          .remedy(did_you_mean(property.name, names));
    auto compiled = compile(split(property.value, '|'), options.time_zone);
    if (!compiled) return std::move(compiled).error().where(property.where);
    formats[*column] = *std::move(compiled);
  }
  return formats;
}

}  // namespace

Result<CsvReadRules> csv_read_rules(const CsvOptions& options, const SourceTarget& target) {
  const Schema& schema = *target.schema;
  for (std::size_t c = 0; c < schema.size(); ++c)
    if (schema[c].type.nested())
      return Error(ErrorKind::statement, "column " + schema[c].name + " of " + target.object + " is of type " +
                                             schema[c].type.text() + ", which a CSV field cannot be")
          .remedy("Declare it as STRING and take it apart in a query.");
  CsvReadRules rules{.cells = LV_TRY(cell_rules(options)), .topic = target.topic, .schema = target.schema};
  rules.layout = {.header = options.first_row_as_header,
                  .missing = options.missing_columns,
                  .case_sensitive = options.case_sensitive,
                  .names = LV_TRY(parse_column_names(options.columns))};
  LV_TRY(check_column_names(rules.layout, schema));
  rules.formats = LV_TRY(column_formats(options, schema));
  rules.keys_required = target.table;
  rules.skip_lines = static_cast<std::uint64_t>(options.skip_lines);
  rules.max_row_bytes = static_cast<std::uint32_t>(options.max_row_bytes);
  rules.buffer_bytes = static_cast<std::uint32_t>(options.buffer_bytes);
  rules.halt_on_error = options.halt_on_error;
  rules.time = options.timestamp_mode;
  if (rules.time != CsvTime::field) return rules;
  auto column = schema.find(options.timestamp_field);
  TypeKind kind = column ? schema[*column].type.kind() : TypeKind::string;
  if (kind != TypeKind::timestamp && kind != TypeKind::date && kind != TypeKind::int64)
    return Error(ErrorKind::usage, "'timestamp.field' = '" + options.timestamp_field +
                                       "' is no TIMESTAMP, DATE or BIGINT column of " + target.object)
        .remedy("'timestamp.mode' = 'FIELD' takes the record's time from such a column.");
  rules.time_column = *column;
  return rules;
}

}  // namespace levada
