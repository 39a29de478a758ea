// The properties of the csv source: the names of Kafka Connect's spooldir CSV connector, and a few of ours.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "connectors/csv/cells.h"
#include "connectors/csv/layout.h"
#include "connectors/csv/reader.h"

namespace levada {

// What becomes of a file whose rows are all in the log. by_default: move if there is a finished.path, none if not.
enum class CsvCleanup : std::uint8_t { by_default, none, remove, move, move_by_date };
// What a known file is taken for when its content is another one.
enum class CsvChanged : std::uint8_t { refuse, load };

std::span<const std::string_view> names_of_values(CsvCleanup);
std::span<const std::string_view> names_of_values(CsvTime);
std::span<const std::string_view> names_of_values(CsvChanged);
std::span<const std::string_view> names_of_values(CsvNulls);
std::span<const std::string_view> names_of_values(CsvHeader);
std::span<const std::string_view> names_of_values(CsvMissing);

struct CsvOptions {
  // Where.
  std::string topic, path, input_path, input_file_pattern, finished_path, error_path;
  bool walk_recursively = false, keep_relative_path = false;
  std::vector<std::string> sort_attributes;
  CsvCleanup cleanup = CsvCleanup::by_default;
  std::int64_t minimum_age_ms = 0, empty_poll_wait_ms = 0;
  CsvChanged changed_file = CsvChanged::refuse;

  // What the files look like.
  std::string separator, quote, escape, charset;
  bool strict_quotes = false, ignore_leading_whitespace = true, ignore_quotations = false, keep_carriage_return = false;
  bool rfc_4180 = false;
  std::int64_t skip_lines = 0, max_row_bytes = 0;
  CsvHeader first_row_as_header = CsvHeader::detect;
  bool case_sensitive = false;
  CsvMissing missing_columns = CsvMissing::error;
  std::string columns;

  // What stands in the cells.
  CsvNulls null_field_indicator = CsvNulls::empty_separators;
  std::vector<std::string> null_words;
  bool trim = false;
  std::vector<std::string> date_formats;
  Properties column_formats;
  std::string time_zone;
  CsvTime timestamp_mode = CsvTime::process_time;
  std::string timestamp_field;

  // How much at a time, and what stops it.
  std::int64_t batch_size = 0, buffer_bytes = 0;
  bool halt_on_error = false;
};

std::span<const Option> csv_options();

// The rules for cells that follow from the options; kind usage where they contradict each other.
Result<CsvCellRules> cell_rules(const CsvOptions& options);

}  // namespace levada
