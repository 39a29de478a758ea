// Which field of a CSV row is which declared column: by the names in the header, or by position.
//
// A name in the header is a column's name when both are the same after letters were made capitals and every run of
// other characters than letters and digits one underscore: "Department-Division" is DEPARTMENT_DIVISION.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "batch/schema.h"

namespace levada {

enum class CsvHeader : std::uint8_t { detect, yes, no };
enum class CsvMissing : std::uint8_t { error, null };

struct CsvLayout {
  static constexpr std::uint32_t missing = ~std::uint32_t{0};

  std::uint32_t width = 0;            // fields of a row
  std::vector<std::uint32_t> fields;  // for each column of the schema its field, or missing
  std::vector<std::string> ignored;   // names in the header that belong to no column
  bool has_header = false;

  bool operator==(const CsvLayout&) const = default;
};

// An explicit pair of a header's name and a column's.
struct CsvColumnName {
  std::string header, column;
};
// "HEADER NAME:COLUMN, …"; a name with a comma or colon stands in double quotes.
Result<std::vector<CsvColumnName>> parse_column_names(std::string_view text);

struct CsvLayoutRules {
  CsvHeader header = CsvHeader::detect;
  CsvMissing missing = CsvMissing::error;
  bool case_sensitive = false;
  std::vector<CsvColumnName> names;
};

// The pairs name columns that there are, each once. kind usage.
Result<void> check_column_names(const CsvLayoutRules& rules, const Schema& schema);

// From the first row of a file, cells without their quotes. kind data, and the message says which columns are missing.
Result<CsvLayout> lay_out(std::span<const std::string> first_row, const Schema& schema, const CsvLayoutRules& rules);

}  // namespace levada
